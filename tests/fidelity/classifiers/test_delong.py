from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from ganaug.fidelity.classifiers.delong import Scored, auc_of, combined_auc, delong_auc


def brute_force(real: np.ndarray, synthetic: np.ndarray) -> tuple[float, float]:
    """DeLong's structural components, pair by pair."""
    wins = (real[:, None] > synthetic) + 0.5 * (real[:, None] == synthetic)
    by_real, by_synthetic = wins.mean(1), wins.mean(0)
    return wins.mean(), by_real.var(ddof=1) / len(real) + by_synthetic.var(ddof=1) / len(synthetic)


def scored(real: np.ndarray, synthetic: np.ndarray) -> Scored:
    rows = np.arange(len(real) + len(synthetic))
    return Scored(rows[: len(real)], rows[len(real) :], real, synthetic)


def test_delong_is_the_variance_of_the_placements() -> None:
    rng = np.random.default_rng(0)
    real, synthetic = rng.integers(0, 9, 40) + 1.0, rng.integers(0, 9, 30) + 0.0
    assert delong_auc(real, synthetic) == pytest.approx(brute_force(real, synthetic))


def test_delong_of_the_mann_whitney_example_of_hanley_and_mcneil() -> None:
    """CT images rated 1 to 5, 51 abnormal and 58 normal ones (doi:10.1148/radiology.143.1.7063747)."""
    normal, abnormal = np.repeat(np.arange(1.0, 6), [33, 6, 6, 11, 2]), np.repeat(np.arange(1.0, 6), [3, 2, 2, 11, 33])
    auc, variance = delong_auc(abnormal, normal)
    assert auc == pytest.approx(0.893, abs=5e-4)
    assert variance**0.5 == pytest.approx(0.0307, abs=1e-3)


def test_delong_limits_cover_the_closed_form() -> None:
    truth, rng = norm.cdf(1 / np.sqrt(2)), np.random.default_rng(1)
    found = [delong_auc(rng.standard_normal(300) + 1, rng.standard_normal(300)) for _ in range(2000)]
    z = np.array([(auc - truth) / variance**0.5 for auc, variance in found])
    assert np.mean(z > 1.645) == pytest.approx(0.05, abs=0.015)
    assert np.mean(z < -1.645) == pytest.approx(0.05, abs=0.015)


def test_a_single_split_has_the_variance_of_delong() -> None:
    rng = np.random.default_rng(2)
    one = scored(rng.standard_normal(40) + 1, rng.standard_normal(30))
    assert combined_auc([[one]], np.arange(70)) == pytest.approx(delong_auc(one.of_real, one.of_synthetic))


def test_separate_folds_are_averaged_by_their_real_rows() -> None:
    rng = np.random.default_rng(3)
    parts = [scored(rng.standard_normal(n) + 1, rng.standard_normal(30)) for n in (20, 60)]
    parts[1] = parts[1]._replace(real=parts[1].real + 50, synthetic=parts[1].synthetic + 50)
    each = [delong_auc(part.of_real, part.of_synthetic) for part in parts]
    auc, variance = combined_auc([parts], np.arange(140))
    assert auc == auc_of(parts) == pytest.approx(0.25 * each[0].value + 0.75 * each[1].value)
    assert variance == pytest.approx(0.0625 * each[0].variance + 0.5625 * each[1].variance)


def test_rows_that_are_all_there_twice_count_once() -> None:
    rng = np.random.default_rng(4)
    one = scored(rng.standard_normal(40) + 1, rng.standard_normal(40))
    twice = scored(np.repeat(one.of_real, 2), np.repeat(one.of_synthetic, 2))
    alone, together = combined_auc([[one]], np.arange(80)), combined_auc([[twice]], np.arange(160) // 2)
    assert together.value == pytest.approx(alone.value)
    assert together.variance == pytest.approx(alone.variance, rel=0.03)


@pytest.mark.parametrize("n_groups", [2, 5])
def test_few_groups_have_their_variance_too(n_groups: int) -> None:
    """Real rows of groups that differ, held against a fixed set of synthetic ones."""
    rng, found = np.random.default_rng(6), []
    units = np.concatenate([np.repeat(np.arange(n_groups), 20), n_groups + np.arange(200)])
    for _ in range(1500):
        real = np.repeat(rng.standard_normal(n_groups), 20) + 0.1 * rng.standard_normal(20 * n_groups)
        found.append(combined_auc([[scored(real, norm.ppf((np.arange(200) + 0.5) / 200))]], units))
    aucs, variances = np.array(found).T
    assert variances.mean() == pytest.approx(aucs.var(), rel=0.15)


@pytest.mark.parametrize("n_donors", [1, 2])
def test_a_single_group_never_has_narrow_limits(n_donors: int) -> None:
    rng = np.random.default_rng(7)
    one = scored(rng.standard_normal(40) + 0.5, rng.standard_normal(40))
    donor = np.repeat(np.arange(2), 40) % n_donors
    assert combined_auc([[one]], donor).variance == 0.25
    alone = scored(one.of_real[:1], one.of_synthetic)
    assert combined_auc([[alone]], np.arange(41)).variance == 0.25


def test_one_row_over_and_over_has_no_spread() -> None:
    one = scored(np.arange(40.0), np.full(40, -1.0))
    assert combined_auc([[one]], np.minimum(np.arange(80), 40)) == (1, 0)


def test_limits_of_the_mean_over_splits_hold_for_a_classifier_that_learned_from_noise() -> None:
    """The difference of the means as classifier, on halves of twice 100 rows; of 300 tables 6 to 25 may miss (99 %)."""
    rng, missed = np.random.default_rng(5), np.zeros(2)
    is_real = np.arange(200) < 100
    for _ in range(300):
        rows, splits = rng.standard_normal((200, 5)), []
        for _ in range(7):
            test = np.concatenate([rng.permutation(100) < 50, rng.permutation(100) < 50])
            real, synthetic = np.flatnonzero(test & is_real), np.flatnonzero(test & ~is_real)
            weights = rows[~test & is_real].mean(0) - rows[~test & ~is_real].mean(0)
            splits.append([Scored(real, synthetic, rows[real] @ weights, rows[synthetic] @ weights)])
        auc, variance = combined_auc(splits, np.arange(200))
        missed += [auc - 1.645 * variance**0.5 > 0.5, auc + 1.645 * variance**0.5 < 0.5]
    assert all(6 <= n <= 25 for n in missed)
