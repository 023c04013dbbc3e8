import pytest
import torch

from ganaug.layout import Layout
from ganaug.nn import LevelsHead, straight_through


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_levels_are_drawn_with_their_probabilities(rng, temperature):
    share = torch.tensor([0.1, 0.2, 0.7])
    drawn = straight_through(share.log().expand(20_000, 3), rng, temperature)
    torch.testing.assert_close(drawn.mean(0), share, atol=0.015, rtol=0)


def test_the_forward_value_is_exactly_one_hot_and_the_gradient_flows(rng):
    logits = torch.randn(50, 4, requires_grad=True)
    drawn = straight_through(logits, rng, 0.5)
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert (drawn.sum(1) == 1).all()
    drawn[:, 0].sum().backward()
    assert logits.grad.isfinite().all()
    assert logits.grad.abs().sum() > 0


def test_every_levels_block_is_drawn_and_the_rest_passes(rng):
    layout = Layout.of([("a", "levels", 3), ("b", "rank", 1), ("c", "levels", 2), ("d", "embedding", 2)])
    x = torch.randn(100, 8, requires_grad=True)
    out = LevelsHead(layout)(x, rng)
    for start, stop in ((0, 3), (4, 6)):
        assert set(out[:, start:stop].unique().tolist()) == {0.0, 1.0}
        assert (out[:, start:stop].sum(1) == 1).all()
    assert torch.equal(out[:, [3, 6, 7]], x[:, [3, 6, 7]])
    out.square().sum().backward()
    assert x.grad.isfinite().all()


def test_no_levels_no_change(rng):
    x = torch.randn(2, 2)
    assert LevelsHead(Layout.of([("a", "rank", 1), ("b", "rank", 1)]))(x, rng) is x
