"""Counts of each gene in each group of cells, moved to how real cells have them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ganaug.proposals.neighbourhood import SMALLEST
from ganaug.proposals.proposal import Arrays
from ganaug.proposals.ranks import Sorted

if TYPE_CHECKING:
    from ganaug.data.counts import Counts

__all__ = ["Margins"]

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]

BLOCK = 2**21  # values that are moved at a time
MANY = 0.5  # of a gene's zeros
SIDES, PARTS = ("real", "drawn"), ("values", "start", "n_cells")


@dataclass(frozen=True)
class Margins:
    """Moves every count to the one of the same rank among real cells: the distributions of a copula.

    Ranks among what a model draws become ranks among real counts of the same gene and group (Nelsen 2006,
    doi:10.1007/0-387-28678-0, section 2.9), drawn at random among equal ones; what genes have in common stays.

    Attributes
    ----------
    real, drawn : Sorted

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> real, drawn = (sparse.csr_matrix(rng.poisson(mean, (2000, 1)).astype(np.float32)) for mean in (3.0, 1.0))
    >>> none = np.zeros(2000, dtype=np.intp)
    >>> moved = Margins.fit(real, none, drawn, none).move(drawn, none, rng)
    >>> bool(2.8 < moved.mean() < 3.2)
    True
    """

    real: Sorted
    drawn: Sorted

    @classmethod
    def fit(cls, real: Counts, group: Codes, drawn: Counts, drawn_group: Codes) -> Self:
        """Learn from real and drawn cells x genes, each with cells of every group, numbered from 0.

        Groups of fewer than twenty real cells stay as they are drawn: their cells would be handed out as they are.
        """
        n_groups = int(group.max()) + 1
        few = np.bincount(group) < SMALLEST
        own, instead = ~few[group], few[drawn_group]
        counts = sparse.vstack([real[own], drawn[instead]], "csr")
        like = Sorted.of(counts, np.concatenate([group[own], drawn_group[instead]]), n_groups)
        return cls(like, Sorted.of(drawn, drawn_group, n_groups))

    def move(self, counts: Counts, group: Codes, rng: np.random.Generator) -> Counts:
        """Return counts ``(n_cells, n_genes)`` of cells of these groups as real cells have them."""
        step = max(1, BLOCK // counts.shape[1])
        blocks = [slice(start, start + step) for start in range(0, max(counts.shape[0], 1), step)]
        moved: Counts = sparse.vstack([self._moved(counts[rows], group[rows], rng) for rows in blocks], "csr")
        return moved

    def _moved(self, counts: Counts, group: Codes, rng: np.random.Generator) -> Counts:
        found, p = counts.tocoo(), counts.shape[1]
        values = self._of_same_rank(group.take(found.row) * p + found.col, found.data, rng)
        row, gene, more = self._raised(counts, group, rng)
        data = np.concatenate([values, more]), (np.concatenate([found.row, row]), np.concatenate([found.col, gene]))
        moved = sparse.coo_matrix(data, shape=counts.shape).tocsr()
        moved.eliminate_zeros()
        return moved

    def _of_same_rank(self, key: Codes, value: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Real counts of the ranks that drawn ones above zero have ``(n,)``; at random among equal ones."""
        first, width, least, greatest = self._ranks.take(self.drawn.different.find(key, value), axis=0).T
        place = np.minimum(np.floor(first + rng.random(len(key)) * width), greatest)
        values = self.real.values.take(np.maximum(place, 0).astype(np.intp), mode="clip")
        return np.where(place >= least, values, np.float32(0))

    @cached_property
    def _ranks(self) -> Floats:
        """Places of the real counts that rank as each different drawn one: first, how many, and those of its key."""
        drawn, real = self.drawn.different, self.real
        key, n = drawn.key, real.n[drawn.key]
        first = real.start[key] + drawn.below * n / self.drawn.n[key] - real.n_zeros[key]
        many = drawn.many * n / self.drawn.n[key]
        return np.stack([first, many, real.start[key], real.start[key + 1] - 1], axis=1)

    def state(self) -> Arrays:
        """Give all that was learned."""
        return {f"{side}/{name}": getattr(getattr(self, side), name) for side in SIDES for name in PARTS}

    @classmethod
    def from_state(cls, arrays: Arrays) -> Self:
        """Build what gave this state."""
        return cls(*(Sorted(*(arrays[f"{side}/{name}"] for name in PARTS)) for side in SIDES))

    def _raised(
        self, counts: Counts, group: Codes, rng: np.random.Generator
    ) -> tuple[Codes, Codes, NDArray[np.float32]]:
        """Which zeros become counts, and which: rows, genes, values."""
        found = self._thrown_at(counts, group, rng), self._flipped(counts, group, rng)
        row, gene = (np.concatenate(parts) for parts in zip(*found, strict=True))
        key = group[row] * counts.shape[1] + gene
        # those that rank as drawn zeros and are none are the lowest of the real counts
        place = (rng.random(len(key)) * (self._ranked_zero - self.real.n_zeros)[key]).astype(np.intp)
        last = self.real.start[key + 1] - 1
        return row, gene, self.real.values.take(np.minimum(self.real.start[key] + place, last))

    def _thrown_at(self, counts: Counts, group: Codes, rng: np.random.Generator) -> tuple[Codes, Codes]:
        """Where zeros are raised of genes that few are raised of: rows, genes; costs as many as there are."""
        p, n_of = counts.shape[1], np.bincount(group, minlength=len(self.real.n_cells))
        # a cell that a Poisson number of throws hits at all is hit with the chance that is asked for
        throws = rng.poisson(n_of[:, None] * -np.log1p(-np.where(self._often, 0.0, self._share_raised)))
        key = np.repeat(np.arange(throws.size), throws.ravel())
        of, first = key // p, np.cumsum(n_of) - n_of
        row = np.argsort(group, kind="stable")[first[of] + (rng.random(len(key)) * n_of[of]).astype(np.intp)]
        row, gene = np.divmod(np.unique(row * p + key % p), p)
        if not len(row):  # scipy gives another kind of answer where nothing is asked
            return row, gene
        zero = np.asarray(counts[row, gene]).ravel() == 0
        return row[zero], gene[zero]

    def _flipped(self, counts: Counts, group: Codes, rng: np.random.Generator) -> tuple[Codes, Codes]:
        """Where zeros are raised of genes that many are raised of, or that are hardly ever zero: rows, genes."""
        genes = np.flatnonzero(self._often)
        zero = counts[:, genes].toarray() == 0
        row, which = np.nonzero(zero & (rng.random(zero.shape) < self._share_raised[:, genes][group]))
        return row, genes[which]

    @cached_property
    def _ranked_zero(self) -> Floats:
        """How many of a key's real cells rank as its drawn zeros do."""
        return np.asarray(self.drawn.n_zeros * (self.real.n / self.drawn.n))

    @cached_property
    def _share_raised(self) -> Floats:
        """Share of zeros that become counts ``(n_groups, n_genes)``."""
        share = 1 - self.real.n_zeros / np.maximum(self._ranked_zero, 1e-12)
        return np.asarray(share.clip(0, 1).reshape(len(self.real.n_cells), -1))

    @cached_property
    def _often(self) -> NDArray[np.bool_]:
        """Which genes have most of their zeros raised in some group ``(n_genes,)``."""
        return np.asarray((self._share_raised > MANY).any(axis=0))
