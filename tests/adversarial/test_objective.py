import math

import pytest
import torch

from ganaug.adversarial import (
    LOSSES,
    OBJECTIVES,
    Equilibrium,
    Objective,
    Round,
    Unroll,
    feature_matching,
    r1,
    r3gan,
    relativistic,
    wasserstein,
)


@pytest.fixture
def game():
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    x = torch.zeros(5, 2, requires_grad=True)
    return Round(x, x, x @ w, x @ w, lambda rows: rows @ w, torch.Generator())


def test_lazy_penalties_keep_their_mean_force(game):
    every = Objective(relativistic(), ((r1, 0.5),))
    lazy = Objective(relativistic(), ((r1, 0.5),), penalty_every=4)
    steps = range(8)
    paid = [sum(o.critic_loss(game, penalised=o.penalised(step)).item() for step in steps) for o in (every, lazy)]
    assert paid == pytest.approx([8 * (math.log(2) + 12.5)] * 2)


def test_penalties_come_every_kth_step():
    assert [r3gan(penalty_every=3).penalised(step) for step in range(4)] == [True, False, False, True]
    assert not Objective(relativistic()).penalised(0)


def test_r3gan_weighs_both_sides_by_half_gamma(game):
    loss = r3gan(gamma=0.2, penalty_every=1).critic_loss(game, penalised=True)
    assert loss.item() == pytest.approx(math.log(2) + 0.1 * 25 + 0.1 * 25)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_recipes_need_no_arguments(name, game):
    assert OBJECTIVES[name]().critic_loss(game, penalised=False).isfinite()


@pytest.mark.parametrize("name", ["penalty_every", "critic_steps"])
def test_counts_below_one_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be 1 or more, not 0"):
        Objective(relativistic(), **{name: 0})


def test_every_loss_is_an_objective():
    assert set(LOSSES) < set(OBJECTIVES)


def test_the_weight_of_the_fake_rows_scales_their_logits():
    rows = torch.ones(2, 1)
    game = Round(rows, rows, torch.ones(2), torch.full((2,), 4.0), lambda x: x, torch.Generator())
    loss = Objective(wasserstein(), equilibrium=Equilibrium()).critic_loss(
        game, penalised=False, fake_weight=torch.tensor(0.25)
    )
    assert loss.item() == pytest.approx(0.25 * 4 - 1)


def test_the_generators_penalties_are_its_own(game):
    shifted = game._replace(fake=game.real + 2)
    objective = Objective(relativistic(), generator_penalties=((feature_matching(lambda x: x), 0.5),))
    assert objective.generator_loss(shifted).item() == pytest.approx(math.log(2) + 0.5 * 8)
    assert objective.critic_loss(shifted, penalised=True).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("other", [{"critic_steps": 2}, {"unroll": Unroll()}])
def test_consensus_is_for_single_simultaneous_steps(other):
    with pytest.raises(ValueError, match="consensus moves both players at once"):
        Objective(relativistic(), consensus=0.1, **other)


@pytest.mark.parametrize("clip", [0.0, -1.0, math.nan])
def test_a_limit_that_leaves_no_weight_is_refused(clip):
    with pytest.raises(ValueError, match="clip must be more than 0"):
        Objective(relativistic(), clip=clip)
