"""Which of several equalised versions of the same rows to keep, judged without labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.class_weight import compute_sample_weight
from threadpoolctl import threadpool_limits

from ganaug.transport.style import Floats

__all__ = ["Kept", "Partners", "balance", "entropies", "mixing", "nearest_rows", "partners", "structure", "untold"]

NEIGHBOURS = 30
MUTUAL = 20
# rows that are looked at
MOST_ROWS = 3000
# states in which batches are compared, and the share of what would be its own there below which a batch is not in one
ROWS_OF_A_STATE, MOST_STATES, HARDLY_ANY = 60, 12, 0.1
# steps into which trees part a feature
LEVELS = 32
Partners = tuple[NDArray[np.intp], NDArray[np.intp]]


class Kept(NamedTuple):
    """How well batches are mixed, how little trees can tell them, how much of what they shared is still there."""

    mixing: float
    untold: float
    structure: float

    @property
    def score(self) -> float:
        """The mean of the first two, cubed, times the square of the third: what is merged wrongly is mixed, too.

        Cubed, as what is left of a batch is no structure: partners found before may be those of its edge.
        """
        return ((self.mixing + self.untold) / 2) ** 3 * max(self.structure, 0.0) ** 2


def balance(z: Floats, batch: NDArray[np.intp], rng: np.random.Generator) -> Floats:
    """Weights by which every state holds all batches alike that are in it ``(n_rows,)``.

    Batches may be composed of the same states in unlike parts: that is no style, and nothing to be mixed away. States
    are clusters of rows ``(n_rows, n_components)`` where they are now. What a batch has hardly any of counts nothing.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> balance(rng.normal(size=(50, 2)), np.repeat([0, 1], [40, 10]), rng)[[0, -1]].tolist()
    [0.625, 2.5]
    """
    n_states = int(min(np.clip(len(z) // ROWS_OF_A_STATE, 1, MOST_STATES), len(np.unique(z, axis=0))))
    with threadpool_limits(limits=1):
        state = KMeans(n_states, n_init=1, random_state=int(rng.integers(2**31))).fit_predict(z)
    names, codes = np.unique(batch, return_inverse=True)
    count = np.zeros((n_states, len(names)))
    np.add.at(count, (state, codes), 1)
    expected = np.outer(count.sum(axis=1), count.sum(axis=0)) / len(z)
    present = count > HARDLY_ANY * expected
    share = count.sum(axis=1, keepdims=True) / np.maximum(present.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.where(present, share / np.maximum(count, 1), 0.0)[state, codes])


def mixing(z: Floats, batch: NDArray[np.intp], weight: Floats | None = None) -> float:
    """Entropy of the batches among each row's 30 nearest rows, over that of all batches alike: 0 apart, 1 mixed.

    Parameters
    ----------
    z : ndarray, shape (n_rows, n_components)
    batch : ndarray of int, shape (n_rows,)
    weight : ndarray, shape (n_rows,), optional
        What each row counts for, see `balance`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z, batch = rng.normal(size=(300, 2)), np.repeat([0, 1, 2], 100)
    >>> mixing(z, batch) > 0.9 and mixing(z + 100 * batch[:, None], batch) == 0
    True
    """
    weight = np.ones(len(z)) if weight is None else weight
    found = entropies(nearest_rows(z), batch, weight)
    return float(np.average(found, weights=weight) / np.log(max(len(np.unique(batch)), 2)))


def nearest_rows(z: Floats) -> NDArray[np.intp]:
    """Each row's 30 nearest other rows ``(n_rows, 30)``, or all others where there are fewer."""
    with threadpool_limits(limits=1):
        model = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(z) - 1)).fit(z)
        return np.asarray(model.kneighbors(return_distance=False))


def entropies(near: NDArray[np.intp], batch: NDArray[np.intp], weight: Floats | None = None) -> Floats:
    """Entropy of the batches among the rows near each row ``(n_rows,)``, in nats.

    Parameters
    ----------
    near : ndarray of int, shape (n_rows, n_neighbours)
    batch : ndarray of int, shape (n_rows,)
    weight : ndarray, shape (n_rows,), optional
        What each row counts for.

    Examples
    --------
    >>> entropies(np.array([[0, 1, 2], [0, 1, 3]]), np.array([0, 1, 1, 2])).round(2)
    array([0.64, 1.1 ])
    """
    weight = np.ones(len(batch)) if weight is None else weight
    share = ((batch[near][:, :, None] == np.unique(batch)) * weight[near][:, :, None]).sum(axis=1)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    return np.asarray(-(share * np.log(np.maximum(share, 1e-12))).sum(axis=1))


def untold(X: Floats, batch: NDArray[np.intp], rng: np.random.Generator, weight: Floats | None = None) -> float:
    """Share of what there is to guess that boosted trees do not learn of the batch: 1 nothing, 0 they always know.

    Accuracy in two folds, over that of guessing; of few rows, the mean over two ways to fold them. Rows
    ``(n_rows, n_features)``, two or more of each batch, that count for `weight` ``(n_rows,)``, by which batches should
    be alike; see `balance`.
    """
    weight = compute_sample_weight("balanced", batch) if weight is None else weight
    trees = HistGradientBoostingClassifier(
        max_iter=30, max_leaf_nodes=8, min_samples_leaf=5, max_bins=LEVELS, early_stopping=False, random_state=0
    )
    steps, seed = _levels(X), int(rng.integers(2**31))
    folds = RepeatedStratifiedKFold(n_splits=2, n_repeats=2 if len(X) < MOST_ROWS else 1, random_state=seed)
    right = []
    with threadpool_limits(limits=1):
        for seen, unseen in folds.split(steps, batch):
            told = trees.fit(steps[seen], batch[seen], sample_weight=weight[seen]).predict(steps[unseen])
            right.append(np.average(told == batch[unseen], weights=weight[unseen]))
    guess = 1 / len(np.unique(batch))
    return float(np.clip(1 - (np.mean(right) - guess) / (1 - guess), 0.0, 1.0))


def _levels(X: Floats) -> Floats:
    """Ranks in so many steps ``(n_rows, n_features)``: the trees would look for them again in every fold.

    Ties share one: by their order they would tell where rows come from.
    """
    return np.asarray(np.floor((rankdata(X, axis=0) - 0.5) * LEVELS / len(X)))


def partners(z: Floats, batch: NDArray[np.intp]) -> Partners:
    """Pairs of rows of different batches that are among each other's 20 nearest in the other batch, by direction.

    Mutual nearest neighbours (Haghverdi et al. 2018, doi:10.1038/nbt.4091) are rows in the same state, mostly.
    """
    unit = z - z.mean(axis=0)
    if z.shape[1] > 1:  # of one value there are but two directions
        unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    parts = [np.flatnonzero(batch == b) for b in np.unique(batch)]
    pairs = [_mutual(unit, one, other) for k, one in enumerate(parts) for other in parts[k + 1 :]]
    first, second = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    return first, second


def structure(z: Floats, batch: NDArray[np.intp], pairs: Partners, rng: np.random.Generator) -> float:
    """How near partners still are, among all rows of the partner's batch: 1 nearest of all, 0 as near as any.

    Parameters
    ----------
    z : ndarray, shape (n_rows, n_components)
    batch : ndarray of int, shape (n_rows,)
    pairs : tuple of ndarray
        As of `partners`, found before anything was moved.
    rng : numpy.random.Generator
        Draws at most 3,000 of the pairs.
    """
    some = rng.permutation(len(pairs[0]))[:MOST_ROWS]
    first, second = pairs[0][some], pairs[1][some]
    # a partner is not nearer than itself by rounding, whatever the unit
    rank, rounding = np.zeros(len(some)), 1e-9 * np.mean(z**2)
    for b in np.unique(batch[second]):
        here, rows = batch[second] == b, batch == b
        one, other = z[first[here]], z[rows]
        squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
        rank[here] = (squares < ((one - z[second[here]]) ** 2).sum(axis=1)[:, None] - rounding).mean(axis=1)
    return float(1 - 2 * rank.mean())


def _mutual(unit: Floats, one: NDArray[np.intp], other: NDArray[np.intp]) -> Partners:
    k = min(MUTUAL, len(one), len(other))
    with threadpool_limits(limits=1):
        there = NearestNeighbors(n_neighbors=k).fit(unit[other]).kneighbors_graph(unit[one])
        back = NearestNeighbors(n_neighbors=k).fit(unit[one]).kneighbors_graph(unit[other])
    i, j = there.multiply(back.T).nonzero()
    return one[i], other[j]
