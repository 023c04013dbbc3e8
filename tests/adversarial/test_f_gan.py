import math

import pytest
import torch
from torch import nn

from ganaug import divergences
from ganaug.adversarial import CONJUGATES, alpha_conjugate, f_gan, f_gan_bound
from ganaug.divergences.generators import generator_of
from ganaug.nn import Trunk, linear

# both Gaussians as tables on one grid, so that nothing is left to the draw
GRID = torch.linspace(-7, 8, 301, dtype=torch.float64)


def table(mean):
    density = (-((GRID - mean) ** 2) / 2).exp()
    return density / density.sum()


P, Q = table(0), table(1)


def divergence(name):
    # the game's own f has f(1) = -log 4 where ours has 0
    offset = math.log(4) if name == "gan" else 0
    return divergences.f_divergence(P.numpy(), Q.numpy(), name) - offset


def bound(logits, name):
    output, conjugate = CONJUGATES[name]
    return P @ output(logits) - Q @ conjugate(logits)


@pytest.mark.parametrize("name", CONJUGATES)
def test_the_conjugate_is_that_of_the_divergence(name):
    output, conjugate = CONJUGATES[name]
    logits = torch.tensor([-1.5, -0.5, 0.0, 0.4, 0.9], dtype=torch.float64)
    # the game's own f lies log(2) (t + 1) below ours: its slope is lower by log 2, its conjugate higher
    shift = math.log(2) if name == "gan" else 0
    expected = generator_of(name, 0.5).conjugate(output(logits).numpy() + shift) + shift
    torch.testing.assert_close(conjugate(logits), torch.as_tensor(expected))


@pytest.mark.parametrize("name", CONJUGATES)
def test_any_critic_gives_a_lower_bound(name):
    rng = torch.Generator().manual_seed(0)
    for scale in (0.1, 1.0):
        logits = scale * torch.randn(20, len(GRID), dtype=torch.float64, generator=rng)
        assert max(bound(row, name).item() for row in logits) <= divergence(name)


@pytest.mark.parametrize("name", CONJUGATES)
def test_a_trained_critic_comes_within_5_percent(name):
    rng = torch.Generator().manual_seed(0)
    critic = nn.Sequential(Trunk(1, 64, 1, rng=rng), linear(64, 1, rng)).double()
    optimizer = torch.optim.Adam(critic.parameters(), 3e-3)
    for _ in range(400):
        optimizer.zero_grad()
        (-bound(critic(GRID[:, None])[:, 0], name)).backward()
        optimizer.step()
    with torch.no_grad():
        found = bound(critic(GRID[:, None])[:, 0], name).item()
    assert found <= divergence(name) + 1e-9
    assert found >= divergence(name) - 0.05 * abs(divergence(name))


@pytest.mark.parametrize("name", ["kl", "reverse_kl", "gan", "jensen_shannon", "alpha", "squared_hellinger"])
def test_the_bound_is_sharp_at_the_best_critic(name):
    log_ratio = 0.5 - GRID
    best = {
        "kl": 1 + log_ratio,
        "squared_hellinger": log_ratio / 2,
    }.get(name, log_ratio)
    assert bound(best, name).item() == pytest.approx(divergence(name), rel=1e-4)


def test_the_bound_of_samples():
    real, fake = torch.randn(2, 50_000, generator=torch.Generator().manual_seed(0))
    found = f_gan_bound(0.5 - real, 0.5 - (fake + 1), "jensen_shannon")
    assert found == pytest.approx(0.1114215, rel=0.05)


@pytest.mark.parametrize("name", CONJUGATES)
def test_the_saturating_game_is_zero_sum_in_the_fake_logits(name):
    real, fake = torch.zeros(9), torch.randn(9)
    loss = f_gan(name, saturating=True)
    both = loss.critic(real, fake) + loss.generator(real, fake)
    torch.testing.assert_close(both, both[:1].expand(9))


@pytest.mark.parametrize("alpha", [0.0, 1.0, 1.5])
def test_alpha_beyond_its_range_is_refused(alpha):
    with pytest.raises(ValueError, match=f"alpha must be between 0 and 1, not {alpha}"):
        alpha_conjugate(alpha)


def test_an_unknown_divergence_says_which_there_are():
    with pytest.raises(ValueError, match=r"divergence must be one of .*'kl'.* not 'hinge'"):
        f_gan("hinge")
