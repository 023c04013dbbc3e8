from __future__ import annotations

import numpy as np
import pytest

from ganaug.transport.chain import Chain
from ganaug.transport.states import States
from ganaug.transport.style import Floats, Roles

CENTRES = 8.0 * np.eye(6)


def cells(seed: int, n: int = 1200, shift: float = 2.0) -> tuple[Floats, np.ndarray, np.ndarray]:
    """Six states in two batches; in each state the second batch lies elsewhere, and state 5 is the first's alone."""
    rng = np.random.default_rng(seed)
    state, batch = rng.integers(6, size=n), rng.integers(2, size=n)
    batch[state == 5] = 0
    away = shift * rng.normal(size=(6, 6)) / np.sqrt(6)
    return CENTRES[state] + rng.normal(size=(n, 6)) * 0.7 + away[state] * batch[:, None], state, batch


def distance(z: Floats, state: np.ndarray, batch: np.ndarray) -> float:
    means = [[z[(state == s) & (batch == b)].mean(axis=0) for b in (0, 1)] for s in range(5)]
    return float(np.mean([np.linalg.norm(one - other) for one, other in means]))


def test_shifts_that_differ_between_states_are_undone() -> None:
    z, state, batch = cells(0)
    moved = States.fit(z, Roles.common(batch), np.random.default_rng(0)).move(z, batch)
    assert distance(moved, state, batch) < 0.25 * distance(z, state, batch)


def test_a_state_of_one_batch_is_left_alone() -> None:
    z, state, batch = cells(1)
    moved = States.fit(z, Roles.common(batch), np.random.default_rng(0)).move(z, batch)
    assert np.abs(moved - z)[state == 5].mean() < 0.1


@pytest.mark.parametrize("seed", range(4))
def test_batches_that_do_not_differ_stay_where_they_are(seed: int) -> None:
    z, _, batch = cells(seed, shift=0.0)
    moved = States.fit(z, Roles.common(batch), np.random.default_rng(0)).move(z, batch)
    assert np.linalg.norm(moved - z, axis=1).mean() < 0.1  # rows lie 1.7 from their centre


def test_rows_that_were_not_seen_take_the_same_way() -> None:
    z, state, batch = cells(2, n=2400)
    seen = np.arange(len(z)) < 1600
    states = States.fit(z[seen], Roles.common(batch[seen]), np.random.default_rng(0))
    new = states.move(z[~seen], batch[~seen])
    assert distance(new, state[~seen], batch[~seen]) < 0.35 * distance(z[~seen], state[~seen], batch[~seen])
    np.testing.assert_allclose(new[:7], states.move(z[~seen][:7], batch[~seen][:7]))


@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("way", ["centring", "states", "mixed states", "centring within states"])
def test_what_is_missing_in_one_batch_does_not_move_what_is_known(way: str, share: float) -> None:
    rng = np.random.default_rng(0)
    batch, state = np.repeat([0, 1], 300), rng.integers(2, size=600)
    X = rng.normal(size=(600, 6)) + 6.0 * np.eye(6)[state]
    X[:, 5] = 0.5 * X[:, 5] + 3.0 * (2 * state - 1)
    X[(batch == 1) & (rng.random(600) < share), 5] = np.nan
    moved, _ = Chain.fit(way, X, Roles.common(batch), np.random.default_rng(0)).move(X, batch)
    assert np.nanmax(np.abs(moved - X)[:, 5]) < 0.3
    np.testing.assert_array_equal(np.isnan(moved), np.isnan(X))


def test_states_reach_less_far_from_round_to_round() -> None:
    rng = np.random.default_rng(3)
    batch, z = np.repeat([0, 1], 600), rng.normal(size=(1200, 6))
    z[600:] += 1.5 * np.tanh(z[600:])
    states = States.fit(z, Roles.common(batch), np.random.default_rng(0))
    widths = [each.width for each in states.rounds]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == pytest.approx(2 * widths[-1])
    soft, sharp = (states.rounds[-1]._replace(width=width).shares(z, batch) for width in (0.1, 0.01))
    assert (soft.max(axis=1) < sharp.max(axis=1)).mean() > 0.9
    same = States(tuple(each._replace(width=0.1) for each in states.rounds))
    assert np.abs(same.move(z, batch) - states.move(z, batch)).max() > 0.01
