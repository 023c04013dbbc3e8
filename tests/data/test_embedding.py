from __future__ import annotations

import numpy as np

from ganaug.data.embedding import WIDTH, embed_levels


def test_levels_that_keep_the_same_company_lie_close():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 100, 20_000)
    half = level % 2
    codes = np.column_stack([level, half, np.where(rng.random(20_000) < 0.1, rng.integers(0, 50, 20_000), half * 40)])
    points = embed_levels(codes, 0, np.array([100, 2, 50]), np.array([False, False, True]), rng)
    even, odd = points[::2, 0], points[1::2, 0]
    assert abs(even.mean() - odd.mean()) > 3 * (even.std() + odd.std())


def test_no_two_levels_coincide_even_without_company():
    rng = np.random.default_rng(0)
    for codes in (np.arange(500)[:, None], np.zeros((500, 1), dtype=int), np.zeros((0, 1), dtype=int)):
        points = embed_levels(codes, 0, np.array([500]), np.array([False]), rng)
        assert points.shape == (500, WIDTH)
        assert len(np.unique(points, axis=0)) == 500


def test_same_seed_same_points():
    codes = np.random.default_rng(0).integers(0, 70, (400, 80))
    cardinality, ordered = np.full(80, 70), np.arange(80) % 2 == 0
    points = [embed_levels(codes, 3, cardinality, ordered, np.random.default_rng(1)) for _ in range(2)]
    np.testing.assert_array_equal(*points)
    np.testing.assert_allclose(points[0].std(axis=0), 1, atol=0.05)
