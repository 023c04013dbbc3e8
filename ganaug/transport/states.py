"""Soft states of rows, and what is left of each batch within them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from ganaug.transport.field import moves_of
from ganaug.transport.style import Floats, Roles

__all__ = ["States"]

ROWS_OF_A_STATE = 30
MOST_STATES = 100
ROUNDS = 8
# how soft states are, in cosine distance: at first batches lie apart and have to share them, in the end they need not
FIRST_WIDTH, LAST_WIDTH = 0.1, 0.05
BLOCKS = 20
# rows that the first centres are found on
MOST_ROWS = 20_000


class Round(NamedTuple):
    """Centres ``(n_states, n_components)`` of length 1, log odds and moves ``(n_states, n_batches[, components])``.

    And the `width` of the states: how far in cosine distance they reach.
    """

    centres: Floats
    odds: Floats
    moves: Floats
    width: float = 0.1  # that of all rounds, where a folder of an earlier model says none

    def shares(self, z: Floats, batch: NDArray[np.intp]) -> Floats:
        """Return the share of each state in rows ``(n_rows, n_states)`` that lie there before they are moved."""
        return _assigned(_unit(z), self.centres, self.odds, batch, self.width)


@dataclass(frozen=True)
class States:
    """Moves that depend on the state a row is in: soft clusters that hold all batches alike, as in Harmony.

    After Korsunsky et al. 2019 (doi:10.1038/s41592-019-0619-0). What they undo by a ridge regression in each state is a
    field over all states here, see `moves_of`: where a batch differs no more than by chance, nothing is moved. A batch
    that is hardly present in a state is left alone there.

    A row is assigned by where the round before has moved it, so rows that were not seen take the same way.

    Parameters
    ----------
    rounds : tuple of Round
    """

    rounds: tuple[Round, ...]

    @classmethod
    def fit(
        cls,
        z: Floats,
        roles: Roles,
        rng: np.random.Generator,
        *,
        mixing: float = 0.25,
        known: NDArray[np.bool_] | None = None,
    ) -> Self:
        """Learn from rows ``(n_rows, n_components)``; with more `mixing`, states have to hold all batches alike.

        What is not `known` is 0, and no part of what a batch is moved by.
        """
        moved, rounds = z, []
        centres = _first_centres(z, rng)
        of_batch, share = roles.members(), None
        known = np.ones(z.shape, dtype=bool) if known is None else known
        for width in np.geomspace(FIRST_WIDTH, LAST_WIDTH, ROUNDS).tolist():
            unit = _unit(moved)
            share, odds = _mixed(unit, centres, of_batch, mixing, rng, share, width)
            centres = _unit(share.T @ unit)
            share = _assigned(unit, centres, odds, roles.batch, width)
            rounds.append(Round(centres, odds, moves_of(z, share, centres, roles, rng, known), width))
            moved = z + _moved(share, rounds[-1].moves, roles.batch)
        return cls(tuple(rounds))

    def move(self, z: Floats, batch: NDArray[np.intp]) -> Floats:
        """Return rows ``(n_rows, n_components)`` of known batches in the reference's style."""
        moved = z
        for each in self.rounds:
            moved = z + _moved(each.shares(moved, batch), each.moves, batch)
        return moved


def _assigned(unit: Floats, centres: Floats, odds: Floats, batch: NDArray[np.intp], width: float) -> Floats:
    """Share of each state in each row ``(n_rows, n_states)``, by cosine distance and the odds of the row's batch."""
    log = 2 * (unit @ centres.T - 1) / width + odds[:, batch].T
    log -= log.max(axis=1, keepdims=True)
    share = np.exp(log)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _unit(z: Floats) -> Floats:
    return np.asarray(z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12))


def _first_centres(z: Floats, rng: np.random.Generator) -> Floats:
    unit = _unit(z[rng.permutation(len(z))[:MOST_ROWS]])
    n_states = int(np.clip(round(len(z) / ROWS_OF_A_STATE), 1, min(MOST_STATES, len(np.unique(unit, axis=0)))))
    seed = int(rng.integers(2**31))
    with threadpool_limits(limits=1):
        found = KMeans(n_states, n_init=3, max_iter=25, random_state=seed).fit(unit)
    return _unit(found.cluster_centers_)


def _mixed(
    unit: Floats,
    centres: Floats,
    of_batch: Floats,
    mixing: float,
    rng: np.random.Generator,
    share: Floats | None,
    width: float,
) -> tuple[Floats, Floats]:
    """Assign rows so that states hold all batches alike, block by block, and the odds that do so."""
    batch = of_batch.argmax(axis=1)
    everywhere = np.zeros((len(centres), of_batch.shape[1]))
    share = _assigned(unit, centres, everywhere, batch, width) if share is None else share.copy()
    expected = of_batch.mean(axis=0)
    found = share.T @ of_batch
    for rows in np.array_split(rng.permutation(len(unit)), BLOCKS):
        found -= share[rows].T @ of_batch[rows]
        share[rows] = _assigned(unit[rows], centres, _odds(found, expected, mixing), batch[rows], width)
        found += share[rows].T @ of_batch[rows]
    return share, _odds(found, expected, mixing)


def _odds(found: Floats, expected: Floats, mixing: float) -> Floats:
    """Log odds of each state for rows of each batch, by how much of the batch it holds ``(n_states, n_batches)``."""
    found = np.maximum(found, 0.0)  # sums that were taken apart again are not exact
    return np.asarray(mixing * np.log((np.outer(found.sum(axis=1), expected) + 1) / (found + 1)))


def _moved(share: Floats, moves: Floats, batch: NDArray[np.intp]) -> Floats:
    """What rows are moved by ``(n_rows, n_components)``."""
    found = np.empty((len(share), moves.shape[2]))
    for b in np.unique(batch):
        rows = batch == b
        found[rows] = share[rows] @ moves[:, b]
    return found
