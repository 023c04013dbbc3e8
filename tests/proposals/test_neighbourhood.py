from __future__ import annotations

import numpy as np
import pytest

from ganaug.proposals.neighbourhood import FEWEST, MOST, OWN, SMALLEST, Neighbourhoods, clusters


def clouds(rng: np.random.Generator, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Two groups of two clouds each, far apart."""
    cloud = np.repeat(np.arange(4), n // 4)
    place = 20.0 * cloud[:, None] + rng.standard_normal((n, 3))
    return place.astype(np.float32), cloud % 2


def test_neighbours_are_of_the_same_group_and_cloud() -> None:
    rng = np.random.default_rng(0)
    place, group = clouds(rng)
    found = Neighbourhoods.of(place, place, group)
    assert (found.size >= FEWEST).all()
    assert (found.size <= 50).all()
    cells = rng.integers(0, 200, 5000)
    mixed, _ = found.mixture(cells, rng)
    assert np.array_equal(mixed[:, 0], cells)
    assert (mixed // 50 == cells[:, None] // 50).all()
    assert len(np.unique(mixed[:, 1:])) == 200
    assert np.abs(found.centre - place).max() < 5


def test_a_neighbourhood_has_bounds() -> None:
    rng = np.random.default_rng(1)
    place = rng.standard_normal((563, 30)).astype(np.float32)
    size = Neighbourhoods.of(place, place, np.repeat([0, 1, 2, 3], [500, 50, 10, 3])).size
    assert np.mean(size[:500] == MOST) > 0.9
    assert np.mean(size[500:550] == 25) > 0.9
    assert (size[550:560] == FEWEST).all()
    assert (size[560:] == 3).all()


def test_weights_keep_covariance_and_a_quarter_of_it_is_the_cells_own() -> None:
    rng = np.random.default_rng(2)
    place, group = clouds(rng)
    _, weights = Neighbourhoods.of(place, place, group).mixture(np.arange(200), rng)
    assert np.allclose((weights**2).sum(axis=1), 1, atol=1e-5)
    assert np.allclose(weights[:, 0] ** 2, OWN)


def test_a_neighbourhood_ends_where_a_small_cloud_ends() -> None:
    rng = np.random.default_rng(3)
    place = rng.standard_normal((100, 10)).astype(np.float32)
    place[:12] += 8
    found = Neighbourhoods.of(place, place, np.zeros(100, dtype=np.intp))
    assert (found.size[:12] >= FEWEST).all()
    assert (found.size[:12] <= 12).all()
    assert np.abs(found.centre[:12] - 8).max() < 2
    assert np.median(found.size[12:]) > 40


def test_clusters_are_of_one_group_and_never_of_a_few_cells() -> None:
    rng = np.random.default_rng(4)
    place, group = clouds(rng, 400)
    place, group = np.vstack([place, place[:3] + 99, place[:5]]), np.append(group, [0, 0, 0, 2, 2, 2, 2, 2])
    found = clusters(place, group, seed=0)
    sizes = np.bincount(found)
    assert (np.bincount(found * 3 + group, minlength=3 * len(sizes)) > 0).sum() == len(sizes)
    assert len(sizes) > 6
    few, *others = sorted(sizes)
    assert few == 5  # a group of its own
    assert min(others) >= SMALLEST


def test_the_same_seed_gives_the_same_clusters() -> None:
    place, group = np.random.default_rng(5).standard_normal((800, 10)), np.zeros(800, dtype=np.intp)
    first = clusters(place, group, seed=1)
    assert np.array_equal(first, clusters(place, group, seed=1))
    assert not np.array_equal(first, clusters(place, group, seed=2))


def test_no_cluster_is_small_where_cells_are_nearly_the_same() -> None:
    for seed in range(20):
        place = 100 + 1e-6 * np.random.default_rng(seed).standard_normal((500, 3))
        found = clusters(place.astype(np.float32), np.zeros(500, dtype=np.intp), seed=seed)
        assert np.bincount(found).min() >= SMALLEST


@pytest.mark.filterwarnings("error")
def test_cells_in_one_place_are_one_cluster() -> None:
    place = np.repeat(np.arange(2.0, dtype=np.float32)[:, None], [190, 10], axis=0)
    assert np.array_equal(clusters(place, np.zeros(200, dtype=np.intp), seed=0), np.zeros(200))
