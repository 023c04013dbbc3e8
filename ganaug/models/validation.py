"""What V says of a stage: how easily it is told apart, how much it copies, how much its use costs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from ganaug.fidelity.checks.c2st import c2st_auc
from ganaug.fidelity.checks.memorisation import nearness_share
from ganaug.layout import Levels
from ganaug.proposals.proposal import Codes

__all__ = ["Score", "Validation"]

MAX_ROWS = 5000  # of each side
USE_ROWS = 20_000
DRAWN = 20_000  # rows, over all draws of a stage
MOST_DRAWS = 3
MOST_CLASSES = 20
FEWEST = 20  # rows of a class that is looked at
USE = 0.25  # what all of the skill is worth, in AUC
COPYING = 0.15  # what one near copy costs, in AUC


class Score(NamedTuple):
    """One stage on V.

    Attributes
    ----------
    auc : float
        C2ST AUC, .5 is best.
    near_train : float
        Share of rows that behave like near copies of T, 0 is best.
    gap : float
        Skill lost on V by a model of the target that learns from synthetic rows instead of T; 0 without a target.
    """

    auc: float
    near_train: float
    gap: float

    @property
    def loss(self) -> float:
        """The three in one number: fidelity, copying, use."""
        return abs(self.auc - 0.5) + COPYING * max(self.near_train, 0.0) + USE * max(self.gap, 0.0)


class Validation:
    """The rows V, which nothing is learned from, and the rows T.

    Parameters
    ----------
    train, held_out : ndarray, shape (n_rows, n_columns)
    levels : Levels
    target : int or None
        Column that is to be predicted.
    random_state : int
    """

    def __init__(self, train: Codes, held_out: Codes, levels: Levels, target: int | None, random_state: int) -> None:
        self.train, self.held_out, self.levels = train, held_out, levels
        self.random_state = random_state
        numeric = target is not None and bool(levels.ordered[target])
        classes = 0 if target is None or numeric else int(levels.cardinality[target])
        self.target = target if numeric or 2 <= classes <= MOST_CLASSES else None
        self.use_of_train = self._use(train)

    @property
    def noise(self) -> float:
        """Half a standard error of the AUC: differences below it are not acted upon."""
        return 0.5 * float(np.sqrt(1 / 6 / min(len(self.held_out), MAX_ROWS)))

    @property
    def n_draws(self) -> int:
        """How many draws a stage is scored by: one draw of few rows says little."""
        return int(np.clip(DRAWN // len(self.train), 1, MOST_DRAWS))

    def score(self, *draws: Codes) -> Score:
        """Score draws of synthetic rows ``(n_rows, n_columns)``, each of as many rows as T has, by their mean."""
        return Score(*np.mean([self._score(synthetic) for synthetic in draws], axis=0).tolist())

    def _score(self, synthetic: Codes) -> Score:
        near = nearness_share(self.train, self.held_out, synthetic, ~self.levels.ordered, self.random_state)
        return Score(self.auc(synthetic, MAX_ROWS), near, self.use_of_train - self._use(synthetic))

    def auc(self, synthetic: Codes, max_rows: int = 1000) -> float:
        """C2ST AUC alone, on fewer rows: for choosing among the steps of one stage."""
        return c2st_auc(self.held_out, synthetic, ~self.levels.ordered, self.random_state, max_rows=max_rows)

    def _use(self, rows: Codes) -> float:
        """Skill on V, from 0 (the mean) to 1, of boosted trees that learned `rows`."""
        if self.target is None:
            return 0.0
        # on few rows the threads would mostly wait for each other
        with threadpool_limits(limits=1, user_api="openmp"):
            return self._skill_of(rows)

    def _skill_of(self, rows: Codes) -> float:
        rest = np.arange(self.levels.n_columns) != self.target
        (x, y), (x_new, y_new) = (self._common(side, rest) for side in (rows[:USE_ROWS], self.held_out))
        if min(len(y_new), len(np.unique(y)) - 1) < 1 or not rest.any():
            return 0.0
        categorical = ~self.levels.ordered[rest] & (self.levels.cardinality[rest] <= 255)
        settings: dict[str, Any] = {
            "categorical_features": categorical,
            "random_state": 0,
            "early_stopping": False,
            "l2_regularization": 1.0,
        }
        if self.levels.ordered[self.target]:
            expected = HistGradientBoostingRegressor(**settings).fit(x, y).predict(x_new)
            return _skill((y_new - expected) ** 2, (y_new - y.mean()) ** 2)
        n_classes = int(self.levels.cardinality[self.target])
        model = HistGradientBoostingClassifier(max_iter=50, **settings).fit(x, y)
        shares = np.zeros((len(x_new), n_classes))
        shares[:, model.classes_.astype(int)] = model.predict_proba(x_new)
        truth = np.eye(n_classes)[y_new]
        base = np.bincount(y, minlength=n_classes) / len(y)
        return _skill(((truth - shares) ** 2).sum(axis=1), ((truth - base) ** 2).sum(axis=1))

    def _common(
        self, rows: Codes, rest: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
        """Rows and outcomes of the classes that T has some of: boosted trees are lost on classes of a few rows."""
        outcome = rows[:, self.target]
        if not self.levels.ordered[self.target]:
            common = np.bincount(self.train[:, self.target], minlength=self.levels.cardinality[self.target]) >= FEWEST
            rows = rows[common[outcome]]
        return rows[:, rest].astype(np.float64), rows[:, self.target]


def _skill(loss: npt.NDArray[np.float64], of_mean: npt.NDArray[np.float64]) -> float:
    return float(1 - loss.mean() / of_mean.mean()) if of_mean.mean() > 0 else 0.0
