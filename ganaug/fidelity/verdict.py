"""From what every check found to one verdict."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import norm

from ganaug.fidelity.result import CheckResult, Verdict

__all__ = ["decisive", "overall", "p_fail"]


def overall(checks: Sequence[CheckResult]) -> Verdict:
    """Weigh the checks: a pass needs every blocking one, a failure is held to Holm's correction over them.

    A check of its own fails at the 5 % level; only the correction for having looked many times makes that a refusal,
    and until then it is inconclusive. A check that only flags and cannot tell does not flag.
    """
    blocking = [check for check in checks if check.blocking]
    if any(check.name == "rows" and check.verdict is not Verdict.PASS for check in blocking):
        return Verdict.INCONCLUSIVE
    if _refusing(checks):
        return Verdict.FAIL
    if any(check.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE) for check in blocking):
        return Verdict.INCONCLUSIVE
    return Verdict.WARN if _flagging(checks) else Verdict.PASS


def decisive(verdict: Verdict, checks: Sequence[CheckResult]) -> CheckResult:
    """Return the check whose reason explains the verdict: the first of those that made it, in the order of telling."""
    undecided = [check for check in checks if check.blocking and check.verdict is not Verdict.PASS]
    c2st = [check for check in checks if check.name == "c2st"]
    made = {Verdict.FAIL: _refusing(checks), Verdict.INCONCLUSIVE: undecided, Verdict.WARN: _flagging(checks)}
    return (made.get(verdict) or c2st or list(checks))[0]


def _refusing(checks: Sequence[CheckResult]) -> list[CheckResult]:
    blocking = [check for check in checks if check.blocking]
    failing = sorted((check for check in blocking if check.verdict is Verdict.FAIL), key=p_fail)
    # Holm steps down from the smallest p-value, and stops at the first that does not reach its level
    reached = [p_fail(check) <= check.alpha / (len(blocking) - step) for step, check in enumerate(failing)]
    rejected = failing[: reached.index(False)] if False in reached else failing
    return [check for check in checks if check in rejected]


def _flagging(checks: Sequence[CheckResult]) -> list[CheckResult]:
    return [check for check in checks if not check.blocking and check.verdict in (Verdict.WARN, Verdict.FAIL)]


def p_fail(check: CheckResult) -> float:
    """Return the one-sided p-value against "the effect is within its margin"."""
    if "p_fail" in check.details:
        return float(check.details["p_fail"])
    if check.effect is None or check.low is None or check.margin is None:
        return 1.0
    se = (check.effect - check.low) / float(norm.isf(check.alpha))
    if se <= 0:
        return 0.0 if check.effect > check.margin else 1.0
    return float(norm.sf((check.effect - check.margin) / se))
