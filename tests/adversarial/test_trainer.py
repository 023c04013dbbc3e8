import math

import pytest
import torch
from adversarial.games import FromNoise, Refine, correlated, normal, planted, ring, stream

from ganaug.adversarial import Objective, TrainConfig, nonsaturating, r3gan, train, wgan_gp
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
    assert list(row) == [
        *("step", "seconds", "critic_loss", "generator_loss", "real_logit", "fake_logit"),
        *("critic_gradient", "generator_gradient", "score"),
    ]
    assert row["critic_loss"] > 0 < row["generator_loss"]
    assert row["critic_gradient"] > 0 < row["generator_gradient"]


@pytest.mark.parametrize("log_every", [1, 100])
def test_divergence_names_its_step(log_every):
    game = shift()
    draw, drawn = game.draw, []

    def poisoned(rng):
        real, given = draw(rng)
        drawn.append(real)
        return (real * math.nan if len(drawn) == 41 else real), given

    game.draw = poisoned
    with pytest.raises(TrainingDiverged, match="at step 41") as error:
        train(game, r3gan(), TrainConfig(steps=200, log_every=log_every))
    assert error.value.step == 41
    assert len(drawn) <= 64


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
