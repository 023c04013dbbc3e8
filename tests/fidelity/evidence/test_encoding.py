from __future__ import annotations

import numpy as np

from ganaug.fidelity.evidence.encoding import for_distances, for_trees

NUMBER, CATEGORY = np.array([False]), np.array([True])


def distances(codes: list[float], categorical: np.ndarray) -> np.ndarray:
    points = for_distances(np.array(codes)[:, None], categorical).astype(float)
    return np.linalg.norm(points[:, None] - points, axis=2)


def test_two_categories_are_one_apart_and_so_are_the_ends_of_a_number() -> None:
    np.testing.assert_allclose(distances([0, 1, 2], CATEGORY), 1 - np.eye(3), atol=1e-6)
    assert 0.99 < distances(list(range(1000)), NUMBER).max() < 1


def test_missing_is_a_place_of_its_own() -> None:
    assert distances([0, 1, np.nan], CATEGORY)[2, :2].min() > 0.99
    assert distances([0, 1, 2, np.nan], NUMBER)[3, :3].min() >= 0.7


def test_trees_see_at_most_255_levels_and_the_missing_ones() -> None:
    seen = for_trees(np.array([[0.0, 999.0], [999.0, 999.0], [np.nan, np.nan]]), np.array([True, False]))
    np.testing.assert_array_equal(seen, [[0, 999], [254, 999], [np.nan, np.nan]])
