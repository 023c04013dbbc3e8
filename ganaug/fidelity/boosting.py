"""Boosted trees that learn to tell real rows from synthetic ones, and what they look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

__all__ = ["TELLING_AUC", "Rows", "fit_trees", "scores", "telling_column"]

Rows = NDArray[np.intp]
Matrix = NDArray[np.float64]

MANY_COLUMNS = 500
# beyond this many columns only those that differ most on their own are asked for
ASKED_COLUMNS = 40
ASKED_ROWS = 1000
# a column that reaches this alone is told as such
TELLING_AUC = 0.6


def fit_trees(
    rows: Matrix, is_real: NDArray[np.bool_], categorical: NDArray[np.bool_]
) -> HistGradientBoostingClassifier:
    """Fit boosted trees with native categories and missing values: nothing is imputed.

    Parameters
    ----------
    rows : ndarray, shape (n_rows, n_columns)
        From `for_trees`.
    is_real : ndarray, shape (n_rows,)
        The label.
    categorical : ndarray, shape (n_columns,)
        Which columns are categories.
    """
    leaf = int(np.clip(len(rows) // 20, 5, 20))
    # the cost of a tree grows with the columns: on thousands of them, dozens of trees have to do
    n_trees = int(np.clip(100 * MANY_COLUMNS / rows.shape[1], 30, 100))
    trees = HistGradientBoostingClassifier(
        max_iter=n_trees, min_samples_leaf=leaf, categorical_features=categorical, early_stopping=False, random_state=0
    )
    # scikit-learn 1.9 cannot bin a column without any value
    rows = np.where(np.isnan(rows).all(axis=0), 0.0, rows)
    # on some thousand rows the threads would mostly wait for each other
    with threadpool_limits(limits=1, user_api="openmp"):
        return trees.fit(rows, is_real)


def scores(trees: HistGradientBoostingClassifier, rows: Matrix) -> NDArray[np.float64]:
    """Return how real each row looks ``(n_rows,)``, on the scale of log odds."""
    with threadpool_limits(limits=1, user_api="openmp"):
        return np.asarray(trees.decision_function(rows))


def telling_column(
    rows: Matrix,
    is_real: NDArray[np.bool_],
    categorical: NDArray[np.bool_],
    train: Rows,
    test: Rows,
    rng: np.random.Generator,
) -> tuple[int, float]:
    """Find the column that the trees need most, and the AUC they reach on it alone.

    Permutation importance on the test half: the column whose shuffling costs the most AUC.
    """
    test = rng.permutation(test)[: 2 * ASKED_ROWS]
    trees, unseen, label = fit_trees(rows[train], is_real[train], categorical), rows[test], is_real[test]
    asked = _differing_most(unseen, label)
    alone = np.array([_auc_alone(rows, is_real, categorical, train, test, j) for j in asked])
    if alone.max() >= TELLING_AUC:
        return int(asked[alone.argmax()]), float(alone.max())
    left = [roc_auc_score(label, scores(trees, _shuffled(unseen, j, rng))) for j in asked]
    worst = int(np.argmin(left))
    return int(asked[worst]), float(alone[worst])


def _auc_alone(
    rows: Matrix, is_real: NDArray[np.bool_], categorical: NDArray[np.bool_], train: Rows, test: Rows, column: int
) -> float:
    only = slice(column, column + 1)
    trees = fit_trees(rows[train, only], is_real[train], categorical[only])
    return float(roc_auc_score(is_real[test], scores(trees, rows[test, only])))


def _differing_most(rows: Matrix, is_real: NDArray[np.bool_]) -> NDArray[np.intp]:
    if rows.shape[1] <= ASKED_COLUMNS:
        return np.arange(rows.shape[1])
    filled = np.nan_to_num(rows, nan=-1.0)
    distances = [ks_2samp(column[is_real], column[~is_real], method="asymp").statistic for column in filled.T]
    return np.sort(np.argsort(distances)[-ASKED_COLUMNS:])


def _shuffled(rows: Matrix, column: int, rng: np.random.Generator) -> Matrix:
    changed = rows.copy()
    changed[:, column] = rng.permutation(changed[:, column])
    return changed
