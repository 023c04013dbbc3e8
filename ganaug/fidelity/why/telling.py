"""The column that gives synthetic rows away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from ganaug.fidelity.checks.boosting import fit_trees, scores
from ganaug.fidelity.evidence.splits import Rows

__all__ = ["TELLING_AUC", "telling_column"]

Matrix = NDArray[np.float64]

# beyond this many columns only those that differ most on their own are asked for
ASKED_COLUMNS = 40
ASKED_ROWS = 1000
# a column that reaches this alone is told as such
TELLING_AUC = 0.6


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
