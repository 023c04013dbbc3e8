"""The student: a generator that moves rows on from where the closed form leaves them, against a critic."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganaug.adversarial import History, TrainConfig, r3gan, train
from ganaug.errors import TrainingDiverged
from ganaug.layout import Layout
from ganaug.models.equalizing.game import Pairing, StyleGame
from ganaug.nn import Critic, ResidualGenerator
from ganaug.seeding import Seeds
from ganaug.transport.chain import Chain, Mover
from ganaug.transport.choice import Refine
from ganaug.transport.style import Floats, Roles

__all__ = ["Settings", "Student", "refined"]

Batches = NDArray[np.intp]

FREQUENCIES = 2
MOVE_ROWS = 65_536
# standard deviations that a batch may be moved by on top of the closed form: as far as rows are, on average, from the
# centre of all, and a row that goes as far may as well be any other
MOST_MOVED = 1.0


class Settings(NamedTuple):
    """How the game is played: steps, how dear a move is, where, and the seed."""

    steps: int = 400
    closeness: float = 0.5
    device: str = "cpu"
    random_state: int = 0


def refined(settings: Settings) -> Refine:
    """Return what lets a student play on from a chain; its name gets ``", student"`` at the end.

    Whoever plays again, with other rows, may come to another end. A student that left the finite numbers, or moves a
    batch by more than one standard deviation beyond the closed form, is not handed out: the chain comes back as it is.

    Warns
    -----
    UserWarning
        If so.
    """

    def refine(chain: Chain, X: Floats, roles: Roles) -> Chain:
        rows = chain.rows(X)
        z = chain.space.encode(rows if chain.first is None else chain.first.move(rows, roles.batch))
        try:
            student, _ = Student.fit(chain.second, z, roles, settings)
        except TrainingDiverged as error:
            return _given_up(chain, str(error))
        reach = student.reach(z, roles.batch)
        if not np.isfinite(reach):
            return _given_up(chain, "it moves rows to what is no number")
        if reach > MOST_MOVED:
            return _given_up(chain, f"it moves a batch by {reach:.3g} standard deviations, more than {MOST_MOVED:g}")
        return replace(chain, way=f"{chain.way}, student", second=student)

    return refine


class Student:
    """A generator that starts where the teacher leaves a row (the closed form, if there is one) and moves it on.

    After Qian et al. 2020 (doi:10.1093/bioinformatics/btaa830), with the game of R3GAN (arXiv:2501.05441) and the
    critic given the state a row is in.
    """

    def __init__(self, teacher: Mover | None, scale: Floats, still: NDArray[np.bool_], generator: nn.Module) -> None:
        self.teacher, self.scale, self.still, self.generator = teacher, scale, still, generator

    @classmethod
    def fit(cls, teacher: Mover | None, z: Floats, roles: Roles, settings: Settings) -> tuple[Self, History]:
        """Play on rows ``(n_rows, n_components)`` as the teacher finds them."""
        seeds = Seeds(settings.random_state)
        taught = z if teacher is None else teacher.move(z, roles.batch)
        scale = np.maximum(taught.std(axis=0), 1e-9)
        layout = _layout(z.shape[1])
        generator = _generator(z.shape[1], roles.n_batches, seeds.torch("student"))
        seen = z.shape[1] + roles.n_batches
        critic = Critic(layout, condition_dim=seen, frequencies=FREQUENCIES, rng=seeds.torch("critic"))
        still = _still(roles)
        rows = Pairing.of(taught / scale, roles, still, seeds, settings.device)
        game = StyleGame(rows, generator.to(settings.device), critic.to(settings.device), settings.closeness)
        every = max(20, settings.steps // 10)
        config = TrainConfig(settings.steps, log_every=every, generator_lr=1e-3, critic_lr=2e-3, half_life=50.0)
        trained = train(game, r3gan(), config, rng=seeds.torch("game", device=settings.device))
        return cls(teacher, scale, still, trained.generator.cpu()), trained.history

    def move(self, z: Floats, batch: Batches) -> Floats:
        """Return rows ``(n_rows, n_components)`` of known batches in the reference's style."""
        taught = z if self.teacher is None else self.teacher.move(z, batch)
        moved = taught.copy()
        rows = np.flatnonzero(~self.still[batch])
        for part in np.array_split(rows, max(1, -(-len(rows) // MOVE_ROWS))):
            moved[part] = self._moved(taught[part] / self.scale, batch[part]) * self.scale
        return moved

    def reach(self, z: Floats, batch: Batches) -> float:
        """By how much the batch that is moved most goes on from where the teacher leaves it, in standard deviations.

        The root of the mean square over its rows and components; not a number where a row is moved to none.
        """
        taught = z if self.teacher is None else self.teacher.move(z, batch)
        square = (((self.move(z, batch) - taught) / self.scale) ** 2).mean(axis=1)
        return float(np.sqrt(np.bincount(batch, square) / np.maximum(np.bincount(batch), 1)).max())

    def state(self) -> dict[str, Any]:
        """Give all that it is."""
        weights = {name: weight.numpy() for name, weight in self.generator.state_dict().items()}
        return {"teacher": self.teacher, "scale": self.scale, "still": self.still, "weights": weights}

    @classmethod
    def from_state(
        cls, teacher: Mover | None, scale: Floats, still: NDArray[np.bool_], weights: dict[str, NDArray[Any]]
    ) -> Self:
        """Build the student that gave this state."""
        generator = _generator(len(scale), len(still), Seeds(0).torch("student"))
        generator.load_state_dict({name: torch.as_tensor(weight) for name, weight in weights.items()})
        return cls(teacher, scale, still, generator)

    @torch.no_grad()
    def _moved(self, z: Floats, batch: Batches) -> Floats:
        given = torch.as_tensor(z, dtype=torch.float32)
        one_hot = nn.functional.one_hot(torch.as_tensor(batch), len(self.still)).float()
        return np.asarray(z + (self.generator(given, given[:, :0], one_hot) - given).double().numpy())


def _given_up(chain: Chain, why: str) -> Chain:
    warnings.warn(f"the student was left out, and {chain.way!r} is kept as it is: {why}", UserWarning, stacklevel=2)
    return chain


def _layout(n_components: int) -> Layout:
    return Layout.of([("z", "rank", n_components)])


def _generator(n_components: int, n_batches: int, rng: torch.Generator) -> ResidualGenerator:
    layout = _layout(n_components)
    return ResidualGenerator(layout, 0, condition_dim=n_batches, frequencies=FREQUENCIES, rng=rng)


def _still(roles: Roles) -> NDArray[np.bool_]:
    """The batch that alone is the reference, whose rows stay as they are ``(n_batches,)``."""
    of_reference = np.bincount(roles.batch[roles.reference], minlength=roles.n_batches) > 0
    return np.asarray(of_reference & (of_reference.sum() == 1))
