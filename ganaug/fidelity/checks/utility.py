"""Whether models that learn from synthetic rows, too or alone, predict held-out rows as well as from real ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.checks.lessons import AS_MANY, BOTH, REAL, REMEDIES, SMOTE, SYNTHETIC, Lesson, lessons, predict
from ganaug.fidelity.checks.measures import balanced_accuracy, explained
from ganaug.fidelity.checks.paired import beside, of_classes, resampled
from ganaug.fidelity.checks.task import Task, known_outcome, task_of, why_no_task
from ganaug.fidelity.evidence.encoding import for_trees
from ganaug.fidelity.evidence.gathering import Codes, Evidence
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import short

__all__ = ["utility"]

Floats = NDArray[np.float64]

N_SEEDS = 3
ROWS = 5000


def utility(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Score on held-out rows of trees that learn the target from real and synthetic rows, less that from real ones.

    Balanced accuracy for classes, R² for numbers. The same held-out rows and seeds serve all training sets, and the
    intervals are of the paired differences: two-sided at ``1 - alpha``, from a bootstrap of the held-out rows (of
    their groups, where given; Efron 1979, doi:10.1214/aos/1176344552) and the spread over seeds.

    It never blocks. It flags where the synthetic rows hurt beyond the interval, and where those alone teach less than
    as many real rows do, beyond the interval and the margin (train on synthetic, test on real: Esteban et al.,
    arXiv:1706.02633): then what the target depends on is lost, however well real rows beside them make up for it. That
    they help is said only where the interval excludes zero. The details have the same for the F1 of each class
    (`of_classes`).

    Parameters
    ----------
    evidence : Evidence
        The rows, with training rows and a target.
    rule : Rule
        The largest loss of synthetic rows alone that is let through, and the error that is allowed.
    rng : numpy.random.Generator
        Draws subsamples of large tables, the resamples and the seeds.
    """
    why_not = why_no_task(evidence)
    if why_not or evidence.target is None:
        reason = f"whether the rows are useful was not measured: {why_not}"
        return CheckResult("utility", None, None, None, None, Verdict.PASS, False, reason, alpha=rule.alpha)
    task = task_of(evidence, evidence.target)
    predicted = _predictions(evidence, task, rng)
    known = np.isfinite(task.outcome)
    units = np.arange(len(known)) if evidence.groups is None else evidence.groups[: len(known)]
    weights, outcome = resampled(units[known], rng), task.outcome[known]
    predicted = {name: each[:, known] for name, each in predicted.items()}
    score = balanced_accuracy if task.classes else explained
    scores = {name: score(each, outcome, weights) for name, each in predicted.items()}
    table = [_row(name, each, scores[REAL], rule) for name, each in scores.items()]
    result = _result(table, _row(SYNTHETIC, scores[SYNTHETIC], scores[AS_MANY], rule), task, rule)
    if task.classes:
        sides, names = {name: predicted[name] for name in (REAL, BOTH)}, evidence.levels[evidence.target]
        classes = of_classes(sides, outcome, units[known], weights, names, rule.alpha)
        result = replace(result, details={**result.details, "classes": classes})
    return result


def _predictions(evidence: Evidence, task: Task, rng: np.random.Generator) -> dict[str, Floats]:
    """Predict all held-out rows ``(n_seeds, n_real)`` after each lesson, those of a fold after its own."""
    categorical = np.delete(evidence.categorical, task.target)
    predicted: dict[str, Floats] = {}
    for k, train in enumerate(evidence.train):
        here = evidence.real_fold == k
        rows = _rows(evidence, evidence.real[here], task)
        sides = train, evidence.synthetic[evidence.synthetic_fold == k]
        for seed in range(N_SEEDS):
            real, synthetic = (_lesson(evidence, rng.permutation(side), task) for side in sides)
            for name, lesson in lessons(real, synthetic, categorical, rng, classes=task.classes).items():
                into = predicted.setdefault(name, np.full((N_SEEDS, len(here)), np.nan))
                # where as many real rows are all of them, they have been learned already
                learned = name != REAL and lesson is real
                into[seed, here] = (
                    predicted[REAL][seed, here]
                    if learned
                    else predict(lesson, rows, categorical, seed, classes=task.classes)
                )
    return predicted


def _lesson(evidence: Evidence, codes: Codes, task: Task) -> Lesson:
    outcome = known_outcome(codes, task.target, task.size)
    known = np.flatnonzero(~np.isnan(outcome))[:ROWS]
    return Lesson(_rows(evidence, codes[known], task), outcome[known])


def _rows(evidence: Evidence, codes: Codes, task: Task) -> Floats:
    return np.delete(for_trees(codes, evidence.categorical), task.target, axis=1)


def _row(name: str, scores: Floats, of_real: Floats, rule: Rule) -> dict[str, Any]:
    return {"learned from": name} | beside(scores, of_real, rule.alpha)


def _result(table: list[dict[str, Any]], alone: dict[str, Any], task: Task, rule: Rule) -> CheckResult:
    found = {row["learned from"]: row for row in table}
    both, real = found[BOTH], found[REAL]
    lost, hurts = alone["high"] < -rule.margin, both["high"] < 0
    says = "they help" if both["low"] > 0 else "they hurt" if hurts else "no difference can be shown"
    reason = (
        f"trees that learn `{task.name}` from real and synthetic rows have a {task.measure} of {short(both['score'])} "
        f"on held-out rows, from the real ones alone {short(real['score'])}: {says} "
        f"(difference {short(both['low'])} to {short(both['high'])})"
    )
    remedies = [row for name, row in found.items() if name in REMEDIES]
    if remedies:
        best = max(remedies, key=lambda row: row["score"])
        reason += f"; {best['learned from']}: {short(best['score'])}"
    if lost:
        reason = f"{_loss(alone, found[AS_MANY], task, rule)}; {reason}"
    limits = both["difference"], both["low"], both["high"]
    details: dict[str, Any] = {"measure": task.measure, "table": table, "alone": alone | {"limit": -rule.margin}}
    if task.classes and SMOTE not in found:
        details["not_compared"] = f"{SMOTE}: imbalanced-learn is not installed"
    verdict = Verdict.WARN if lost or hurts else Verdict.PASS
    return CheckResult("utility", *limits, None, verdict, False, reason, details=details, alpha=rule.alpha)


def _loss(alone: dict[str, Any], as_many: dict[str, Any], task: Task, rule: Rule) -> str:
    return (
        f"trees that learn `{task.name}` from the synthetic rows alone reach a {task.measure} of "
        f"{short(alone['score'])} on held-out rows, from as many real ones {short(as_many['score'])}: much of what "
        f"`{task.name}` depends on is lost (difference {short(alone['low'])} to {short(alone['high'])}, "
        f"limit {short(-rule.margin)})"
    )
