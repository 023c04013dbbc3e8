import pytest
import torch

from ganaug.adversarial import PENALTIES, Round, dragan, feature_matching, gradient_penalty, r1, r2


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


@pytest.mark.parametrize("penalty", [gradient_penalty, dragan])
def test_a_linear_critic_pays_its_distance_from_slope_1(linear, penalty):
    torch.testing.assert_close(penalty(linear[1]), torch.full((6,), 16.0))


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


def test_dragan_looks_around_the_real_rows_alone():
    seen = []
    real = torch.randn(500, 2)
    dragan(play(lambda x: seen.append(x) or x.sum(1), real, torch.full((500, 2), 99.0)))
    moved = (seen[-1] - real).detach()
    assert 0 <= moved.min() < 0.05
    assert moved.max().item() == pytest.approx(0.5, abs=0.05)


def test_feature_matching_pulls_the_mean_of_the_fake_rows_alone():
    game = play(lambda x: x.sum(1), torch.ones(4, 2), torch.zeros(4, 2))
    real, fake = torch.autograd.grad(feature_matching(lambda x: x)(game), (game.real, game.fake), allow_unused=True)
    assert real is None
    torch.testing.assert_close(fake, torch.full((4, 2), -0.5))
