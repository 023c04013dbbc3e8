"""The loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from ganaug.adversarial.checkpoint import Run, Stopped
from ganaug.adversarial.config import Arrays, Meta, TrainConfig
from ganaug.adversarial.game import Game
from ganaug.adversarial.history import History, Row
from ganaug.adversarial.objective import Objective
from ganaug.adversarial.penalties import Round
from ganaug.errors import TrainingDiverged

__all__ = ["OnLog", "Trained", "train"]

Given = TypeVar("Given")
OnLog = Callable[[int, nn.Module, History], float | None]
CHECK_EVERY = 32  # steps; reading a loss waits for the device


class Trained(NamedTuple):
    """The end of a run.

    Attributes
    ----------
    generator : torch.nn.Module
        The averaged generator: the best-scoring one, or the last where nothing was scored.
    history : History
        The log.
    steps : int
        Generator steps done.
    stopped : {"steps", "time", "converged"}
        Why it ended.
    """

    generator: nn.Module
    history: History
    steps: int
    stopped: Stopped


class Turn(NamedTuple):
    """One step of both players, still on the device."""

    critic_loss: Tensor
    generator_loss: Tensor
    real_logit: Tensor
    fake_logit: Tensor


def train(
    game: Game[Given],
    objective: Objective,
    config: TrainConfig = TrainConfig(),  # noqa: B008  (frozen)
    *,
    rng: torch.Generator | None = None,
    on_log: OnLog | None = None,
    resume_from: tuple[Arrays, Meta] | None = None,
) -> Trained:
    """Play a game until its steps, its time or its patience is used up.

    Parameters
    ----------
    game : Game
        The networks, which are trained in place, and what they play about.
    objective : Objective
        What they minimise, say ``r3gan()``.
    config : TrainConfig
        How long and how fast.
    rng : torch.Generator, optional
        Source of all that is random, on the device of the game; by default one on the CPU, seeded with 0.
    on_log : callable, optional
        ``(step, averaged generator, history) -> score or None`` at every logged step. The lowest score chooses the
        generator. It must depend on its arguments alone, or a resumed run may end elsewhere.
    resume_from : (arrays, meta), optional
        A checkpoint that ``config.save`` was given; networks, optimisers, rng and history go on from there, and on one
        CPU end with the same bytes as if nothing had stopped.

    Raises
    ------
    TrainingDiverged
        If a loss or a gradient is not finite; it names the step.
    KeyboardInterrupt
        Passed on after the last logged step has been saved.
    """
    run = Run.start(game, config, rng if rng is not None else torch.Generator().manual_seed(0))
    if resume_from is not None:
        run.restore(*resume_from)
    checkpoint = run.state()
    unchecked: list[Turn] = []
    stopped = run.stopped(config)
    try:
        while stopped is None:
            run.step += 1
            turn = _turn(game, objective, run)
            run.average.update(game.generator, run.step)
            unchecked.append(turn)
            stopped = run.stopped(config)
            due = stopped is not None or run.step % config.log_every == 0
            if due or run.step % CHECK_EVERY == 0:
                _check(unchecked, run.step)
            if due:
                _log(run, turn, on_log)
                checkpoint, stopped = run.state(), stopped or run.stopped(config)
                if config.save and (stopped or len(run.history.rows) % config.checkpoint_every == 0):
                    config.save(*checkpoint)
    except KeyboardInterrupt:
        # a step cannot be split, so what is kept is the last logged one; the steps after it are played again
        if config.save:
            config.save(*checkpoint)
        raise
    run.average.module.load_state_dict(run.best)
    return Trained(run.average.module, run.history, run.step, stopped)


def _turn(game: Game[Given], objective: Objective, run: Run) -> Turn:
    """Step the critic, then the generator against the critic just stepped, on the same rows."""
    for k in range(objective.critic_steps):
        real, given = game.draw(run.rng)
        fake = game.fake(given, run.rng)
        penalised = objective.penalised((run.step - 1) * objective.critic_steps + k)
        round_ = _round(game, real, fake, given, run.rng, penalised=penalised)
        critic_loss = objective.critic_loss(round_, penalised=penalised)
        _step(run.critic_optimizer, critic_loss)

    with torch.no_grad():
        real_logits = game.judge(real, given)
    generator_loss = objective.loss.generator(real_logits, game.judge(fake, given)).mean()
    terms = game.terms(fake, given)
    _step(run.generator_optimizer, generator_loss if terms is None else generator_loss + terms.mean())
    return Turn(critic_loss.detach(), generator_loss.detach(), round_.real_logits.detach(), round_.fake_logits.detach())


def _round(
    game: Game[Given], real: Tensor, fake: Tensor, given: Given, rng: torch.Generator, *, penalised: bool
) -> Round:
    # two calls rather than one on both halves: it costs 2 % and lets a critic look at its whole batch
    real, fake = (rows.detach().requires_grad_(penalised) for rows in (real, fake))
    return Round(real, fake, game.judge(real, given), game.judge(fake, given), lambda x: game.judge(x, given), rng)


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss, inputs=parameters)  # leaves the other player's gradients alone, and uncomputed
    optimizer.step()


def _check(unchecked: list[Turn], step: int) -> None:
    """Read the losses since the last check, all at once, and name the first step that is not finite."""
    losses = torch.stack([turn.critic_loss + turn.generator_loss for turn in unchecked])
    finite = losses.isfinite().tolist()
    unchecked.clear()
    if not all(finite):
        raise _diverged(step - len(finite) + 1 + finite.index(False))


def _log(run: Run, turn: Turn, on_log: OnLog | None) -> None:
    norms = [_gradient_norm(net.parameters()) for net in (run.critic, run.generator)]
    measured = torch.stack([*(value.mean() for value in turn), *norms])
    if not measured.isfinite().all():
        raise _diverged(run.step)
    names = (*Turn._fields, "critic_gradient", "generator_gradient")
    row: Row = {"step": run.step, "seconds": run.seconds, **dict(zip(names, measured.tolist(), strict=True))}
    run.history.append({**row, "score": None})
    score = on_log(run.step, run.average.module, run.history) if on_log else None
    if score is not None and not math.isfinite(score):
        raise ValueError(f"on_log returned {score} at step {run.step}; expected None or a finite number")
    run.history.rows[-1]["score"] = score
    run.keep_best()


def _gradient_norm(parameters: Iterable[nn.Parameter]) -> Tensor:
    norms = [torch.linalg.vector_norm(p.grad) for p in parameters if p.grad is not None]
    norm: Tensor = torch.linalg.vector_norm(torch.stack(norms))
    return norm


def _diverged(step: int) -> TrainingDiverged:
    return TrainingDiverged(
        f"training left the finite numbers at step {step}: lower the learning rates or raise gamma", step
    )
