"""Whether a model that also learns from synthetic rows predicts held-out rows better."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ganaug.fidelity.checks.lessons import BOTH, REAL, REMEDIES, SMOTE, Lesson, lessons, predict
from ganaug.fidelity.evidence.encoding import for_trees
from ganaug.fidelity.evidence.gathering import Codes, Evidence
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import short

__all__ = ["balanced_accuracy", "explained", "utility"]

Floats = NDArray[np.float64]

N_SEEDS = 3
N_RESAMPLES = 200
ROWS = 5000
MOST_CLASSES = 20
# a target of numbers with at most this many values is one of classes
FEW_VALUES = 10


class Task(NamedTuple):
    """What is predicted: a column, whether it has classes, the size of its levels, and its held-out values."""

    target: int
    name: str
    classes: bool
    size: Floats
    outcome: Floats

    @property
    def measure(self) -> str:
        """What the score is called."""
        return "balanced accuracy" if self.classes else "R²"


def utility(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Score on held-out rows of trees that learn the target from real and synthetic rows, less that from real ones.

    Balanced accuracy for classes, R² for numbers. The same held-out rows and seeds serve all training sets, and the
    intervals are of the paired differences: two-sided at ``1 - alpha``, from a bootstrap of the held-out rows (of
    their groups, where given; Efron 1979, doi:10.1214/aos/1176344552) and the spread over seeds. It never blocks: it
    flags where the synthetic rows hurt beyond that, and says that they help only where the interval excludes zero.

    Parameters
    ----------
    evidence : Evidence
        The rows, with training rows and a target.
    rule : Rule
        The error that is allowed; its margin is not used.
    rng : numpy.random.Generator
        Draws subsamples of large tables, the resamples and the seeds.
    """
    why_not = _why_not(evidence)
    if why_not or evidence.target is None:
        reason = f"whether the rows are useful was not measured: {why_not}"
        return CheckResult("utility", None, None, None, None, Verdict.PASS, False, reason, alpha=rule.alpha)
    task = _task(evidence, evidence.target)
    predicted = _predictions(evidence, task, rng)
    known = np.isfinite(task.outcome)
    units = np.arange(len(known)) if evidence.groups is None else evidence.groups[: len(known)]
    weights = _resampled(units[known], rng)
    score = balanced_accuracy if task.classes else explained
    scores = {name: score(each[:, known], task.outcome[known], weights) for name, each in predicted.items()}
    table = [_row(name, each, scores[REAL], rule) for name, each in scores.items()]
    return _result(table, task, rule)


def balanced_accuracy(predicted: Floats, outcome: Floats, weights: Floats) -> Floats:
    """Mean share of each class that is found.

    Parameters
    ----------
    predicted : ndarray, shape (n_seeds, n_rows)
        Classes.
    outcome : ndarray, shape (n_rows,)
        The true ones.
    weights : ndarray, shape (n_resamples, n_rows)
        How often each row is in each resample.

    Returns
    -------
    ndarray, shape (n_seeds, n_resamples)

    Examples
    --------
    >>> balanced_accuracy(np.array([[0.0, 0, 0, 1]]), np.array([0.0, 0, 1, 1]), np.ones((1, 4)))
    array([[0.75]])
    """
    of_class = (outcome == np.unique(outcome)[:, None]).astype(float)
    rows = of_class @ weights.T
    found = np.einsum("sn,cn,rn->scr", (predicted == outcome).astype(float), of_class, weights, optimize=True)
    # a resample may lack a class
    return np.asarray((found / np.maximum(rows, 1)).sum(axis=1) / (rows > 0).sum(axis=0))


def explained(predicted: Floats, outcome: Floats, weights: Floats) -> Floats:
    """Share of the variance that is explained (R²) ``(n_seeds, n_resamples)``; see `balanced_accuracy`.

    Examples
    --------
    >>> explained(np.array([[1.0, 2, 4]]), np.array([1.0, 2, 3]), np.ones((1, 3)))
    array([[0.5]])
    """
    total = weights.sum(axis=1)
    centred = outcome - outcome.mean()
    spread = weights @ centred**2 - (weights @ centred) ** 2 / total
    return np.asarray(1 - (predicted - outcome) ** 2 @ weights.T / np.maximum(spread, 1e-300))


def _why_not(evidence: Evidence) -> str:
    if evidence.target is None:
        return "there is no target, or it is not judged"
    if not evidence.train:
        return "the rows that the generator learned from are not known"
    j, name = evidence.target, evidence.names[evidence.target]
    if len(evidence.names) == 1:
        return f"there is no column besides the target `{name}`"
    if evidence.kinds[j] == "time":
        return f"the target `{name}` is a time"
    if any(np.isnan(np.delete(part, j, axis=1)).all() for part in evidence.train):
        return f"in the training rows all columns besides the target `{name}` are empty"
    drawn = [evidence.synthetic[evidence.synthetic_fold == k] for k in range(evidence.n_folds)]
    sides = ("held-out", [evidence.real], 2), ("training", evidence.train, 2), ("synthetic", drawn, 1)
    for role, parts, fewest in sides:
        least = min(_n_values(evidence, part, j) for part in parts)
        if least < fewest:
            rows = f"the {role} rows" + (" of a fold" if len(parts) > 1 else "")
            finite = "" if evidence.categorical[j] else "finite "
            return f"{rows} have {'a single' if least else 'no'} {finite}value of the target `{name}`"
    if evidence.categorical[j] and max(_n_values(evidence, part, j) for part in evidence.train) > MOST_CLASSES:
        return f"the target `{name}` has more than {MOST_CLASSES} classes"
    return ""


def _n_values(evidence: Evidence, codes: Codes, target: int) -> int:
    """Count the different values of the target that are known and finite."""
    levels = evidence.levels[target]
    size = np.arange(len(levels), dtype=float) if evidence.categorical[target] else levels.astype(float)
    outcome = _outcome(codes, target, size)
    return len(np.unique(outcome[~np.isnan(outcome)]))


def _task(evidence: Evidence, target: int) -> Task:
    values = evidence.levels[target]
    few = len(np.unique(evidence.train[0][:, target])) <= FEW_VALUES
    classes = bool(evidence.categorical[target] or few)
    # level numbers name classes; as numbers they would lose their size
    size = np.arange(len(values), dtype=float) if classes else np.asarray(values, dtype=float)
    outcome = _outcome(evidence.real, target, size)
    return Task(target, str(evidence.names[target]), classes, size, outcome)


def _outcome(codes: Codes, target: int, size: Floats) -> Floats:
    """Return the target's values ``(n_rows,)``, NaN where they are missing or infinite."""
    level = codes[:, target]
    outcome = np.append(size, np.nan)[np.where(np.isnan(level), len(size), level).astype(np.intp)]
    return np.where(np.isfinite(outcome), outcome, np.nan)


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
                into[seed, here] = predict(lesson, rows, categorical, seed, classes=task.classes)
    return predicted


def _lesson(evidence: Evidence, codes: Codes, task: Task) -> Lesson:
    outcome = _outcome(codes, task.target, task.size)
    known = np.flatnonzero(~np.isnan(outcome))[:ROWS]
    return Lesson(_rows(evidence, codes[known], task), outcome[known])


def _rows(evidence: Evidence, codes: Codes, task: Task) -> Floats:
    return np.delete(for_trees(codes, evidence.categorical), task.target, axis=1)


def _resampled(units: NDArray[Any], rng: np.random.Generator) -> Floats:
    """How often each row is in each resample ``(1 + N_RESAMPLES, n_rows)``, whole units at a time; first, all once."""
    _, unit = np.unique(units, return_inverse=True)
    n_units = int(unit.max()) + 1
    drawn = rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=N_RESAMPLES)
    return np.concatenate([np.ones((1, len(unit))), drawn[:, unit]])


def _row(name: str, scores: Floats, of_real: Floats, rule: Rule) -> dict[str, Any]:
    """Return the score after one lesson, its difference to that after the real rows, and limits of the difference."""
    apart = scores - of_real
    difference, resampled = apart[:, 0].mean(), apart[:, 1:].mean(axis=0)
    se = np.sqrt(np.var(resampled, ddof=1) + np.var(apart[:, 0], ddof=1) / N_SEEDS)
    width = norm.isf(rule.alpha / 2) * se
    values = {"score": scores[:, 0].mean(), "difference": difference}
    limits = {"low": difference - width, "high": difference + width}
    return {"learned from": name} | {key: float(value) for key, value in (values | limits).items()}


def _result(table: list[dict[str, Any]], task: Task, rule: Rule) -> CheckResult:
    found = {row["learned from"]: row for row in table}
    both, real = found[BOTH], found[REAL]
    verdict = Verdict.WARN if both["high"] < 0 else Verdict.PASS
    says = "they help" if both["low"] > 0 else "they hurt" if both["high"] < 0 else "no difference can be shown"
    reason = (
        f"trees that learn `{task.name}` from real and synthetic rows have a {task.measure} of {short(both['score'])} "
        f"on held-out rows, from the real ones alone {short(real['score'])}: {says} "
        f"(difference {short(both['low'])} to {short(both['high'])})"
    )
    remedies = [row for name, row in found.items() if name in REMEDIES]
    if remedies:
        best = max(remedies, key=lambda row: row["score"])
        reason += f"; {best['learned from']}: {short(best['score'])}"
    limits = both["difference"], both["low"], both["high"]
    details: dict[str, Any] = {"measure": task.measure, "table": table}
    if task.classes and SMOTE not in found:
        details["not_compared"] = f"{SMOTE}: imbalanced-learn is not installed"
    return CheckResult("utility", *limits, None, verdict, False, reason, details=details, alpha=rule.alpha)
