"""What an effect is held against, and how limits and numbers of rows come about."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from ganaug.fidelity.result import CheckResult, Verdict

__all__ = ["ALPHA", "Z90", "Rule", "newcombe", "rows_for_c2st", "rows_to_decide", "wilson"]

ALPHA = 0.05
Z90 = float(norm.ppf(0.9))
MOST_ROWS = 1_000_000


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
        n_real: int | None,
        reason: str,
        *,
        decidable: bool = True,
        most_rows: int = MOST_ROWS,
        details: dict[str, Any] | None = None,
    ) -> CheckResult:
        """Decide on an effect, measured on `n_real` held-out rows; it blocks where it is `decidable` or fails.

        Where `n_real` is None it is not rows that are scarce. More than `most_rows` are not looked at, or nobody has
        them: where it would take more the reason says so.
        """
        verdict = self.decide(*limits)
        needed = None
        if verdict is Verdict.INCONCLUSIVE and n_real is not None:
            needed = rows_to_decide(n_real, effect, *limits, self.margin)
            if needed is None or needed > most_rows:
                needed, reason = None, f"{reason}; more rows would hardly decide it"
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


def wilson(share: float, n: float, z: float = float(norm.isf(ALPHA))) -> tuple[float, float]:
    """One-sided limits of a share, `z` standard errors away (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> [round(limit, 3) for limit in wilson(0.5, 100)]
    [0.419, 0.581]
    """
    middle, width = share + z**2 / (2 * n), z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (middle - width) / (1 + z**2 / n), (middle + width) / (1 + z**2 / n)


def newcombe(p: float, n: float, q: float, m: float, z: float) -> tuple[float, float]:
    """Limits of the difference p - q of two shares, of n and of m rows, `z` standard errors away.

    Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, method 10.

    Examples
    --------
    >>> [round(limit, 4) for limit in newcombe(56 / 70, 70, 48 / 80, 80, 1.96)]
    [0.0524, 0.3339]
    """
    (p_low, p_high), (q_low, q_high) = wilson(p, n, z), wilson(q, m, z)
    return float(p - q - np.hypot(p - p_low, q_high - q)), float(p - q + np.hypot(p_high - p, q - q_low))
