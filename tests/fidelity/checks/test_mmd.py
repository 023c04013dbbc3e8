from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from problems import clusters, shuffled

from ganaug.fidelity import CheckResult, Verdict, mmd
from ganaug.fidelity.kernels.comparison import Compared, p_of_maximum
from ganaug.fidelity.kernels.exact import Pulls


def judge(real: pd.DataFrame, synthetic: pd.DataFrame, margin: float = 0.25, seed: int = 0) -> CheckResult:
    return mmd(real, synthetic, margin=margin, rng=seed)


def test_the_ratio_is_nought_for_real_rows_and_one_for_independent_columns() -> None:
    real = clusters(600, 0)
    same, apart = judge(real, clusters(600, 1)), judge(real, shuffled(clusters(600, 2), 600, 3))
    assert same.verdict is Verdict.PASS
    assert same.effect == pytest.approx(0, abs=0.15)
    assert apart.verdict is Verdict.FAIL
    assert apart.effect == pytest.approx(1, abs=0.3)
    assert apart.details["p_equal"] == apart.details["gretton"]["p"] == 1 / 1000


def test_permutation_p_values_are_uniform_under_equality() -> None:
    found = [judge(clusters(50, seed), clusters(50, 1000 + seed)).details for seed in range(60)]
    for p in np.array([[details["p_equal"], details["gretton"]["p"]] for details in found]).T:
        assert 0.35 < p.mean() < 0.65
        assert np.mean(p <= 0.1) <= 0.22


def test_p_values_of_donors_are_uniform_where_donors_differ() -> None:
    p = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        donor = np.repeat(np.arange(16), 8)
        x = rng.standard_normal((16, 2))[donor] + 0.3 * rng.standard_normal((128, 2))
        table = pd.DataFrame(x, columns=["x", "y"]).assign(donor=[f"donor {k}" for k in donor])
        p.append(mmd(table[:64], table[64:], group="donor").details["p_equal"])
    assert np.mean(np.array(p) <= 0.1) <= 0.25
    assert np.mean(p) > 0.35


def test_many_rows_are_told_by_features_as_few_are_exactly() -> None:
    real = clusters(2600, 0)
    half = pd.concat([clusters(1300, 1), shuffled(real, 1300, 2)])
    exact, many = judge(real[:900], half.sample(1000, random_state=0)), judge(real, half)
    assert exact.details["exact"]
    assert not many.details["exact"]
    assert many.effect == pytest.approx(exact.effect, abs=0.1)
    assert many.details["mmd2_of_shuffled_columns"] == pytest.approx(
        exact.details["mmd2_of_shuffled_columns"], rel=0.25
    )


def test_the_order_of_rows_and_columns_does_not_matter() -> None:
    real, synthetic = clusters(150, 0), clusters(200, 1)
    found = judge(real, synthetic)
    again = judge(real[::-1], synthetic.sample(frac=1, random_state=0)[real.columns[::-1]], seed=1)
    assert again.details["mmd2"] == pytest.approx(found.details["mmd2"], abs=1e-6)
    assert again.details["p_equal"] == pytest.approx(found.details["p_equal"], abs=0.08)
    assert again.verdict is found.verdict


def test_a_synthetic_table_twice_over_is_as_far_away() -> None:
    real, synthetic = clusters(400, 0), shuffled(clusters(400, 1), 400, 2)
    once, twice = judge(real, synthetic), judge(real, pd.concat([synthetic, synthetic]))
    assert twice.effect == pytest.approx(once.effect, rel=0.2)
    assert once.verdict is twice.verdict is Verdict.FAIL


def test_where_columns_are_independent_there_is_no_yardstick_and_no_veto() -> None:
    rng = np.random.default_rng(0)
    real, synthetic = (pd.DataFrame(rng.standard_normal((200, 3))) for _ in range(2))
    result = judge(real, synthetic)
    assert not result.blocking
    assert "yardstick" in result.reason or result.verdict is not Verdict.FAIL


def test_one_lone_column_has_no_yardstick() -> None:
    rng = np.random.default_rng(0)
    result = judge(*(pd.DataFrame({"x": rng.standard_normal(100)}) for _ in range(2)))
    assert result.effect is None
    assert result.details["p_equal"] > 1 / 1000


def test_the_maximum_is_over_kernels_on_one_scale() -> None:
    rng = np.random.default_rng(0)
    null = rng.standard_normal((2, 500))
    values = np.column_stack([[0.0, 6.0], null])
    p, kernel = p_of_maximum(values * np.array([[100.0], [1e-6]]))
    assert (p, kernel) == (1 / 501, 1)


@pytest.mark.parametrize("length", [0.0, 0.5, 1.0, 3.0])
def test_limits_hold_the_truth_whatever_its_size(length: float) -> None:
    # T = |d + e|^2 - E|e|^2 in six dimensions of unequal spread; normal limits miss it in a quarter of samples
    rng, spread = np.random.default_rng(0), np.array([1.0, 0.7, 0.5, 0.5, 0.3, 0.3])
    chance = rng.standard_normal((1000, 6)) * spread
    draws = []
    for _ in range(1000):
        seen = np.array([length, 0, 0, 0, 0, 0]) + rng.standard_normal(6) * spread
        values = np.r_[seen @ seen, (chance**2).sum(axis=1)] - (spread**2).sum()
        found = Compared(np.tile(values, (5, 1)), Pulls(chance @ seen, float(seen @ seen)))
        draws.append(np.quantile(found.truths(), [0.05, 0.95]))
    low, high = np.array(draws).T
    assert np.mean(low <= length**2) > 0.93
    assert np.mean(high >= length**2) > 0.93


@pytest.mark.parametrize(("n", "m", "shift"), [(40, 40, 0.1), (30, 60, 0.3)])
def test_p_agrees_with_hyppo(n: int, m: int, shift: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ksample = pytest.importorskip("hyppo.ksample")
        rng = np.random.default_rng(3)
        pooled = rng.standard_normal((n + m, 2)).round(3)
        pooled[n:, 1] += shift
        tables = [pd.DataFrame(rows, columns=["x", "y"]) for rows in (pooled[:n], pooled[n:])]
        ours = judge(*tables).details["gretton"]["p"]
        ranks = pd.DataFrame(pooled).rank().to_numpy() / (n + m)
        theirs = ksample.MMD().test(ranks[:n], ranks[n:], reps=4000, auto=False, random_state=0).pvalue
    assert ours == pytest.approx(theirs, abs=4 * (theirs * (1 - theirs) * (1 / 999 + 1 / 4000)) ** 0.5 + 0.002)
