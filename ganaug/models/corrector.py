"""The corrector: of many candidate rows, keep those that look real to boosted trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from threadpoolctl import threadpool_limits

from ganaug.errors import ModelFileError
from ganaug.layout import Levels
from ganaug.proposals.proposal import Arrays, Codes, Meta
from ganaug.seeding import Seeds

__all__ = ["Corrector", "Draw"]

Draw = Callable[[int, np.random.Generator, Codes | None], Codes]
Floats = npt.NDArray[np.float64]

POOL = 8  # candidates for each row that is wanted, and so the largest odds that can be honoured
MOST_CATEGORIES = 255  # of HistGradientBoosting
ROWS_A_TREE = 25  # training rows for each boosted tree: fewer, and the odds follow single rows
FEWEST_TREES = 30
MANY_ROWS = 20_000
CLIP = (-5.0, 5.0)  # log odds beyond these are not believed
CHUNK = 20_000  # wanted rows at a time


class Ensemble(NamedTuple):
    """Boosted trees, stripped to what it takes to ask them for log odds.

    scikit-learn puts categories first and numbers them anew, by those it has seen: `columns` and `lookups` do the same.
    """

    columns: npt.NDArray[np.int64]
    lookups: tuple[Floats, ...]
    nodes: tuple[npt.NDArray[Any], ...]
    left_categories: tuple[npt.NDArray[np.uint32], ...]
    known_categories: npt.NDArray[np.uint32]
    category_index: npt.NDArray[np.uint32]
    baseline: float

    @classmethod
    def of(
        cls,
        fitted: HistGradientBoostingClassifier,
        categorical: npt.NDArray[np.bool_],
        cardinality: npt.NDArray[np.int64],
    ) -> Self:
        """Take the trees out of a fitted classifier."""
        places = np.flatnonzero(categorical)
        lookups = []
        if len(places):
            seen = fitted._preprocessor.named_transformers_["encoder"].categories_
            for place, categories in zip(places, seen, strict=True):
                lookup = np.full(cardinality[place], np.nan)
                lookup[categories.astype(np.int64)] = np.arange(len(categories))
                lookups.append(lookup)
        trees = [stage[0] for stage in fitted._predictors]
        known, index = fitted._bin_mapper.make_known_categories_bitsets()
        return cls(
            np.concatenate([places, np.flatnonzero(~categorical)]),
            tuple(lookups),
            tuple(tree.nodes for tree in trees),
            tuple(tree.raw_left_cat_bitsets for tree in trees),
            known,
            index,
            float(fitted._baseline_prediction.item()),
        )

    def log_odds(self, codes: Codes) -> Floats:
        """Log odds ``(n_rows,)`` of being real."""
        rows = codes[:, self.columns].astype(np.float64)
        for place, lookup in enumerate(self.lookups):
            rows[:, place] = lookup[codes[:, self.columns[place]]]
        total = np.full(len(rows), self.baseline)
        for nodes, bits in zip(self.nodes, self.left_categories, strict=True):
            total += TreePredictor(nodes, bits, bits).predict(rows, self.known_categories, self.category_index, 2)
        return total


class Corrector:
    """Resample candidates by an estimate of the density ratio between real and proposed rows.

    Boosted trees learn to tell training rows from proposed ones; their odds are that ratio. Each of two ensembles
    learns from one half of the training rows, so that neither knows all of them; the mean of their log odds decides
    (rejection sampling by the discriminator: Azadi et al., arXiv:1810.06758; here without replacement from a pool
    `POOL` times as large). The next round learns what still tells corrected rows from training rows, from fresh draws,
    and its log odds are added (boosting of a density: Grover and Ermon, arXiv:1702.08484).

    Parameters
    ----------
    n_rounds : int
        How often corrected rows are drawn and corrected again.
    max_iter : int
        Most trees in an ensemble; few rows get fewer.
    min_leaf : int
        Fewest rows in a leaf.
    random_state : int
        Draws proposals to learn from.
    """

    def __init__(self, n_rounds: int = 3, max_iter: int = 100, min_leaf: int = 20, random_state: int = 0) -> None:
        self.n_rounds = n_rounds
        self.max_iter = max_iter
        self.min_leaf = min_leaf
        self.random_state = random_state

    def fit(self, codes: Codes, levels: Levels, draw: Draw) -> Self:
        """Learn to tell training rows ``(n_rows, n_columns)`` from what `draw` proposes."""
        seeds = Seeds(self.random_state)
        self.ensembles: tuple[Ensemble, ...] = ()
        for k in range(self.n_rounds):
            rng = seeds.rng("round", k)
            proposed = self.sample(2 * len(codes), rng, draw) if k else draw(2 * len(codes), rng, None)
            half = rng.permutation(len(codes)) % 2
            self.ensembles += tuple(self._learn(codes[half == i], proposed[i::2], levels, rng) for i in (0, 1))
        return self

    def sample(self, n: int, rng: np.random.Generator, draw: Draw, given: Codes | None = None) -> Codes:
        """Draw `n` rows: of `POOL` candidates for each, those that look real; rows of equal `given` share theirs."""
        parts = []
        for start in range(0, n, CHUNK):
            held = None if given is None else given[start : start + CHUNK]
            size = min(CHUNK, n - start)
            pool = draw(POOL * size, rng, None if held is None else np.repeat(held, POOL, axis=0))
            odds = np.exp(np.clip(self.log_odds(pool), *CLIP))
            parts.append(pool[_chosen(odds, size, held, rng)])
        return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.int32)

    def log_odds(self, codes: Codes) -> Floats:
        """Log odds ``(n_rows,)`` that a row is real."""
        total: Floats = sum((ensemble.log_odds(codes) for ensemble in self.ensembles), np.zeros(len(codes)))
        return total / 2

    def state(self) -> tuple[Arrays, Meta]:
        """Give all that was learned, as arrays and JSON."""
        arrays: Arrays = {}
        for k, ensemble in enumerate(self.ensembles):
            for t, (nodes, bits) in enumerate(zip(ensemble.nodes, ensemble.left_categories, strict=True)):
                arrays[f"{k}.{t}.nodes"] = nodes.view(np.uint8)
                arrays[f"{k}.{t}.categories"] = bits
            arrays[f"{k}.columns"] = ensemble.columns
            arrays |= {f"{k}.lookup.{i}": lookup for i, lookup in enumerate(ensemble.lookups)}
            arrays[f"{k}.known"], arrays[f"{k}.index"] = ensemble.known_categories, ensemble.category_index
        meta = {name: getattr(self, name) for name in ("n_rounds", "max_iter", "min_leaf", "random_state")}
        return arrays, meta | {"ensembles": [[len(e.nodes), len(e.lookups), e.baseline] for e in self.ensembles]}

    @classmethod
    def from_state(cls, arrays: Arrays, meta: Meta) -> Self:
        """Build the corrector that gave this state; refuses trees that point outside of themselves."""
        new = cls(meta["n_rounds"], meta["max_iter"], meta["min_leaf"], meta["random_state"])
        ensembles = []
        for k, (n_trees, n_lookups, baseline) in enumerate(meta["ensembles"]):
            nodes = tuple(_nodes(arrays[f"{k}.{t}.nodes"], len(arrays[f"{k}.index"])) for t in range(n_trees))
            bits = tuple(arrays[f"{k}.{t}.categories"] for t in range(n_trees))
            columns, lookups = arrays[f"{k}.columns"], tuple(arrays[f"{k}.lookup.{i}"] for i in range(n_lookups))
            ensembles.append(
                Ensemble(columns, lookups, nodes, bits, arrays[f"{k}.known"], arrays[f"{k}.index"], baseline)
            )
        new.ensembles = tuple(ensembles)
        return new

    def _learn(self, real: Codes, proposed: Codes, levels: Levels, rng: np.random.Generator) -> Ensemble:
        categorical = ~levels.ordered & (levels.cardinality > 2) & (levels.cardinality <= MOST_CATEGORIES)
        rows = np.concatenate([real, proposed]).astype(np.float64)
        is_real = np.arange(len(rows)) < len(real)
        trees = HistGradientBoostingClassifier(
            max_iter=int(np.clip(len(real) / ROWS_A_TREE, FEWEST_TREES, self.max_iter)),
            min_samples_leaf=self.min_leaf,
            l2_regularization=1.0,
            categorical_features=categorical,
            early_stopping=False,
            random_state=int(rng.integers(2**31)),
        )
        # on few rows the threads would mostly wait for each other
        with threadpool_limits(limits=1 if len(rows) < MANY_ROWS else None, user_api="openmp"):
            trees.fit(rows, is_real)
        learned = Ensemble.of(trees, categorical, levels.cardinality)
        # of twice as many proposed rows: odds of one shall mean "as likely here as there"
        return learned._replace(baseline=learned.baseline + float(np.log(len(proposed) / len(real))))


def _chosen(odds: Floats, n: int, given: Codes | None, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Choose `n` of the candidates ``(n * POOL,)``, each at most once and otherwise in proportion to its odds.

    Systematic sampling; each set of equal `given` rows gets as many as it asked for, at their places.
    """
    group = np.zeros(n, dtype=np.int64)
    if given is not None:
        group = np.unique(given, axis=0, return_inverse=True)[1].reshape(-1)
    wanted = np.argsort(group, kind="stable")
    owner, size = np.repeat(group, POOL), np.bincount(group)
    share = odds * (size / np.bincount(owner, odds))[owner]
    for _ in range(20):
        if (share <= 1).all():
            break
        # what a certain candidate has too much goes to the others of its group
        certain = share >= 1
        free = np.bincount(owner, np.where(certain, 0, share), len(size))
        left = size - np.bincount(owner, certain, len(size))
        share = np.where(certain, 1, share * (left / np.where(free > 0, free, 1))[owner])
    line = np.argsort(owner, kind="stable")
    place = np.searchsorted(np.cumsum(share[line]), rng.random() + np.arange(n), side="right")
    chosen = np.empty(n, dtype=np.int64)
    chosen[wanted] = line[np.minimum(place, len(line) - 1)]
    return chosen


def _nodes(raw: npt.NDArray[np.uint8], n_features: int) -> npt.NDArray[Any]:
    if raw.nbytes % PREDICTOR_RECORD_DTYPE.itemsize:
        raise ModelFileError("the model holds a corrector made with another version of scikit-learn; fit it again")
    nodes: npt.NDArray[Any] = np.ascontiguousarray(raw).reshape(-1).view(PREDICTOR_RECORD_DTYPE)
    inner, place = nodes["is_leaf"] == 0, np.arange(len(nodes))
    children = np.concatenate([nodes["left"][inner], nodes["right"][inner]])
    ahead = np.all(children > np.concatenate([place[inner], place[inner]]))
    if not (len(nodes) and ahead and np.all(children < len(nodes)) and np.all(nodes["feature_idx"] < n_features)):
        raise ModelFileError("the model holds a tree that points outside of itself; it was changed or damaged")
    return nodes
