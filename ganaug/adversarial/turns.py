"""One step of both players."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from ganaug.adversarial.checkpoint import Run
from ganaug.adversarial.distributed import average_gradients, mean
from ganaug.adversarial.game import Game
from ganaug.adversarial.objective import Objective
from ganaug.adversarial.penalties import Round
from ganaug.adversarial.stabilizers import Slopes, clip_weights, drift, field_energy, unrolled

__all__ = ["Turn", "play"]

Given = TypeVar("Given")
Judge = Callable[[Tensor], Tensor]


class Turn(NamedTuple):
    """What a step showed, still on the device and without its graph.

    Attributes
    ----------
    critic_loss, generator_loss : Tensor ()
    real, fake : Tensor (n, ...)
        Rows of the last critic step.
    real_logits, fake_logits : Tensor (n,)
    """

    critic_loss: Tensor
    generator_loss: Tensor
    real: Tensor
    fake: Tensor
    real_logits: Tensor
    fake_logits: Tensor


class _Deal(NamedTuple, Generic[Given]):
    """Rows as drawn, and as the critic sees them."""

    made: Tensor
    real: Tensor
    fake: Tensor
    given: Given
    judge: Judge


def play(game: Game[Given], objective: Objective, run: Run) -> Turn:
    """Play one step: in turns, or both players at once."""
    turn = _alternate if objective.consensus is None else _together
    return turn(game, objective, run)


def _alternate(game: Game[Given], objective: Objective, run: Run) -> Turn:
    """Step the critic, then the generator against the critic just stepped, on the same rows."""
    for k in range(objective.critic_steps):
        deal = _deal(game, objective, run)
        penalised = objective.penalised((run.step - 1) * objective.critic_steps + k)
        seen = _critic_round(deal, run, penalised=penalised)
        critic_loss = _critic_loss(seen, objective, run, penalised=penalised)
        _step(run.critic_optimizer, critic_loss)
        _settle(seen, objective, run)

    judge = deal.judge
    if objective.unroll:
        judge = _look_ahead(deal, objective, run)
    with torch.no_grad():
        real_logits = judge(deal.real)
    round_ = Round(deal.real, deal.fake, real_logits, judge(deal.fake), judge, run.rng, deal.given)
    generator_loss = _generator_loss(round_, deal, game, objective, run)
    _step(run.generator_optimizer, generator_loss)
    return _turn(critic_loss, generator_loss, seen)


def _together(game: Game[Given], objective: Objective, run: Run) -> Turn:
    """Step both players from where they stand, pulled to where the gradients of both vanish."""
    deal = _deal(game, objective, run)
    penalised = objective.penalised(run.step - 1)
    real = deal.real.detach().requires_grad_(penalised)
    seen = Round(real, deal.fake, deal.judge(real), deal.judge(deal.fake), deal.judge, run.rng, deal.given)
    losses = (
        _critic_loss(seen, objective, run, penalised=penalised),
        _generator_loss(seen, deal, game, objective, run),
    )
    optimizers = (run.critic_optimizer, run.generator_optimizer)
    players = [_weights(optimizer) for optimizer in optimizers]
    pulled = bool(objective.consensus)
    field = [_slopes(loss, weights, create_graph=pulled) for loss, weights in zip(losses, players, strict=True)]
    if objective.consensus:
        energy = objective.consensus * field_energy(field)
        pulls = [_slopes(energy, weights) for weights in players]
        field = [tuple(map(torch.add, slopes, pull)) for slopes, pull in zip(field, pulls, strict=True)]
    for weights, slopes in zip(players, field, strict=True):
        for weight, slope in zip(weights, slopes, strict=True):
            weight.grad = slope.detach()
    for weights, optimizer in zip(players, optimizers, strict=True):
        average_gradients(weights)
        optimizer.step()
    _settle(seen, objective, run)
    return _turn(*losses, seen)


def _deal(game: Game[Given], objective: Objective, run: Run) -> _Deal[Given]:
    real, given = game.draw(run.rng)
    made = game.fake(given, run.rng)

    def judge(rows: Tensor) -> Tensor:
        return game.judge(rows, given)

    if objective.noise is None:
        return _Deal(made, real, made, given, judge)
    real, fake = (objective.noise.on(rows, run.step, run.rng) for rows in (real, made))
    return _Deal(made, real, fake, given, judge)


def _critic_round(deal: _Deal[Given], run: Run, *, penalised: bool) -> Round:
    # two calls rather than one on both halves: it costs 2 % and lets a critic look at its whole batch
    real, fake = (rows.detach().requires_grad_(penalised) for rows in (deal.real, deal.fake))
    return Round(real, fake, deal.judge(real), deal.judge(fake), deal.judge, run.rng, deal.given)


def _critic_loss(seen: Round, objective: Objective, run: Run, *, penalised: bool) -> Tensor:
    loss = objective.critic_loss(seen, penalised=penalised, fake_weight=run.fake_weight)
    return loss + objective.memory * drift(run.critic, run.past["critic"].module) if objective.memory else loss


def _generator_loss(seen: Round, deal: _Deal[Given], game: Game[Given], objective: Objective, run: Run) -> Tensor:
    loss = objective.generator_loss(seen)
    terms = game.terms(deal.made, deal.given)
    if terms is not None:
        loss = loss + terms.mean()
    return loss + objective.memory * drift(run.generator, run.past["generator"].module) if objective.memory else loss


def _look_ahead(deal: _Deal[Given], objective: Objective, run: Run) -> Judge:
    def loss(judge: Judge) -> Tensor:
        seen = Round(deal.real, deal.fake, judge(deal.real), judge(deal.fake), judge, run.rng, deal.given)
        return objective.critic_loss(seen, penalised=False, fake_weight=run.fake_weight)

    assert objective.unroll is not None
    return unrolled(run.critic, deal.judge, loss, objective.unroll)


def _settle(seen: Round, objective: Objective, run: Run) -> None:
    """Bring the critic back to where it may be, and the balance with it."""
    if objective.clip is not None:
        clip_weights(run.critic, objective.clip)
    if objective.equilibrium is not None and run.fake_weight is not None:
        logits = seen.real_logits.detach(), seen.fake_logits.detach()
        run.fake_weight = mean(objective.equilibrium.move(run.fake_weight, *logits))


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    # leaves the other player's gradients alone, and uncomputed
    torch.autograd.backward(loss, inputs=_weights(optimizer))
    average_gradients(_weights(optimizer))
    optimizer.step()


def _slopes(loss: Tensor, weights: list[nn.Parameter], *, create_graph: bool = False) -> Slopes:
    return torch.autograd.grad(
        loss, weights, create_graph=create_graph, retain_graph=True, allow_unused=True, materialize_grads=True
    )


def _weights(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [weight for group in optimizer.param_groups for weight in group["params"]]


def _turn(critic_loss: Tensor, generator_loss: Tensor, seen: Round) -> Turn:
    shown = (critic_loss, generator_loss, seen.real, seen.fake, seen.real_logits, seen.fake_logits)
    return Turn(*(tensor.detach() for tensor in shown))
