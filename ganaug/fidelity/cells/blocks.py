"""Real cells beside real cells, and beside synthetic ones: scores that fresh real cells reach, and their limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import t as student

__all__ = ["Blocks", "Compared", "block_sums", "compare", "deal_blocks"]

Floats = NDArray[np.float64]
Score = Callable[[Floats, Floats], Floats]

HALF = 10
MOST_BLOCKS = 4 * HALF
# no more cells than this tell more: the gene-wise checks do not look at a matrix of any size
BLOCK_CELLS = 500
N_HALVINGS = 10


class Blocks(NamedTuple):
    """The block that each cell is dealt into, -1 where it is left out.

    Attributes
    ----------
    real, synthetic : ndarray of int, shape (n_cells,)
    half : int
        Blocks that are put together on each side of a comparison.
    """

    real: NDArray[np.intp]
    synthetic: NDArray[np.intp]
    half: int


class Compared(NamedTuple):
    """Scores of synthetic and of fresh real cells; first of all blocks, then without each one of them in turn.

    Attributes
    ----------
    synthetic, fresh : ndarray, shape (1 + n_real_blocks + n_synthetic_blocks,)
    n_real : int
        Real blocks.
    freedom : int
    """

    synthetic: Floats
    fresh: Floats
    n_real: int
    freedom: int

    def limits(self, values: Floats, alpha: float) -> tuple[float, float, float]:
        """Return ``values[0]``, and one-sided limits by the jackknife over both kinds of blocks, by Student's t.

        Examples
        --------
        >>> compared = Compared(np.ones(5), np.ones(5), n_real=2, freedom=1)
        >>> [round(value, 2) for value in compared.limits(np.array([0.5, 0.4, 0.6, 0.5, 0.5]), 0.05)]
        [0.5, -0.13, 1.13]
        """
        width = float(student.isf(alpha, self.freedom)) * self.se(values)
        return float(values[0]), float(values[0] - width), float(values[0] + width)

    def p_beyond(self, values: Floats, margin: float) -> float:
        """Return the p-value against "it is within the margin"."""
        return float(student.sf((values[0] - margin) / max(self.se(values), 1e-12), self.freedom))

    def se(self, values: Floats) -> float:
        """Standard error by the jackknife (Efron and Stein 1981, doi:10.1214/aos/1176345462)."""
        sides = values[1 : 1 + self.n_real], values[1 + self.n_real :]
        return float(np.sqrt(sum((len(side) - 1) * np.var(side) for side in sides)))


def deal_blocks(
    n_real: int,
    n_synthetic: int,
    rng: np.random.Generator,
    groups: tuple[NDArray[Any], NDArray[Any]] | None = None,
) -> Blocks | None:
    """Deal cells into blocks of equally many, or take donors for blocks; None where there are too few to be halved.

    Examples
    --------
    >>> blocks = deal_blocks(60, 90, np.random.default_rng(0))
    >>> np.bincount(blocks.real).tolist() == [3] * 20, int(blocks.synthetic.max()), blocks.half
    (True, 29, 10)
    """
    if groups is not None:
        real, synthetic = (np.unique(side, return_inverse=True)[1].astype(np.intp) for side in groups)
        half = int(min((real.max() + 1) // 2, synthetic.max() + 1))
        return Blocks(real, synthetic, half) if half > 1 else None
    size = min(n_real, n_synthetic, 2 * HALF * BLOCK_CELLS) // (2 * HALF)
    if not size:
        return None
    return Blocks(_dealt(n_real, size, rng), _dealt(n_synthetic, size, rng), HALF)


def block_sums(values: Any, block: NDArray[np.intp]) -> Floats:
    """Count the cells of each block and sum their values ``(n_cells, p)``, dense or sparse, to ``(n_blocks, 1 + p)``.

    Examples
    --------
    >>> block_sums(np.array([[1.0], [2.0], [4.0]]), np.array([0, 1, 1])).tolist()
    [[1.0, 1.0], [2.0, 6.0]]
    """
    cells = np.flatnonzero(block >= 0)
    shape = (int(block.max()) + 1, len(block))
    member = sparse.csr_matrix((np.ones(len(cells)), (block[cells], cells)), shape)
    total: Any = member @ values
    sums = np.asarray(total.toarray() if hasattr(total, "toarray") else total)
    return np.column_stack([np.bincount(block[cells]), sums.astype(np.float64)])


def compare(sums: Sequence[Floats], half: int, score: Score, rng: np.random.Generator) -> Compared:
    """Hold one half of the real cells against the other half, and against as many synthetic cells.

    Fresh real cells take the place of either in this comparison, so what they score is what is expected of synthetic
    ones: scores of noisy quantities need no correction. Means over ten random halvings, each looked at from both sides.

    Parameters
    ----------
    sums : (real, synthetic), each of shape (n_blocks, p)
        Sums over the cells of each block; the first column counts them.
    half : int
        Blocks on each side.
    score : callable
        Takes sums of two sets of cells, ``(n, p)`` each, and returns ``(n,)``.
    rng : numpy.random.Generator
        Halves the real blocks, and takes as many synthetic ones.
    """
    real, synthetic = sums
    n_real, n_synthetic = len(real), len(synthetic)
    found = np.zeros((2, 1 + n_real + n_synthetic))
    for _ in range(N_HALVINGS):
        dealt, drawn = rng.permutation(n_real), rng.permutation(n_synthetic)[:half]
        sides = [_without_each(real, rows, 1, n_synthetic) for rows in (dealt[:half], dealt[half : 2 * half])]
        other = _without_each(synthetic, drawn, 1 + n_real, 0)
        found[0] += score(sides[0], other) + score(sides[1], other)
        found[1] += score(sides[0], sides[1]) + score(sides[1], sides[0])
    found /= 2 * N_HALVINGS
    return Compared(found[0], found[1], n_real, min(n_real, n_synthetic) - 1)


def _dealt(n: int, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    n_blocks = min(n // size, MOST_BLOCKS)
    block = np.full(n, -1, dtype=np.intp)
    block[rng.permutation(n)[: n_blocks * size]] = np.repeat(np.arange(n_blocks), size)
    return block


def _without_each(sums: Floats, rows: NDArray[np.intp], before: int, after: int) -> Floats:
    """Sum some blocks ``(before + n_blocks + after, p)``: all of them, and in the middle without each block in turn."""
    total = sums[rows].sum(axis=0)
    left = np.tile(total, (before + len(sums) + after, 1))
    left[before + rows] -= sums[rows]
    return left
