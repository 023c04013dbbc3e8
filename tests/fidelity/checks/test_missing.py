from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import clusters

from ganaug.fidelity.checks.missing import missing
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.verdict import p_fail


def judge(real: pd.DataFrame, synthetic: pd.DataFrame) -> CheckResult:
    return missing(gather([(real, synthetic, None)]), Rule(0.1), np.random.default_rng(0))


def with_gaps(n: int, rates: list[float], seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({f"x{j}": np.where(rng.random(n) < rate, np.nan, 1.0) for j, rate in enumerate(rates)})


@pytest.mark.parametrize(("rate", "reason"), [(0.5, "in 50 % of"), (0.0, "in 0 % of")])
def test_a_changed_rate_is_named_up_or_down(rate: float, reason: str) -> None:
    synthetic = with_gaps(1000, [0.25, rate], 1)
    result = judge(with_gaps(500, [0.25, 0.25], 0), synthetic)
    assert result.verdict is Verdict.FAIL
    assert result.effect == pytest.approx(0.25, abs=0.06)
    assert result.reason.startswith("`x1` is missing")
    assert p_fail(result) < 0.01


def test_real_rows_hardly_ever_fail_and_mostly_pass_where_they_can() -> None:
    rates = [0.0, 0.02, 0.1, 0.3, 0.5]
    results = [judge(with_gaps(500, rates, seed), with_gaps(1500, rates, 100 + seed)) for seed in range(60)]
    assert all(result.blocking for result in results)
    assert sum(result.verdict is Verdict.PASS for result in results) >= 50
    assert not any(result.low > 0.1 for result in results)
    assert not judge(with_gaps(100, rates, 0), with_gaps(100, rates, 1)).blocking


def test_a_rate_at_the_margin_passes_and_fails_at_the_level() -> None:
    results = [judge(with_gaps(400, [0.2], seed), with_gaps(800, [0.3], 1000 + seed)) for seed in range(200)]
    assert np.mean([result.verdict is Verdict.PASS for result in results]) <= 0.1
    assert np.mean([p_fail(result) <= 0.05 for result in results]) <= 0.1
    assert all((result.verdict is Verdict.FAIL) == (p_fail(result) < 0.05) for result in results)


def test_where_nothing_is_missing_nothing_is_said_of_it() -> None:
    table = clusters(200, 0).drop(columns="mass")
    result = judge(table, table)
    assert result.verdict is Verdict.PASS
    assert result.reason == "nothing is missing on either side"


def test_rows_that_are_all_there_twice_are_no_more_draws() -> None:
    rng = np.random.default_rng(5)
    real, synthetic = (
        pd.DataFrame({"x": rng.standard_normal(300), "y": rng.standard_normal(300)}).where(rng.random((300, 2)) < 0.8)
        for _ in range(2)
    )
    once, twice = judge(real, synthetic), judge(real, pd.concat([synthetic, synthetic]))
    assert (twice.effect, twice.low, twice.high) == pytest.approx((once.effect, once.low, once.high), abs=0.002)
    # where real rows repeat each other, so may the synthetic ones
    few = [pd.DataFrame({"x": rng.choice([0, 1, np.nan], n)}) for n in (300, 300, 600)]
    assert judge(few[0], few[2]).high < judge(few[0], few[1]).high + 0.05
