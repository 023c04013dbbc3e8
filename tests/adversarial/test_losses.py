import math

import pytest
import torch
from torch.autograd import grad

from ganaug.adversarial import (
    LOSSES,
    energy,
    least_squares,
    maximum_likelihood,
    minimax,
    nonsaturating,
    relativistic,
    wasserstein,
)

KEYS = (
    "minimax nonsaturating maximum_likelihood least_squares hinge wasserstein energy began relativistic "
    "kl reverse_kl pearson_chi2 neyman_chi2 squared_hellinger jensen_shannon total_variation alpha"
)
SURE = torch.tensor([-20.0], requires_grad=True)  # D(fake) = 0


def test_every_loss_has_its_name():
    assert list(LOSSES) == KEYS.split()


@pytest.mark.parametrize("name", ["relativistic", "nonsaturating"])
def test_undecided_logits_cost_log_2_each(name):
    zero = torch.zeros(3)
    torch.testing.assert_close(LOSSES[name].generator(zero, zero), torch.full((3,), math.log(2)))


@pytest.mark.parametrize("name", LOSSES)
def test_one_number_a_row(name):
    real, fake = torch.randn(2, 5)
    assert LOSSES[name].critic(real, fake).shape == LOSSES[name].generator(real, fake).shape == (5,)


@pytest.mark.parametrize("name", LOSSES)
def test_players_pull_a_fake_logit_apart(name):
    real, fake = torch.full((1,), 0.1), torch.full((1,), 0.1, requires_grad=True)
    (down,), (up,) = (grad(loss(real, fake).sum(), fake) for loss in LOSSES[name])
    assert down > 0 > up


@pytest.mark.parametrize("name", LOSSES)
def test_the_critic_raises_a_real_logit(name):
    real = torch.full((1,), 0.1, requires_grad=True)
    (slope,) = grad(LOSSES[name].critic(real, torch.zeros(1)).sum(), real)
    assert slope < 0


def test_the_value_of_the_game_at_its_optimum():
    zero = torch.zeros(1)
    assert -minimax().critic(zero, zero).item() == pytest.approx(-1.3862944, abs=1e-7)


def test_the_classic_game_is_zero_sum():
    real, fake = torch.randn(2, 9)
    both = minimax().critic(real, fake) + minimax().generator(real, fake)
    torch.testing.assert_close(both, torch.nn.functional.softplus(-real))  # what the generator cannot move


def test_minimax_saturates_where_the_critic_is_sure_and_its_relative_does_not():
    (flat,) = grad(minimax().generator(torch.zeros(1), SURE).sum(), SURE)
    (steep,) = grad(nonsaturating().generator(torch.zeros(1), SURE).sum(), SURE)
    assert abs(flat.item()) < 1e-8
    assert steep.item() == pytest.approx(-1)


def test_maximum_likelihood_weighs_fake_rows_by_their_density_ratio():
    ratio = torch.tensor([0.5, 2.0])
    fake = ratio.log().requires_grad_()
    (slope,) = grad(maximum_likelihood().generator(torch.zeros(2), fake).sum(), fake)
    torch.testing.assert_close(slope, -ratio)


@pytest.mark.parametrize("loss", [minimax, nonsaturating, maximum_likelihood])
def test_smoothing_shifts_the_best_critic(loss):
    p, q, smoothing = 0.7, 0.2, 0.1
    best = (1 - smoothing) * p / (p + q)
    logit = torch.tensor(best).logit().requires_grad_()
    real, fake = loss(smoothing).critic(logit, torch.tensor(-99.0)), loss(smoothing).critic(torch.tensor(0.0), logit)
    (slope,) = grad(p * real + q * fake, logit)
    assert slope.item() == pytest.approx(0, abs=1e-6)


def test_smoothing_leaves_the_fake_side_alone():
    fake = torch.randn(4)
    gap = nonsaturating(0.1).critic(torch.zeros(4), fake) - nonsaturating().critic(torch.zeros(4), fake)
    torch.testing.assert_close(gap, torch.zeros(4))


def test_half_and_more_is_no_smoothing():
    with pytest.raises(ValueError, match=r"smoothing must be .* not 0.5"):
        nonsaturating(0.5)


def test_the_best_least_squares_critic_is_the_share_of_real_rows():
    p, q = 0.6, 0.2
    logit = torch.tensor(p / (p + q), requires_grad=True)
    loss = least_squares().critic
    zero = torch.tensor(0.0)
    (slope,) = grad(p * loss(logit, zero) + q * loss(torch.tensor(1.0), logit), logit)
    assert slope.item() == pytest.approx(0, abs=1e-6)


def test_energy_leaves_fake_rows_beyond_the_margin_alone():
    fake = torch.tensor([-0.5, -3.0], requires_grad=True)
    (slope,) = grad(energy(margin=1.0).critic(torch.zeros(2), fake).sum(), fake)
    assert slope.tolist() == [1, 0]


def test_relativistic_sees_only_the_difference():
    real, fake = torch.randn(2, 7)
    torch.testing.assert_close(relativistic().critic(real + 5, fake + 5), relativistic().critic(real, fake))


def test_wasserstein_is_zero_sum():
    real = torch.zeros(4)
    fake = torch.randn(4)
    torch.testing.assert_close(wasserstein().critic(real, fake), -wasserstein().generator(real, fake))
