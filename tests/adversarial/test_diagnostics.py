import math

import pytest
import torch
from adversarial.games import FromNoise, Refine, normal, planted, ring, stream
from torch import nn

from ganaug.adversarial import (
    AdversarialLoss,
    Objective,
    TrainConfig,
    WatchedGame,
    accuracies,
    duality_gap,
    effective_modes,
    mmd2,
    r3gan,
    train,
)
from ganaug.adversarial.checkpoint import Run
from ganaug.adversarial.diagnostics import measure
from ganaug.adversarial.turns import play
from ganaug.nn import Dropout, linear


class Watched(FromNoise):
    """The ring, with rows held out: all of them are drawn anew."""

    def held_out(self, rng):
        return self.real(self.n, rng), None


def restless(width, rng):
    """A network that every pass in training moves in all ways there are."""
    return nn.Sequential(
        nn.utils.parametrizations.spectral_norm(linear(2, 16, rng)),
        nn.BatchNorm1d(16),
        Dropout(0.2, rng=rng),
        nn.Dropout(0.2),
        linear(16, width, rng),
    )


class Restless(Refine):
    @classmethod
    def of(cls):
        torch.manual_seed(0)
        rng = stream(1)
        return cls(ring(), normal(2), restless(2, rng), nn.Sequential(restless(1, rng), nn.Flatten(0)), n=32)

    def fake(self, given, rng):
        return self.generator(given)

    def held_out(self, rng):
        return self.draw(rng)


def bytes_of(*modules):
    parts = [module.state_dict().values() for module in modules]
    return [part.numpy().tobytes() for named in parts for part in named]


def test_a_critic_that_always_says_the_same_guesses():
    assert accuracies(torch.ones(5), torch.ones(7)) == (0.5, 0.5)


def test_accuracies_are_told_apart_and_do_not_depend_on_where_zero_is():
    real, fake = torch.tensor([3.0, 4.0, 9.0, 1.0]), torch.tensor([1.0, 2.0])
    assert accuracies(real, fake) == accuracies(real - 7, fake - 7) == (0.75, 1)
    assert accuracies(-real, -fake) == (0.25, 0)


@pytest.mark.parametrize(("kept", "share"), [(8, 1), (4, 1 / 2), (2, 1 / 4), (1, 1 / 8)])
def test_modes_are_counted_without_labels(kept, share):
    rng = stream()
    pool = ring(8)(512 * 16, rng)
    mode = (torch.atan2(pool[:, 1], pool[:, 0]) * (8 / (2 * math.pi))).round().long() % 8
    fake = pool[mode < kept][:512]
    found = torch.stack([effective_modes(ring(8)(512, rng), fake, rng=rng) for _ in range(20)])
    assert found.mean().item() == pytest.approx(share, abs=0.08)


def test_images_have_modes_too():
    real, fake = torch.randn(2, 256, 1, 4, 4, generator=stream())
    assert effective_modes(real, fake, rng=stream()).item() == pytest.approx(1, abs=0.3)
    assert effective_modes(real, 0 * fake, rng=stream()) < 0.1


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_rows_are_no_error(n):
    rows = torch.randn(n, 2, generator=stream())
    assert effective_modes(rows, rows, rng=stream()).shape == mmd2(rows, rows).shape == ()


def test_mmd_is_unbiased():
    rng = stream()
    found = torch.stack([mmd2(*torch.randn(2, 40, 3, generator=rng)) for _ in range(200)])
    assert abs(found.mean()) < 3 * found.std() / math.sqrt(200)


def test_mmd_is_what_its_formula_says():
    x, y = torch.randn(9, 2, 2, generator=stream()), torch.rand(7, 2, 2, generator=stream(1))
    rows = torch.cat([x, y]).flatten(1)
    squared = (rows[:, None] - rows).square().sum(dim=2)
    kernel = sum((-squared / (2 * squared.median() * w**2)).exp() for w in (0.25, 0.5, 1, 2, 4)) / 5
    pairs = [(a, b) for a in range(16) for b in range(16) if a != b]
    within = [[kernel[a, b] for a, b in pairs if a in side and b in side] for side in (range(9), range(9, 16))]
    across = kernel[:9, 9:].mean()
    expected = sum(torch.stack(side).mean() for side in within) - 2 * across
    torch.testing.assert_close(mmd2(x, y), expected)


def test_rows_that_are_mostly_equal_have_an_mmd():
    mostly = torch.cat([torch.zeros(19, 1), torch.ones(1, 1)])
    assert mmd2(torch.zeros(20, 1), torch.zeros(20, 1)) == 0
    assert mmd2(mostly, torch.ones(20, 1)) > 0.5


def started(game, steps=3):
    run = Run.start(game, r3gan(), TrainConfig(), stream(3))
    for run.step in range(1, steps + 1):
        turn = play(game, r3gan(), run)
    return run, turn


def test_only_a_game_with_rows_held_out_is_watched():
    plain, watched = (kind.of(ring(), 2, width=16, n=64) for kind in (FromNoise, Watched))
    assert isinstance(watched, WatchedGame)
    assert not isinstance(plain, WatchedGame)
    of_plain, of_watched = (measure(game, *started(game)) for game in (plain, watched))
    assert list(of_plain) == list(of_watched)
    assert {name for name, value in of_plain.items() if value is None} == {"validation_logit", "mmd"}
    # all real rows come from one sampler, so the held-out ones look like the others
    logits = [of_watched[f"{rows}_logit"].item() for rows in ("real", "fake", "validation")]
    assert abs(logits[0] - logits[2]) < abs(logits[0] - logits[1])
    assert of_watched["mmd"] > 0.05


def test_measuring_changes_nothing_and_repeats_itself():
    game = Restless.of()
    run, turn = started(game)
    before = bytes_of(game.generator, game.critic), run.rng.get_state(), torch.get_rng_state()
    gradients = [weight.grad for weight in game.critic.parameters()]
    first = measure(game, run, turn)
    assert bytes_of(game.generator, game.critic) == before[0]
    assert torch.equal(run.rng.get_state(), before[1])
    assert torch.equal(torch.get_rng_state(), before[2])
    assert all(weight.grad is gradient for weight, gradient in zip(game.critic.parameters(), gradients, strict=True))
    assert measure(game, run, turn) == first
    run.step += 1
    assert measure(game, run, turn)["mmd"] != first["mmd"]


def test_measuring_does_not_wait_for_the_device(monkeypatch):
    game = Watched.of(ring(), 2, width=16, n=64)
    run, turn = started(game)
    for name in ("item", "tolist", "__bool__", "__float__", "__int__"):
        monkeypatch.setattr(torch.Tensor, name, lambda *_: pytest.fail("a value was read"))
    measure(game, run, turn)


def test_weights_do_not_depend_on_how_often_is_logged():
    ends = []
    for log_every in (1, 7, 100):
        game = Restless.of()
        torch.manual_seed(5)
        train(game, r3gan(), TrainConfig(steps=20, log_every=log_every), rng=stream(3))
        ends.append(bytes_of(game.generator, game.critic))
    assert ends[0] == ends[1] == ends[2]


class Saddle(nn.Module):
    """The game of value ``u v - v**2 / 2`` of two numbers, as logits: its generator is u and its critic v."""

    def __init__(self, u, v):
        super().__init__()
        self.generator, self.critic = (nn.ParameterList([torch.tensor([[value]])]) for value in (u, v))
        self.objective = Objective(AdversarialLoss(lambda real, fake: real**2 / 2 - fake, lambda real, fake: fake))

    def draw(self, rng):
        return torch.ones(4, 1), None

    def fake(self, given, rng):
        return self.generator[0].expand(4, 1)

    def judge(self, x, given):
        return (x * self.critic[0])[:, 0]

    def terms(self, fake, given):
        return None


@pytest.mark.parametrize(("u", "v"), [(0.0, 0.0), (2.0, 0.0), (1.0, 3.0)])
def test_the_duality_gap_is_what_the_two_would_gain(u, v):
    game = Saddle(u, v)
    config = TrainConfig(optimizer="sgd", generator_lr=0.01, critic_lr=0.5)
    found = duality_gap(game, game.objective, config, steps=50, rng=stream())
    best_critic, best_generator = u, u - 50 * 0.01 * v  # the generator has no best, but so many steps
    expected = (u * best_critic - best_critic**2 / 2) - (best_generator * v - v**2 / 2)
    assert found == pytest.approx(expected, abs=1e-5)
    assert (game.generator[0].item(), game.critic[0].item()) == (u, v)


def test_the_duality_gap_leaves_a_game_alone_and_falls_as_it_is_learned():
    game = Refine.of(planted(1, 0.5), normal(1), 1, width=16, n=64)
    config = TrainConfig(steps=200, generator_lr=1e-3, critic_lr=1e-3)
    before = bytes_of(game.generator, game.critic)
    first = duality_gap(game, r3gan(), config, steps=30, rng=stream(5))
    assert bytes_of(game.generator, game.critic) == before
    assert all(weight.grad is None for weight in game.critic.parameters())
    train(game, r3gan(), config)
    assert 0 <= duality_gap(game, r3gan(), config, steps=30, rng=stream(5)) < first / 3
