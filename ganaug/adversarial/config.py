"""How long and how fast a game is played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal

import numpy as np

__all__ = ["Arrays", "Meta", "Save", "TrainConfig"]

Arrays = dict[str, np.ndarray[Any, Any]]
Meta = dict[str, Any]
Save = Callable[[Arrays, Meta], None]


@dataclass(frozen=True)
class TrainConfig:
    """How long and how fast a game is played.

    Attributes
    ----------
    steps : int
        Generator steps at most.
    seconds : float or None
        Time budget; what was used before a resume counts.
    patience : int or None
        Scores without a new best one after which the run stops.
    generator_lr, critic_lr : float
        Learning rates of the two optimisers; the critic is the faster one (two time scales, arXiv:1706.08500).
    optimizer : {"adam", "sgd"}
        Adam, or plain gradient descent.
    betas : (float, float)
        Adam's; no momentum, because the opponent moves.
    cooldown : float
        Share of the steps, at the end, over which both learning rates fall to zero: players that never rest keep a
        generator from being exact. Not for a run that its time budget ends.
    half_life : float
        Steps after which a weight counts half in the averaged generator; 0 for no averaging.
    log_every : int
        Steps between two rows of the history, at which the run is scored and can be resumed.
    checkpoint_every : int
        Rows of the history between two saved checkpoints.
    save : callable or None
        Takes a checkpoint ``(arrays, meta)``; meta is JSON-able. Called while training, at its end and on an interrupt.
    tensorboard : path or None
        Folder to which each row of the history is written for TensorBoard (extra ``tensorboard``), also after a resume.

    Examples
    --------
    >>> TrainConfig(log_every=0)
    Traceback (most recent call last):
    ...
    ValueError: log_every must be 1 or more, not 0
    """

    steps: int = 1000
    seconds: float | None = None
    patience: int | None = None
    generator_lr: float = 3e-4
    critic_lr: float = 1e-3
    optimizer: Literal["adam", "sgd"] = "adam"
    betas: tuple[float, float] = (0.0, 0.99)
    cooldown: float = 0.0
    half_life: float = 100.0
    log_every: int = 50
    checkpoint_every: int = 1
    save: Save | None = None
    tensorboard: str | PathLike[str] | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "log_every", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, not {getattr(self, name)}")
        if not 0 <= self.cooldown <= 1:
            raise ValueError(f"cooldown must be from 0 to 1, not {self.cooldown}")
        if self.optimizer not in {"adam", "sgd"}:
            raise ValueError(f"optimizer must be 'adam' or 'sgd', not {self.optimizer!r}")
