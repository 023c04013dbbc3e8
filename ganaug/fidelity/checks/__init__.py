"""The checks: each measures one effect and holds it against a margin."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ganaug.fidelity.checks.c2st import c2st
from ganaug.fidelity.checks.collapse import collapse
from ganaug.fidelity.checks.coverage import coverage
from ganaug.fidelity.checks.levels import levels
from ganaug.fidelity.checks.marginals import marginals
from ganaug.fidelity.checks.membership import membership
from ganaug.fidelity.checks.memorisation import copies, nearness
from ganaug.fidelity.checks.missing import missing
from ganaug.fidelity.checks.mmd import mmd
from ganaug.fidelity.checks.rows import enough_rows
from ganaug.fidelity.checks.utility import utility
from ganaug.fidelity.checks.validity import validity, value_range
from ganaug.fidelity.checks.within import within
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import Rule

__all__ = ["CHECKS", "NEED_TARGET", "NEED_TRAIN", "ROW_BY_ROW", "WHERE_DECIDABLE", "Check"]


class Check(Protocol):
    """Measure one effect on the rows, and decide by the rule; whatever is drawn comes from `rng`."""

    def __call__(self, evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
        """Return what was found."""


# in the order in which they are told
CHECKS: dict[str, Check] = {
    "rows": enough_rows,
    "validity": validity,
    "levels": levels,
    "missing": missing,
    "c2st": c2st,
    "within": within,
    "mmd": mmd,
    "coverage": coverage,
    "collapse": collapse,
    "copies": copies,
    "nearness": nearness,
    "membership": membership,
    "utility": utility,
    "range": value_range,
    "marginals": marginals,
}
# without training rows, or without a target, there is nothing to look for
NEED_TRAIN = {"copies", "nearness", "membership", "utility"}
NEED_TARGET = {"utility", "within"}
# these take rows for independent draws, and only flag where rows belong to donors or plates
ROW_BY_ROW = {"levels", "missing", "coverage", "nearness", "membership"}
# these block only where the sample can decide them
WHERE_DECIDABLE = {"missing", "within", "mmd", "coverage", "copies", "nearness", "membership"}
