"""Which rows a batch's style is learned from, and which rows set the reference."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["CAUTION", "Roles", "batch_means", "dimension", "evidence", "known_counts", "mean_noise", "shrinkage"]

Floats = NDArray[np.float64]

# standard deviations beyond chance at which a batch's differences begin to be believed, and are believed in full
DOUBTED, BELIEVED = 2.0, 4.0
# how much more than its square what chance adds to a difference weighs against undoing it: 1 leaves the least error in
# all, but what is moved wrongly is worse than what is left
CAUTION = 2.0
# rows that show in how many independent directions rows vary
SEEN = 500


class Roles(NamedTuple):
    """What each row is for.

    Parameters
    ----------
    batch : ndarray of int, shape (n_rows,)
        The batch of each row, 0 to ``n_batches - 1``.
    n_batches : int
    learn : ndarray of bool, shape (n_rows,)
        Rows that a batch's style is learned from: all of them, or its controls.
    reference : ndarray of bool, shape (n_rows,)
        Rows that set the style to be reached: all (the common centre), those of some batches, or all controls.
    """

    batch: NDArray[np.intp]
    n_batches: int
    learn: NDArray[np.bool_]
    reference: NDArray[np.bool_]

    @classmethod
    def common(cls, batch: NDArray[np.intp]) -> Roles:
        """All rows teach, and the reference is the centre of all."""
        everything = np.ones(len(batch), dtype=bool)
        return cls(batch, int(batch.max()) + 1, everything, everything)

    def of(self, rows: NDArray[np.intp]) -> Roles:
        """Return the roles of some of the rows."""
        return Roles(self.batch[rows], self.n_batches, self.learn[rows], self.reference[rows])

    def members(self) -> Floats:
        """Return which rows are a batch's ``(n_rows, n_batches)``: 1 or 0."""
        return np.asarray((self.batch[:, None] == np.arange(self.n_batches)).astype(float))

    def of_batches(self) -> Floats:
        """Return who teaches a batch's style ``(n_rows, n_batches)``: 1 or 0."""
        return self.members() * self.learn[:, None]


def batch_means(X: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Weighted means of each feature, missing values left out.

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_features)
    weight : ndarray, shape (n_rows, n_groups)

    Returns
    -------
    means, counts : ndarray, shape (n_groups, n_features)
        Zero where nothing is known.

    Examples
    --------
    >>> batch_means(np.array([[1.0], [3.0], [np.nan]]), np.array([[1.0], [1.0], [1.0]]))
    (array([[2.]]), array([[2.]]))
    """
    known = ~np.isnan(X)
    counts = known_counts(known, weight)
    return weight.T @ (X if known.all() else np.where(known, X, 0.0)) / np.maximum(counts, 1e-12), counts


def known_counts(known: NDArray[np.bool_], weight: Floats) -> Floats:
    """Weight of the rows of each group in which a feature is known ``(n_groups, n_features)``."""
    if known.all():
        return np.repeat(weight.sum(axis=0)[:, None], known.shape[1], axis=1)
    return np.asarray(weight.T @ known)


def mean_noise(known: NDArray[np.bool_], roles: Roles) -> Floats:
    """Sampling variance of a difference to the reference's mean, of values of unit variance ``(n_batches, features)``.

    Rows that are both the batch's and the reference's count on both sides, if the feature is known there.

    Examples
    --------
    >>> mean_noise(np.ones((20, 1), dtype=bool), Roles.common(np.repeat([0, 1], 10)))
    array([[0.05],
           [0.05]])
    """
    taught, reference = roles.of_batches(), roles.reference[:, None].astype(float)
    n, n_reference = (np.maximum(known_counts(known, weight), 1.0) for weight in (taught, reference))
    both = known_counts(known, taught * reference)
    return np.asarray(np.maximum(1 / n + 1 / n_reference - 2 * both / (n * n_reference), 0.0))


def dimension(X: Floats, rng: np.random.Generator) -> float:
    """In how many independent directions of equal variance centred rows ``(n_rows, n_features)`` would vary as much.

    The squared trace of the covariance over the trace of its square, from pairs of rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> round(dimension(rng.normal(size=(500, 1)) * np.ones(40), rng))
    1
    """
    some = np.nan_to_num(X[rng.permutation(len(X))[:SEEN]])
    products = some @ some.T
    n, trace = len(some), np.trace(products) / len(some)
    square = (np.sum(products**2) - np.sum(np.diag(products) ** 2)) / max(n * (n - 1), 1)
    return float(np.clip(trace**2 / max(square, 1e-300), 1.0, X.shape[1]))


def shrinkage(square: Floats, noise: Floats, weight: Floats, n_directions: float) -> Floats:
    """Share of each difference that is to be undone, by what all differences of its batch have in common.

    None where they are no more than chance explains, and of what is known badly, less.

    Parameters
    ----------
    square, noise, weight, n_directions
        As of `evidence`.

    Examples
    --------
    >>> noise, weight = np.ones((20, 2)), np.ones((20, 2))
    >>> square = np.repeat([[99.0, 1.0]], 20, axis=0)
    >>> shrinkage(square, noise, weight, 5.0)[0].round(2)
    array([0.98, 0.  ])
    """
    found = (weight * square).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
    believed = evidence(square, noise, weight, n_directions)
    return np.asarray(believed * found / np.maximum(found + CAUTION * noise, 1e-300))


def evidence(square: Floats, noise: Floats, weight: Floats, n_directions: float) -> Floats:
    """How far a batch's differences, all together, are to be believed ``(n_batches,)``: 0 if chance explains them.

    Parameters
    ----------
    square, noise : ndarray, shape (n_estimates, n_batches)
        Squares of the differences that were found, and what these are on average by chance alone.
    weight : ndarray, shape (n_estimates, n_batches)
        What each counts for; 0 where it is of no use.
    n_directions : float
        How many independent normal values each square is the sum of.

    Examples
    --------
    >>> noise, weight = np.ones((20, 2)), np.ones((20, 2))
    >>> evidence(np.repeat([[99.0, 1.0]], 20, axis=0), noise, weight, 5.0)
    array([1., 0.])
    """
    total = np.maximum(weight.sum(axis=0), 1e-300)
    found, chance = (weight * square).sum(axis=0) / total, (weight * noise).sum(axis=0) / total
    spread = np.sqrt(2 * ((weight * noise) ** 2).sum(axis=0) / n_directions) / total
    beyond = (found - chance) / np.maximum(spread, 1e-300)
    return np.asarray(np.clip((beyond - DOUBTED) / (BELIEVED - DOUBTED), 0.0, 1.0))
