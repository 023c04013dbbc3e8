from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import clusters
from scipy.stats import hypergeom

from ganaug.fidelity import CheckResult, Verdict, levels
from ganaug.fidelity.checks.levels import chance_of_absence


def judge(real: pd.DataFrame, synthetic: pd.DataFrame, target: str | None = None) -> CheckResult:
    return levels(real, synthetic, target=target)


@pytest.mark.parametrize(("shown", "n", "m"), [(1, 10, 10), (5, 50, 20), (12, 60, 300)])
def test_the_chance_of_absence_is_hypergeometric(shown: int, n: int, m: int) -> None:
    assert chance_of_absence(shown, n, m) == pytest.approx(hypergeom(n + m, m, shown).pmf(0))


def test_a_dropped_class_is_named() -> None:
    synthetic = clusters(400, 1)
    result = judge(clusters(200, 0), synthetic[synthetic["kind"] != "cedar"], "kind")
    assert result.verdict is Verdict.FAIL
    assert result.reason.startswith("the class `cedar` of `kind` is never drawn (22 % of the real rows")
    assert result.effect > result.margin


def test_missing_values_that_never_come_are_named() -> None:
    result = judge(clusters(300, 0), clusters(300, 1).assign(mass=0.5), None)
    assert result.verdict is Verdict.FAIL
    assert "`mass` is never missing" in str(result.details["missed"]) or "mass" in result.reason


def test_a_level_too_rare_to_be_expected_is_not_held_against_anyone() -> None:
    real = pd.DataFrame({"kind": ["common"] * 194 + ["rare"] * 6})
    result = judge(real, pd.DataFrame({"kind": ["common"] * 200}))
    assert result.verdict is Verdict.FAIL  # 6 of 6 on one side: 1.5 %
    assert judge(real.iloc[1:-1], pd.DataFrame({"kind": ["common"] * 40})).verdict is Verdict.PASS


def test_real_rows_hardly_ever_fail() -> None:
    rng = np.random.default_rng(0)
    weights = 1 / np.arange(1, 101)
    draw = lambda: pd.DataFrame({"zipf": rng.choice(100, 300, p=weights / weights.sum()).astype(str)})  # noqa: E731
    assert sum(judge(draw(), draw()).verdict is Verdict.FAIL for _ in range(60)) <= 6


def test_the_values_of_a_numeric_target_are_no_classes() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(300, size=(2, 4000)) / 10.0
    real, drawn = (pd.DataFrame({"y": side, "kind": "a"}) for side in values)
    result = judge(real, drawn[drawn["y"] != real["y"].mode()[0]], target="y")
    assert result.verdict is Verdict.PASS
    assert result.details["levels_looked_for"] == 1
