"""The trees that tell the rows apart, and which columns they need."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from ganaug.fidelity.classifiers.boosting import fit_trees, scores
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import Rows, splits

__all__ = ["Judge", "held_out", "importance", "nats_of_auc"]

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]

N_JUDGES = 2
ASKED_ROWS = 750


class Judge(NamedTuple):
    """Trees that tell real from synthetic rows, and the rows that they have not seen."""

    trees: HistGradientBoostingClassifier
    test: Rows


def held_out(evidence: Evidence, rows: Matrix, rng: np.random.Generator) -> list[Judge]:
    """Fit trees on halves of the `rows` from `for_trees`; several for each half where the table is cross-fitted."""
    rounds = islice(splits(evidence, rng), N_JUDGES if evidence.n_folds == 1 else 1)
    is_real, categorical = evidence.is_real, evidence.categorical
    return [
        Judge(fit_trees(rows[part.train], is_real[part.train], categorical), part.test)
        for split in rounds
        for part in split
    ]


def importance(
    judges: list[Judge], rows: Matrix, is_real: Mask, columns: list[int], rng: np.random.Generator
) -> tuple[float, Matrix]:
    """Return the AUC of the trees, and how much of it is lost when a column is shuffled on the test half.

    Breiman (2001), doi:10.1023/A:1010933404324.
    """
    found = []
    for trees, test in judges:
        asked = rng.permutation(test)[: 2 * ASKED_ROWS]
        unseen, label = rows[asked], is_real[asked]
        if label.all() or not label.any():
            continue
        full = roc_auc_score(label, scores(trees, unseen))
        left = [roc_auc_score(label, scores(trees, _shuffled(unseen, j, rng))) for j in columns]
        found.append((len(asked), full, full - np.array(left)))
    if not found:
        return 0.5, np.zeros(len(columns))
    weights = np.array([n for n, _, _ in found], dtype=float)
    weights /= weights.sum()
    return float(weights @ [full for _, full, _ in found]), weights @ np.array([lost for _, _, lost in found])


def nats_of_auc(auc: float) -> float:
    """Return the divergence in nats of two normal distributions with that AUC, near .5; nothing below it.

    Examples
    --------
    >>> nats_of_auc(0.4), round(nats_of_auc(0.6), 3)
    (0.0, 0.016)
    """
    return float(norm.ppf(np.clip(auc, 0.5, 0.999)) ** 2) / 4


def _shuffled(rows: Matrix, column: int, rng: np.random.Generator) -> Matrix:
    changed = rows.copy()
    changed[:, column] = rng.permutation(changed[:, column])
    return changed
