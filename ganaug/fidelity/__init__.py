"""The judge of synthetic tables: what it measures, and what it decides."""

from ganaug.fidelity.checker import FidelityChecker
from ganaug.fidelity.checks.c2st import c2st_auc
from ganaug.fidelity.report import FidelityReport
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.scorer import fidelity_score
from ganaug.fidelity.tables import (
    c2st,
    collapse,
    copies,
    coverage,
    levels,
    marginals,
    membership,
    missing,
    mmd,
    nearness,
    utility,
    validity,
    value_range,
    within,
)

__all__ = [
    "CheckResult",
    "FidelityChecker",
    "FidelityReport",
    "Verdict",
    "c2st",
    "c2st_auc",
    "collapse",
    "copies",
    "coverage",
    "fidelity_score",
    "levels",
    "marginals",
    "membership",
    "missing",
    "mmd",
    "nearness",
    "utility",
    "validity",
    "value_range",
    "within",
]
