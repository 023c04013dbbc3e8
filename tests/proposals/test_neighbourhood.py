from __future__ import annotations

import numpy as np

from ganaug.proposals.neighbourhood import FEWEST, MOST, Neighbourhoods


def clouds(rng: np.random.Generator, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Two groups of two clouds each, far apart."""
    cloud = np.repeat(np.arange(4), n // 4)
    place = 20.0 * cloud[:, None] + rng.standard_normal((n, 3))
    return place.astype(np.float32), cloud % 2


def test_neighbours_are_of_the_same_group_and_cloud() -> None:
    rng = np.random.default_rng(0)
    place, group = clouds(rng)
    found = Neighbourhoods.of(place, place, group, reach=0.25)
    assert (found.size == 25).all()
    cells = rng.integers(0, 200, 5000)
    near = found.one_near(cells, rng)
    assert np.array_equal(near // 50, cells // 50)
    assert len(np.unique(near)) == 200
    assert np.abs(found.centre - place).max() < 5


def test_a_neighbourhood_has_bounds() -> None:
    rng = np.random.default_rng(1)
    place = rng.standard_normal((1003, 2)).astype(np.float32)
    group = np.repeat([0, 1, 2], [500, 500, 3])
    for reach, size in ((0.0, FEWEST), (1.0, MOST)):
        found = Neighbourhoods.of(place, place, group, reach)
        assert (found.size[:1000] == size).all()
        assert (found.size[1000:] == 3).all()
