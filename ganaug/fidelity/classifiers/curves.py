"""What one classifier does on one split: by rows to learn from, and by threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.classifiers.delong import Scored, auc_of
from ganaug.fidelity.classifiers.scoring import Classifier, scored
from ganaug.fidelity.evidence.splits import Split

__all__ = ["learning_curve", "roc_curve"]

SHARES = (1 / 8, 1 / 4, 1 / 2)
ROC_POINTS = 60


def learning_curve(
    learn: Classifier, parts: Sequence[Split], is_real: NDArray[np.bool_], by_all: Sequence[Scored]
) -> dict[str, list[float]]:
    """Return the AUC reached by learning from an eighth, a quarter, half and all of the training rows.

    Parameters
    ----------
    learn : callable
        The classifier.
    parts : sequence of Split
        The split, one part for each fold.
    is_real : ndarray, shape (n_rows,)
        The label of every pooled row.
    by_all : sequence of Scored
        What the classifier scored on this split, having learned from all of it.

    Returns
    -------
    dict
        ``rows`` of each side, the mean over the parts, and ``auc``.
    """
    fewer = [[Split(_thinned(part, is_real, share), part.test) for part in parts] for share in SHARES]
    rows = [float(np.mean([is_real[part.train].sum() for part in some]).round()) for some in [*fewer, parts]]
    return {"rows": rows, "auc": [*(auc_of(scored(learn, some, is_real)) for some in fewer), auc_of(by_all)]}


def roc_curve(parts: Sequence[Scored]) -> dict[str, list[float]]:
    """Return the ROC curve of one split in at most 60 points, averaged over its parts.

    ``fpr`` is the share of synthetic rows that are taken for real, ``tpr`` that of real rows.

    Examples
    --------
    >>> rows = np.arange(2)
    >>> curve = roc_curve([Scored(rows, rows + 2, np.array([1.0, 2.0]), np.array([0.0, 1.5]))])
    >>> curve["fpr"][0], curve["tpr"][0], curve["fpr"][-1], curve["tpr"][-1], len(curve["fpr"])
    (0.0, 0.0, 1.0, 1.0, 60)
    """
    weights = [len(part.real) for part in parts]
    points = np.average([_roc(part) for part in parts], axis=0, weights=weights)
    return {"fpr": points[0].tolist(), "tpr": points[1].tolist()}


def _roc(part: Scored) -> NDArray[np.float64]:
    """Return false and true positive rates at thresholds spread over all scores ``(2, ROC_POINTS)``."""
    both = np.append(part.of_real, part.of_synthetic)
    thresholds = np.append(np.inf, np.quantile(both, np.linspace(1, 0, ROC_POINTS - 1), method="inverted_cdf"))
    sides = (np.sort(side) for side in (part.of_synthetic, part.of_real))
    return np.stack([1 - np.searchsorted(side, thresholds) / len(side) for side in sides])


def _thinned(part: Split, is_real: NDArray[np.bool_], share: float) -> NDArray[np.intp]:
    """Take the first rows of each side, in an order that is random already."""
    sides = (part.train[is_real[part.train]], part.train[~is_real[part.train]])
    return np.concatenate([side[: max(1, round(share * len(side)))] for side in sides])
