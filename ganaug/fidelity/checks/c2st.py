"""The classifier two-sample test: whether classifiers tell held-out real rows from synthetic ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.classifiers.curves import learning_curve, roc_curve
from ganaug.fidelity.classifiers.delong import Auc, Scored, auc_of, delong_auc
from ganaug.fidelity.classifiers.equality import p_given_classifiers, p_refitted
from ganaug.fidelity.classifiers.leak import leak_auc, p_leak
from ganaug.fidelity.classifiers.limits import Measured, measured
from ganaug.fidelity.classifiers.scoring import Classifier, boosted_trees, quadratic_logistic, scored
from ganaug.fidelity.classifiers.snapping import snapped
from ganaug.fidelity.evidence.columns import level_numbers
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import Rows, Split, deal, splits, units
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import limit_text, short
from ganaug.seeding import RandomState, Seeds

__all__ = ["Auc", "c2st", "c2st_auc", "delong_auc"]

TREES, QUADRATIC = "boosted trees", "quadratic logistic"
# with fewer rows of a side the p-value of equality takes refitting
REFITTED_ROWS = 400
SNAPPED_SPLITS = 2
# formats are named as the reason when this much of the AUC is theirs
FORMAT_AUC = 0.05


class _Tried(NamedTuple):
    """A classifier, what it scored on each split, and its AUC over all of them."""

    learn: Classifier
    rounds: list[list[Scored]]
    auc: Measured


def c2st(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Classifier two-sample test (Lopez-Paz and Oquab, arXiv:1610.06545) with limits that hold.

    Boosted trees and a quadratic logistic model learn from one random half of the rows and are tested on the other,
    seven times over; the effect is the larger of their two mean AUCs, that is what the better of them reaches, learning
    from this many rows, on rows it has not seen. A pass needs the upper limits of both to be within the margin, which
    takes no correction; for a failure the lower limits are at half the error each.

    Cross-validated p-values do not hold, as the training parts overlap. Here the mean over the splits has a variance
    with DeLong's covariances between them (`combined_auc`). For quadratic ridge regression on five normal columns, 200
    and 1,000 rows a side, equal and shifted, its one-sided 95 % limits missed the truth in 3.6 to 6.0 % of 4,400 tables
    (1 to 2 % on twenty columns); the medians of the splits' own limits in .7 to 3.7 %, being a third wider. Where rows
    come in groups, quantiles are Student's on as many degrees of freedom as the groups leave (`freedom`).

    Parameters
    ----------
    evidence : Evidence
        The rows; with several folds, each fold's synthetic rows are compared with that fold's held-out rows alone.
    rule : Rule
        The largest AUC that is let through.
    rng : numpy.random.Generator
        Draws the splits.

    Notes
    -----
    Of the result's `details`:

    - ``auc``, ``limits``: AUC of each classifier, with its one-sided limits, each at the full error
    - ``classifier``: the one that rules; ``auc_of_each_split`` and ``roc`` (first split) are of that one
    - ``auc_snapped``: AUC once synthetic numbers are moved to the nearest of a real row; what is gone with it was a
      matter of formats
    - ``curve``: AUC by rows of each side to learn from, on the first split
    - ``p_equal``: p-value of exact equality; no verdict rests on it
    - ``auc_leak``, ``p_leak``: whether held-out rows look more synthetic than the synthetic ones, see `leak_auc`
    """
    categorical, is_real, unit = evidence.categorical, evidence.is_real, units(evidence)
    rounds = list(splits(evidence, rng, unit))
    learners = {TREES: boosted_trees, QUADRATIC: quadratic_logistic}
    tried = {name: _try(make(evidence.pooled, categorical), rounds, evidence, unit) for name, make in learners.items()}
    ruling = max(tried, key=lambda name: tried[name].auc.value)
    first = tried[ruling].rounds[0]
    details: dict[str, Any] = {
        "classifier": ruling,
        "auc": {name: one.auc.value for name, one in tried.items()},
        "limits": {name: [*one.auc.limits(rule.alpha)] for name, one in tried.items()},
        "auc_of_each_split": [auc_of(parts) for parts in tried[ruling].rounds],
        "auc_snapped": _auc_snapped(evidence, rounds, tried),
        "curve": learning_curve(tried[ruling].learn, rounds[0], is_real, first),
        "roc": roc_curve(first),
        "p_fail": _p_fail([one.auc for one in tried.values()], rule.margin),
        "p_equal": _p_equal(evidence, [*tried.values()], rng),
    }
    result = _result([one.auc for one in tried.values()], rule, evidence.rows_that_count, details)
    trees = tried[TREES]
    return _accused(result, leak_auc(evidence, trees.learn, trees.rounds, unit, rng), rule)


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
    is_real = np.arange(len(pooled)) < len(a)
    fold = deal(np.arange(len(pooled)), is_real, min(n_folds, len(a), len(b)), rng)
    parts = [Split(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in np.unique(fold)]
    return auc_of(scored(boosted_trees(pooled, categorical), parts, is_real))


def _try(learn: Classifier, rounds: Sequence[Sequence[Split]], evidence: Evidence, unit: Rows) -> _Tried:
    found = [scored(learn, parts, evidence.is_real) for parts in rounds]
    return _Tried(learn, found, measured(found, evidence, unit))


def _result(aucs: Sequence[Measured], rule: Rule, n_real: int | None, details: dict[str, Any]) -> CheckResult:
    effect = max(auc.value for auc in aucs)
    low = max(auc.limits(rule.alpha / len(aucs))[0] for auc in aucs)
    high = max(auc.limits(rule.alpha)[1] for auc in aucs)
    verdict, snapped_auc = rule.decide(low, high), details["auc_snapped"]
    reason = (
        f"C2ST AUC {short(effect)} ({details['classifier']}), {limit_text(verdict, short(low), short(high))} "
        f"(limit {short(rule.margin)})"
    )
    if verdict is not Verdict.PASS and effect > rule.margin and snapped_auc <= effect - FORMAT_AUC:
        reason += f"; mostly a matter of number formats: AUC {short(snapped_auc)} after snapping"
    return rule.result("c2st", effect, (low, high), n_real, reason, details=details)


def _accused(result: CheckResult, leak: Measured | None, rule: Rule) -> CheckResult:
    """Turn the result into a failure where held-out rows look more synthetic than the synthetic rows do."""
    if leak is None:
        return result
    p = p_leak(leak)
    details = {**result.details, "auc_leak": leak.value, "p_leak": p}
    if p > rule.alpha:
        return replace(result, details=details)
    reason = (
        "held-out rows look more synthetic than the synthetic rows themselves: the generator has seen them "
        f"(AUC {short(leak.value)})"
    )
    details["p_fail"] = min(p, result.details["p_fail"])
    return replace(result, verdict=Verdict.FAIL, blocking=True, reason=reason, rows_needed=None, details=details)


def _p_fail(aucs: Sequence[Measured], margin: float) -> float:
    """Return Bonferroni's p-value against "both AUCs are within the margin"."""
    return min(1.0, len(aucs) * min(auc.p_beyond(margin) for auc in aucs))


def _p_equal(evidence: Evidence, tried: Sequence[_Tried], rng: np.random.Generator) -> float:
    if min(len(evidence.real), len(evidence.synthetic)) < REFITTED_ROWS:
        return p_refitted(evidence, rng)
    return p_given_classifiers(evidence, [one.rounds[0] for one in tried], rng)


def _auc_snapped(evidence: Evidence, rounds: Sequence[Sequence[Split]], tried: dict[str, _Tried]) -> float:
    """Return the larger AUC after snapping, on the same splits; by as much below the effect as snapping takes away."""
    moved = snapped(evidence)
    effect = max(one.auc.value for one in tried.values())
    if np.array_equal(moved, evidence.synthetic, equal_nan=True):
        return effect
    pooled, some = np.concatenate([evidence.real, moved]), rounds[:SNAPPED_SPLITS]
    learners = boosted_trees(pooled, evidence.categorical), quadratic_logistic(pooled, evidence.categorical)
    return max(float(np.mean([auc_of(scored(learn, parts, evidence.is_real)) for parts in some])) for learn in learners)
