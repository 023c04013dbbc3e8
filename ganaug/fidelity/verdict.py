"""From effects and their limits to a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scipy.stats import norm

from ganaug.fidelity.result import CheckResult, Verdict

__all__ = [
    "ALPHA",
    "PROFILES",
    "Z90",
    "Profile",
    "Rule",
    "decisive",
    "overall",
    "p_fail",
    "rows_for_c2st",
    "rows_to_decide",
    "short",
    "wilson",
    "within",
]

ALPHA = 0.05
Z90 = float(norm.ppf(0.9))


@dataclass(frozen=True)
class Rule:
    """What an effect is held against: a margin, and the error that is allowed.

    Attributes
    ----------
    margin : float
        The largest effect that is let through.
    alpha : float
        Limits are one-sided and at ``1 - alpha``.

    Examples
    --------
    >>> rule = Rule(0.65)
    >>> rule.decide(0.48, 0.56), rule.decide(0.70, 0.80), rule.decide(0.6, 0.7)
    (<Verdict.PASS: 'pass'>, <Verdict.FAIL: 'fail'>, <Verdict.INCONCLUSIVE: 'inconclusive'>)
    """

    margin: float
    alpha: float = ALPHA

    @property
    def z(self) -> float:
        """Standard errors from an effect to its limit."""
        return float(norm.isf(self.alpha))

    def decide(self, low: float, high: float) -> Verdict:
        """Pass when the upper limit is within the margin, fail when the lower one is beyond it."""
        if high <= self.margin:
            return Verdict.PASS
        return Verdict.FAIL if low > self.margin else Verdict.INCONCLUSIVE

    def result(
        self,
        name: str,
        effect: float,
        limits: tuple[float, float],
        n_real: int,
        reason: str,
        *,
        decidable: bool = True,
        most_rows: int | None = None,
        details: dict[str, Any] | None = None,
    ) -> CheckResult:
        """Decide on an effect, measured on `n_real` held-out rows; it blocks where it is `decidable` or fails.

        More than `most_rows` are not looked at, so that no more of them would decide.
        """
        verdict = self.decide(*limits)
        undecided = verdict is Verdict.INCONCLUSIVE
        needed = rows_to_decide(n_real, effect, *limits, self.margin) if undecided else None
        if needed is not None and most_rows is not None and needed > most_rows:
            needed = None
        return CheckResult(
            name=name,
            effect=float(effect),
            low=float(limits[0]),
            high=float(limits[1]),
            margin=self.margin,
            verdict=verdict,
            blocking=bool(decidable or verdict is Verdict.FAIL),
            reason=reason,
            rows_needed=needed,
            details=details or {},
            alpha=self.alpha,
        )


@dataclass(frozen=True)
class Profile:
    """The margins of one profile: the largest effects that are let through.

    Attributes
    ----------
    c2st : float
        AUC of a classifier between held-out and synthetic rows; .5 is perfect, 1 is hopeless.
    mmd : float
        MMD² in units of the damage that shuffling every column would do; 0 is perfect, 1 is independent columns.
    coverage : float
        Share of the held-out rows with no synthetic row near them, beyond what fresh real rows leave.
    nearness : float
        Share of synthetic rows that behave like near copies of training rows; 0 is none, 1 is all.
    copies : float
        Share of synthetic rows equal to a training row, beyond the share of held-out rows that are.
    missing : float
        Largest difference between the real and the synthetic missing rate of a column.
    collapse : float
        Share of rows in regions or patterns that come too often or too seldom, beyond chance; flags only.
    membership : float
        AUC of telling training rows from held-out ones by how near the synthetic rows are; .5 is perfect.
    within : float
        AUC as of `c2st`, in the worst class of the target.
    marginals : float
        Largest distance between one column's real and synthetic distribution; flags only.
    validity : float
        Share of values of a column that could not have been measured.
    range : float
        Share of values of a column beyond what real rows show, and beyond what chance allows; flags only.
    """

    c2st: float
    mmd: float
    coverage: float
    nearness: float
    copies: float
    missing: float
    collapse: float
    membership: float
    within: float
    marginals: float
    validity: float = 0.05
    range: float = 0.01
    levels: float = 0.0
    utility: float = 0.0

    def rule(self, check: str, alpha: float = ALPHA) -> Rule:
        """Return the rule of a check; how many rows it takes depends on the margin of C2ST."""
        return Rule(getattr(self, "c2st" if check == "rows" else check), alpha)


_STANDARD = Profile(
    c2st=0.65,
    mmd=0.25,
    coverage=0.15,
    nearness=0.50,
    copies=0.05,
    missing=0.10,
    collapse=0.15,
    membership=0.65,
    within=0.70,
    marginals=0.10,
)
PROFILES = {
    "strict": Profile(
        c2st=0.60,
        mmd=0.15,
        coverage=0.10,
        nearness=0.30,
        copies=0.02,
        missing=0.05,
        collapse=0.10,
        membership=0.60,
        within=0.65,
        marginals=0.07,
    ),
    "standard": _STANDARD,
    "lenient": Profile(
        c2st=0.75,
        mmd=0.50,
        coverage=0.25,
        nearness=0.60,
        copies=0.10,
        missing=0.20,
        collapse=0.25,
        membership=0.75,
        within=0.80,
        marginals=0.20,
    ),
    # rows leave the house: less may come back of any one person
    "share": replace(_STANDARD, nearness=0.30, copies=0.01, membership=0.60),
    # rows stay inside, beside those they were learned from
    "augment": replace(_STANDARD, nearness=0.75, copies=0.10, membership=0.85),
}


def rows_to_decide(n_rows: int, effect: float, low: float, high: float, margin: float) -> int | None:
    """Rows at which the limits, shrinking as one over the root of the rows, would clear the margin.

    Examples
    --------
    >>> rows_to_decide(100, effect=0.60, low=0.50, high=0.70, margin=0.65)
    400
    """
    distance, width = abs(margin - effect), high - effect if effect <= margin else effect - low
    if distance * 100 < width:  # more than ten thousand times the rows: no honest forecast
        return None
    return max(n_rows + 1, math.ceil(round(n_rows * (width / distance) ** 2, 6)))


def rows_for_c2st(limit: float, alpha: float = ALPHA) -> int:
    """Held-out rows at which a perfect generator passes C2ST with a chance of 90 %.

    The AUC of two equal samples of n rows has variance 1/(6 n). Two classifiers have to pass, 95 % for each.

    Examples
    --------
    >>> [rows_for_c2st(limit) for limit in (0.60, 0.65, 0.75)]
    [181, 81, 29]
    """
    return math.ceil(2 / 12 * ((norm.isf(alpha) + norm.isf(0.05)) / (limit - 0.5)) ** 2)


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


def short(value: float, digits: int = 2) -> str:
    """Write a number as in ".52".

    Examples
    --------
    >>> short(0.518), short(1.0), short(-0.04), short(-0.001)
    ('.52', '1.00', '-.04', '.00')
    """
    text = f"{round(value, digits) + 0.0:.{digits}f}"  # no "-.00"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def within(verdict: Verdict, low: str, high: str) -> str:
    """Name the limit that decided.

    Examples
    --------
    >>> within(Verdict.PASS, ".48", ".56"), within(Verdict.INCONCLUSIVE, ".6", ".7")
    ('at most .56', 'between .6 and .7')
    """
    return {Verdict.PASS: f"at most {high}", Verdict.FAIL: f"at least {low}"}.get(verdict, f"between {low} and {high}")


def wilson(share: float, n: float, z: float = float(norm.isf(ALPHA))) -> tuple[float, float]:
    """One-sided limits of a share, `z` standard errors away (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> [round(limit, 3) for limit in wilson(0.5, 100)]
    [0.419, 0.581]
    """
    middle, width = share + z**2 / (2 * n), z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (middle - width) / (1 + z**2 / n), (middle + width) / (1 + z**2 / n)
