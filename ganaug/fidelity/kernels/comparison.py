"""One comparison of real and synthetic rows over all kernels and labellings: its p-values, and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.kernels.exact import WIDTHS, Pulls, Sums, mmd2, pulls

__all__ = ["Compared", "average", "compare", "p_of_maximum", "p_of_one"]

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]


class Compared(NamedTuple):
    """MMD² of one comparison for each kernel and labelling, the true one first, and how chance moves it."""

    values: Floats
    pulls: Pulls

    @property
    def value(self) -> float:
        """MMD² of the average of the Gaussian kernels."""
        return float(self.values[: len(WIDTHS), 0].mean())

    @property
    def null(self) -> Floats:
        """The same under permuted labels."""
        return np.asarray(self.values[: len(WIDTHS), 1:].mean(axis=0))

    def truths(self, value: float | None = None) -> Floats:
        """Draw what MMD² may truly be, if `value` was found: the quantiles are its confidence limits.

        What is found is ``T = |d + e|² - b``, for a true difference d of means in feature space and an error e, of
        which permuted labels give draws; b is the mean of ``|e|²``. For each draw the equation is solved for ``|d|²``,
        its direction taken to be that of ``d + e``, and its length with that of the error, ``u² = |d|² + b``:
        ``T + b = u² + 2 u z + q``, where z is the error along that direction and q what T would be without d. Normal
        limits with a variance plugged in will not do: where T happens to be small its variance looks small too, and
        the upper limit fell short of the truth in up to a quarter of samples, not in a twentieth.
        """
        bias = max(self.pulls.squared - self.value, 0.0)
        squared = max(bias + (self.value if value is None else value), 0.0)
        z = self.pulls.along / (np.sqrt(max(self.pulls.squared, 0.0)) or 1.0)
        return np.asarray((np.sqrt(np.maximum(z**2 + squared - self.null, 0)) - z) ** 2 - bias)


def compare(kernels: Iterator[Sums], labels: Floats, cluster: Numbers) -> Compared:
    """Measure MMD² under all labellings, kernel after kernel.

    Parameters
    ----------
    kernels : iterator of Sums
        In the order of `KERNELS`: the Gaussian ones first.
    labels : ndarray, shape (n_units, 1 + n_permutations)
        As for `mmd2`, the true ones first.
    cluster : ndarray, shape (n_units,)
        Units that are not independent of each other.
    """
    values, mixture = [], None
    for k, sums in enumerate(kernels):
        values.append(mmd2(sums, labels))
        if k < len(WIDTHS):
            between = sums.between / len(WIDTHS)
            mixture = Sums(between if mixture is None else mixture.between + between, sums.own, sums.size)
    assert mixture is not None
    return Compared(np.stack(values), pulls(mixture, labels, cluster))


def average(parts: Sequence[Compared], weights: Sequence[int]) -> Compared:
    """Average the comparisons of separate folds, each by its weight."""
    share = np.asarray(weights, dtype=float) / np.sum(weights)
    values = np.tensordot(share, np.stack([part.values for part in parts]), axes=1)
    along, squared = (share @ np.stack(pull) for pull in zip(*(part.pulls for part in parts), strict=True))
    return Compared(values, Pulls(along, float(squared)))


def p_of_maximum(values: Floats) -> tuple[float, int]:
    """Permutation p-value of the largest standardised statistic, and its kernel.

    Each kernel's MMD² is divided by its own standard deviation over all labellings, the true one among them: so they
    are all treated alike, and the p-value holds exactly.

    Parameters
    ----------
    values : ndarray, shape (n_kernels, 1 + n_permutations)
        MMD² under the true labels and under permuted ones, whose mean is zero.

    Examples
    --------
    >>> p_of_maximum(np.array([[1.0, -1.0, 0.5, -0.5], [0.1, 0.2, -0.2, -0.1]]))
    (0.5, 0)
    """
    spread = np.sqrt(np.mean(values**2, axis=1, keepdims=True))
    standard = values / np.where(spread > 0, spread, 1)
    return p_of_one(standard.max(axis=0)), int(standard[:, 0].argmax())


def p_of_one(values: Floats) -> float:
    """Permutation p-value of one statistic ``(1 + n_permutations,)``, the true labels first."""
    # equal up to rounding is equal: (1 + k) / (1 + B), where the true labels are the 1 in either
    return float(np.mean(values >= values[0] - 1e-9 * abs(values[0])))
