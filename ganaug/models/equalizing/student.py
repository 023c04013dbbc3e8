"""The student: a generator that moves rows on from where the closed form leaves them, against a critic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from ganaug.adversarial import History, TrainConfig, r3gan, train
from ganaug.layout import Layout
from ganaug.nn import Critic, ResidualGenerator
from ganaug.seeding import Seeds
from ganaug.transport.chain import Chain, Mover
from ganaug.transport.choice import Refine
from ganaug.transport.states import PRESENT
from ganaug.transport.style import Floats, Roles

__all__ = ["Settings", "Student", "StyleGame", "refined"]

Batches = NDArray[np.intp]

ROWS = 256  # real and fake rows in a step
FREQUENCIES = 2
# more states than this in few dimensions would part the batches themselves, and nothing would be left to see
ROWS_OF_A_STATE, STATES_OF_A_DIMENSION, MOST_STATES = 100, 2, 50
MOVE_ROWS = 65_536


class Settings(NamedTuple):
    """How the game is played: steps, how dear a move is, where, and the seed."""

    steps: int = 400
    closeness: float = 0.5
    device: str = "cpu"
    random_state: int = 0


class Given(NamedTuple):
    """Rows to be moved ``(n, n_components)``, their batch as one-hot ``(n, n_batches)``, their state's centre."""

    z: Tensor
    batch: Tensor
    centre: Tensor


class StyleGame:
    """Rows of one batch, moved, beside rows of any batch in the same state.

    The critic sees the centre of the state, and both rows of a pair are of one state: however differently batches are
    composed, that is nothing to be told by. A batch that is alone in a state, or hardly there, is beside itself.

    Parameters
    ----------
    z : Tensor, shape (n_rows, n_components)
        Rows where the closed form leaves them.
    batch, pool : Tensor of int, shape (n_rows,)
        Batch of each row, and the number of the rows that it is set beside: those of one state, or of itself there.
    centre : Tensor, shape (n_rows, n_components)
        Centre of each row's state.
    chance : Tensor, shape (n_rows,)
        How often each row is to be drawn as a real one: batches alike.
    learn : Tensor of int
        Rows that are moved.
    n_batches : int
    closeness : float
        What moving costs, for a squared distance of one standard deviation.
    generator, critic : nn.Module
    """

    def __init__(
        self,
        z: Tensor,
        batch: Tensor,
        pool: Tensor,
        centre: Tensor,
        chance: Tensor,
        learn: Tensor,
        n_batches: int,
        closeness: float,
        generator: nn.Module,
        critic: nn.Module,
    ) -> None:
        self.z, self.batch, self.pool, self.centre, self.learn = z, batch, pool, centre, learn
        self.n_batches, self.closeness, self.generator, self.critic = n_batches, closeness, generator, critic
        # rows by pool, and where the pools begin on an axis on which each row is as long as it is likely
        self.order = torch.argsort(pool, stable=True)
        self.ends = chance[self.order].double().cumsum(0)
        last = torch.bincount(pool).cumsum(0) - 1
        self.pool_end = self.ends[last]
        self.pool_start = torch.cat([self.pool_end.new_zeros(1), self.pool_end[:-1]])

    def draw(self, rng: torch.Generator) -> tuple[Tensor, Given]:
        """Draw rows to move, and one beside each that is real."""
        mine = self.learn[torch.randint(len(self.learn), (ROWS,), generator=rng, device=rng.device)]
        pool = self.pool[mine]
        u = torch.rand(ROWS, generator=rng, device=rng.device, dtype=torch.double)
        at = self.pool_start[pool] + u * (self.pool_end - self.pool_start)[pool]
        beside = self.order[torch.searchsorted(self.ends, at, right=True).clamp(max=len(self.order) - 1)]
        return self.z[beside], Given(self.z[mine], self._one_hot(self.batch[mine]), self.centre[mine])

    def fake(self, given: Given, rng: torch.Generator) -> Tensor:
        """Move the rows."""
        moved: Tensor = self.generator(given.z, given.z[:, :0], given.batch)
        return moved

    def judge(self, x: Tensor, given: Given) -> Tensor:
        """Logits ``(n,)``, higher for what is not told from other batches in that state."""
        logits: Tensor = self.critic(x, torch.cat([given.centre, given.batch], dim=1))
        return logits

    def terms(self, fake: Tensor, given: Given) -> Tensor | None:
        """What moving costs, ``(n,)``."""
        return self.closeness * (fake - given.z).square().mean(dim=1)

    def _one_hot(self, batch: Tensor) -> Tensor:
        return nn.functional.one_hot(batch, self.n_batches).float()


def refined(settings: Settings) -> Refine:
    """Return what lets a student play on from a chain; its name gets ``", student"`` at the end."""

    def refine(chain: Chain, X: Floats, roles: Roles) -> Chain:
        rows = chain.rows(X)
        rows = rows if chain.first is None else chain.first.move(rows, roles.batch)
        student, _ = Student.fit(chain.second, chain.space.encode(rows), roles, settings)
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
        game = _game(taught / scale, roles, still, generator, critic, settings, seeds)
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


def _layout(n_components: int) -> Layout:
    return Layout.of([("z", "rank", n_components)])


def _generator(n_components: int, n_batches: int, rng: torch.Generator) -> ResidualGenerator:
    layout = _layout(n_components)
    return ResidualGenerator(layout, 0, condition_dim=n_batches, frequencies=FREQUENCIES, rng=rng)


def _still(roles: Roles) -> NDArray[np.bool_]:
    """The batch that alone is the reference, whose rows stay as they are ``(n_batches,)``."""
    of_reference = np.bincount(roles.batch[roles.reference], minlength=roles.n_batches) > 0
    return np.asarray(of_reference & (of_reference.sum() == 1))


def _game(
    z: Floats,
    roles: Roles,
    still: NDArray[np.bool_],
    generator: nn.Module,
    critic: nn.Module,
    settings: Settings,
    seeds: Seeds,
) -> StyleGame:
    most = min(MOST_STATES, STATES_OF_A_DIMENSION * z.shape[1])
    n_states = int(np.clip(len(z) // ROWS_OF_A_STATE, 1, most))
    with threadpool_limits(limits=1):
        found = KMeans(n_states, n_init=3, random_state=seeds.integer("states")).fit(z)
    pool, chance = _pools(found.labels_, roles)
    learn = np.flatnonzero(~still[roles.batch] & roles.learn)
    centre = found.cluster_centers_[found.labels_]
    device = settings.device
    return StyleGame(
        torch.as_tensor(z.astype(np.float32), device=device),
        torch.as_tensor(roles.batch, device=device),
        torch.as_tensor(pool, device=device),
        torch.as_tensor(centre.astype(np.float32), device=device),
        torch.as_tensor(chance, device=device),
        torch.as_tensor(learn, device=device),
        roles.n_batches,
        settings.closeness,
        generator.to(device),
        critic.to(device),
    )


def _pools(state: NDArray[np.intp], roles: Roles) -> tuple[NDArray[np.intp], Floats]:
    """Number the rows that each row is set beside, and how likely each is to be the one: batches count alike."""
    n_states = int(state.max()) + 1
    count = np.zeros((n_states, roles.n_batches))
    np.add.at(count, (state, roles.batch), 1)
    share = count.sum(axis=0) / len(state)
    present = count > PRESENT * count.sum(axis=1, keepdims=True) * share
    here = np.zeros_like(count)
    np.add.at(here, (state, roles.batch), roles.reference)
    shared = (
        present & ((present & (here > 0)).sum(axis=1, keepdims=True) > 0) & (present.sum(axis=1, keepdims=True) > 1)
    )
    alone = n_states + state * roles.n_batches + roles.batch
    pool = np.where(shared[state, roles.batch], state, alone)
    chance = np.where(shared[state, roles.batch], roles.reference / np.maximum(here, 1)[state, roles.batch], 1.0)
    return np.unique(pool, return_inverse=True)[1], chance
