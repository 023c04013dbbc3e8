import math

import pytest
import torch
from torch.autograd import grad

from ganaug.adversarial import LOSSES, relativistic, wasserstein


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
    real, fake = torch.zeros(1), torch.zeros(1, requires_grad=True)
    (down,), (up,) = (grad(loss(real, fake).sum(), fake) for loss in LOSSES[name])
    assert down > 0 > up


def test_relativistic_sees_only_the_difference():
    real, fake = torch.randn(2, 7)
    torch.testing.assert_close(relativistic().critic(real + 5, fake + 5), relativistic().critic(real, fake))


def test_wasserstein_is_zero_sum():
    real = torch.zeros(4)
    fake = torch.randn(4)
    torch.testing.assert_close(wasserstein().critic(real, fake), -wasserstein().generator(real, fake))
