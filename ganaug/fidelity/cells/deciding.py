"""From scores of fresh real and of synthetic cells to a check in the report."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.cells.blocks import Compared
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import limit_text, short

__all__ = ["SILENT", "agrees", "decided", "lost", "unmeasured"]

Floats = NDArray[np.float64]

# halves of the real cells that agree no better than this have nothing to say
LEAST_AGREEMENT = 0.1
SILENT = "even halves of the real cells do not agree, so nothing is compared"


def decided(
    name: str,
    compared: Compared,
    values: Floats,
    rule: Rule,
    sentence: str,
    unit: str,
    details: dict[str, Any] | None = None,
) -> CheckResult:
    """Hold an effect, of all blocks and without each in turn, against its margin; it only flags."""
    effect, low, high = compared.limits(values, rule.alpha)
    verdict = rule.decide(low, high)
    told = {"score": float(compared.synthetic[0]), "fresh": float(compared.fresh[0])}
    told["p_fail"] = compared.p_beyond(values, rule.margin)
    limits = limit_text(verdict, short(low, 3), short(high, 3))
    return CheckResult(
        name=name,
        effect=effect,
        low=low,
        high=high,
        margin=rule.margin,
        verdict=verdict,
        blocking=False,
        reason=f"{sentence}: {short(effect, 3)} {unit}, {limits} (flagged above {short(rule.margin, 3)})",
        details=told | (details or {}),
        alpha=rule.alpha,
    )


def lost(name: str, compared: Compared, rule: Rule, what: str, details: dict[str, Any] | None = None) -> CheckResult:
    """Tell which part is lost of a score that fresh real cells reach: 0 none, 1 all."""
    if not agrees(compared):
        return unmeasured(name, rule, f"{what}: {SILENT}")
    sentence = f"{what} agree to {short(compared.synthetic[0], 3)}, fresh real cells' to {short(compared.fresh[0], 3)}"
    return decided(name, compared, 1 - compared.synthetic / compared.fresh, rule, sentence, "lost", details)


def agrees(compared: Compared) -> bool:
    """Say whether halves of the real cells correlate, so that there is something to compare."""
    return bool(compared.fresh.min() >= LEAST_AGREEMENT)


def unmeasured(name: str, rule: Rule, reason: str) -> CheckResult:
    """Say that a check found nothing to measure."""
    return CheckResult(name, None, None, None, rule.margin, Verdict.PASS, False, reason, alpha=rule.alpha)
