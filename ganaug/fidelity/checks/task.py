"""What a downstream model is to predict, and why there may be nothing to predict."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.evidence.gathering import Codes, Evidence

__all__ = ["Task", "known_outcome", "task_of", "why_no_task"]

Floats = NDArray[np.float64]

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


def task_of(evidence: Evidence, target: int) -> Task:
    """Take the column at `target` for what is to be predicted."""
    values = evidence.levels[target]
    few = len(np.unique(evidence.train[0][:, target])) <= FEW_VALUES
    classes = bool(evidence.categorical[target] or few)
    # level numbers name classes; as numbers they would lose their size
    size = np.arange(len(values), dtype=float) if classes else np.asarray(values, dtype=float)
    return Task(target, str(evidence.names[target]), classes, size, known_outcome(evidence.real, target, size))


def known_outcome(codes: Codes, target: int, size: Floats) -> Floats:
    """Return the target's values ``(n_rows,)``, NaN where they are missing or infinite."""
    level = codes[:, target]
    outcome = np.append(size, np.nan)[np.where(np.isnan(level), len(size), level).astype(np.intp)]
    return np.where(np.isfinite(outcome), outcome, np.nan)


def why_no_task(evidence: Evidence) -> str:
    """Say why no model can learn the target and be tested on it; empty where one can."""
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
    outcome = known_outcome(codes, target, size)
    return len(np.unique(outcome[~np.isnan(outcome)]))
