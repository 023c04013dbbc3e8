"""The student's game: rows of one batch, moved, beside rows of any batch in the same state."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from ganaug.seeding import Seeds
from ganaug.transport.differences import PRESENT
from ganaug.transport.style import Floats, Roles

__all__ = ["Given", "Pairing", "StyleGame", "pools"]

ROWS = 256  # real and fake rows in a step
# more states than this in few dimensions would part the batches themselves, and nothing would be left to see
ROWS_OF_A_STATE, STATES_OF_A_DIMENSION, MOST_STATES = 100, 2, 50


class Given(NamedTuple):
    """Rows to be moved ``(n, n_components)``, their batch as one-hot ``(n, n_batches)``, their state's centre."""

    z: Tensor
    batch: Tensor
    centre: Tensor


class Pairing(NamedTuple):
    """The rows of a game, and which of them may be set beside which.

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
    """

    z: Tensor
    batch: Tensor
    pool: Tensor
    centre: Tensor
    chance: Tensor
    learn: Tensor
    n_batches: int

    @classmethod
    def of(cls, z: Floats, roles: Roles, still: NDArray[np.bool_], seeds: Seeds, device: str) -> Self:
        """Find the states of rows ``(n_rows, n_components)``; batches that are `still` ``(n_batches,)`` do not move."""
        most = min(MOST_STATES, STATES_OF_A_DIMENSION * z.shape[1])
        n_states = int(np.clip(len(z) // ROWS_OF_A_STATE, 1, most))
        with threadpool_limits(limits=1):
            found = KMeans(n_states, n_init=3, random_state=seeds.integer("states")).fit(z)
        pool, chance = pools(found.labels_, roles)
        learn = np.flatnonzero(~still[roles.batch] & roles.learn)
        centre = found.cluster_centers_[found.labels_].astype(np.float32)
        there = partial(torch.as_tensor, device=device)
        rows, batch = there(z.astype(np.float32)), there(roles.batch)
        return cls(rows, batch, there(pool), there(centre), there(chance), there(learn), roles.n_batches)


class StyleGame:
    """Rows of one batch, moved, beside rows of any batch in the same state.

    The critic sees the centre of the state, and both rows of a pair are of one state: however differently batches are
    composed, that is nothing to be told by. A batch that is alone in a state, or hardly there, is beside itself.

    Parameters
    ----------
    rows : Pairing
    generator, critic : nn.Module
        On the device of the rows.
    closeness : float
        What moving costs, for a squared distance of one standard deviation.
    """

    def __init__(self, rows: Pairing, generator: nn.Module, critic: nn.Module, closeness: float) -> None:
        self.rows, self.generator, self.critic, self.closeness = rows, generator, critic, closeness
        # rows by pool, and where the pools begin on an axis on which each row is as long as it is likely
        self.order = torch.argsort(rows.pool, stable=True)
        self.ends = rows.chance[self.order].double().cumsum(0)
        last = torch.bincount(rows.pool).cumsum(0) - 1
        self.pool_end = self.ends[last]
        self.pool_start = torch.cat([self.pool_end.new_zeros(1), self.pool_end[:-1]])

    def draw(self, rng: torch.Generator) -> tuple[Tensor, Given]:
        """Draw rows to move, and one beside each that is real."""
        rows = self.rows
        mine = rows.learn[torch.randint(len(rows.learn), (ROWS,), generator=rng, device=rng.device)]
        pool = rows.pool[mine]
        u = torch.rand(ROWS, generator=rng, device=rng.device, dtype=torch.double)
        at = self.pool_start[pool] + u * (self.pool_end - self.pool_start)[pool]
        beside = self.order[torch.searchsorted(self.ends, at, right=True).clamp(max=len(self.order) - 1)]
        of_batch = nn.functional.one_hot(rows.batch[mine], rows.n_batches).float()
        return rows.z[beside], Given(rows.z[mine], of_batch, rows.centre[mine])

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


def pools(state: NDArray[np.intp], roles: Roles) -> tuple[NDArray[np.intp], Floats]:
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
