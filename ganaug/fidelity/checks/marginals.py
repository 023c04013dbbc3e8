"""Each column on its own: how far its synthetic distribution is from the real one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import short

__all__ = ["column_distance", "marginals"]

Column = NDArray[np.float64]


def marginals(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Flag the columns that differ by more than the margin, and by more than chance explains.

    Kolmogorov-Smirnov distance for numbers and times, total variation for categories; a missing value counts as a
    value of its own. Chance is bounded over all columns together, by the inequalities of Dvoretzky, Kiefer, Wolfowitz
    and Massart and of McDiarmid.
    """
    margin, noise = rule.margin, 1 / len(evidence.real) + 1 / len(evidence.synthetic)
    bound = np.sqrt(np.log(2 * len(evidence.names) / rule.alpha) / 2 * noise)
    found = {}
    for j, name in enumerate(evidence.names):
        a, b = (np.nan_to_num(side[:, j], nan=-1.0) for side in (evidence.real, evidence.synthetic))
        distance, bias = column_distance(a, b, ordered=not evidence.categorical[j])
        found[str(name)] = (distance, float(distance - bias - bound))
    flagged = [name for name, (distance, low) in found.items() if distance > margin and low > 0]
    worst = max(flagged or found, key=lambda name: found[name][0])
    effect, low = found[worst]
    others = f", and {len(flagged) - 1} more" if len(flagged) > 1 else ""
    reason = f"`{worst}` differs most on its own: distance {short(effect)} of 1{others} (flagged above {short(margin)})"
    if not flagged:
        reason = (
            f"no column differs on its own by more than {short(margin)} of 1 and by more than chance (`{worst}` most)"
        )
    verdict = Verdict.WARN if flagged else Verdict.PASS
    distances = {name: distance for name, (distance, _) in found.items()}
    return CheckResult(
        "marginals",
        effect,
        low,
        None,
        margin,
        verdict,
        False,
        reason,
        details={"distances": distances},
        alpha=rule.alpha,
    )


def column_distance(real: Column, synthetic: Column, *, ordered: bool) -> tuple[float, float]:
    """Return the distance of two columns, and how much of it chance alone would give at most on average.

    Examples
    --------
    >>> column_distance(np.array([0.0, 0, 1, 1]), np.array([0.0, 1, 1, 1]), ordered=True)[0]
    0.25
    """
    levels, codes = np.unique(np.concatenate([real, synthetic]), return_inverse=True)
    n, m = len(real), len(synthetic)
    p, q = (np.bincount(side, minlength=len(levels)) / len(side) for side in (codes[:n], codes[n:]))
    if ordered:
        return float(np.abs(np.cumsum(p - q)).max()), 0.0
    either = (n * p + m * q) / (n + m)
    return float(np.abs(p - q).sum() / 2), float(np.sqrt(either * (1 - either) * (1 / n + 1 / m)).sum() / 2)
