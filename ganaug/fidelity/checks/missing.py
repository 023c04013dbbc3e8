"""Whether values are missing as often as they are in the real rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from ganaug.fidelity.checks.draws import different_draws
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import Rule, newcombe
from ganaug.fidelity.wording import percent

__all__ = ["missing"]

FARTHEST = 38.0  # standard errors; beyond them a p-value is no float any more
MOST_TOLD = 50


class Gap(NamedTuple):
    """How far a column's missing rates are apart, with limits of the distance."""

    effect: float
    low: float
    high: float
    column: str
    real: float
    synthetic: float


def missing(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Largest difference of a column's missing rate, up or down.

    A column fails at a level divided by the number of columns and directions (Bonferroni). For a pass all columns
    must be within the margin, which needs no correction (Berger 1982, doi:10.1080/00401706.1982.10487790). A row that
    is there twice is one draw.

    Parameters
    ----------
    evidence : Evidence
        The rows.
    rule : Rule
        The largest difference that is let through.
    rng : numpy.random.Generator
        Not used.
    """
    n, m = different_draws(evidence)
    p, q = (np.isnan(side).mean(axis=0) for side in (evidence.synthetic, evidence.real))
    looks = 2 * len(p)
    z = float(norm.isf(rule.alpha / looks))
    gaps = [_gap(str(name), p[j], m, q[j], n, z, rule.z) for j, name in enumerate(evidence.names)]
    worst = max(gaps)
    low, high = max(gap.low for gap in gaps), max(gap.high for gap in gaps)
    beyond = sum(gap.low > rule.margin for gap in gaps) - 1
    reason = (
        f"`{worst.column}` is missing in {percent(worst.synthetic)} of the synthetic rows and in "
        f"{percent(worst.real)} of the held-out ones (limit {percent(rule.margin)} apart)"
        + (f", and {beyond} more such columns" if beyond > 0 else "")
        if worst.effect > 0
        else "nothing is missing on either side"
    )
    told = sorted(gaps, reverse=True)[:MOST_TOLD]
    details = {
        "p_fail": min(1.0, looks * min(_p_beyond(gap, m, n, rule.margin) for gap in gaps)),
        "columns": {gap.column: {"real": gap.real, "synthetic": gap.synthetic} for gap in told},
    }
    decidable = _decidable(q, n, m, rule)
    n_real = evidence.rows_that_count
    return rule.result("missing", worst.effect, (low, high), n_real, reason, decidable=decidable, details=details)


def _gap(column: str, p: float, m: float, q: float, n: float, z_each: float, z: float) -> Gap:
    """Return the distance of two rates, whichever is larger."""
    return Gap(float(abs(p - q)), _low(p, m, q, n, z_each), _high(p, m, q, n, z), column, float(q), float(p))


def _low(p: float, m: float, q: float, n: float, z: float) -> float:
    low, high = newcombe(p, m, q, n, z)
    return max(low, -high, 0.0)


def _high(p: float, m: float, q: float, n: float, z: float) -> float:
    low, high = newcombe(p, m, q, n, z)
    return max(high, -low)


def _p_beyond(gap: Gap, m: float, n: float, margin: float) -> float:
    """Return the level at which the lower limit would be the margin."""
    if gap.effect <= margin:
        return 1.0

    def surplus(z: float) -> float:
        return _low(gap.synthetic, m, gap.real, n, z) - margin

    return float(norm.sf(brentq(surplus, 0.0, FARTHEST) if surplus(FARTHEST) < 0 else FARTHEST))


def _decidable(q: NDArray[np.float64], n: float, m: float, rule: Rule) -> bool:
    """Whether a perfect generator would pass with a chance of 90 %, all columns together."""
    widths = np.array([_high(rate, m, rate, n, rule.z) for rate in q])
    se = np.sqrt(q * (1 - q) * (1 / n + 1 / m))
    return bool(2 * norm.sf((rule.margin - widths) / np.maximum(se, 1e-12)).sum() <= 0.1)
