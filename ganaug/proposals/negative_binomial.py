"""Negative-binomial counts, of which most are zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

if TYPE_CHECKING:
    Counts = sparse.csr_matrix[np.float32]

__all__ = ["LEAST_DISPERSION", "drawn_counts"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

LEAST_DISPERSION = 1e-4  # as good as none
STEP = 2.0**-24  # of uniform numbers in single precision
# means up to which counts are looked up one by one, and how far
LOOKED_UP, MOST_LOOKED_UP = 20.0, 2000


def drawn_counts(logs: Floats, library: Floats, dispersion: Floats, rng: np.random.Generator) -> Counts:
    """Draw negative-binomial counts ``(n_cells, n_genes)`` of which the mean is the cell's total times a gene's share.

    Most are zero, which one uniform number decides; the others are looked up in their distribution from there on.

    Parameters
    ----------
    logs : ndarray, shape (n_cells, n_genes)
        Logarithms of the shares, but for a constant of each cell.
    library : ndarray, shape (n_cells,)
    dispersion : ndarray, shape (n_genes,)
        Variance beyond Poisson's, over the square of the mean.
    """
    n, p = logs.shape
    means = np.exp(logs - logs.max(axis=1, keepdims=True), dtype=np.float32)
    means *= (library / means.sum(axis=1))[:, None]
    above = rng.random(means.shape, dtype=np.float32)
    # a count is above zero with a chance below its mean, which spares working it out for most
    flat = np.flatnonzero(above < means)
    # the number lies somewhere in a step, not at its lower end: at 0 no count would be large enough
    mean, at = means.take(flat).astype(np.float64), 1 - (above.take(flat) + np.float64(STEP / 2))
    phi = np.maximum(dispersion, LEAST_DISPERSION).astype(np.float64)[flat % p]
    zero = np.exp(-np.log1p(mean * phi) / phi)
    some = np.flatnonzero((at > zero) | (mean > LOOKED_UP))
    flat = flat.take(some)
    mean, at, phi, zero = (part.take(some) for part in (mean, at, phi, zero))
    few, many = np.flatnonzero(mean <= LOOKED_UP), np.flatnonzero(mean > LOOKED_UP)
    values = np.empty(len(flat), dtype=np.float32)
    values[few] = _looked_up(mean.take(few), phi.take(few), zero.take(few), at.take(few))
    values[many] = rng.poisson(mean[many] * rng.gamma(1 / phi[many], phi[many]))
    counts = sparse.csr_matrix((values, flat % p, np.searchsorted(flat, p * np.arange(n + 1))), shape=(n, p))
    counts.eliminate_zeros()
    return counts


def _looked_up(mean: Doubles, phi: Doubles, zero: Doubles, at: Doubles) -> Floats:
    """Smallest count at which the distribution function is `at` or more, of counts that are not zero ``(n,)``."""
    values, place = np.ones(len(mean), dtype=np.float32), np.arange(len(mean))
    once = mean / (1 + phi * mean)  # chance of one over that of none
    again, chance, left = phi * once, zero * once, at - zero
    for k in range(1, MOST_LOOKED_UP):
        left -= chance
        beyond = np.flatnonzero((left > 0) & (chance > 0))
        if not len(beyond):
            break
        place = place.take(beyond)
        left, chance, once, again = (part.take(beyond) for part in (left, chance, once, again))
        values[place] = k + 1
        chance *= (once + k * again) / (k + 1)
    return values
