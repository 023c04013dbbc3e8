"""Which of several equalised versions of the same rows to keep, judged without labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import recall_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from ganaug.transport.style import Floats

__all__ = ["Kept", "Partners", "mixing", "partners", "structure", "untold"]

NEIGHBOURS = 30
MUTUAL = 20
# rows that are looked at
MOST_ROWS = 3000
MOST_FOLDINGS = 2
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
        """The first two, discounted by the square of the third: what is merged wrongly is mixed, too."""
        return (self.mixing + self.untold) / 2 * max(self.structure, 0.0) ** 2


def mixing(z: Floats, batch: NDArray[np.intp]) -> float:
    """Entropy of the batches among each row's 30 nearest rows, over that of all rows: 0 apart, 1 mixed.

    Parameters
    ----------
    z : ndarray, shape (n_rows, n_components)
    batch : ndarray of int, shape (n_rows,)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z, batch = rng.normal(size=(300, 2)), np.repeat([0, 1, 2], 100)
    >>> mixing(z, batch) > 0.9 and mixing(z + 100 * batch[:, None], batch) == 0
    True
    """
    with threadpool_limits(limits=1):
        near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(z) - 1)).fit(z).kneighbors(return_distance=False)
    found = (batch[near][:, :, None] == np.unique(batch)).mean(axis=1)
    everywhere = np.unique(batch, return_counts=True)[1] / len(batch)
    return float(_entropy(found).mean() / max(float(_entropy(everywhere[None])[0]), 1e-12))


def untold(X: Floats, batch: NDArray[np.intp], rng: np.random.Generator) -> float:
    """Share of what there is to guess that boosted trees do not learn of the batch: 1 nothing, 0 they always know.

    Balanced accuracy in two folds, over that of guessing; of few rows, the mean over two ways to fold them. Rows
    ``(n_rows, n_features)``, two or more of each batch.
    """
    trees = HistGradientBoostingClassifier(
        max_iter=30,
        max_leaf_nodes=8,
        min_samples_leaf=5,
        max_bins=LEVELS,
        class_weight="balanced",
        early_stopping=False,
        random_state=0,
    )
    repeats = int(np.clip(MOST_ROWS // len(X), 1, MOST_FOLDINGS))
    folds = [StratifiedKFold(2, shuffle=True, random_state=int(rng.integers(2**31))) for _ in range(repeats)]
    steps = _levels(X)
    with threadpool_limits(limits=1):
        told = [recall_score(batch, cross_val_predict(trees, steps, batch, cv=fold), average="macro") for fold in folds]
    guess = 1 / len(np.unique(batch))
    return float(np.clip(1 - (np.mean(told) - guess) / (1 - guess), 0.0, 1.0))


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
    rank = np.zeros(len(some))
    for b in np.unique(batch[second]):
        here, rows = batch[second] == b, batch == b
        one, other = z[first[here]], z[rows]
        squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
        rank[here] = (squares < ((one - z[second[here]]) ** 2).sum(axis=1)[:, None] - 1e-9).mean(axis=1)
    return float(1 - 2 * rank.mean())


def _entropy(share: Floats) -> Floats:
    return np.asarray(-(share * np.log(np.maximum(share, 1e-12))).sum(axis=1))


def _mutual(unit: Floats, one: NDArray[np.intp], other: NDArray[np.intp]) -> Partners:
    k = min(MUTUAL, len(one), len(other))
    with threadpool_limits(limits=1):
        there = NearestNeighbors(n_neighbors=k).fit(unit[other]).kneighbors_graph(unit[one])
        back = NearestNeighbors(n_neighbors=k).fit(unit[one]).kneighbors_graph(unit[other])
    i, j = there.multiply(back.T).nonzero()
    return one[i], other[j]
