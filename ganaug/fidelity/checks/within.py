"""The classifier two-sample test within every class: rows may be right on the whole and wrong in one class."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ganaug.fidelity.checks.rows import FEWEST_GROUPS, held_out_draws
from ganaug.fidelity.classifiers.delong import Auc, combined_auc
from ganaug.fidelity.classifiers.scoring import boosted_trees, scored
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import Split, splits, units
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule, rows_for_c2st
from ganaug.fidelity.why.values import value_text
from ganaug.fidelity.wording import limit_text, short

__all__ = ["within"]

N_SPLITS = 3
N_QUARTERS = 4
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
    classes = {name: _part(evidence, *rows) for name, rows in _classes(evidence, evidence.target).items()}
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
    return _result(str(evidence.names[evidence.target]), found, sizes, rule, too_few, len(evidence.real))


def _classes(evidence: Evidence, target: int) -> dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Return which real and which synthetic rows belong to each class."""
    real, synthetic = evidence.real[:, target], evidence.synthetic[:, target]
    shown = np.unique(real[~np.isnan(real)])
    if evidence.categorical[target] or len(shown) <= N_QUARTERS:
        names = _texts(evidence, target, shown)
        return {name: (real == code, synthetic == code) for name, code in zip(names, shown, strict=True)}
    cuts = np.unique(np.nanquantile(real, [0.25, 0.5, 0.75], method="lower"))
    edges, texts = [-np.inf, *cuts, np.inf], ["", *_texts(evidence, target, cuts), ""]
    return {
        f"above {below}" * bool(below) + " and " * bool(below and upto) + f"at most {upto}" * bool(upto): (
            (real > low) & (real <= high),
            (synthetic > low) & (synthetic <= high),
        )
        for low, high, below, upto in zip(edges, edges[1:], texts, texts[1:], strict=False)
    }


def _texts(evidence: Evidence, target: int, codes: NDArray[np.float64]) -> list[str]:
    """Write values as a reader knows them, and in full where that is the same for two: each class has its own name."""
    texts = [value_text(evidence, target, code) for code in codes]
    levels = evidence.levels[target][codes.astype(int)]
    return [f"{text} ({level})" if texts.count(text) > 1 else text for text, level in zip(texts, levels, strict=True)]


def _part(evidence: Evidence, real: NDArray[np.bool_], synthetic: NDArray[np.bool_]) -> Evidence:
    """Return the rows of one class, without the target.

    Of folds without real rows of the class, synthetic rows are left out: their generators have learned the very rows
    that they would be compared with in another fold.
    """
    folds = np.unique(evidence.real_fold[real])
    synthetic = synthetic & np.isin(evidence.synthetic_fold, folds)
    kept = [j for j in range(len(evidence.names)) if j != evidence.target]
    both = np.concatenate([real, synthetic])
    return replace(
        evidence,
        names=tuple(evidence.names[j] for j in kept),
        kinds=tuple(evidence.kinds[j] for j in kept),
        levels=tuple(evidence.levels[j] for j in kept),
        real=evidence.real[real][:, kept],
        synthetic=evidence.synthetic[synthetic][:, kept],
        real_fold=np.searchsorted(folds, evidence.real_fold[real]),
        synthetic_fold=np.searchsorted(folds, evidence.synthetic_fold[synthetic]),
        train=(),
        groups=None if evidence.groups is None else evidence.groups[both],
        target=None,
    )


def _auc(part: Evidence, rng: np.random.Generator) -> Auc | None:
    """Return the mean AUC over a few splits, as in `c2st`; None where no half has rows of both sides."""
    learn = boosted_trees(part.pooled, part.categorical)
    rounds = [_usable(split, part.is_real) for split in islice(splits(part, rng), N_SPLITS)]
    tested = [scored(learn, parts, part.is_real) for parts in rounds if parts]
    return combined_auc(tested, units(part)) if tested else None


def _usable(split: list[Split], is_real: NDArray[np.bool_]) -> list[Split]:
    counts = [[(is_real[rows].sum(), (~is_real[rows]).sum()) for rows in part] for part in split]
    return [part for part, both in zip(split, counts, strict=True) if np.min(both) >= FEWEST_ROWS]


def _result(
    target: str, found: dict[str, Auc], sizes: dict[str, tuple[int, int]], rule: Rule, too_few: list[str], n_real: int
) -> CheckResult:
    strict, n_classes = float(norm.isf(rule.alpha / len(found))), len(found)
    worst = max(found, key=lambda name: found[name].value)
    told = {name: _told(auc, sizes[name], rule.z) for name, auc in found.items()}
    low = max(auc.value - strict * auc.variance**0.5 for auc in found.values())
    high = max(each["high"] for each in told.values())
    p = min(float(norm.sf((auc.value - rule.margin) / max(auc.variance, 1e-12) ** 0.5)) for auc in found.values())
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


def _told(auc: Auc, rows: tuple[int, int], z: float) -> dict[str, Any]:
    width = z * auc.variance**0.5
    return {"auc": auc.value, "low": auc.value - width, "high": auc.value + width, "rows": list(rows)}


def _decidable(sizes: list[tuple[int, int]], rule: Rule) -> bool:
    """Whether a perfect generator would pass in all classes with a chance of 90 %; see `rows_for_c2st`."""
    se = np.sqrt([(1 / real + 1 / synthetic) / 12 for real, synthetic in sizes])
    return bool(np.prod(norm.cdf((rule.margin - 0.5) / se - rule.z)) >= 0.9)


def _unmeasured(rule: Rule, reason: str, too_few: list[str]) -> CheckResult:
    details = {"classes": {}, "too_few": too_few}
    return CheckResult(
        "within", None, None, None, rule.margin, Verdict.PASS, False, reason, details=details, alpha=rule.alpha
    )
