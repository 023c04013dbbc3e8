"""The judge of synthetic tables: what it measures, and what it decides."""

from ganaug.fidelity.c2st import c2st_auc
from ganaug.fidelity.checker import FidelityChecker
from ganaug.fidelity.result import CheckResult, FidelityReport, Verdict

__all__ = ["CheckResult", "FidelityChecker", "FidelityReport", "Verdict", "c2st_auc"]
