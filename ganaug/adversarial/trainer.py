"""The loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from ganaug.adversarial.checkpoint import Run, Stopped
from ganaug.adversarial.config import Arrays, Meta, TrainConfig
from ganaug.adversarial.diagnostics import measure
from ganaug.adversarial.distributed import mean, on_first, own_stream, rank, same_weights
from ganaug.adversarial.game import Game
from ganaug.adversarial.history import COLUMNS, Board, History, Row, not_finite
from ganaug.adversarial.objective import Objective
from ganaug.adversarial.turns import Turn, play
from ganaug.errors import TrainingDiverged

__all__ = ["OnLog", "Trained", "train"]

Given = TypeVar("Given")
OnLog = Callable[[int, nn.Module, History], float | None]
PLAYED = ("critic_loss", "generator_loss", "real_logit", "fake_logit", "critic_gradient", "generator_gradient")
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
        If a loss or a gradient is not finite; it names the step and carries the history.
    ModuleNotFoundError
        If ``config.tensorboard`` is set and TensorBoard is not installed.
    KeyboardInterrupt
        Passed on after the last logged step has been saved.
    """
    same_weights(game.generator, game.critic)
    rng = own_stream(rng if rng is not None else torch.Generator().manual_seed(0))
    run = Run.start(game, objective, config, rng)
    if resume_from is not None:
        run.restore(*resume_from)
    board = Board(config.tensorboard if rank() == 0 else None, run.step)
    checkpoint = run.state()
    unchecked: list[Tensor] = []
    stopped = run.stopped(config)
    try:
        while stopped is None:
            run.next_step(config)
            turn = play(game, objective, run)
            run.average_in()
            unchecked.append(torch.stack([turn.critic_loss, turn.generator_loss]))
            stopped = run.stopped(config)
            due = stopped is not None or run.step % config.log_every == 0
            if due or run.step % CHECK_EVERY == 0:
                _check(unchecked, run)
            if due:
                _log(game, run, turn, on_log)
                board.write(run.history.rows[-1])
                checkpoint, stopped = run.state(), stopped or run.stopped(config)
                if stopped or len(run.history.rows) % config.checkpoint_every == 0:
                    _save(config, checkpoint)
    except KeyboardInterrupt:
        # a step cannot be split, so what is kept is the last logged one; the steps after it are played again
        if config.save and rank() == 0:
            config.save(*checkpoint)
        raise
    finally:
        board.close()
    run.average.module.load_state_dict(run.best)
    return Trained(run.average.module, run.history, run.step, stopped)


def _check(unchecked: list[Tensor], run: Run) -> None:
    """Read the losses since the last check, all at once, and name the first step that is not finite."""
    losses = mean(torch.stack(unchecked)).tolist()
    unchecked.clear()
    for step, both in enumerate(losses, run.step - len(losses) + 1):
        row: Row = dict(zip(("critic_loss", "generator_loss"), both, strict=True))
        if not_finite(row):
            raise _diverged(run, step, row)


def _log(game: Game[Given], run: Run, turn: Turn, on_log: OnLog | None) -> None:
    same_weights(*run.modules().values())
    row: Row = on_first(lambda: {"step": run.step, "seconds": run.seconds, **_read(measure(game, run, turn))})
    row["score"] = None
    if not_finite(row):
        raise _diverged(run, run.step, row)
    run.history.append(row)
    row["score"] = on_first(lambda: _score(run, on_log))
    run.keep_best()


def _score(run: Run, on_log: OnLog | None) -> float | None:
    score = on_log(run.step, run.average.module, run.history) if on_log else None
    if score is not None and not math.isfinite(score):
        raise ValueError(f"on_log returned {score} at step {run.step}; expected None or a finite number")
    return score


def _save(config: TrainConfig, checkpoint: tuple[Arrays, Meta]) -> None:
    on_first(lambda: config.save(*checkpoint) if config.save else None)


def _read(measured: dict[str, Tensor | None]) -> Row:
    """Read everything from the device at once; a monitor that has no finite value has none."""
    known = {name: value for name, value in measured.items() if value is not None}
    values = zip(known, torch.stack(list(known.values())).tolist(), strict=True)
    finite = {name: value for name, value in values if name in PLAYED or math.isfinite(value)}
    return {name: finite.get(name) for name in measured}


def _diverged(run: Run, step: int, row: Row) -> TrainingDiverged:
    history = run.history.copy()
    history.append(dict.fromkeys(COLUMNS) | {"step": step, "seconds": run.seconds} | row)
    return TrainingDiverged(
        f"training left the finite numbers at step {step} ({not_finite(row)}): lower the learning rates or raise gamma",
        step,
        history,
    )
