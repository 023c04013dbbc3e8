"""Every batch brought to one distribution, feature by feature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ganaug.transport.style import Floats, Roles, dimension, known_counts, mean_noise, shrinkage

__all__ = ["Quantiles"]

N_KNOTS = 1000
# a feature has a floor if so many rows of a batch, and not one alone, lie on its smallest value
FLOOR_SHARE = 0.01
# differences of which less would be undone are taken for chance: there is no half way between two distributions
FAINT = 0.25


@dataclass(frozen=True)
class Quantiles:
    """Monotone maps of each feature to the mean of all batches' quantile functions (Wasserstein barycentre).

    Where a detection limit puts many rows on one value, a batch with few of them cannot be told from one with many by
    any map that splits that value; so as many rows lie on the floor afterwards as in the batch that has most there.

    Parameters
    ----------
    knots : ndarray, shape (n_batches, n_features, n_knots)
        Quantiles of each batch; NaN where a batch is left as it is.
    goal : ndarray, shape (n_features, n_knots)
    floor : ndarray, shape (n_features,)
        NaN where there is none.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> batch = np.repeat([0, 1], 300)
    >>> X = np.maximum(rng.normal(size=(600, 2)) + 1.0 * batch[:, None], 0)
    >>> moved = Quantiles.fit(X, Roles.common(batch), rng).move(X, batch)
    >>> [round(float((moved[batch == b] == 0).mean()), 1) for b in (0, 1)]
    [0.5, 0.5]
    """

    knots: Floats
    goal: Floats
    floor: Floats

    @classmethod
    def fit(cls, X: Floats, roles: Roles, rng: np.random.Generator) -> Self:
        """Learn from rows ``(n_rows, n_features)``; a batch that differs no more than by chance is left as it is.

        So is a feature of which the reference knows nothing.
        """
        at = (np.arange(N_KNOTS) + 0.5) / N_KNOTS
        sides = [X[roles.learn & (roles.batch == b)] for b in range(roles.n_batches)]
        knots = np.stack([_quantiles(rows, at) for rows in sides])
        known = ~np.isnan(knots[:, :, 0])
        lowest = np.where(known.any(axis=0), np.min(np.where(known[:, :, None], knots, np.inf), axis=(0, 2)), 0.0)
        # some row is the smallest of all, limit or not
        several = np.stack([(rows <= lowest).sum(axis=0) > 1 for rows in sides])
        on_floor = np.where(several, (knots <= lowest[:, None]).mean(axis=2), 0.0)
        floor = np.where(on_floor.max(axis=0) >= FLOOR_SHARE, lowest, np.nan)
        weight = np.array([(roles.reference & (roles.batch == b)).sum() for b in range(roles.n_batches)], dtype=float)
        weight = weight[:, None] * known
        goal = np.einsum("bp,bpk->pk", weight / np.maximum(weight.sum(axis=0), 1e-12), np.nan_to_num(knots))
        below = at < np.where(np.isnan(floor), 0.0, on_floor.max(axis=0))[:, None]
        goal = np.where(below, lowest[:, None], goal)
        knots[_alike(X, roles, rng)] = np.nan
        knots[:, weight.sum(axis=0) == 0] = np.nan
        return cls(knots, goal, floor)

    def move(self, X: Floats, batch: NDArray[np.intp]) -> Floats:
        """Bring rows ``(n_rows, n_features)`` of known batches to the reference; missing values stay missing."""
        moved = np.array(X, dtype=float)
        for b in np.unique(batch):
            rows = np.flatnonzero(batch == b)
            part = np.ascontiguousarray(moved[rows].T)
            for j in np.flatnonzero(~np.isnan(self.knots[b, :, 0])):
                part[j] = self._one(part[j], b, int(j))
            moved[rows] = part.T
        return moved

    def _one(self, x: Floats, b: int, j: int) -> Floats:
        knots = self.knots[b, j]
        below = np.searchsorted(knots, x)
        upto = below.copy()
        # only a value on a knot has fewer knots below it than up to it; most have not to be looked for twice
        tied = np.flatnonzero(knots[np.minimum(below, len(knots) - 1)] == x)
        upto[tied] = np.searchsorted(knots, x[tied], "right")
        moved: Floats = self._at_ranks[j, below + upto]
        moved[x <= self.floor[j]] = self.floor[j]
        moved[np.isnan(x)] = np.nan
        return moved

    @cached_property
    def _at_ranks(self) -> Floats:
        """The goal at all mid-ranks there are: of so many half knots ``(n_features, 2 * n_knots + 1)``."""
        n = self.goal.shape[1]
        rank, at = np.arange(2 * n + 1) / (2 * n), (np.arange(n) + 0.5) / n
        return np.stack([np.interp(rank, at, goal) for goal in self.goal])


def _quantiles(X: Floats, at: Floats) -> Floats:
    """Quantiles of each feature ``(n_features, n_knots)``, NaN of one that is missing in all these rows."""
    empty = np.asarray(np.isnan(X).all(axis=0))
    found = np.nanquantile(np.where(empty, 0.0, X), at, axis=0, method="inverted_cdf").T
    return np.where(empty[:, None], np.nan, found)


def _alike(X: Floats, roles: Roles, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which batches have ranks, and ranks about the middle, that differ from the reference's by chance only."""
    known = ~np.isnan(X)
    # what nobody knows is a constant, as it has no ranks
    rank = rankdata(np.where(known.any(axis=0), X, 0.0), axis=0, nan_policy="omit")
    rank = rank / np.maximum(known.sum(axis=0), 1) - 0.5
    both, known = np.hstack([rank, np.abs(rank) - 0.25]), np.hstack([known, known])
    both = np.nan_to_num((both - np.nanmean(both, axis=0)) / np.maximum(np.nanstd(both, axis=0), 1e-12))
    taught, reference = roles.of_batches(), roles.reference[:, None].astype(float)
    n, n_reference = known_counts(known, taught), known_counts(known, reference)
    apart = taught.T @ both / np.maximum(n, 1.0) - both[roles.reference].sum(axis=0) / np.maximum(n_reference, 1.0)
    noise = np.maximum(mean_noise(known, roles), 1e-12)
    weight = ((n > 0) & (n_reference > 0)).astype(float)
    # in one order in memory, on which sums depend
    kept = shrinkage((apart**2).T, noise.T.copy(), weight.T.copy(), dimension(both, rng) / both.shape[1])
    return np.asarray(kept.max(axis=0) <= FAINT)
