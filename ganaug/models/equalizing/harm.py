"""What a certificate of harmlessness measures: an equaliser where it should do nothing, or leave what it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from ganaug.fidelity.wording import percent
from ganaug.transport.centring import rounding
from ganaug.transport.space import Space
from ganaug.transport.style import Floats, Roles, batch_means

__all__ = ["Moves", "OverCorrection", "null_move", "over_correction", "seen_rows", "states_of"]

# "learn from these rows (n_rows, n_features) of these batches, and return them equalised"
Moves = Callable[[Floats, NDArray[np.intp]], Floats]

NEIGHBOURS = 15
# rows that are looked at, and that an equaliser is taught again with
MOST_ROWS = 3000
# rows without which nothing is said: of a batch that is dealt into pseudo-batches, of any other, of a state within one
FEWEST_ROWS, FEWEST_OF_BATCH, FEWEST_OF_STATE = 60, 20, 20
PSEUDO_BATCHES = 3
ROWS_OF_A_STATE, MOST_STATES = 100, 10
# states of which the distance, in units of their spread, falls below this share of what it was have come together
LEAST_APART = 0.5


class OverCorrection(NamedTuple):
    """What was lost within batches, where there is no batch effect to be removed.

    Parameters
    ----------
    removed : ndarray, shape (n_features,)
        Share of the variance within batches that is gone; negative where there is more than before.
    moved : ndarray, shape (n_features,)
        Root mean square of the change, in standard deviations within batches.
    batches : ndarray of int, shape (n_seen,)
        Batches of which enough rows were seen.
    overlap, expected : ndarray, shape (n_seen,)
        Share of each row's nearest rows of its batch that still are among twice as many, and what that share would be
        had each row been moved to the place of the one nearest to it.
    apart : ndarray, shape (n_seen,)
        What is left of the distance between the two states that came nearest to each other, in units of their spread;
        1 with fewer than two states.
    """

    removed: Floats
    moved: Floats
    batches: NDArray[np.intp]
    overlap: Floats
    expected: Floats
    apart: Floats

    def sentences(self, names: Sequence[str]) -> list[str]:
        """Say so in plain English; `names` of all batches."""
        gone = round(float(np.median(self.removed)), 2) + 0.0  # no "-0 %"
        kept = f"{percent(gone)} is gone" if gone >= 0 else f"none is gone: there is {percent(-gone)} more"
        said = [f"Of a feature's variance within batches, {kept} (median)."]
        for b, overlap, expected, apart in zip(self.batches, self.overlap, self.expected, self.apart, strict=True):
            if overlap < expected:
                kept = f"{percent(overlap)} of a row's neighbours stayed, less than the {percent(expected)} of a change"
                said.append(f"Within the batch {names[b]!r} {kept} no larger than from a row to the next one.")
            if apart < LEAST_APART:
                left = f"{percent(apart)} of the distance between two of its states is left"
                said.append(f"Within the batch {names[b]!r} {left}: they may have been merged.")
        return said if len(said) > 1 else [*said, "No batch lost its neighbours, and none of its states were merged."]


def null_move(X: Floats, batch: NDArray[np.intp], equalize: Moves, rng: np.random.Generator) -> float | None:
    """How far rows of the largest batch are moved if it is dealt into three at random, where nothing should be.

    Mean move over the mean distance to the 15th neighbour, in all features, at most 3,000 rows ``(n_rows, n_features)``
    being looked at; a missing value counts as the mean. None with fewer than 60 rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> null_move(rng.normal(size=(90, 2)), np.zeros(90, dtype=int), lambda X, batch: X, rng)
    0.0
    """
    rows = rng.permutation(np.flatnonzero(batch == np.bincount(batch).argmax()))[:MOST_ROWS]
    if len(rows) < FEWEST_ROWS:
        return None
    own = X[rows]
    change = np.nan_to_num(equalize(own, np.arange(len(rows)) % PSEUDO_BATCHES) - own)
    filled = _filled(own)
    with threadpool_limits(limits=1):
        far = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(filled).kneighbors()[0][:, -1]
    return float(np.linalg.norm(change, axis=1).mean() / max(far.mean(), _nothing(filled)))


def over_correction(
    before: Floats, after: Floats, batch: NDArray[np.intp], rng: np.random.Generator
) -> OverCorrection | None:
    """Compare rows ``(n_rows, n_features)`` before and after within each batch; None if none has 20 rows.

    Neighbours, and states as clusters of rows, are looked for among about 3,000 rows, in the coordinates that hold the
    signal, see `Space`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, batch = rng.normal(size=(200, 3)), np.repeat([0, 1], 100)
    >>> over_correction(X, X - X.mean(axis=1, keepdims=True), batch, rng).removed.round(1)
    array([0.3, 0.3, 0.3])
    """
    some = seen_rows(batch, rng)
    if not len(some):
        return None
    first, then, batch = before[some], after[some], batch[some]
    states = states_of(first, batch, rng)
    space = Space.fit(first, rng)
    start, end = space.encode(first), space.encode(then)
    seen = np.unique(batch)
    parts = [np.flatnonzero(batch == b) for b in seen]
    overlap, expected = np.array([_overlap(start[rows], end[rows]) for rows in parts]).reshape(-1, 2).T
    apart = np.array([_apart(start[rows], end[rows], states[rows]) for rows in parts])
    was, now = _variance(first, batch), _variance(then, batch)
    there = np.where(was > rounding(first), was, np.inf)
    square = np.nan_to_num(then - first) ** 2
    return OverCorrection((was - now) / there, np.sqrt(square.mean(axis=0) / there), seen, overlap, expected, apart)


def seen_rows(batch: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """About 3,000 rows, as many of each batch, 20 at least; a batch of fewer is left out."""
    order = rng.permutation(len(batch))
    parts = [order[batch[order] == b] for b in np.unique(batch)]
    parts = [rows[: max(FEWEST_OF_BATCH, MOST_ROWS // len(parts))] for rows in parts if len(rows) >= FEWEST_OF_BATCH]
    return np.sort(np.concatenate([order[:0], *parts]))


def states_of(X: Floats, batch: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """Clusters of rows about their batch's centre ``(n_rows,)``."""
    z = _centred(Space.fit(X, rng).encode(X), batch)
    n_states = min(int(np.clip(len(z) // ROWS_OF_A_STATE, 2, MOST_STATES)), len(np.unique(z, axis=0)))
    with threadpool_limits(limits=1):
        means = KMeans(n_states, n_init=3, random_state=int(rng.integers(2**31))).fit(z)
    return np.asarray(means.labels_, dtype=np.intp)


def _filled(X: Floats) -> Floats:
    """Rows with the mean of the feature for missing values."""
    known = ~np.isnan(X)
    return np.where(known, X, np.where(known, X, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def _centred(X: Floats, batch: NDArray[np.intp]) -> Floats:
    """Rows about their batch's mean."""
    return X - batch_means(X, Roles.common(batch).of_batches())[0][batch]


def _variance(X: Floats, batch: NDArray[np.intp]) -> Floats:
    """Variance of each feature within batches ``(n_features,)``."""
    return np.asarray((np.nan_to_num(_centred(X, batch)) ** 2).mean(axis=0))


def _overlap(before: Floats, after: Floats) -> tuple[float, float]:
    """Share of neighbours that are kept, and that a row has in common with the one nearest to it."""
    k = min(NEIGHBOURS, (len(before) - 1) // 4)
    with threadpool_limits(limits=1):
        near, later = (NearestNeighbors(n_neighbors=2 * k).fit(z).kneighbors()[1] for z in (before, after))
    kept, common = ((near[:, :k, None] == there[:, None]).any(axis=2).mean() for there in (later, near[near[:, 0]]))
    # the nearest row is no neighbour of itself, but would be one of what takes its place
    return float(kept), float(common + 1 / k)


def _apart(before: Floats, after: Floats, states: NDArray[np.intp]) -> float:
    """What is left of the distance of the two states that came nearest to each other, in units of their spread."""
    found, n = np.unique(states, return_counts=True)
    found = found[n >= FEWEST_OF_STATE]
    if len(found) < 2:
        return 1.0
    rows = np.isin(states, found)
    codes = np.searchsorted(found, states[rows])
    was, now = _distances(before[rows], codes), _distances(after[rows], codes)
    return float((now / np.maximum(was, np.finfo(float).tiny)).min())


def _distances(z: Floats, states: NDArray[np.intp]) -> Floats:
    """Distances between the centres of states, in units of the spread within them ``(n_pairs,)``."""
    means = batch_means(z, Roles.common(states).of_batches())[0]
    return np.asarray(pdist(means) / max(np.sqrt(((z - means[states]) ** 2).sum(axis=1).mean()), _nothing(z)))


def _nothing(X: Floats) -> float:
    """Distance below which rows are the same, in their own units; never zero."""
    return float(max(np.sqrt(rounding(X).sum()), np.finfo(float).tiny))
