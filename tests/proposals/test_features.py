from __future__ import annotations

import numpy as np

from ganaug.layout import Levels
from ganaug.proposals.features import MAX_CLASSES, MAX_PARENTS, features_for, outcome_of


def test_ordered_columns_are_learned_as_mid_ranks():
    codes = np.array([[0], [0], [1], [2]], dtype=np.int32)
    outcome = outcome_of(codes, Levels(np.array([3]), np.array([True])), 0, [])
    np.testing.assert_allclose(outcome, [0.25, 0.25, 0.625, 0.875])


def test_categories_are_classes_while_they_are_few():
    codes = np.arange(100, dtype=np.int32)[:, None]
    few = outcome_of(codes % MAX_CLASSES, Levels(np.array([MAX_CLASSES]), np.array([False])), 0, [])
    many = outcome_of(codes, Levels(np.array([100]), np.array([False])), 0, [])
    assert few.dtype.kind == "i"
    assert many.dtype.kind == "f"


def test_many_levels_are_learned_in_the_order_of_what_came_before():
    rng = np.random.default_rng(0)
    number = rng.integers(500, size=4000)
    shuffled = rng.permutation(100)
    codes = np.stack([number, shuffled[number // 5]], axis=1).astype(np.int32)
    outcome = outcome_of(codes, Levels(np.array([500, 100]), np.array([True, False])), 1, [0])
    assert abs(np.corrcoef(outcome, number)[0, 1]) > 0.99


def test_levels_lie_in_the_order_of_a_numeric_outcome():
    level = np.arange(300, dtype=np.int32) % 3
    outcome = np.array([0.5, 0.9, 0.1])[level]
    features = features_for(level[:, None], Levels(np.array([3]), np.array([False])), outcome, [0])
    assert np.argsort(features.values[0]).tolist() == [2, 0, 1]


def test_levels_of_one_class_lie_together():
    level = np.arange(400, dtype=np.int32) % 4
    outcome = np.array([1, 0, 1, 0], dtype=np.int32)[level]
    features = features_for(level[:, None], Levels(np.array([4]), np.array([False])), outcome, [0])
    values = features.values[0]
    assert min(values[0], values[2]) > max(values[1], values[3]) or max(values[0], values[2]) < min(values[[1, 3]])


def test_a_level_that_never_occurs_has_the_overall_mean():
    codes = np.array([[0], [2]] * 20, dtype=np.int32)
    outcome = np.array([0.0, 1.0] * 20)
    values = features_for(codes, Levels(np.array([3]), np.array([False])), outcome, [0]).values[0]
    assert values[1] == np.float32(0.5)


def test_of_many_columns_those_that_go_with_the_outcome_are_looked_at():
    rng = np.random.default_rng(0)
    codes = rng.integers(10, size=(500, 3 * MAX_PARENTS)).astype(np.int32)
    levels = Levels(np.full(3 * MAX_PARENTS, 10), np.ones(3 * MAX_PARENTS, dtype=bool))
    columns = features_for(codes, levels, codes[:, 7] / 10 + 0.01 * codes[:, 100], list(range(len(levels.ordered))))
    assert len(columns.columns) == MAX_PARENTS
    assert {7, 100} <= set(columns.columns.tolist())


def test_a_constant_column_says_nothing_and_breaks_nothing():
    codes = np.zeros((100, MAX_PARENTS + 2), dtype=np.int32)
    codes[:, 3] = np.arange(100)
    levels = Levels(np.full(codes.shape[1], 100), np.ones(codes.shape[1], dtype=bool))
    features = features_for(codes, levels, np.arange(100) / 100, list(range(codes.shape[1])))
    assert 3 in features.columns
    assert np.isfinite(features(codes)).all()
