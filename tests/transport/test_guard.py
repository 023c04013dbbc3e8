from __future__ import annotations

import numpy as np
import pytest

from ganaug.transport.guard import entropies, mixing, nearest_rows, partners, structure, untold


def test_partners_stay_near_unless_states_are_merged_wrongly() -> None:
    rng = np.random.default_rng(0)
    state, batch = rng.integers(4, size=600), rng.integers(2, size=600)
    z = 6.0 * np.eye(4)[state] + rng.normal(size=(600, 4)) + 0.5 * batch[:, None]
    pairs = partners(z, batch)
    assert (state[pairs[0]] == state[pairs[1]]).mean() > 0.99
    turned = np.where(batch[:, None] == 1, np.roll(z, 1, axis=1), z)
    assert structure(z, batch, pairs, rng) > 0.75
    assert structure(turned, batch, pairs, rng) < 0.3
    assert mixing(z, batch) > 0.8


def test_trees_tell_what_neighbours_do_not() -> None:
    rng = np.random.default_rng(1)
    batch = np.repeat([0, 1], 300)
    X = rng.normal(size=(600, 10))
    assert untold(X, batch, rng) > 0.8
    X[:, 0] = np.where((batch == 1) & (rng.random(600) < 0.8), 0.5, X[:, 0])
    assert mixing(X, batch) > 0.9
    assert untold(X, batch, rng) < 0.7


def test_a_row_is_not_near_itself_and_few_rows_are_near_all_others() -> None:
    near = nearest_rows(np.arange(5.0)[:, None])
    assert near.shape == (5, 4)
    assert [sorted(rows) for rows in near.tolist()] == [[k for k in range(5) if k != row] for row in range(5)]


def test_entropy_is_that_of_the_weighted_shares() -> None:
    near, batch = np.array([[0, 1, 2], [0, 1, 2]]), np.array([4, 7, 7])
    assert np.allclose(entropies(near, batch), np.log(3) - 2 / 3 * np.log(2))
    assert np.allclose(entropies(near, batch, np.array([2.0, 1.0, 1.0])), np.log(2))


@pytest.mark.parametrize("unit", [1e-7, 1e7])
def test_structure_is_the_same_in_any_unit(unit: float) -> None:
    rng = np.random.default_rng(0)
    z, batch = rng.normal(size=(200, 4)), np.repeat([0, 1], 100)
    pairs = partners(z, batch)
    moved = z + batch[:, None] * rng.normal(size=(200, 4))
    found = [structure(moved * size, batch, pairs, np.random.default_rng(0)) for size in (1.0, unit)]
    assert found[0] < 0.9
    assert found[1] == found[0]
