from __future__ import annotations

import numpy as np
import pytest

from ganaug.transport.chain import IDENTITY
from ganaug.transport.choice import _chosen, best_chain
from ganaug.transport.guard import Kept
from ganaug.transport.style import Roles


@pytest.mark.parametrize("sizes", [(148, 2), (2, 2), (60, 60, 3), (3,) * 60], ids=str)
def test_small_batches_are_moved_though_the_guard_cannot_see_them(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat(np.arange(len(sizes)), sizes)
    X = rng.normal(size=(len(batch), 4)) + 2.0 * (batch[:, None] % 2)
    moved, z = best_chain(X, Roles.common(batch), rng).move(X, batch)
    assert moved.shape == X.shape
    assert np.isfinite(moved).all()
    assert np.isfinite(z).all()


def test_the_first_way_that_is_nearly_best_is_taken_and_none_that_is_worse_than_nothing() -> None:
    kept = {IDENTITY: Kept(0.5, 0.5, 0.9), "centring": Kept(0.9, 0.9, 0.9), "states": Kept(0.92, 0.92, 0.9)}
    assert _chosen(kept) == "centring"
    assert _chosen(kept | {"centring": Kept(0.8, 0.8, 0.9)}) == "states"
    near = {IDENTITY: Kept(0.9, 0.9, 0.9), "centring": Kept(0.91, 0.91, 0.9), "states": Kept(0.92, 0.92, 0.9)}
    assert _chosen(near) == "centring"
    assert _chosen({**near, "centring": Kept(0.89, 0.89, 0.9)}) == IDENTITY
    assert _chosen({**near, "centring": Kept(0.89, 0.89, 0.9), "states": Kept(0.96, 0.96, 0.9)}) == "states"
