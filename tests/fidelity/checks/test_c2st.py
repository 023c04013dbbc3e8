from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from ganaug.fidelity import CheckResult, Verdict, c2st, c2st_auc
from ganaug.fidelity.checks.c2st import c2st as check
from ganaug.fidelity.classifiers import equality
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.evidence.splits import splits
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.verdict import p_fail


@pytest.fixture(autouse=True)
def few_refits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "N_REFITS", 9)


def judge(real: np.ndarray, synthetic: np.ndarray, seed: int = 0) -> CheckResult:
    return c2st(pd.DataFrame(real), pd.DataFrame(synthetic), rng=seed)


@pytest.mark.parametrize("n", [100, 300])
def test_on_equal_distributions_the_limits_hold(n: int) -> None:
    """Of ten null problems a limit may miss .5 at most three times at the 5 % level (binomial 99 %)."""
    results = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        results.append(judge(rng.standard_normal((n, 4)), rng.standard_normal((n, 4)), seed))
    assert sum(result.low > 0.5 for result in results) <= 3
    assert sum(result.high < 0.5 for result in results) <= 3
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


def test_a_broken_correlation_is_seen_by_the_quadratic_model_and_a_smooth_bump_by_the_trees() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 1000))
    ring = np.stack([x, 0.8 * x + 0.6 * y], 1)
    turned = judge(ring[:500], ring[500:] * [1, -1])
    assert turned.verdict is Verdict.FAIL
    assert turned.details["classifier"] == "quadratic logistic"
    stripes = np.round(2 * x) / 2 + 0.05 * y
    striped = judge(x[:500, None], stripes[500:, None])
    assert striped.verdict is Verdict.FAIL
    assert striped.details["classifier"] == "boosted trees"
    assert striped.details["auc"]["quadratic logistic"] < 0.6


def test_the_worse_classifier_rules() -> None:
    rng = np.random.default_rng(1)
    result = judge(rng.standard_normal((200, 2)), rng.standard_normal((200, 2)) * 1.3)
    aucs, limits = result.details["auc"], result.details["limits"]
    assert result.effect == max(aucs.values()) == aucs[result.details["classifier"]]
    assert result.high == max(high for _, high in limits.values())
    assert result.low < max(low for low, _ in limits.values())
    assert np.mean(result.details["auc_of_each_split"]) == pytest.approx(result.effect)


def test_a_failure_and_its_p_value_agree() -> None:
    rng = np.random.default_rng(2)
    for shift in (0.6, 0.8, 1.0, 1.2):
        result = judge(rng.standard_normal((100, 1)), rng.standard_normal((100, 1)) + shift)
        assert (result.verdict is Verdict.FAIL) == (p_fail(result) <= result.alpha)


def test_number_formats_are_told_from_distributions() -> None:
    rng = np.random.default_rng(3)
    draw = lambda: np.round(rng.standard_normal((300, 2)) * 3)  # noqa: E731
    smeared = judge(draw(), draw() + 0.2 * rng.standard_normal((300, 2)))
    assert smeared.verdict is Verdict.FAIL
    assert smeared.details["auc_snapped"] < 0.6
    assert "mostly a matter of number formats: AUC" in smeared.reason
    shifted = judge(draw(), draw() + 3.0)
    assert shifted.verdict is Verdict.FAIL
    assert shifted.details["auc_snapped"] > 0.7
    assert "format" not in shifted.reason


def test_the_learning_curve_rises_and_the_roc_curve_has_the_area() -> None:
    rng = np.random.default_rng(4)
    result = judge(rng.standard_normal((800, 4)), rng.standard_normal((800, 4)) + 0.4)
    curve, roc = result.details["curve"], result.details["roc"]
    assert curve["rows"] == [50, 100, 200, 400]
    assert curve["auc"][-1] > curve["auc"][0]
    assert len(roc["fpr"]) == len(roc["tpr"]) <= 60
    assert (roc["fpr"][0], roc["tpr"][0], roc["fpr"][-1], roc["tpr"][-1]) == (0, 0, 1, 1)
    assert np.trapezoid(roc["tpr"], roc["fpr"]) == pytest.approx(result.details["auc_of_each_split"][0], abs=0.01)
    assert curve["auc"][-1] == pytest.approx(result.details["auc_of_each_split"][0])


def test_a_synthetic_set_twice_over_does_not_narrow_the_limits() -> None:
    rng = np.random.default_rng(5)
    real, synthetic = rng.standard_normal((300, 2)), rng.standard_normal((300, 2))
    once, twice = judge(real, synthetic), judge(real, np.repeat(synthetic, 2, axis=0))
    assert twice.verdict is once.verdict
    assert twice.high - twice.effect > 0.9 * (once.high - once.effect)


def test_the_details_are_plain_and_small() -> None:
    rng = np.random.default_rng(6)
    result = judge(rng.standard_normal((64, 2)), rng.standard_normal((64, 2)))
    text = json.dumps(result.details)
    assert len(text) < 6000
    assert 0 < result.details["p_equal"] <= 1


def test_a_cross_fitted_table_has_all_the_details_too() -> None:
    rng = np.random.default_rng(7)
    table, fold = pd.DataFrame(rng.standard_normal((100, 2))), np.arange(100) % 5
    folds = [(table[fold == k], pd.DataFrame(rng.standard_normal((100, 2))), table[fold != k]) for k in range(5)]
    result = check(gather(folds), Rule(0.65), rng)
    assert result.verdict is not Verdict.FAIL
    assert len(result.details["auc_of_each_split"]) == 3
    assert "p_leak" not in result.details
    assert 0.35 < result.details["auc_snapped"] < 0.65


@pytest.mark.parametrize(("shift", "low", "high"), [(0, 0.45, 0.55), (3, 0.95, 1)])
def test_the_quick_form_takes_level_numbers(shift: int, low: float, high: float) -> None:
    rng = np.random.default_rng(0)
    real, synthetic = rng.integers(0, 2000, (2, 600, 2)).astype(np.int32)
    synthetic[:, 1] += 1000 * shift
    categorical = np.array([True, False])
    auc = c2st_auc(real, synthetic, categorical, 0)
    assert low <= auc <= high
    assert auc == c2st_auc(real, synthetic, categorical, 0)
