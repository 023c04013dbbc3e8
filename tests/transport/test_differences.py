from __future__ import annotations

import numpy as np
import pytest

from ganaug.transport.differences import COMPOSED, Differences
from ganaug.transport.style import Floats, Roles


def found(z: Floats, batch: np.ndarray, state: np.ndarray, roles: Roles | None = None) -> Differences:
    known = ~np.isnan(z)
    roles = Roles.common(batch) if roles is None else roles
    return Differences.of(np.nan_to_num(z), np.eye(state.max() + 1)[state], roles, known)


def rows(seed: int, n: int = 6000) -> tuple[Floats, np.ndarray, np.ndarray]:
    """Rows of four states and two batches, of variance 1 and 4 in two components."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)) * [1, 2], rng.integers(2, size=n), rng.integers(4, size=n)


@pytest.mark.parametrize("shift", [0.0, 50.0])
def test_spread_is_that_of_teachers_within_state_and_batch(shift: float) -> None:
    z, batch, state = rows(0)
    taught = np.arange(len(z)) % 2 == 0
    z += 9.0 * state[:, None] + shift * (batch * (state + 1))[:, None]
    z[~taught] *= 30.0
    seen = found(z, batch, state, Roles.common(batch)._replace(learn=taught, reference=taught))
    np.testing.assert_allclose(seen.spread, [1.0, 4.0], rtol=0.1)


def test_spread_is_not_too_small_where_rows_are_few() -> None:
    spreads = []
    for seed in range(40):
        z, batch, state = rows(seed, n=60)  # seven or eight rows of each batch in a state
        spreads.append(found(z, batch, state).spread)
    np.testing.assert_allclose(np.mean(spreads, axis=0), [1.0, 4.0], rtol=0.06)


def test_sampling_is_the_variance_that_means_do_have() -> None:
    apart, said = [], []
    for seed in range(300):
        z, batch, state = rows(seed, n=200)
        seen = found(z, batch, state)
        apart.append(seen.apart)
        said.append(seen.sampling)
    true = np.var(apart, axis=0) / [1.0, 4.0]
    np.testing.assert_allclose(true.mean(), np.mean(said), rtol=0.1)


def test_a_batch_alone_in_a_state_counts_for_nothing_there() -> None:
    z, batch, state = rows(0)
    batch[state == 3] = 0
    seen = found(z, batch, state)
    assert not seen.present[3].any()
    assert [np.abs(each[3]).max() for each in (seen.apart, seen.weight, seen.sampling)] == [0, 0, 0]
    np.testing.assert_allclose(seen.spread, [1.0, 4.0], rtol=0.1)


def test_a_batch_that_is_most_of_the_reference_is_hardly_off_it_by_composition() -> None:
    z, _, state = rows(0)
    batch = (np.random.default_rng(1).random(len(z)) > 0.9).astype(int)
    composition = found(z, batch, state).composition.mean(axis=0)
    np.testing.assert_allclose(composition, COMPOSED * np.array([2 * 0.1**2, 2 * 0.9**2]), rtol=0.2)
