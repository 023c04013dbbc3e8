from __future__ import annotations

import numpy as np
import pytest

from ganaug.transport.chain import Chain
from ganaug.transport.field import likeness, moves_of, smoothed
from ganaug.transport.states import States
from ganaug.transport.style import Floats, Roles


def moves(z: Floats, batch: np.ndarray, state: np.ndarray, roles: Roles | None = None) -> Floats:
    share, roles = np.eye(state.max() + 1)[state], Roles.common(batch) if roles is None else roles
    centres = share.T @ z / share.sum(axis=0)[:, None]
    return moves_of(z, share, centres, roles, np.random.default_rng(0), np.ones(z.shape, dtype=bool))


def states_of(seed: int, n: int, wide: float = 0.5, n_components: int = 20) -> tuple[Floats, np.ndarray]:
    """Rows of eight states far apart, of which the last two are as wide as asked, and their states."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(8, n_components))
    state, spread = rng.integers(8, size=n), np.where(np.arange(8) < 6, 0.5, wide)
    centres *= 25 / np.linalg.norm(centres, axis=1, keepdims=True)
    return centres[state] + spread[state][:, None] * rng.normal(size=(n, n_components)), state


def gap(z: Floats, state: np.ndarray, batch: np.ndarray) -> float:
    """How far two batches lie apart within the first six states, on average."""
    sides = [np.array([z[(state == s) & (batch == b)].mean(axis=0) for s in range(6)]) for b in (0, 1)]
    return float(np.linalg.norm(sides[1] - sides[0], axis=1).mean())


def waves(seed: int, n_states: int = 60) -> tuple[Floats, Floats]:
    """Positions of states along a line, and a difference in five components that changes smoothly along it."""
    at = np.sort(np.random.default_rng(seed).uniform(0, 6, size=n_states))
    return at[:, None], np.stack([np.sin(at + k) for k in range(5)], axis=1)


@pytest.mark.parametrize("seed", range(3))
def test_states_that_are_alike_say_more_together_than_each_alone(seed: int) -> None:
    at, truth = waves(seed)
    found = truth + np.random.default_rng(seed).normal(size=truth.shape)
    given = np.ones(len(at)), np.ones(5)
    alone, together = smoothed(found, *given, np.eye(len(at))), smoothed(found, *given, likeness(at))
    wrong, less = (((field - truth) ** 2).mean() for field in (alone, together))
    assert less < 0.5 * wrong
    assert less < 0.5 * (truth**2).mean()


def test_a_component_that_does_not_differ_is_hardly_moved_beside_others_that_do() -> None:
    at, truth = waves(0)
    truth = np.hstack([4 * truth, np.zeros((len(at), 5))])
    found = truth + 0.5 * np.random.default_rng(0).normal(size=truth.shape)
    field = smoothed(found, np.full(len(at), 0.25), np.ones(10), likeness(at))
    assert (field[:, 5:] ** 2).mean() < 0.2 * (found[:, 5:] ** 2).mean()
    assert ((field - truth)[:, :5] ** 2).mean() < 0.02 * (truth[:, :5] ** 2).mean()


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_moves_have_the_unit_of_the_rows(unit: float) -> None:
    rng = np.random.default_rng(0)
    batch, state = rng.integers(2, size=900), rng.integers(10, size=900)
    z = rng.normal(size=(900, 3)) + 5 * state[:, None] + 1.5 * batch[:, None]
    np.testing.assert_allclose(moves(unit * z, batch, state), unit * moves(z, batch, state), rtol=1e-6)


def test_batches_composed_a_little_differently_are_not_made_alike() -> None:
    rng = np.random.default_rng(0)
    batch = rng.integers(2, size=20_000)
    kind = rng.random(20_000) < np.where(batch == 1, 0.55, 0.45)
    z = rng.normal(size=(20_000, 4)) + 2.0 * kind[:, None] * [1, 0, 0, 0]
    moved = z + moves(z, batch, np.zeros(20_000, dtype=int))[0][batch]
    # .2 by composition, well beyond chance (.02)
    assert moved[batch == 1, 0].mean() - moved[batch == 0, 0].mean() > 0.18


def test_a_shift_by_more_than_composition_explains_is_undone() -> None:
    rng = np.random.default_rng(0)
    batch, state = rng.integers(2, size=2000), rng.integers(10, size=2000)
    z = rng.normal(size=(2000, 4)) + 6 * state[:, None] + batch[:, None]
    moved = z + moves(z, batch, state)[state, batch]
    apart = [moved[(state == s) & (batch == 1)].mean(0) - moved[(state == s) & (batch == 0)].mean(0) for s in range(10)]
    np.testing.assert_allclose(apart, 0.0, atol=0.4)
    assert np.abs(apart).mean() < 0.15


def test_the_batch_that_is_the_reference_stays() -> None:
    rng = np.random.default_rng(0)
    batch, state = rng.integers(3, size=900), rng.integers(10, size=900)
    z = rng.normal(size=(900, 3)) + 5 * state[:, None] + 2.0 * batch[:, None]
    found = moves(z, batch, state, Roles.common(batch)._replace(reference=batch == 1))
    assert np.abs(found[:, 1]).max() == 0
    np.testing.assert_allclose(found[:, 0].mean(axis=0), 2.0, atol=0.3)
    np.testing.assert_allclose(found[:, 2].mean(axis=0), -2.0, atol=0.3)


def test_a_single_state_is_as_good_as_its_mean() -> None:
    assert likeness(np.array([[1.0, 0.0]])).tolist() == [[1.0]]
    batch = np.repeat([0, 1], 500)
    z = np.random.default_rng(0).normal(size=(1000, 3)) + 3.0 * batch[:, None]
    found = moves(z, batch, np.zeros(1000, dtype=int))[0]
    np.testing.assert_allclose(found, [[1.5] * 3, [-1.5] * 3], atol=0.2)


@pytest.mark.parametrize("size", [10.0, 1000.0])
def test_a_large_effect_is_undone_wholly(size: float) -> None:
    rng = np.random.default_rng(0)
    batch, state, away = rng.integers(2, size=2000), rng.integers(20, size=2000), rng.normal(size=(20, 6))
    z = rng.normal(size=(2000, 6)) + size * away[state] * batch[:, None]
    left = gap(z + moves(z, batch, state)[state, batch], state, batch)
    assert left < 0.04 * gap(z, state, batch) * (10 / size)


def test_components_of_unlike_spread_are_undone_alike() -> None:
    rng = np.random.default_rng(0)
    batch, state, spread = rng.integers(2, size=3000), rng.integers(10, size=3000), np.array([0.01, 1.0, 100.0])
    z = spread * (rng.normal(size=(3000, 3)) + 2.0 * batch[:, None])
    found = (moves(z, batch, state) / spread)[:, 0]
    np.testing.assert_allclose(found.mean(axis=0), 1.0, atol=0.15)


def test_a_state_of_few_rows_goes_with_its_like() -> None:
    rng = np.random.default_rng(0)
    state = np.repeat([0, 1, 2, 3], [400, 400, 400, 8])
    batch = np.arange(len(state)) % 2
    z = rng.normal(size=(len(state), 5)) + np.array([0.0, 1.0, 5.0, 0.0])[state][:, None] + 2.0 * batch[:, None]
    z[state == 3] += 4.0 * (batch[state == 3, None] == 0)  # by which its own means say the contrary
    assert moves(z, batch, state)[3, 0].mean() > -0.6  # they say -1, its like +1


def test_what_treated_rows_do_is_no_noise_of_the_controls() -> None:
    z, state = states_of(0, 3000)
    rng = np.random.default_rng(1)
    batch, control = rng.integers(2, size=3000), rng.random(3000) < 0.3
    z += 0.3 * rng.normal(size=(8, 20))[state] * batch[:, None] + 3.0 * rng.normal(size=z.shape) * ~control[:, None]
    roles = Roles.common(batch)._replace(reference=control, learn=control)
    moved = States.fit(z, roles, np.random.default_rng(0)).move(z, batch)
    assert gap(moved[control], state[control], batch[control]) < 0.3 * gap(z[control], state[control], batch[control])


def test_wide_states_do_not_hide_what_is_seen_in_narrow_ones() -> None:
    z, state = states_of(0, 3000, wide=3.0)
    rng = np.random.default_rng(1)
    batch = rng.integers(2, size=3000)
    z += 0.35 * rng.normal(size=(8, 20))[state] * batch[:, None]
    moved, _ = Chain.fit("centring", z, Roles.common(batch), np.random.default_rng(0)).move(z, batch)
    assert gap(moved, state, batch) < 0.35 * gap(z, state, batch)


@pytest.mark.parametrize("n_batches", [3, 10])
def test_batches_dealt_at_random_stay_where_states_are_unlike_in_width(n_batches: int) -> None:
    z, _ = states_of(0, 1500, wide=4.0, n_components=10)
    batch = np.random.default_rng(1).integers(n_batches, size=1500)
    moved = States.fit(z, Roles.common(batch), np.random.default_rng(0)).move(z, batch)
    assert np.linalg.norm(moved - z, axis=1).mean() < 0.05


def test_a_batch_that_is_most_of_the_reference_still_gives_its_part() -> None:
    rng = np.random.default_rng(0)
    batch, state = (rng.random(8000) > 0.9).astype(int), rng.integers(8, size=8000)
    z = rng.normal(size=(8000, 8)) + 6 * state[:, None] + 0.8 * batch[:, None]
    found = moves(z, batch, state)
    np.testing.assert_allclose(found[:, 0].mean(), 0.08, atol=0.02)
    np.testing.assert_allclose(found[:, 1].mean(), -0.72, atol=0.1)


def test_a_batch_is_not_moved_in_a_state_it_is_not_in() -> None:
    rng = np.random.default_rng(0)
    batch, state = rng.integers(2, size=1000), rng.integers(4, size=1000)
    batch[state == 3] = 0
    z = rng.normal(size=(1000, 3)) + state[:, None] + 3.0 * batch[:, None]
    found = moves(z, batch, state)
    assert np.abs(found[3]).max() == 0
    assert np.abs(found[:3]).min() > 1.0
