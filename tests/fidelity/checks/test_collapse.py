from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import clusters

from ganaug.fidelity.checks.collapse import collapse
from ganaug.fidelity.checks.coverage import coverage
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule


def judge(synthetic: pd.DataFrame, n: int = 400, seed: int = 0, train: pd.DataFrame | None = None) -> CheckResult:
    looked_at = gather([(clusters(n, seed), synthetic, train)])
    return collapse(looked_at, Rule(0.15), np.random.default_rng(seed))


@pytest.mark.parametrize("train", [None, clusters(500, 99)])
def test_real_rows_are_not_flagged_and_p_values_are_uniform(train: pd.DataFrame | None) -> None:
    results = [judge(clusters(300, 1000 + seed), 200, seed, train) for seed in range(60)]
    p = np.array([result.details["p_equal"] for result in results])
    assert {result.verdict for result in results} == {Verdict.PASS}
    assert 2 / 60 <= np.mean(p <= 0.2) <= 22 / 60
    assert np.mean([result.details["regions_that_differ"] for result in results]) < 1


def test_a_collapse_to_one_cluster_is_flagged_with_its_share() -> None:
    synthetic = clusters(1500, 1)
    result = judge(synthetic[synthetic["kind"] == "ash"].head(600))
    assert result.verdict is Verdict.WARN
    assert not result.blocking
    assert result.low <= 0.5 <= result.high
    assert result.details["p_equal"] == pytest.approx(0, abs=0.01)
    assert "regions differ" in result.reason
    real, drawn = result.details["real_and_synthetic_shares"][0]
    assert real > drawn  # the most neglected region comes first


def test_a_few_rows_again_and_again_show_nothing_new() -> None:
    numbers = lambda n, seed: pd.DataFrame(np.random.default_rng(seed).normal(size=(n, 12)))  # noqa: E731
    few = numbers(60, 1).sample(800, replace=True, random_state=0)
    looked_at = gather([(numbers(500, 0), few, None)])
    result = collapse(looked_at, Rule(0.15), np.random.default_rng(0))
    assert result.verdict is Verdict.WARN
    assert result.reason.startswith("a further row shows something new with chance .0")
    assert result.details["new_pattern_real"] > 0.8


def test_the_chance_of_a_new_pattern_is_that_of_good_and_turing() -> None:
    rng = np.random.default_rng(0)
    draw = lambda n: pd.DataFrame({"zipf": rng.zipf(1.6, n).clip(max=10**6).astype(str)})  # noqa: E731
    estimates, truths = [], []
    for _ in range(30):
        real = draw(400)
        looked_at = gather([(real, draw(400), None)])
        estimates.append(collapse(looked_at, Rule(0.15), rng).details["new_pattern_real"])
        truths.append(np.mean(~draw(2000)["zipf"].isin(real["zipf"])))
    assert np.mean(estimates) == pytest.approx(np.mean(truths), abs=0.02)


def test_density_is_one_for_real_rows_and_falls_where_rows_lie_apart_or_in_one_place() -> None:
    rng = np.random.default_rng(0)
    draw = lambda n, scale: pd.DataFrame(scale * rng.normal(size=(n, 3)))  # noqa: E731

    def density(scale: float) -> float:
        looked_at = gather([(draw(300, 1), draw(300, scale), None)])
        return float(coverage(looked_at, Rule(0.15), rng).details["density"])

    assert np.mean([density(1.0) for _ in range(20)]) == pytest.approx(1, abs=0.04)
    assert density(0.2) < 0.8
    assert density(2.0) < 0.8


def test_rows_of_groups_have_no_p_value_and_missing_columns_no_median() -> None:
    real, synthetic = clusters(200, 0).assign(plate="a", none=np.nan), clusters(300, 1).assign(plate="b", none=np.nan)
    looked_at = gather([(real, synthetic, None)], group="plate")
    result = collapse(looked_at, Rule(0.15), np.random.default_rng(0))
    assert "p_equal" not in result.details
    assert result.verdict is Verdict.PASS


def test_folds_are_binned_one_by_one() -> None:
    folds = [(clusters(100, k), clusters(300, 10 + k), clusters(200, 20 + k)) for k in range(3)]
    result = collapse(gather(folds), Rule(0.15), np.random.default_rng(0))
    assert result.verdict is Verdict.PASS
    assert result.details["regions"] == 30
