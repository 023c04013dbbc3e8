"""The verdict on a table, with everything it rests on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pandas as pd

from ganaug.errors import DataError, FidelityError
from ganaug.fidelity.result import CheckResult, Verdict, plain
from ganaug.fidelity.verdict import decisive
from ganaug.fidelity.wording import in_unit

__all__ = ["VERSION", "FidelityReport"]

VERSION = 1  # of what `to_dict` writes


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
        ``"strict"``, ``"standard"``, ``"lenient"``, ``"share"`` or ``"augment"``.
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
    attempt : int
        How many times these held-out rows have been judged by, this time included; it divides alpha.
    why : dict
        What gives the rows away, unless they passed: see `ganaug.fidelity.why.explain`.
    pictures : dict
        What the pictures of the page show: see `ganaug.fidelity.page.collect.collect`.
    unit : str
        What the rows are called: ``"rows"`` or ``"cells"``.

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
    attempt: int = 1
    why: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, Any] = field(default_factory=dict)
    unit: str = "rows"

    @property
    def headline(self) -> str:
        """The verdict and its reason in one sentence; of a refusal what gives the rows away comes first."""
        opening = {"pass": "passed", "warn": "passed with flags", "fail": "refused", "inconclusive": "undecided"}
        check, because = decisive(self.verdict, self.checks), self.why.get("sentence")
        reasons = [check.reason]
        if because and check.name in ("c2st", "mmd", "coverage", "marginals", "within"):
            told_first = self.verdict is Verdict.FAIL and self.why.get("stands_out", True)
            reasons = [because, check.reason] if told_first else [check.reason, because]
        return f"{opening[self.verdict]}: {'; '.join(reasons)}"

    def __getitem__(self, name: str) -> CheckResult:
        """Return the check of that name."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(f"no check named {name!r}; there are {[check.name for check in self.checks]}")

    def told_of(self, unit: str) -> FidelityReport:
        """Return the same report on rows that are called something else, say cells."""
        sentence = {"sentence": in_unit(self.why["sentence"], unit)} if self.why.get("sentence") else {}
        return replace(
            self,
            checks=tuple(replace(check, reason=in_unit(check.reason, unit)) for check in self.checks),
            notes=tuple(in_unit(note, unit) for note in self.notes),
            why=self.why | sentence,
            unit=unit,
        )

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
        """Return plain JSON types, the headline among them, as ``fidelity/page/report.schema.json`` describes them."""
        values: dict[str, Any] = plain(asdict(self))
        return {"version": VERSION, "verdict": values.pop("verdict"), "headline": self.headline, **values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FidelityReport:
        """Give back what `to_dict` wrote.

        Raises
        ------
        DataError
            When it has another version.
        """
        if values.get("version", VERSION) != VERSION:
            raise DataError(f"the report is of version {values['version']}; this ganaug reads version {VERSION}")
        given = {name: value for name, value in values.items() if name not in ("version", "headline")}
        checks = tuple(CheckResult.from_dict(check) for check in given["checks"])
        lists = {name: tuple(given.get(name, ())) for name in ("stages", "notes")}
        return cls(**{**given, **lists, "verdict": Verdict(given["verdict"]), "checks": checks})

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=2)

    def to_html(self) -> str:
        """Return the report as one self-contained page: no script, no network."""
        from ganaug.fidelity.page.render import render

        return render(self)
