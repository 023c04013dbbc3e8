"""The classifier two-sample test: whether boosted trees tell held-out real rows from synthetic ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ganaug.fidelity.checks.boosting import fit_trees, scores
from ganaug.fidelity.evidence.columns import level_numbers
from ganaug.fidelity.evidence.encoding import for_trees
from ganaug.fidelity.evidence.gathering import Codes, Evidence
from ganaug.fidelity.evidence.splits import Split, deal, splits
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.verdict import Rule, short, within
from ganaug.seeding import RandomState, Seeds

__all__ = ["Auc", "c2st", "c2st_auc", "delong_auc"]


class Auc(NamedTuple):
    """An area under the ROC curve and its variance."""

    value: float
    variance: float


def c2st(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Classifier two-sample test (Lopez-Paz and Oquab, arXiv:1610.06545) with limits that hold.

    Cross-validated p-values do not: the training parts overlap. Here every split has its own DeLong limits, given
    its classifier, and the medians over the splits are reported (Chernozhukov et al., arXiv:1712.04802). The effect
    is the AUC that a classifier learned from this many rows reaches on rows it has not seen.

    Parameters
    ----------
    evidence : Evidence
        The rows; with several folds, each fold's synthetic rows are compared with that fold's held-out rows alone.
    rule : Rule
        The largest AUC that is let through.
    rng : numpy.random.Generator
        Draws the splits.
    """
    is_real, categorical = evidence.is_real, evidence.categorical
    rows = for_trees(evidence.pooled, categorical)
    rounds = list(splits(evidence, rng))
    aucs = [_combined([_test(rows, is_real, categorical, part) for part in split]) for split in rounds]
    values, ses = np.array([auc.value for auc in aucs]), np.array([auc.variance for auc in aucs]) ** 0.5
    effect, low, high = (float(np.median(values + z * ses)) for z in (0, -rule.z, rule.z))
    reason = (
        f"C2ST AUC {short(effect)}, {within(rule.decide(low, high), short(low), short(high))} "
        f"(limit {short(rule.margin)})"
    )
    details = {"auc_of_each_split": values.tolist()}
    return rule.result("c2st", effect, (low, high), len(evidence.real), reason, details=details)


def c2st_auc(
    real: NDArray[np.generic],
    synthetic: NDArray[np.generic],
    categorical: NDArray[np.bool_],
    random_state: RandomState = None,
    *,
    n_folds: int = 5,
    max_rows: int = 2000,
) -> float:
    """Quick C2ST AUC of two matrices of level numbers, cross-validated and without limits.

    For choosing between models, on rows that no verdict rests on.

    Parameters
    ----------
    real, synthetic : ndarray, shape (n_rows, n_columns)
        Level numbers or floats; NaN is missing.
    categorical : ndarray, shape (n_columns,)
        Which columns are categories.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        Draws the rows and the folds.
    n_folds, max_rows : int
        Folds, and the most rows of each side that are used.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.integers(9, size=(300, 2)), rng.integers(9, size=(300, 2))
    >>> 0.4 < c2st_auc(a, b, np.array([False, True]), 0) < 0.6 and c2st_auc(a, b + 9, np.array([False, True]), 0) == 1
    True
    """
    rng, categorical = Seeds(random_state).rng("c2st"), np.asarray(categorical, dtype=bool)
    a, b = (rng.permutation(np.asarray(side, dtype=float))[:max_rows] for side in (real, synthetic))
    pooled = np.concatenate([a, b])
    for j in np.flatnonzero(categorical):
        pooled[:, j] = level_numbers(pooled[:, j], "category")[0]
    rows, is_real = for_trees(pooled, categorical), np.arange(len(pooled)) < len(a)
    fold = deal(np.arange(len(pooled)), is_real, min(n_folds, len(a), len(b)), rng)
    parts = [Split(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in np.unique(fold)]
    return _combined([_test(rows, is_real, categorical, part) for part in parts]).value


def delong_auc(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> Auc:
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
    n, m = len(real), len(synthetic)
    ranks = rankdata(np.concatenate([real, synthetic]))
    below_real = (ranks[:n] - rankdata(real)) / m
    above_synthetic = 1 - (ranks[n:] - rankdata(synthetic)) / n
    # a single row has no spread to estimate: .25 is the most it can be
    spread = [np.var(part, ddof=1) / len(part) if len(part) > 1 else 0.25 for part in (below_real, above_synthetic)]
    return Auc(float(below_real.mean()), float(sum(spread)))


def _test(rows: Codes, is_real: NDArray[np.bool_], categorical: NDArray[np.bool_], split: Split) -> tuple[Auc, int]:
    """Return the AUC on the test part, and the number of real rows it rests on."""
    trees = fit_trees(rows[split.train], is_real[split.train], categorical)
    score, label = scores(trees, rows[split.test]), is_real[split.test]
    return delong_auc(score[label], score[~label]), int(label.sum())


def _combined(parts: list[tuple[Auc, int]]) -> Auc:
    """Average the AUCs of separate test parts, each by its real rows."""
    weights = np.array([n_real for _, n_real in parts], dtype=float)
    weights /= weights.sum()
    values, variances = np.array([auc for auc, _ in parts]).T
    return Auc(float(weights @ values), float(weights**2 @ variances))
