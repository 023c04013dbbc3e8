"""All that a run carries from one step to the next, to and from plain arrays and JSON."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from ganaug.adversarial.config import Arrays, Meta, TrainConfig
from ganaug.adversarial.distributed import on_first, restore_stream, streams
from ganaug.adversarial.ema import Average
from ganaug.adversarial.game import Game
from ganaug.adversarial.history import History
from ganaug.adversarial.objective import Objective
from ganaug.errors import ModelFileError

__all__ = ["Run", "Stopped"]

Stopped = Literal["steps", "time", "converged"]
Weights = dict[str, Tensor]
PLAYERS = ("generator", "critic")


@dataclass
class Run:
    """A game in play; `state` is its checkpoint.

    The networks belong to the game, so a checkpoint is restored into a run of the same game.

    Attributes
    ----------
    past : dict of str to Average
        Mean of each player over all its steps, where the objective has a memory.
    fake_weight : Tensor, optional
        Weight of the fake rows, where the loss has an equilibrium.
    """

    generator: nn.Module
    critic: nn.Module
    average: Average
    best: Weights
    generator_optimizer: Optimizer
    critic_optimizer: Optimizer
    rng: torch.Generator
    past: dict[str, Average] = field(default_factory=dict)
    fake_weight: Tensor | None = None
    history: History = field(default_factory=History)
    step: int = 0
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def start(cls, game: Game[Any], objective: Objective, config: TrainConfig, rng: torch.Generator) -> Run:
        """Set up the first step."""
        average = Average(game.generator, config.half_life)
        return cls(
            generator=game.generator,
            critic=game.critic,
            average=average,
            best=_copy(average.module),
            generator_optimizer=_optimizer(game.generator, config.generator_lr, config),
            critic_optimizer=_optimizer(game.critic, config.critic_lr, config),
            rng=rng,
            past={name: Average(getattr(game, name), None) for name in PLAYERS if objective.memory},
            fake_weight=torch.zeros((), device=rng.device) if objective.equilibrium else None,
        )

    @property
    def seconds(self) -> float:
        """Time spent, with that before a resume."""
        return time.monotonic() - self.started

    def stopped(self, config: TrainConfig) -> Stopped | None:
        """Say why the run is over, or None if it is not."""
        if self.step >= config.steps:
            return "steps"
        seconds = config.seconds
        if seconds is not None and on_first(lambda: self.seconds >= seconds):
            return "time"
        if config.patience is not None and self.history.stale >= config.patience:
            return "converged"
        return None

    def next_step(self, config: TrainConfig) -> None:
        """Count a step, and set the learning rates for it."""
        if config.cooldown:
            share = min(1.0, (1 - self.step / config.steps) / config.cooldown)
            for optimizer, rate in (
                (self.generator_optimizer, config.generator_lr),
                (self.critic_optimizer, config.critic_lr),
            ):
                optimizer.param_groups[0]["lr"] = share * rate
        self.step += 1

    def average_in(self) -> None:
        """Take the weights of the newest step into the means."""
        self.average.update(self.generator, self.step)
        for name, mean in self.past.items():
            mean.update(getattr(self, name), self.step)

    def keep_best(self) -> None:
        """Keep the averaged weights if the newest row is the best one, or while there is no score at all."""
        if self.history.best in (None, self.history.rows[-1]):
            self.best = _copy(self.average.module)

    def state(self) -> tuple[Arrays, Meta]:
        """Return a checkpoint that shares nothing with the run."""
        arrays = {name: tensor.detach().cpu().numpy().copy() for name, tensor in self._tensors().items()}
        return arrays, {"step": self.step, "seconds": self.seconds, "history": self.history.copy().rows}

    def restore(self, arrays: Arrays, meta: Meta) -> None:
        """Go back to a checkpoint.

        Raises
        ------
        ModelFileError
            If it belongs to other networks.
        """
        tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
        try:
            for name, module in self.modules().items():
                module.load_state_dict(_under(name, tensors))
            self.best = {n: t.to(self.best[n]) for n, t in _under("best", tensors).items()}
            for name, optimizer in self._optimizers().items():
                _load_optimizer(optimizer, _under(name, tensors))
            restore_stream(self.rng, tensors)
            if self.fake_weight is not None:
                self.fake_weight = tensors["fake_weight"].to(self.fake_weight.device)
        except (KeyError, RuntimeError, ValueError) as error:
            raise ModelFileError(f"the checkpoint belongs to another game and cannot be resumed: {error}") from error
        self.step, self.history = meta["step"], History(meta["history"]).copy()
        self.started = time.monotonic() - meta["seconds"]

    def modules(self) -> dict[str, nn.Module]:
        """Return all networks that it carries along, by their names in a checkpoint."""
        past = {f"past_{name}": mean.module for name, mean in self.past.items()}
        return {"generator": self.generator, "critic": self.critic, "average": self.average.module, **past}

    def _optimizers(self) -> dict[str, Optimizer]:
        return {"generator_optimizer": self.generator_optimizer, "critic_optimizer": self.critic_optimizer}

    def _tensors(self) -> Weights:
        parts = {name: module.state_dict() for name, module in self.modules().items()}
        parts |= {name: _optimizer_tensors(optimizer) for name, optimizer in self._optimizers().items()}
        parts["best"] = self.best
        tensors = {f"{part}/{name}": tensor for part, named in parts.items() for name, tensor in named.items()}
        if self.fake_weight is not None:
            tensors["fake_weight"] = self.fake_weight
        return tensors | streams(self.rng)


def _optimizer(module: nn.Module, lr: float, config: TrainConfig) -> Optimizer:
    if config.optimizer == "sgd":
        return SGD(module.parameters(), lr)
    return Adam(module.parameters(), lr, config.betas, fused=True)


def _copy(module: nn.Module) -> Weights:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def _under(part: str, tensors: Weights) -> Weights:
    return {name.removeprefix(f"{part}/"): t for name, t in tensors.items() if name.startswith(f"{part}/")}


def _optimizer_tensors(optimizer: Optimizer) -> Weights:
    state = optimizer.state_dict()["state"]
    return {f"{index}/{name}": tensor for index, slots in state.items() for name, tensor in slots.items()}


def _load_optimizer(optimizer: Optimizer, tensors: Weights) -> None:
    state: dict[int, Weights] = {}
    for key, tensor in tensors.items():
        index, name = key.split("/")
        state.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
