"""The area under the ROC curve, of one test set and of many overlapping ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

__all__ = ["Auc", "Scored", "auc_of", "combined_auc", "delong_auc"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


class Auc(NamedTuple):
    """An area under the ROC curve and its variance."""

    value: float
    variance: float


class Scored(NamedTuple):
    """Row numbers of a test set, real and synthetic ones, and how real each looks to a classifier."""

    real: Rows
    synthetic: Rows
    of_real: Floats
    of_synthetic: Floats


def delong_auc(real: Floats, synthetic: Floats) -> Auc:
    """AUC of scores with its variance (DeLong et al. 1988, doi:10.2307/2531595).

    By midranks, as in Sun and Xu (2014), doi:10.1109/LSP.2014.2337313.

    Parameters
    ----------
    real, synthetic : ndarray, shape (n_rows,)
        Scores; the better the classifier, the more the real ones are above the synthetic ones.

    Examples
    --------
    >>> auc, variance = delong_auc(np.array([2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0]))
    >>> round(auc, 4), round(variance, 4)
    (0.7778, 0.0432)
    """
    below_real, above_synthetic = _placements(real, synthetic)
    # a single row has no spread to estimate: .25 is the most it can be
    spread = [np.var(part, ddof=1) / len(part) if len(part) > 1 else 0.25 for part in (below_real, above_synthetic)]
    return Auc(float(below_real.mean()), float(sum(spread)))


def auc_of(parts: Sequence[Scored]) -> float:
    """Average the AUCs of the separate test sets of one split, each by its real rows."""
    return float(_shares(parts) @ [_placements(part.of_real, part.of_synthetic)[0].mean() for part in parts])


def combined_auc(splits: Sequence[Sequence[Scored]], units: Rows) -> Auc:
    """Mean AUC over random splits of the same rows, with the variance of that mean.

    Given its classifier, the AUC of a split is a sum of what each test row adds to it (DeLong's components), and two
    splits covary by the rows that both are tested on. That alone is too little: under equality the AUC is a degenerate
    U-statistic of the rows that taught and the rows that are tested. What two rows add is the same whichever of them
    taught, and random halves swap their roles as often as they keep them, so these covariances count twice. The
    variance is at least half of a single split's, which is what a classifier known beforehand would have on all rows.

    Parameters
    ----------
    splits : sequence of sequence of Scored
        The test sets of each split; one for each fold of a folded table.
    units : ndarray, shape (n_rows,)
        Number of the unit that each pooled row belongs to: rows of one unit, such as identical rows or those of a
        donor, count as one draw (Obuchowski 1997, doi:10.2307/2533958).

    Examples
    --------
    >>> rows, scores = np.arange(6), np.array([2.0, 3.0, 4.0, 1.0, 2.0, 3.0])
    >>> one = [Scored(rows[:3], rows[3:], scores[:3], scores[3:])]
    >>> auc, variance = combined_auc([one], rows)  # of a single split, DeLong's
    >>> round(auc, 4), round(variance, 4)
    (0.7778, 0.0432)
    """
    n_units = int(units.max()) + 1
    added = np.stack([_added(parts, units, n_units) for parts in splits]) / len(splits)
    each, together = float((added**2).sum()), float((added.sum(axis=0) ** 2).sum())
    variance = max(2 * together - each, len(splits) * each / 2)
    # whatever lies between 0 and 1 varies by .25 at most
    return Auc(float(np.mean([auc_of(parts) for parts in splits])), min(variance, 0.25))


def _added(parts: Sequence[Scored], units: Rows, n_units: int) -> Floats:
    """What the rows of each unit add to the AUC of a split, around its mean ``(n_units,)``.

    On each side these sum to zero, so that the squares of G units fall short of the variance by 1/G, which is made up
    for; of a single unit nothing would be left.
    """
    added = np.zeros(n_units)
    for share, part in zip(_shares(parts), parts, strict=True):
        placed = _placements(part.of_real, part.of_synthetic)
        for rows, place in zip((part.real, part.synthetic), placed, strict=True):
            n, n_there = len(rows), len(np.unique(units[rows]))
            # a single unit has no spread to estimate: .25 is the most it can be, but one row over and over has none
            if n_there == 1 and (n == 1 or np.ptp(place) > 0):
                pull = np.full(n, 0.5)
            else:
                pull = (place - place.mean()) * np.sqrt(n_there / max(n_there - 1, 1))
            added += share * np.bincount(units[rows], pull / n, n_units)
    return added


def _placements(real: Floats, synthetic: Floats) -> tuple[Floats, Floats]:
    """Share of synthetic scores below each real one, and of real scores above each synthetic one."""
    n, m = len(real), len(synthetic)
    ranks = rankdata(np.concatenate([real, synthetic]))
    return (ranks[:n] - rankdata(real)) / m, 1 - (ranks[n:] - rankdata(synthetic)) / n


def _shares(parts: Sequence[Scored]) -> Floats:
    weights = np.array([len(part.real) for part in parts], dtype=float)
    return np.asarray(weights / weights.sum())
