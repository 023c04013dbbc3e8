"""What one check found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

__all__ = ["CheckResult", "Verdict", "plain"]


class Verdict(StrEnum):
    """What is decided of one check, or of all of them together."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class CheckResult:
    """One check: an effect, its limits, the margin it is held against, and what follows.

    Attributes
    ----------
    name : str
        Name of the check; ``report[name]`` finds it.
    effect : float or None
        Its size in the sample; ``None`` where nothing can be measured.
    low, high : float or None
        Lower and upper one-sided confidence limits, 95 % where `alpha` is .05, of the effect.
    margin : float or None
        The largest effect that is let through.
    verdict : Verdict
        ``PASS`` when ``high <= margin``, ``FAIL`` when ``low > margin``, else ``INCONCLUSIVE``; ``WARN`` is a flag.
    blocking : bool
        Whether it counts for the overall verdict; the others only flag.
    reason : str
        Why, in one sentence for a scientist.
    rows_needed : int or None
        Held-out rows that would decide it, as far as they can be foretold.
    details : dict
        The numbers behind it. ``p_fail``, where given, is the p-value against "the effect is within its margin".
    alpha : float
        The limits are at ``1 - alpha``; below .05 where the same rows have been judged before.
    """

    name: str
    effect: float | None
    low: float | None
    high: float | None
    margin: float | None
    verdict: Verdict
    blocking: bool
    reason: str
    rows_needed: int | None = None
    details: dict[str, Any] = field(default_factory=dict)
    alpha: float = 0.05

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; a number that is not finite becomes ``None``."""
        values: dict[str, Any] = plain(asdict(self))
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CheckResult:
        """Give back what `to_dict` wrote."""
        return cls(**{**values, "verdict": Verdict(values["verdict"])})


def plain(value: Any) -> Any:
    """Bring a value to plain JSON types; a number that is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, StrEnum):
        return value.value
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)
