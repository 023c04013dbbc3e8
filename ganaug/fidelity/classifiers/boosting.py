"""Boosted trees that learn to tell real rows from synthetic ones."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import ThreadpoolController

__all__ = ["fit_trees", "scores", "threads"]

Matrix = NDArray[np.float64]

MANY_COLUMNS = 500


def fit_trees(
    rows: Matrix, is_real: NDArray[np.bool_], categorical: NDArray[np.bool_], *, quick: bool = False
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
    quick : bool
        A few small trees, for refitting hundreds of times.
    """
    leaf = int(np.clip(len(rows) // 20, 5, 20))
    # the cost of a tree grows with the columns: on thousands of them, dozens of trees have to do
    n_trees = int(np.clip(100 * MANY_COLUMNS / rows.shape[1], 30, 100))
    size = {"max_iter": 10, "max_leaf_nodes": 8, "learning_rate": 0.3} if quick else {"max_iter": n_trees}
    trees = HistGradientBoostingClassifier(
        **size, min_samples_leaf=leaf, categorical_features=categorical, early_stopping=False, random_state=0
    )
    # scikit-learn 1.9 cannot bin a column without any value
    rows = np.where(np.isnan(rows).all(axis=0), 0.0, rows)
    # on some thousand rows the threads would mostly wait for each other
    with threads().limit(limits=1, user_api="openmp"):
        return trees.fit(rows, is_real)


def scores(trees: HistGradientBoostingClassifier, rows: Matrix) -> NDArray[np.float64]:
    """Return how real each row looks ``(n_rows,)``, on the scale of log odds."""
    with threads().limit(limits=1, user_api="openmp"):
        return np.asarray(trees.decision_function(rows))


@cache
def threads() -> ThreadpoolController:
    """Return what limits threads; looking for the libraries takes longer than a small model."""
    return ThreadpoolController()
