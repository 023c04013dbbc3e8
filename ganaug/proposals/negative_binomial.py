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
    means = np.exp(logs - logs.max(axis=1, keepdims=True), dtype=np.float32)
    means *= (library / means.sum(axis=1))[:, None]
    above = rng.random(means.shape, dtype=np.float32)
    # a count is above zero with a chance below its mean, which spares working it out for most
    flat = np.flatnonzero(above < means)
    # the number lies somewhere in a step, not at its lower end: at 0 no count would be large enough
    mean, at = means.ravel()[flat].astype(np.float64), 1 - (above.ravel()[flat] + np.float64(STEP / 2))
    row, gene = np.divmod(flat, means.shape[1])
    phi = np.maximum(dispersion, LEAST_DISPERSION).astype(np.float64)[gene]
    zero = np.exp(-np.log1p(mean * phi) / phi)
    some = (at > zero) | (mean > LOOKED_UP)
    row, gene, mean, at, phi, zero = (part[some] for part in (row, gene, mean, at, phi, zero))
    values = np.empty(len(row))
    many = mean > LOOKED_UP
    values[~many] = _looked_up(mean[~many], phi[~many], zero[~many], at[~many])
    values[many] = rng.poisson(mean[many] * rng.gamma(1 / phi[many], phi[many]))
    ends = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(logs)))])
    counts = sparse.csr_matrix((values.astype(np.float32), gene, ends), shape=logs.shape)
    counts.eliminate_zeros()
    return counts


def _looked_up(mean: Doubles, phi: Doubles, zero: Doubles, at: Doubles) -> Doubles:
    """Smallest count at which the distribution function is `at` or more, of counts that are not zero ``(n,)``."""
    values, open_ = np.ones(len(mean)), np.arange(len(mean))
    odds = phi * mean / (1 + phi * mean)
    chance = zero * odds / phi
    below = zero + chance
    for k in range(1, MOST_LOOKED_UP):
        left = (below < at[open_]) & (chance > 0)
        if not left.any():
            break
        open_ = open_[left]
        below, chance, odds, phi = (part[left] for part in (below, chance, odds, phi))
        values[open_] = k + 1
        chance = chance * odds * (1 / phi + k) / (k + 1)
        below = below + chance
    return values
