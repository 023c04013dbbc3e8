"""The classifier two-sample test within every class: rows may be right on the whole and wrong in one class."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ganaug.fidelity.checks.draws import held_out_draws
from ganaug.fidelity.checks.rows import FEWEST_GROUPS
from ganaug.fidelity.classifiers.limits import Measured, measured
from ganaug.fidelity.classifiers.scoring import boosted_trees, scored
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import Split, splits, units
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule, rows_for_c2st
from ganaug.fidelity.why.classes import class_rows, rows_of_class
from ganaug.fidelity.wording import limit_text, short

__all__ = ["within"]

N_SPLITS = 3
# the largest classes only: each costs three classifiers
MOST_CLASSES = 20
# of a side, to learn from or to test on
FEWEST_ROWS = 5


def within(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """C2ST within each class of the target that has rows enough, or within each quarter of a numeric target.

    The worst class counts. To pass, every class has to, which needs no correction; to fail, one has to at
    ``alpha / n_classes`` (Bonferroni). How many rows a class has is not compared: shares may be changed on purpose.
    With groups the donor is the unit: its rows stay on one side of a split, and count as one draw; a class of fewer
    than three held-out donors is not judged.

    Parameters
    ----------
    evidence : Evidence
        The rows and the place of the target.
    rule : Rule
        The largest AUC within a class that is let through.
    rng : numpy.random.Generator
        Draws the splits.
    """
    if evidence.target is None or len(evidence.names) < 2:
        return _unmeasured(rule, "no class is known: nothing is compared within classes", [])
    fewest = rows_for_c2st(rule.margin, rule.alpha)
    classes = {name: rows_of_class(evidence, *rows) for name, rows in class_rows(evidence, evidence.target).items()}
    sizes = {name: (len(part.real), len(part.synthetic)) for name, part in classes.items()}
    enough = sorted(
        (name for name in classes if min(sizes[name]) >= fewest and held_out_draws(classes[name]) >= FEWEST_GROUPS),
        key=lambda name: -sizes[name][0],
    )
    too_few = [name for name in classes if name not in enough][:MOST_CLASSES]
    found = {name: auc for name in enough[:MOST_CLASSES] if (auc := _auc(classes[name], rng))}
    if not found:
        donors = "" if evidence.groups is None else f", and real rows of {FEWEST_GROUPS} groups,"
        reason = f"no class has {fewest} real and as many synthetic rows{donors} to be compared by"
        return _unmeasured(rule, reason, too_few)
    return _result(str(evidence.names[evidence.target]), found, sizes, rule, too_few, evidence.rows_that_count)


def _auc(part: Evidence, rng: np.random.Generator) -> Measured | None:
    """Return the mean AUC over a few splits, as in `c2st`; None where no half has rows of both sides."""
    learn = boosted_trees(part.pooled, part.categorical)
    rounds = [_usable(split, part.is_real) for split in islice(splits(part, rng), N_SPLITS)]
    tested = [scored(learn, parts, part.is_real) for parts in rounds if parts]
    return measured(tested, part, units(part)) if tested else None


def _usable(split: list[Split], is_real: NDArray[np.bool_]) -> list[Split]:
    counts = [[(is_real[rows].sum(), (~is_real[rows]).sum()) for rows in part] for part in split]
    return [part for part, both in zip(split, counts, strict=True) if np.min(both) >= FEWEST_ROWS]


def _result(
    target: str,
    found: dict[str, Measured],
    sizes: dict[str, tuple[int, int]],
    rule: Rule,
    too_few: list[str],
    n_real: int | None,
) -> CheckResult:
    n_classes = len(found)
    worst = max(found, key=lambda name: found[name].value)
    told = {name: _told(auc, sizes[name], rule.alpha) for name, auc in found.items()}
    low = max(auc.limits(rule.alpha / n_classes)[0] for auc in found.values())
    high = max(each["high"] for each in told.values())
    p = min(auc.p_beyond(rule.margin) for auc in found.values())
    limits = limit_text(rule.decide(low, high), short(low), short(high))
    reason = (
        f"within `{target}` = `{worst}` the AUC is {short(found[worst].value)}, {limits} (limit {short(rule.margin)})"
    )
    return rule.result(
        "within",
        found[worst].value,
        (low, high),
        n_real,
        reason + (f", the worst of {n_classes} classes" if n_classes > 1 else ""),
        decidable=_decidable([sizes[name] for name in found], rule),
        details={"classes": told, "too_few": too_few, "p_fail": min(1.0, n_classes * p)},
    )


def _told(auc: Measured, rows: tuple[int, int], alpha: float) -> dict[str, Any]:
    low, high = auc.limits(alpha)
    return {"auc": auc.value, "low": low, "high": high, "rows": list(rows)}


def _decidable(sizes: list[tuple[int, int]], rule: Rule) -> bool:
    """Whether a perfect generator would pass in all classes with a chance of 90 %; see `rows_for_c2st`."""
    se = np.sqrt([(1 / real + 1 / synthetic) / 12 for real, synthetic in sizes])
    return bool(np.prod(norm.cdf((rule.margin - 0.5) / se - rule.z)) >= 0.9)


def _unmeasured(rule: Rule, reason: str, too_few: list[str]) -> CheckResult:
    details = {"classes": {}, "too_few": too_few}
    return CheckResult(
        "within", None, None, None, rule.margin, Verdict.PASS, False, reason, details=details, alpha=rule.alpha
    )
