import math
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from adversarial.games import FromNoise, Refine, correlated, normal, planted, ring, stream

from ganaug.adversarial import (
    AdversarialLoss,
    Objective,
    TrainConfig,
    alarms,
    nonsaturating,
    r3gan,
    train,
    wgan_gp,
)
from ganaug.adversarial.history import COLUMNS
from ganaug.errors import TrainingDiverged


def shift(**kwargs):
    return Refine.of(planted(1, 0.5), normal(1), 1, width=16, n=64, **kwargs)


def fast(steps):
    return TrainConfig(steps=steps, generator_lr=1e-3, critic_lr=1e-3, half_life=30)


def rows(game, generator, n=5000):
    game.n = n
    _, given = game.draw(stream(7))
    with torch.no_grad():
        return game.fake(given, stream(8), generator)


def test_a_planted_shift_is_learned():
    game = Refine.of(planted(1, 0.5), normal(1), 1, width=32, n=128)
    moved = rows(game, train(game, r3gan(), fast(400)).generator)
    assert moved.mean().item() == pytest.approx(1, abs=0.1)
    assert moved.std().item() == pytest.approx(0.5, abs=0.1)


def test_a_wasserstein_critic_measures_how_far_apart_the_rows_are():
    game = Refine.of(planted(3, 1), normal(1), 1, width=32, n=128)
    history = train(game, wgan_gp(), TrainConfig(steps=60, generator_lr=0, log_every=5)).history
    distance = [row["real_logit"] - row["fake_logit"] for row in history.rows[-6:]]
    # a slope s earns 3 s and pays 10 (s - 1)**2, so the best one is 1.15
    assert sum(distance) / 6 == pytest.approx(3 * 1.15, abs=0.15)


def test_a_missing_correlation_is_recovered():
    game = Refine.of(correlated(0.8), normal(2), 2, width=32)
    moved = rows(game, train(game, r3gan(), fast(400)).generator)
    assert torch.corrcoef(moved.T)[0, 1].item() == pytest.approx(0.8, abs=0.1)
    torch.testing.assert_close(moved.std(0), torch.ones(2), atol=0.15, rtol=0)


def test_eight_gaussians_on_a_ring_are_all_found():
    game = FromNoise.of(ring(8), 2, width=64, n=128)
    made = rows(game, train(game, r3gan(gamma=0.05), fast(800)).generator)
    angle = torch.arange(8) * (2 * math.pi / 8)
    distance, mode = torch.cdist(made, 2 * torch.stack([angle.cos(), angle.sin()], dim=1)).min(dim=1)
    share = torch.bincount(mode[distance < 0.4], minlength=8) / len(made)
    assert (share > 0.02).sum() >= 7  # an even share of all rows would be .125
    assert share.sum() > 0.4


def test_the_best_score_chooses_the_generator():
    kept = {}

    def on_log(step, generator, history):
        kept[step] = generator.head.bias.clone()
        return abs(step - 20)

    game = shift()
    trained = train(game, r3gan(), TrainConfig(steps=50, log_every=10), on_log=on_log)
    assert trained.history.best["step"] == 20
    torch.testing.assert_close(trained.generator.head.bias, kept[20], rtol=0, atol=0)
    assert not torch.equal(kept[20], kept[50])


def test_unscored_rows_do_not_replace_the_best():
    scores = {10: 0.5, 20: None}
    weights = []

    def on_log(step, generator, history):
        weights.append(generator.head.bias.clone())
        return scores[step]

    trained = train(shift(), r3gan(), TrainConfig(steps=20, log_every=10), on_log=on_log)
    torch.testing.assert_close(trained.generator.head.bias, weights[0], rtol=0, atol=0)


def test_without_scores_the_last_average_is_returned():
    weights = []
    trained = train(
        shift(),
        r3gan(),
        TrainConfig(steps=25, log_every=10),
        on_log=lambda step, generator, history: weights.append(generator.head.bias.clone()),
    )
    assert [row["step"] for row in trained.history.rows] == [10, 20, 25]
    torch.testing.assert_close(trained.generator.head.bias, weights[-1], rtol=0, atol=0)


def test_a_score_must_be_finite():
    with pytest.raises(ValueError, match="on_log returned nan at step 5"):
        train(shift(), r3gan(), TrainConfig(steps=5), on_log=lambda *_: math.nan)


@pytest.mark.parametrize(
    ("config", "stopped", "steps"),
    [
        (TrainConfig(steps=7), "steps", 7),
        (TrainConfig(steps=100, log_every=5, patience=2), "converged", 15),
        (TrainConfig(steps=100, seconds=1e-9), "time", 0),
    ],
)
def test_it_says_why_it_stopped(config, stopped, steps):
    trained = train(shift(), r3gan(), config, on_log=lambda step, *_: float(step))
    assert (trained.stopped, trained.steps) == (stopped, steps)


def test_a_time_budget_ends_with_a_logged_step():
    trained = train(shift(), r3gan(), TrainConfig(steps=10**9, seconds=0.2, log_every=10**9))
    assert trained.stopped == "time"
    assert trained.history.rows[-1]["step"] == trained.steps > 0


def test_a_row_of_the_history_holds_both_players():
    (row,) = train(shift(), r3gan(), TrainConfig(steps=3)).history.rows
    assert tuple(row) == COLUMNS
    assert row["critic_loss"] > 0 < row["generator_loss"]
    assert row["critic_gradient"] > 0 < row["generator_gradient"]
    assert row["gradient_ratio"] == pytest.approx(row["generator_gradient"] / row["critic_gradient"])
    assert {name for name, value in row.items() if value is None} == {"validation_logit", "mmd", "score"}


def test_a_watched_game_is_measured_on_rows_held_out():
    game = shift()
    game.held_out = game.draw
    (row,) = train(game, r3gan(), TrainConfig(steps=3)).history.rows
    assert {name for name, value in row.items() if value is None} == {"score"}


def test_what_has_no_value_is_none():
    # a critic that rests has no gradient to divide by
    resting = AdversarialLoss(lambda real, fake: 0 * (real + fake), lambda real, fake: -fake)
    (row,) = train(shift(), Objective(resting), TrainConfig(steps=3)).history.rows
    assert row["critic_gradient"] == 0 < row["generator_gradient"]
    assert row["gradient_ratio"] is None


def poison(game, step):
    """Let a game draw rows that are no numbers, once."""
    draw, drawn = game.draw, []

    def poisoned(rng):
        real, given = draw(rng)
        drawn.append(real)
        return (real * math.nan if len(drawn) == step else real), given

    game.draw = poisoned
    return drawn


@pytest.mark.parametrize("log_every", [1, 10, 100])
def test_divergence_names_its_step(log_every):
    game = shift()
    drawn = poison(game, 41)
    with pytest.raises(TrainingDiverged, match=r"at step 41 \(critic_loss nan.*lower the learning rates") as error:
        train(game, r3gan(), TrainConfig(steps=200, log_every=log_every))
    assert error.value.step == 41
    assert len(drawn) <= 64
    *finite, last = error.value.history.rows
    assert [row["step"] for row in finite] == list(range(log_every, 41, log_every))
    assert tuple(last) == COLUMNS
    assert (last["step"], math.isnan(last["critic_loss"])) == (41, True)
    assert [(alarm.name, alarm.step) for alarm in alarms(error.value.history)] == [("diverged", 41)]


def test_rows_that_are_no_numbers_are_neither_kept_nor_saved():
    game, seen, saved = shift(), [], []
    poison(game, 41)
    config = TrainConfig(steps=200, log_every=10, save=lambda arrays, meta: saved.append((arrays, meta)))
    with pytest.raises(TrainingDiverged):
        train(game, r3gan(), config, on_log=lambda step, generator, history: seen.append(history))
    assert [row["step"] for row in seen[-1].rows] == [10, 20, 30, 40]
    arrays, meta = saved[-1]
    assert meta["step"] == 40
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_tensorboard_has_each_row_also_after_a_resume(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    saved = []
    config = TrainConfig(steps=30, log_every=10, tensorboard=tmp_path, save=lambda *point: saved.append(point))
    train(shift(), r3gan(), config)
    history = train(shift(), r3gan(), replace(config, steps=60), resume_from=saved[1]).history
    shown = accumulator.EventAccumulator(str(tmp_path)).Reload()
    for name in ("critic_loss", "modes", "gradient_ratio"):
        expected = [(row["step"], pytest.approx(row[name], rel=1e-5)) for row in history.rows]
        assert [(event.step, event.value) for event in shown.Scalars(name)] == expected
    assert "score" not in shown.Tags()["scalars"]


def test_without_the_package_a_run_with_tensorboard_does_not_begin(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    game = shift()
    drawn = poison(game, 0)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'ganaug\[tensorboard\]'"):
        train(game, r3gan(), TrainConfig(steps=3, tensorboard=tmp_path))
    assert not drawn


def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_stream_alone():
    before = torch.get_rng_state()
    one, two = (train(shift(), wgan_gp(), TrainConfig(steps=5), rng=stream(3)).generator for _ in range(2))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(before, torch.get_rng_state())


def test_extra_terms_pull_the_generator():
    game = shift()
    game.terms = lambda fake, given: 1e4 * (fake - given).square()
    trained = train(game, r3gan(), TrainConfig(steps=100, half_life=0))
    assert (rows(game, trained.generator) - game.draw(stream(7))[1]).abs().max() < 0.1


def test_one_step_does_what_the_pieces_say():
    # by hand: critic, then the generator against the new critic, plain Adam, no penalty
    objective = Objective(nonsaturating())
    game, twin = shift(), shift()
    train(game, objective, TrainConfig(steps=1, generator_lr=1e-3), rng=stream(3))

    rng = stream(3)
    real, given = twin.draw(rng)
    fake = twin.fake(given, rng)
    for net, loss in (
        (twin.critic, lambda: objective.loss.critic(twin.critic(real), twin.critic(fake.detach()))),
        (twin.generator, lambda: objective.loss.generator(twin.critic(real), twin.critic(fake))),
    ):
        optimizer = torch.optim.Adam(net.parameters(), 1e-3, (0.0, 0.99), fused=True)
        optimizer.zero_grad()
        loss().mean().backward()
        optimizer.step()
    for name in ("generator", "critic"):
        for a, b in zip(getattr(game, name).parameters(), getattr(twin, name).parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-7)
