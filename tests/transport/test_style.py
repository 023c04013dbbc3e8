from __future__ import annotations

import numpy as np

from ganaug.transport.style import Roles, batch_means, mean_noise, shrinkage


def test_missing_values_count_for_nothing() -> None:
    means, counts = batch_means(np.array([[1.0, np.nan], [3.0, 5.0]]), np.array([[1.0, 0.0], [1.0, 1.0]]))
    assert means.tolist() == [[2.0, 5.0], [3.0, 5.0]]
    assert counts.tolist() == [[2.0, 1.0], [1.0, 1.0]]


def test_a_batch_is_taught_by_its_learners_alone() -> None:
    roles = Roles(np.array([0, 0, 1]), 2, np.array([True, False, True]), np.ones(3, dtype=bool))
    assert roles.of_batches().tolist() == [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]


def test_chance_is_hardly_ever_undone() -> None:
    rng = np.random.default_rng(0)
    noise = np.full((40, 200), 0.1)
    square = noise * rng.chisquare(6, size=(40, 200)) / 6
    undone = shrinkage(square, noise, np.ones_like(noise), 6.0).max(axis=0) > 0
    assert undone.mean() < 0.06


def test_large_differences_are_undone_and_badly_known_ones_less() -> None:
    noise = np.array([[0.01], [1.0]])
    kept = shrinkage(np.full((2, 1), 25.0), noise, np.ones_like(noise), 5.0)
    assert kept[0, 0] > 0.99
    assert 0.9 < kept[1, 0] < kept[0, 0]


def test_a_mean_is_as_uncertain_as_its_known_values_are_few() -> None:
    known = np.ones((200, 2), dtype=bool)
    known[:, 1] = np.arange(200) % 10 == 0
    noise = mean_noise(known, Roles.common(np.repeat([0, 1], 100)))
    # that of half the difference of two means: 1 / (2 n)
    np.testing.assert_allclose(noise, [[0.005, 0.05]] * 2)
