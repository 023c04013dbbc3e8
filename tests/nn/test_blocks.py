import math

import pytest
import torch

from ganaug.layout import Layout
from ganaug.nn import PeriodicFeatures, ResidualBlock, Trunk, linear


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def test_a_block_starts_as_the_identity(rng):
    x = torch.randn(4, 16)
    assert torch.equal(ResidualBlock(16, rng=rng)(x), x)


def test_weights_come_from_the_given_stream_alone():
    before = torch.get_rng_state()
    one, two = (Trunk(3, 8, 2, rng=torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_linear_layer_keeps_the_scale(rng):
    out = linear(256, 256, rng)(torch.randn(1000, 256, generator=rng))
    assert out.std().item() == pytest.approx(math.sqrt(2), rel=0.1)


def test_periodic_features_see_rank_columns_only(rng):
    layout = Layout.of([("sex", "levels", 2), ("age", "rank", 1)])
    features = PeriodicFeatures(layout, 3, rng=rng)
    x = torch.tensor([[1.0, 0.0, 0.5]])
    out = features(x)
    assert out.shape == (1, features.width) == (1, 9)
    torch.testing.assert_close(out[:, :3], x)
    torch.testing.assert_close(out[0, 3:6], (2 * math.pi * 0.5 * features.frequencies[0]).sin())
    torch.testing.assert_close(out[0, 3:6].square() + out[0, 6:].square(), torch.ones(3))


def test_no_frequencies_leave_the_rows_alone(rng):
    x = torch.randn(2, 3)
    assert PeriodicFeatures(Layout.of([("x", "rank", 3)]), 0, rng=rng)(x) is x
