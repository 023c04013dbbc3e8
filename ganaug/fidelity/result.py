"""What the judge found: one result per check, one report over all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from ganaug.errors import FidelityError

__all__ = ["CheckResult", "FidelityReport", "Verdict"]


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
        Lower and upper one-sided 95 % confidence limits of the effect.
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

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; a number that is not finite becomes ``None``."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CheckResult:
        """Give back what `to_dict` wrote."""
        return cls(**{**values, "verdict": Verdict(values["verdict"])})


@dataclass(frozen=True)
class FidelityReport:
    """The verdict on a synthetic table, with everything it rests on.

    Attributes
    ----------
    verdict : Verdict
        ``PASS``, ``WARN`` (a pass with flags), ``FAIL`` or ``INCONCLUSIVE`` (too few rows to tell).
    checks : tuple of CheckResult
        In the order in which they are told.
    profile : str
        ``"strict"``, ``"standard"`` or ``"lenient"``.
    n_real, n_synthetic : int
        Held-out and synthetic rows that were judged.
    hashes : dict of str to str
        SHA-256 of the tables that were judged.
    stages : tuple of dict
        The ablation of the model that drew the rows, if there is one.
    notes : tuple of str
        What must be said aloud, one sentence each.
    provenance : dict
        Versions, seeds, dates: whatever the caller adds.

    Examples
    --------
    >>> c2st = CheckResult("c2st", 0.52, 0.48, 0.56, 0.65, Verdict.PASS, True, "C2ST AUC .52, at most .56 (limit .65)")
    >>> report = FidelityReport(Verdict.PASS, (c2st,), "standard", 500, 500, {})
    >>> report.headline
    'passed: C2ST AUC .52, at most .56 (limit .65)'
    >>> FidelityReport.from_dict(report.to_dict()) == report
    True
    """

    verdict: Verdict
    checks: tuple[CheckResult, ...]
    profile: str
    n_real: int
    n_synthetic: int
    hashes: dict[str, str]
    stages: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def headline(self) -> str:
        """The verdict and its reason in one sentence."""
        opening = {"pass": "passed", "warn": "passed with flags", "fail": "refused", "inconclusive": "undecided"}
        return f"{opening[self.verdict]}: {self._decisive().reason}"

    def _decisive(self) -> CheckResult:
        from ganaug.fidelity.verdict import decisive

        return decisive(self.verdict, self.checks)

    def __getitem__(self, name: str) -> CheckResult:
        """Return the check of that name."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(f"no check named {name!r}; there are {[check.name for check in self.checks]}")

    def raise_for_verdict(self) -> None:
        """Raise `FidelityError`, which carries this report, unless the verdict is PASS or WARN."""
        if self.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
            raise FidelityError(self.headline, self)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per check."""
        shown = ("effect", "low", "high", "margin", "verdict", "blocking", "rows_needed", "reason")
        rows = [{name: getattr(check, name) for name in shown} for check in self.checks]
        return pd.DataFrame(rows, index=pd.Index([check.name for check in self.checks], name="check"))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, the headline among them."""
        plain: dict[str, Any] = _plain(asdict(self))
        return {"verdict": plain.pop("verdict"), "headline": self.headline, **plain}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FidelityReport:
        """Give back what `to_dict` wrote."""
        given = {name: value for name, value in values.items() if name != "headline"}
        checks = tuple(CheckResult.from_dict(check) for check in given["checks"])
        lists = {name: tuple(given.get(name, ())) for name in ("stages", "notes")}
        return cls(**{**given, **lists, "verdict": Verdict(given["verdict"]), "checks": checks})

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=2)

    def to_html(self) -> str:
        """Return the report as one self-contained page: no script, no network."""
        from ganaug.fidelity.render import render

        return render(self)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, StrEnum):
        return value.value
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)
