from __future__ import annotations

import pytest

from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.verdict import decisive, overall, p_fail


def check(effect: float, se: float, *, blocking: bool = True, name: str = "c2st", margin: float = 0.5) -> CheckResult:
    low, high = effect - 1.645 * se, effect + 1.645 * se
    return CheckResult(name, effect, low, high, margin, Rule(margin).decide(low, high), blocking, f"{name} {effect}")


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([check(0.1, 0.1), check(0.2, 0.1)], Verdict.PASS),
        ([check(0.1, 0.1), check(0.9, 0.1, blocking=False)], Verdict.WARN),
        ([check(0.1, 0.1), check(0.5, 0.1, blocking=False)], Verdict.PASS),
        ([check(0.1, 0.1), check(0.5, 0.1)], Verdict.INCONCLUSIVE),
        ([check(0.1, 0.1), check(0.9, 0.1), check(0.5, 0.1)], Verdict.FAIL),
    ],
)
def test_overall(checks: list[CheckResult], expected: Verdict) -> None:
    assert overall(checks) is expected
    assert decisive(expected, checks) in checks


def test_a_failure_at_the_five_percent_level_is_not_yet_a_refusal_among_many_checks() -> None:
    barely, clean = check(0.68, 0.1), check(0.1, 0.1)
    assert barely.verdict is Verdict.FAIL
    assert p_fail(barely) == pytest.approx(0.036, abs=0.001)
    assert overall([barely]) is Verdict.FAIL
    assert overall([barely, clean]) is Verdict.INCONCLUSIVE


def test_the_first_refusing_check_is_told_not_the_one_with_the_smallest_p() -> None:
    checks = [check(0.8, 0.05, name="levels"), check(0.9, 0.01, name="coverage")]
    assert decisive(Verdict.FAIL, checks).name == "levels"
