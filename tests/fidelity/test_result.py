from __future__ import annotations

import json

import numpy as np
import pytest

from ganaug.errors import FidelityError
from ganaug.fidelity import CheckResult, FidelityReport, Verdict


def report(verdict: Verdict = Verdict.FAIL) -> FidelityReport:
    levels = CheckResult(
        "levels",
        0.12,
        None,
        float("nan"),
        0.02,
        verdict,
        True,
        "`sex` never shows `Other`",
        details={"p_fail": np.float64(0)},
    )
    stages = ({"stage": "trees", "v_auc": float("inf"), "kept": np.True_},)
    return FidelityReport(verdict, (levels,), "standard", 100, 200, {"synthetic": "ab"}, stages, ("said",), {"seed": 1})


def test_json_has_no_nan_and_comes_back() -> None:
    values = json.loads(report().to_json())
    assert values["checks"][0]["high"] is None
    assert values["stages"] == [{"stage": "trees", "v_auc": None, "kept": True}]
    assert values["headline"] == "refused: `sex` never shows `Other`"
    again = FidelityReport.from_dict(values)
    assert again.to_dict() == values
    assert again.checks[0].verdict is Verdict.FAIL


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE])
def test_a_refusal_is_raised_with_its_report(verdict: Verdict) -> None:
    with pytest.raises(FidelityError, match="never shows") as caught:
        report(verdict).raise_for_verdict()
    assert caught.value.report.verdict is verdict


def test_a_pass_is_silent() -> None:
    report(Verdict.PASS).raise_for_verdict()


def test_checks_are_found_by_name() -> None:
    assert report()["levels"].effect == 0.12
    with pytest.raises(KeyError, match=r"no check named 'mmd'; there are \['levels'\]"):
        report()["mmd"]
    assert report().to_frame().loc["levels", "margin"] == 0.02


@pytest.mark.parametrize(
    ("name", "verdict", "why", "headline"),
    [
        ("c2st", Verdict.FAIL, {}, "refused: `x` gives it away; AUC .91"),
        ("within", Verdict.FAIL, {}, "refused: `x` gives it away; AUC .91"),
        ("levels", Verdict.FAIL, {}, "refused: AUC .91"),
        ("c2st", Verdict.FAIL, {"stands_out": False}, "refused: AUC .91; `x` gives it away"),
        ("c2st", Verdict.INCONCLUSIVE, {}, "undecided: AUC .91; `x` gives it away"),
    ],
)
def test_a_refusal_says_first_what_gives_the_rows_away(name: str, verdict: Verdict, why: dict, headline: str) -> None:
    check = CheckResult(name, 0.91, 0.88, 0.94, 0.65, verdict, True, "AUC .91")
    why = {"sentence": "`x` gives it away", **why}
    assert FidelityReport(verdict, (check,), "standard", 1, 1, {}, why=why).headline == headline
