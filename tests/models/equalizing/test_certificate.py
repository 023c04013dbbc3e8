from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from anndata import AnnData, read_h5ad
from numpy.typing import NDArray

from ganaug.models.equalizing.certificate import Certificate
from ganaug.models.equalizing.harm import null_move, over_correction, seen_rows, states_of
from ganaug.models.equalizing.planted import planted_signal
from ganaug.models.equalizing.trust import trust, trust_between
from ganaug.transport.choice import best_chain
from ganaug.transport.style import Floats, Roles

Codes = NDArray[np.intp]
CENTRES = 30.0 * np.eye(4, 20)


def cells(n: int = 900, p: int = 20, seed: int = 0) -> tuple[Floats, Codes, Codes]:
    """Four states far apart in three batches; the batches differ a little in all features."""
    rng = np.random.default_rng(seed)
    state, batch = rng.integers(4, size=n), rng.integers(3, size=n)
    X = CENTRES[state, :p] + rng.normal(size=(n, p)) + 0.5 * rng.normal(size=(3, p))[batch]
    return X, batch, state


def identity(X: Floats, batch: Codes) -> Floats:
    return X


def onto_the_mean_of_each_batch(X: Floats, batch: Codes) -> Floats:
    """Everything is gone."""
    return np.stack([X[batch == b].mean(axis=0) for b in range(batch.max() + 1)])[batch]


def centred_within_states(X: Floats, batch: Codes) -> Floats:
    """In each state all batches have the mean of the state: what one of them did there is gone."""
    state, moved = np.argmin(((X[:, None] - CENTRES) ** 2).sum(axis=2), axis=1), X.copy()
    for s in range(len(CENTRES)):
        for b in np.unique(batch):
            here = (state == s) & (batch == b)
            moved[here] += X[state == s].mean(axis=0) - X[here].mean(axis=0)
    return moved


def learned(X: Floats, batch: Codes) -> Floats:
    return best_chain(X, Roles.common(batch), np.random.default_rng(0)).move(X, batch)[0]


def test_who_does_nothing_moves_nothing_and_keeps_all() -> None:
    X, batch, _ = cells()
    rng = np.random.default_rng(0)
    assert null_move(X, batch, identity, rng) == 0
    planted = planted_signal(X, batch, identity, rng)
    assert planted is not None
    assert (planted.kept, planted.apart) == pytest.approx((1.0, 1.0))


def test_a_move_is_measured_in_distances_to_the_neighbours() -> None:
    X = np.arange(200.0)[:, None]  # the 15th neighbour is 8 away, and farther at the ends
    batch = np.zeros(200, dtype=np.intp)
    moved = null_move(X, batch, lambda X, batch: X + 2.0, np.random.default_rng(0))
    assert moved == pytest.approx(2 / 8, rel=0.05)


def test_what_is_centred_within_states_loses_what_one_batch_did_there() -> None:
    X, batch, _ = cells(400)
    planted = planted_signal(X, batch, centred_within_states, np.random.default_rng(0), share=1.0)
    assert planted is not None
    # as the common centre goes a third of the way, the changed rows lose the rest, and the difference all of it
    assert planted.kept == pytest.approx(1 / 3, abs=0.1)
    assert planted.apart == pytest.approx(0.0, abs=1e-6)


def test_what_some_rows_of_a_state_did_is_kept_but_for_their_share_of_it() -> None:
    X, batch, _ = cells(400)
    planted = planted_signal(X, batch, centred_within_states, np.random.default_rng(0), share=0.2)
    assert planted is not None
    assert planted.apart == pytest.approx(0.8, abs=0.02)


def test_nothing_is_planted_where_batches_share_no_state() -> None:
    X, _, _ = cells(50)
    assert planted_signal(X, np.arange(50) % 25, identity, np.random.default_rng(0)) is None
    assert planted_signal(X, np.zeros(50, dtype=np.intp), identity, np.random.default_rng(0)) is None
    assert null_move(X, np.zeros(50, dtype=np.intp), identity, np.random.default_rng(0)) is None
    assert over_correction(X, X, np.arange(50) % 25, np.random.default_rng(0)) is None


def test_rows_that_collapse_are_told() -> None:
    X, batch, _ = cells()
    lost = over_correction(X, onto_the_mean_of_each_batch(X, batch), batch, np.random.default_rng(0))
    assert lost is not None
    assert lost.removed == pytest.approx(np.ones(20))
    assert (lost.overlap < lost.expected).all()
    assert lost.apart == pytest.approx(np.zeros(3), abs=1e-3)
    said = " ".join(lost.sentences(["P1", "P2", "P3"]))
    assert "100 % is gone" in said
    assert said.count("may have been merged") == 3
    assert said.count("neighbours stayed") == 3


def test_two_states_that_are_merged_in_one_batch_are_told() -> None:
    X, batch, state = cells()
    merged = X - np.where((state == 1) & (batch == 2), 1.0, 0.0)[:, None] * (CENTRES[1] - CENTRES[0])
    lost = over_correction(X, merged, batch, np.random.default_rng(0))
    assert lost is not None
    assert (lost.apart < 0.5).tolist() == [False, False, True]


def test_batches_that_are_shifted_as_a_whole_lose_nothing() -> None:
    X, batch, _ = cells()
    lost = over_correction(X, 0.5 * X + 3.0 * batch[:, None], batch, np.random.default_rng(0))
    assert lost is not None
    assert (lost.overlap == 1).all()
    assert lost.apart == pytest.approx(np.ones(3))
    assert lost.removed == pytest.approx(np.full(20, 0.75))
    assert lost.sentences(["P1", "P2", "P3"])[1].startswith("No batch lost its neighbours")


def test_missing_values_and_constant_features_are_no_change() -> None:
    X, batch, _ = cells()
    X[:, 3] = 1.0
    X[::5, 7] = np.nan
    rng = np.random.default_rng(0)
    lost = over_correction(X, X, batch, rng)
    assert lost is not None
    assert not lost.removed.any()
    assert not lost.moved.any()
    assert null_move(X, batch, identity, rng) == 0
    planted = planted_signal(X, batch, identity, rng)
    assert planted is not None
    assert planted.kept == pytest.approx(1.0)


def test_states_are_found_whatever_the_batch() -> None:
    X, batch, state = cells()
    found = states_of(X + 100.0 * batch[:, None], batch, np.random.default_rng(0))
    assert all(len(np.unique(state[found == each])) == 1 for each in np.unique(found))


def test_about_3000_rows_are_seen_and_small_batches_are_left_out() -> None:
    batch = np.repeat([0, 1, 2], [20_000, 1_000, 15])
    seen = np.bincount(batch[seen_rows(batch, np.random.default_rng(0))], minlength=3)
    assert seen.tolist() == [1000, 1000, 0]


def test_rows_like_the_known_ones_are_trusted_and_strange_ones_not() -> None:
    rng = np.random.default_rng(0)
    known = np.concatenate([rng.normal(size=(500, 3)), 0.1 * rng.normal(size=(500, 3)) + 20])
    alike = np.concatenate([rng.normal(size=(200, 3)), 0.1 * rng.normal(size=(200, 3)) + 20])
    found = trust(alike, known)
    assert np.median(found) > 0.8
    assert (found < 0.1).mean() < 0.1
    assert trust(alike + 7, known).max() < 0.1
    # as far from the dense state as rows of the other are from each other
    assert trust(np.full((5, 3), 21.0), known).max() < 0.1
    assert (trust(alike, known[:1]) == 0).all()


def test_a_state_that_one_batch_has_alone_is_not_trusted() -> None:
    X, batch, state = cells()
    kept = (state != 3) | (batch == 0)
    found = trust_between(X[kept], batch[kept], np.random.default_rng(0))
    assert np.median(found[state[kept] == 3]) < 0.1
    assert np.median(found[state[kept] != 3]) > 0.4


def test_a_certificate_is_told_in_sentences_and_written_to_a_file(tmp_path: Path) -> None:
    X, batch, _ = cells(600)
    rng = np.random.default_rng(0)
    names = ["day/1", "day/2", "day/3"]
    found = Certificate.of(
        X, learned(X, batch), batch, learned, rng, batches=names, name="run day", covariates=["dose"]
    )
    told = found.to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["null_move"] < 0.05
    assert told["planted_batch"] in names
    assert told["formula"] == "~ `run day` + dose"
    assert told["sentences"][-1].endswith("with the batch in the design: ~ `run day` + dose")
    cells_file = AnnData(np.zeros((2, 2)), uns={"ganaug": {"certificate": told}})
    cells_file.write_h5ad(tmp_path / "cells.h5ad")
    assert list(read_h5ad(tmp_path / "cells.h5ad").uns["ganaug"]["certificate"]["batches"]) == names


def test_a_certificate_of_few_rows_says_so() -> None:
    X, batch = np.arange(24.0).reshape(12, 2), np.repeat([0, 1], 6)
    found = Certificate.of(X, X, batch, identity, np.random.default_rng(0), batches=["P1", "P2"])
    assert set(found.to_dict()) == {"formula", "sentences"}
    assert len(found.sentences()) == 3


def test_the_same_seed_gives_the_same_certificate() -> None:
    X, batch, _ = cells()
    one, other = (
        Certificate.of(X, X, batch, identity, np.random.default_rng(3), batches=["a", "b", "c"]).to_dict()
        for _ in range(2)
    )
    assert one == other


def test_harm_is_the_same_in_any_unit() -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat([0, 1], 150)
    X = np.column_stack([rng.normal(size=(300, 3)), np.ones(300)])
    found = []
    for unit in (1.0, 1e-9, 1e-14):
        before = unit * X
        after = before - np.column_stack([before[:, :3].mean(axis=1, keepdims=True).repeat(3, axis=1), 0 * batch])
        lost = over_correction(before, after, batch, np.random.default_rng(0))
        moved = null_move(before, batch, lambda X, batch: X + np.nanstd(X), np.random.default_rng(0))
        assert lost is not None
        found.append([*lost.removed, *lost.moved, *lost.overlap, *lost.apart, moved])
    assert found[0][:3] == pytest.approx([0.3] * 3, abs=0.1)
    assert found[0][3] == 0.0
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-5)
