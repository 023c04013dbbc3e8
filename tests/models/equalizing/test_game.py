from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ganaug.models.equalizing.game import Pairing, StyleGame, pools
from ganaug.seeding import Seeds
from ganaug.transport.style import Roles


def test_a_batch_alone_in_a_state_is_set_beside_itself() -> None:
    state = np.repeat([0, 0, 1, 2], 50)
    batch = np.repeat([0, 1, 1, 0], 50)
    pool, chance = pools(state, Roles.common(batch))
    assert len(np.unique(pool)) == 3
    assert len(np.unique(pool[state == 0])) == 1
    assert chance[state == 0].sum() == pytest.approx(2)


def test_pairs_are_of_one_state_and_batches_count_alike() -> None:
    rng = np.random.default_rng(0)
    batch = rng.choice(2, 2000, p=[0.8, 0.2])
    pool, chance = pools(np.zeros(2000, dtype=np.intp), Roles.common(batch))
    assert chance[batch == 0].sum() == pytest.approx(chance[batch == 1].sum())
    assert (pool == 0).all()


def test_a_row_is_set_beside_rows_of_its_state_from_any_batch_and_none_of_a_still_one_moves() -> None:
    rng = np.random.default_rng(0)
    state, batch = rng.integers(2, size=400), rng.integers(3, size=400)
    z = 20.0 * state[:, None] + rng.normal(size=(400, 2))
    rows = Pairing.of(z, Roles.common(batch), np.array([False, True, False]), Seeds(0), "cpu")
    assert set(batch[rows.learn.numpy()]) == {0, 2}
    game = StyleGame(rows, nn.Identity(), nn.Identity(), 0.5)
    beside, given = game.draw(torch.Generator().manual_seed(0))
    assert given.z.shape == beside.shape == given.centre.shape
    assert given.batch.shape == (len(beside), 3)
    assert not given.batch[:, 1].any()
    assert ((beside > 10) == (given.z > 10)).all()
    assert (given.centre - beside).abs().max() < 8


def test_moving_costs_its_square() -> None:
    rows = Pairing.of(np.zeros((9, 2)), Roles.common(np.arange(9) % 2), np.array([False, False]), Seeds(0), "cpu")
    game = StyleGame(rows, nn.Identity(), nn.Identity(), 0.5)
    _, given = game.draw(torch.Generator().manual_seed(0))
    cost = game.terms(given.z + torch.tensor([2.0, 0.0]), given)
    assert cost is not None
    assert (cost == 1.0).all()
