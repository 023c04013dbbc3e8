from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ganaug.fidelity.classifiers.logistic import MOST_FEATURES, QuadraticFeatures, fit_quadratic


def codes_of(rows: np.ndarray) -> np.ndarray:
    return rows.argsort(0).argsort(0).astype(float)


def auc(codes: np.ndarray, categorical: np.ndarray, is_real: np.ndarray) -> float:
    """On the second half of the rows, by the first."""
    features, half = QuadraticFeatures(codes, categorical), len(codes) // 2
    model = fit_quadratic(features(codes[:half]), is_real[:half])
    return float(roc_auc_score(is_real[half:], model.decision_function(features(codes[half:]))))


def test_a_broken_correlation_and_a_wider_spread_are_seen() -> None:
    rng = np.random.default_rng(0)
    rows, is_real = rng.standard_normal((2000, 2)), rng.random(2000) < 0.5
    correlated = np.where(is_real[:, None], np.stack([rows[:, 0], rows.sum(1)], 1), rows * [1, 2**0.5])
    wide = np.where(is_real[:, None], rows, 2 * rows)
    for changed in (correlated, wide):
        assert auc(codes_of(changed), np.zeros(2, bool), is_real) > 0.65
    assert auc(codes_of(rows), np.zeros(2, bool), is_real) == pytest.approx(0.5, abs=0.05)


def test_missing_values_and_categories_are_seen() -> None:
    rng = np.random.default_rng(1)
    is_real = rng.random(1000) < 0.5
    number, level = rng.permutation(1000.0 * np.arange(1000)) / 1000, rng.integers(3, size=1000).astype(float)
    missing = np.where(rng.random(1000) < 0.1 + 0.4 * is_real, np.nan, number)
    shifted = np.where(is_real & (rng.random(1000) < 0.7), 2.0, level)
    categorical = np.array([False, True])
    assert auc(np.stack([missing, level], 1), categorical, is_real) > 0.62
    assert auc(np.stack([number, shifted], 1), categorical, is_real) > 0.62


def test_a_monotone_change_of_a_number_changes_nothing_and_features_are_standardised() -> None:
    rng = np.random.default_rng(2)
    codes = codes_of(rng.standard_normal((500, 4)))
    features = QuadraticFeatures(codes, np.zeros(4, bool))(codes)
    assert features.shape == (500, 14)
    np.testing.assert_allclose(features.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(features.std(0), 1)


@pytest.mark.parametrize("n_columns", [30, 400])
def test_features_are_bounded_in_number(n_columns: int) -> None:
    codes = codes_of(np.random.default_rng(3).standard_normal((100, n_columns)))
    assert QuadraticFeatures(codes, np.zeros(n_columns, bool))(codes).shape[1] <= MOST_FEATURES


def test_the_pairs_that_go_together_come_first() -> None:
    rng = np.random.default_rng(4)
    rows = rng.standard_normal((300, 60))
    rows[:, 59] = rows[:, 0] + 0.1 * rows[:, 59]
    features = QuadraticFeatures(codes_of(rows), np.zeros(60, bool))
    assert {0, 59} in [{features._plain[i].column, features._plain[j].column} for i, j in features._pairs.T]


def test_columns_without_any_information_are_no_hindrance() -> None:
    codes = np.stack([np.full(50, np.nan), np.zeros(50)], 1)
    for categorical in (np.zeros(2, bool), np.ones(2, bool)):
        assert QuadraticFeatures(codes, categorical)(codes).shape == (50, 0)


def test_without_features_all_rows_score_alike() -> None:
    model = fit_quadratic(np.empty((4, 0)), np.array([True, False, True, False]))
    assert model.decision_function(np.empty((3, 0))).tolist() == [0, 0, 0]
