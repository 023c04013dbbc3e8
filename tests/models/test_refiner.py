from __future__ import annotations

import numpy as np
import pytest
import torch
from problems import dependent_codes

from ganaug.adversarial import OBJECTIVES, WatchedGame
from ganaug.data.encoder import TableEncoder
from ganaug.models.refiner import Refiner, Settings, TableGame
from ganaug.nn import Critic, ResidualGenerator
from ganaug.proposals.proposal import FREE


def table(n: int = 400) -> tuple[np.ndarray, TableEncoder]:
    codes, levels = dependent_codes(n, np.random.default_rng(0))
    encoder = TableEncoder(levels.cardinality, levels.ordered, np.zeros(3, dtype=bool), ["label", "like", "number"])
    return codes, encoder.fit(codes, np.random.default_rng(0))


def refiner(*, from_noise: bool, steps: int = 3, held: tuple[int, ...] = (0,)) -> tuple[Refiner, np.ndarray]:
    codes, encoder = table()
    return Refiner(Settings("r3gan", steps, None, from_noise, "cpu", 0), encoder, list(held)), codes


def trained(*, from_noise: bool, steps: int = 3) -> tuple[Refiner, np.ndarray]:
    made, codes = refiner(from_noise=from_noise, steps=steps)
    made.fit(codes, codes[::-1].copy(), codes, score=lambda _: 0.5, on_log=lambda *_: None)
    return made, codes


def test_a_new_refiner_leaves_rows_as_they_are():
    made, codes = refiner(from_noise=False)
    assert (made.move(codes, np.random.default_rng(0)) == codes).all()


@pytest.mark.parametrize("from_noise", [True, False])
def test_moved_rows_are_of_levels_that_were_seen(from_noise):
    made, codes = trained(from_noise=from_noise)
    moved = made.move(codes, np.random.default_rng(0))
    for column in range(3):
        assert set(moved[:, column].tolist()) <= set(codes[:, column].tolist())


@pytest.mark.parametrize("from_noise", [True, False])
def test_given_values_stay(from_noise):
    made, codes = trained(from_noise=from_noise)
    given = np.where(np.random.default_rng(0).random(codes.shape) < 0.4, codes, FREE).astype(np.int32)
    moved = made.move(codes, np.random.default_rng(0), given)
    assert (moved[given != FREE] == given[given != FREE]).all()


def test_a_noise_gan_keeps_its_condition_and_makes_the_rest():
    made, codes = trained(from_noise=True)
    moved = made.move(codes, np.random.default_rng(0))
    assert (moved[:, 0] == codes[:, 0]).all()
    assert (moved[:, 2] != codes[:, 2]).mean() > 0.5


@pytest.mark.parametrize("from_noise", [True, False])
def test_state_gives_back_the_same_rows(from_noise):
    made, codes = trained(from_noise=from_noise)
    again = Refiner.from_state(*made.state())
    sides = [side.move(codes, np.random.default_rng(1)) for side in (made, again)]
    assert sides[0].tobytes() == sides[1].tobytes()


def test_the_best_scored_generator_is_kept():
    made, codes = refiner(from_noise=False, steps=40)
    scores = iter([0.9, 0.1])
    told = []
    history = made.fit(
        codes, codes[::-1].copy(), codes, score=lambda _: next(scores), on_log=lambda *at: told.append(at)
    )
    assert told == [(20, 0.9), (40, 0.1)]
    assert [row["score"] for row in history.rows] == [0.9, 0.1]
    assert made.stopped == "steps"


def test_learns_a_relation_that_the_proposal_lost():
    rng = np.random.default_rng(0)
    number = rng.integers(20, size=1000)
    codes = np.stack([number, np.clip(number + rng.integers(-2, 3, size=1000), 0, 19)], axis=1).astype(np.int32)
    encoder = TableEncoder([20, 20], [True, True], [False, False], ["a", "b"]).fit(codes, rng)
    made = Refiner(Settings("r3gan", 120, None, False, "cpu", 0), encoder, [])
    proposed = np.stack([codes[:, 0], rng.permutation(codes[:, 1])], axis=1)
    history = made.fit(codes, proposed, proposed, score=lambda _: 0.5, on_log=lambda *_: None)
    last = history.rows[-1]
    assert last["validation_logit"] < last["real_logit"]  # held-out rows without the relation look proposed
    assert np.corrcoef(proposed.T)[0, 1] < 0.1
    assert np.corrcoef(made.move(proposed, rng).T)[0, 1] > 0.2


def test_the_game_is_a_game():
    codes, encoder = table()
    rng = torch.Generator().manual_seed(0)
    rows = encoder.encode(codes, rng)
    generator, critic = ResidualGenerator(encoder.layout, rng=rng), Critic(encoder.layout, rng=rng)
    game: WatchedGame = TableGame(rows, rows, rows, generator, critic, torch.zeros(rows.shape[1], dtype=torch.bool))
    real, given = game.draw(rng)
    fake = game.fake(given, rng)
    assert real.shape == given.shape == fake.shape
    assert game.judge(fake, given).shape == (len(fake),)
    assert game.terms(fake, given) is None


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_refines_a_table(name):
    codes, encoder = table()
    made = Refiner(Settings(name, 3, None, False, "cpu", 0), encoder, [])
    history = made.fit(codes, codes[::-1].copy(), codes, score=lambda _: 0.5, on_log=lambda *_: None)
    assert history.rows[-1]["step"] == 3
    assert made.move(codes, np.random.default_rng(0)).shape == codes.shape
