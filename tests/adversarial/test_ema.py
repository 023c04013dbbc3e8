import pytest
import torch
from torch import nn

from ganaug.adversarial.ema import Average, decay


def test_a_weight_counts_half_after_the_half_life():
    module = nn.Linear(1, 1)
    average = Average(module, half_life=50)
    nn.init.zeros_(average.module.weight)
    nn.init.ones_(module.weight)
    for _ in range(50):
        average.update(module, step=10_000)
    assert average.module.weight.item() == pytest.approx(0.5, abs=1e-5)


def test_the_first_steps_forget_faster():
    assert decay(1, half_life=100) < decay(50, half_life=100) < decay(5000, half_life=100)
    assert decay(5000, half_life=100) == decay(9000, half_life=100) == pytest.approx(0.5**0.01)


def test_no_half_life_follows_the_weights():
    module = nn.Linear(2, 2)
    average = Average(module, half_life=0)
    nn.init.ones_(module.weight)
    average.update(module, step=1)
    torch.testing.assert_close(average.module.weight, module.weight.detach())


def test_the_mean_is_a_copy_without_gradients():
    module = nn.BatchNorm1d(2)
    average = Average(module, half_life=10)
    module(torch.randn(8, 2))
    average.update(module, step=1)
    assert not average.module.training
    assert not any(p.requires_grad for p in average.module.parameters())
    torch.testing.assert_close(average.module.running_mean, module.running_mean)
