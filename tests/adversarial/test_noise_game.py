import pytest
import torch
from adversarial.games import planted, stream
from torch import nn

from ganaug.adversarial import Game, NoiseGame, TrainConfig, r3gan, train
from ganaug.nn import mlp


def game(critic=None, n=64):
    rng = stream()
    return NoiseGame(planted(3, 0.5), mlp(2, 16, 1, 1, rng=rng), critic or mlp(1, 16, 1, 1, rng=rng), n=n, noise_dim=2)


def test_its_rows_and_logits_have_the_shapes_of_a_game():
    played: Game[None] = game()
    real, given = played.draw(stream())
    fake = played.fake(given, stream())
    assert real.shape == fake.shape == (64, 1)
    assert played.judge(fake, given).shape == (64,)
    assert played.terms(fake, given) is None


def test_a_critic_may_give_logits_with_or_without_a_column():
    flat = nn.Sequential(nn.Linear(1, 1), nn.Flatten(0))
    assert game(flat).judge(torch.zeros(5, 1), None).shape == (5,)


def test_it_learns_where_the_rows_are():
    trained = train(game(n=128), r3gan(), TrainConfig(steps=300, generator_lr=3e-3, half_life=30), rng=stream())
    with torch.no_grad():
        assert trained.generator(torch.randn(5000, 2, generator=stream(1))).mean().item() == pytest.approx(3, abs=0.15)
