import pytest
import torch

from ganaug.layout import Layout
from ganaug.nn import Critic

LAYOUT = Layout.of([("age", "rank", 1), ("sex", "levels", 2)])


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def test_one_logit_a_row(rng):
    assert Critic(LAYOUT, rng=rng)(torch.randn(5, 3)).shape == (5,)


def test_rows_are_judged_one_by_one(rng):
    critic, x = Critic(LAYOUT, frequencies=4, rng=rng), torch.randn(6, 3)
    torch.testing.assert_close(critic(x)[2:4], critic(x[2:4]))


def test_the_condition_is_heard(rng):
    critic, x, c = Critic(LAYOUT, condition_dim=2, rng=rng), torch.randn(5, 3), torch.randn(5, 2)
    assert not torch.equal(critic(x, c), critic(x, -c))


def test_packs_share_a_logit(rng):
    critic = Critic(LAYOUT, pack=3, condition_dim=1, rng=rng)
    assert critic(torch.randn(6, 3), torch.randn(6, 1)).shape == (2,)
    with pytest.raises(ValueError, match="5 rows cannot be judged in packs of 3"):
        critic(torch.randn(5, 3), torch.randn(5, 1))
