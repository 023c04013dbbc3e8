from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from ganaug.fidelity import CheckResult, Verdict, c2st, c2st_auc
from ganaug.fidelity.checks.c2st import delong_auc
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.evidence.splits import splits


def judge(real: np.ndarray, synthetic: np.ndarray, seed: int = 0) -> CheckResult:
    return c2st(pd.DataFrame(real), pd.DataFrame(synthetic), rng=seed)


def test_delong_is_the_variance_of_the_placements() -> None:
    rng = np.random.default_rng(0)
    real, synthetic = rng.integers(0, 9, 40) + 1.0, rng.integers(0, 9, 30) + 0.0
    wins = (real[:, None] > synthetic) + 0.5 * (real[:, None] == synthetic)
    auc, variance = delong_auc(real, synthetic)
    assert auc == pytest.approx(wins.mean())
    assert variance == pytest.approx(wins.mean(1).var(ddof=1) / 40 + wins.mean(0).var(ddof=1) / 30)


def test_delong_limits_cover_the_closed_form() -> None:
    truth, rng = norm.cdf(1 / np.sqrt(2)), np.random.default_rng(1)
    found = [delong_auc(rng.standard_normal(300) + 1, rng.standard_normal(300)) for _ in range(2000)]
    z = np.array([(auc - truth) / variance**0.5 for auc, variance in found])
    assert np.mean(z > 1.645) == pytest.approx(0.05, abs=0.015)
    assert np.mean(z < -1.645) == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("n", [100, 300])
def test_on_equal_distributions_the_limits_hold(n: int) -> None:
    """Of 20 null problems a limit may miss .5 at most four times at the 5 % level (binomial 99 %)."""
    results = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        results.append(judge(rng.standard_normal((n, 4)), rng.standard_normal((n, 4)), seed))
    assert sum(result.low > 0.5 for result in results) <= 4
    assert sum(result.high < 0.5 for result in results) <= 4
    assert not any(result.verdict is Verdict.FAIL for result in results)
    if n == 300:
        assert all(result.verdict is Verdict.PASS for result in results)


@pytest.mark.parametrize("delta", [1.0, 2.0])
def test_a_planted_shift_is_found_nearly_as_well_as_it_can_be(delta: float) -> None:
    rng = np.random.default_rng(0)
    shift = delta * np.array([1, 0, 0])
    result = judge(rng.standard_normal((2000, 3)), rng.standard_normal((2000, 3)) + shift)
    best = norm.cdf(delta / np.sqrt(2))
    assert result.verdict is Verdict.FAIL
    assert best - 0.06 < result.effect < best + 0.01


def test_independent_columns_are_refused_however_right_each_one_is() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 400))
    real, synthetic = np.stack([x, x + 0.3 * y], 1), np.stack([rng.permutation(x), x + 0.3 * y], 1)
    result = judge(real[:200], synthetic[200:])
    assert result.verdict is Verdict.FAIL


def test_identical_rows_stay_on_one_side() -> None:
    rng = np.random.default_rng(0)
    twice = np.repeat(rng.standard_normal((100, 3)), 2, axis=0)
    evidence = gather([(pd.DataFrame(rng.standard_normal((100, 3))), pd.DataFrame(twice), None)])
    for [(train, test)] in splits(evidence, rng):
        rows = evidence.pooled
        assert not {*map(tuple, rows[train])} & {*map(tuple, rows[test])}


def test_rows_that_all_repeat_can_still_be_told_apart() -> None:
    rng = np.random.default_rng(0)
    real = rng.integers(0, 2, (300, 1)) * np.ones((1, 2))
    assert judge(real, rng.integers(0, 2, (300, 2)).astype(float)).verdict is Verdict.FAIL
    assert judge(real[:150], np.ones((150, 2))).verdict is Verdict.FAIL


def test_folds_do_not_take_copies_for_fidelity() -> None:
    """The classifier of a fold never learns from synthetic rows whose generator has seen the rows it is tested on."""
    rng = np.random.default_rng(0)
    table, fold = pd.DataFrame(rng.standard_normal((100, 2))), np.arange(100) % 5
    folds = [(table[fold == k], table[fold != k].sample(100, replace=True, random_state=k), None) for k in range(5)]
    evidence = gather(folds)
    for split in splits(evidence, rng):
        for k, (train, test) in enumerate(split):
            assert set(evidence.fold[test]) == {k}
            assert set(evidence.fold[train][~evidence.is_real[train]]) == {k}
            assert k not in evidence.fold[train][evidence.is_real[train]]
            assert not set(train) & set(test)


def test_groups_stay_on_one_side() -> None:
    rng = np.random.default_rng(0)
    draw = lambda: pd.DataFrame({"x": rng.standard_normal(200), "donor": np.arange(200) % 10})  # noqa: E731
    evidence = gather([(draw(), draw(), None)], group="donor")
    assert evidence.names == ("x",)
    for [(train, test)] in splits(evidence, rng):
        assert not set(evidence.groups[train]) & set(evidence.groups[test])


@pytest.mark.parametrize(("shift", "low", "high"), [(0, 0.45, 0.55), (3, 0.95, 1)])
def test_the_quick_form_takes_level_numbers(shift: int, low: float, high: float) -> None:
    rng = np.random.default_rng(0)
    real, synthetic = rng.integers(0, 2000, (2, 600, 2)).astype(np.int32)
    synthetic[:, 1] += 1000 * shift
    categorical = np.array([True, False])
    auc = c2st_auc(real, synthetic, categorical, 0)
    assert low <= auc <= high
    assert auc == c2st_auc(real, synthetic, categorical, 0)
