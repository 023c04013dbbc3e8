from __future__ import annotations

import numpy as np
import pytest

from ganaug.transport.chain import IDENTITY, Chain
from ganaug.transport.choice import MOST_BATCHES, HeldOut, _chosen, _helps, best_chain
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


def test_a_refinement_is_kept_if_it_helps_in_every_deal_and_does_no_harm() -> None:
    before = [Kept(0.9, 0.8, 0.9)] * 3
    assert _helps([Kept(0.9, 0.85, 0.895)] * 3, before)
    assert not _helps(before, before)
    assert not _helps([Kept(1.0, 0.85, 0.9), Kept(1.0, 0.85, 0.9), Kept(0.9, 0.79, 0.9)], before)
    assert not _helps([Kept(0.95, 0.78, 0.9)] * 3, before)  # trees tell more
    assert not _helps([Kept(1.0, 1.0, 0.88)] * 3, before)  # less of what batches share


def test_rows_of_amounts_may_be_compared_by_direction_and_get_their_length_back() -> None:
    rng = np.random.default_rng(0)
    batch, size = rng.integers(0, 2, 600), rng.lognormal(sigma=0.5, size=600)
    X = size[:, None] * (
        rng.gamma(5.0, size=(600, 60)) + 4.0 * np.eye(60)[rng.integers(0, 3, 600)] + 2.0 * batch[:, None]
    )
    assert HeldOut.deals(X, Roles.common(batch), rng, None)[0].ways()[-1] == "mixed states of directions"
    chain = Chain.fit("centring of directions", X, Roles.common(batch), rng)
    moved, _ = chain.move(X, batch)
    assert np.corrcoef(np.linalg.norm(moved, axis=1), size)[0, 1] > 0.95
    later = moved[batch == 0].mean() / moved[batch == 1].mean()
    assert later == pytest.approx(1.0, abs=0.1)
    assert X[batch == 0].mean() / X[batch == 1].mean() < 0.8


def test_of_many_batches_some_are_looked_at() -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat(np.arange(100), 30)
    (held_out,) = HeldOut.deals(rng.normal(size=(3000, 3)), Roles.common(batch), rng, None)
    assert len(np.unique(batch[held_out.rows])) == MOST_BATCHES
    assert len(held_out.rest) + len(held_out.rows) == 3000


def test_of_few_rows_each_third_is_held_out_in_turn() -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat([0, 1], 300)
    deals = HeldOut.deals(rng.normal(size=(600, 3)), Roles.common(batch), rng, None)
    assert sorted(np.concatenate([deal.rows for deal in deals])) == list(range(600))
    assert all(not np.intersect1d(deal.rows, deal.rest).size for deal in deals)


def test_directions_are_taken_if_they_are_better_over_all_ways() -> None:
    names = ["centring", "states", "mixed states"]
    kept = {IDENTITY: Kept(0.1, 0.1, 0.9)} | {way: Kept(0.8, 0.8, 0.9) for way in names}
    better = {f"{way} of directions": Kept(0.82, 0.82, 0.9) for way in names}
    assert _chosen(kept | better) == "centring of directions"
    one = {**better, "centring of directions": Kept(0.7, 0.7, 0.9), "states of directions": Kept(0.7, 0.7, 0.9)}
    assert _chosen(kept | one) == "centring"


def test_directions_are_not_taken_for_gains_that_may_be_chance() -> None:
    names = ["centring", "states", "mixed states", "centring within states"]
    kept = {IDENTITY: Kept(0.1, 0.1, 0.9)} | {way: Kept(0.8, 0.8, 0.9) for way in names}
    scores = dict(zip(names, [0.83, 0.79, 0.82, 0.78], strict=True))
    scattered = {f"{way} of directions": Kept(score, score, 0.9) for way, score in scores.items()}
    assert _chosen(kept | scattered) == "centring"
    alike = {
        f"{way} of directions": Kept(0.8 + gain, 0.8, 0.9)
        for way, gain in zip(names, [0.02, 0.01, 0.03, 0.02], strict=True)
    }
    assert _chosen(kept | alike) == "centring of directions"


def test_what_batches_are_composed_of_stays() -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat([0, 1], 300)
    state = rng.random(600) < np.where(batch == 0, 0.2, 0.8)
    X = rng.normal(size=(600, 10))
    X[:, 0] += 6 * state
    still = best_chain(X, Roles.common(batch), np.random.default_rng(0)).move(X, batch)[0]
    assert np.abs(still - X).mean() < 0.1
    shifted = X + batch[:, None]
    moved = best_chain(shifted, Roles.common(batch), np.random.default_rng(0)).move(shifted, batch)[0]
    for which in (state, ~state):
        apart = [moved[which & (batch == b)].mean(axis=0) for b in (0, 1)]
        assert np.abs(apart[1] - apart[0]).mean() < 0.6
