import copy

import pytest
import torch

from ganaug.layout import Layout
from ganaug.nn import Critic, Dropout


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_share_is_dropped_and_the_mean_stays():
    dropped = Dropout(0.3, rng=stream())(torch.ones(100_000))
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert dropped.mean().item() == pytest.approx(1, abs=0.01)


def test_each_call_drops_other_units_and_another_layer_others_still():
    rng = stream()
    one, two = Dropout(0.5, rng=rng), Dropout(0.5, rng=rng)
    x = torch.ones(1000)
    masks = torch.stack([one(x), one(x), two(x), two(x)])
    assert torch.corrcoef(masks).triu(1).abs().max() < 0.15


def test_nothing_is_dropped_in_evaluation():
    x = torch.randn(50)
    assert Dropout(0.5, rng=stream()).eval()(x) is x


def test_the_global_stream_stays_where_it_is():
    before = torch.get_rng_state()
    Dropout(0.5, rng=stream())(torch.ones(9))
    assert torch.equal(before, torch.get_rng_state())


def test_copies_and_loaded_states_go_on_in_the_same_place():
    layer, other, x = Dropout(0.5, rng=stream()), Dropout(0.5, rng=stream(1)), torch.ones(1000)
    layer(x)
    twin = copy.deepcopy(layer)
    other.load_state_dict(layer.state_dict())
    following = layer(x)
    assert torch.equal(twin(x), following)
    assert torch.equal(other(x), following)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_other_shares_are_refused(share):
    with pytest.raises(ValueError, match=f"not {share}"):
        Dropout(share, rng=stream())


def test_a_critic_hears_of_it_in_training_alone():
    layout = Layout.of([("x", "rank", 1), ("y", "rank", 1)])
    critic, x = Critic(layout, dropout=0.5, rng=stream()), torch.randn(5, 2)
    assert not torch.equal(critic(x), critic(x))
    plain = Critic(layout, rng=stream())
    assert plain.state_dict().keys() < critic.state_dict().keys()
    plain.load_state_dict(critic.state_dict(), strict=False)
    torch.testing.assert_close(critic.eval()(x), plain(x))
