import pytest
import torch

from ganaug.adversarial import PENALTIES, Round, gradient_penalty, r1, r2


def play(critic, real, fake):
    real, fake = real.requires_grad_(), fake.requires_grad_()
    return Round(real, fake, critic(real), critic(fake), critic, torch.Generator().manual_seed(0))


@pytest.fixture
def linear():
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    return w, play(lambda x: x @ w, torch.randn(6, 2), torch.randn(6, 2))


@pytest.mark.parametrize("penalty", [r1, r2])
def test_a_linear_critic_pays_its_squared_norm(linear, penalty):
    w, game = linear
    torch.testing.assert_close(penalty(game), torch.full((6,), 25.0))
    (force,) = torch.autograd.grad(penalty(game).mean(), w)
    torch.testing.assert_close(force, 2 * w)


def test_a_linear_critic_pays_its_distance_from_slope_1(linear):
    torch.testing.assert_close(gradient_penalty(linear[1]), torch.full((6,), 16.0))


def test_r1_looks_at_real_rows_and_r2_at_fake_ones():
    game = play(lambda x: x.square().sum(1), torch.ones(2, 3), torch.zeros(2, 3))
    assert r1(game).tolist() == [12, 12]
    assert r2(game).tolist() == [0, 0]


def test_gradient_penalty_looks_between_the_two():
    seen = []
    game = play(lambda x: seen.append(x) or x.sum(1), torch.zeros(50, 2), torch.ones(50, 2))
    gradient_penalty(game)
    between = seen[-1]
    assert (between[:, 0] == between[:, 1]).all()
    assert 0 < between.min() < 0.2 < 0.8 < between.max() < 1


@pytest.mark.parametrize("name", PENALTIES)
def test_images_are_flattened(name):
    game = play(lambda x: x.flatten(1).sum(1), torch.randn(4, 1, 8, 8), torch.randn(4, 1, 8, 8))
    assert PENALTIES[name](game).shape == (4,)
