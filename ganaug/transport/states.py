"""Soft states of rows, and what is left of each batch within them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from ganaug.transport.style import Floats, Roles, dimension, shrinkage

__all__ = ["States", "assign"]

ROWS_OF_A_STATE = 30
MOST_STATES = 100
ROUNDS = 8
WIDTH = 0.1
BLOCKS = 20
# rows that the first centres are found on
MOST_ROWS = 20_000
# a batch is in a state if it has there this share of what it would have were the batches alike
PRESENT = 0.3
TINY = 1e-12


class Round(NamedTuple):
    """Centres ``(n_states, n_components)`` of length 1, log odds and moves ``(n_states, n_batches[, components])``."""

    centres: Floats
    odds: Floats
    moves: Floats


@dataclass(frozen=True)
class States:
    """Moves that depend on the state a row is in: a mixture of ridge regressions, as in Harmony.

    After Korsunsky et al. 2019 (doi:10.1038/s41592-019-0619-0). The penalty of the ridge is not chosen but measured in
    every round, see `shrinkage`: where a batch differs no more than by chance, nothing is moved. A batch that is hardly
    present in a state is left alone there.

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
        for _ in range(ROUNDS):
            unit = _unit(moved)
            share, odds = _mixed(unit, centres, of_batch, mixing, rng, share)
            centres = _unit(share.T @ unit)
            share = assign(unit, centres, odds, roles.batch)
            rounds.append(Round(centres, odds, _moves(z, share, roles, rng, known)))
            moved = z + _moved(share, rounds[-1].moves, roles.batch)
        return cls(tuple(rounds))

    def move(self, z: Floats, batch: NDArray[np.intp]) -> Floats:
        """Return rows ``(n_rows, n_components)`` of known batches in the reference's style."""
        moved = z
        for each in self.rounds:
            moved = z + _moved(assign(_unit(moved), each.centres, each.odds, batch), each.moves, batch)
        return moved


def assign(unit: Floats, centres: Floats, odds: Floats, batch: NDArray[np.intp]) -> Floats:
    """Share of each state in each row ``(n_rows, n_states)``, by cosine distance and the odds of the row's batch."""
    log = 2 * (unit @ centres.T - 1) / WIDTH + odds[:, batch].T
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
    unit: Floats, centres: Floats, of_batch: Floats, mixing: float, rng: np.random.Generator, share: Floats | None
) -> tuple[Floats, Floats]:
    """Assign rows so that states hold all batches alike, block by block, and the odds that do so."""
    batch = of_batch.argmax(axis=1)
    everywhere = np.zeros((len(centres), of_batch.shape[1]))
    share = assign(unit, centres, everywhere, batch) if share is None else share.copy()
    expected = of_batch.mean(axis=0)
    found = share.T @ of_batch
    for rows in np.array_split(rng.permutation(len(unit)), BLOCKS):
        found -= share[rows].T @ of_batch[rows]
        share[rows] = assign(unit[rows], centres, _odds(found, expected, mixing), batch[rows])
        found += share[rows].T @ of_batch[rows]
    return share, _odds(found, expected, mixing)


def _odds(found: Floats, expected: Floats, mixing: float) -> Floats:
    """Log odds of each state for rows of each batch, by how much of the batch it holds ``(n_states, n_batches)``."""
    found = np.maximum(found, 0.0)  # sums that were taken apart again are not exact
    return np.asarray(mixing * np.log((np.outer(found.sum(axis=1), expected) + 1) / (found + 1)))


def _moves(z: Floats, share: Floats, roles: Roles, rng: np.random.Generator, known: NDArray[np.bool_]) -> Floats:
    """What each batch is moved by in each state ``(n_states, n_batches, n_components)``."""
    taught = roles.of_batches()
    n = np.maximum(_counts(share, taught, known), TINY)
    sides = [np.flatnonzero(side) for side in taught.T]
    mean = np.stack([share[rows].T @ z[rows] for rows in sides], axis=1) / n
    reference = share * roles.reference[:, None]
    n_reference = np.maximum(_all_counts(reference, known), TINY)
    apart = mean - (reference.T @ z)[:, None] / n_reference
    # the variance of a difference of weighted means, in units of the variance within the state
    noise = _counts(share**2, taught, known) / n**2 + _all_counts(reference**2, known) / n_reference**2
    noise = np.maximum(noise - 2 * _counts(reference**2, taught, known) / (n * n_reference), 0.0)
    within = _within(z, mean, share, taught, known)
    present = _present(share, roles)[:, :, None] & (n_reference > 1) & (n > 1)
    apart, noise, weight = (np.where(present, each, 0.0) for each in (apart, noise, n))
    centred = np.where(known, z - share @ ((mean * n).sum(axis=1) / n.sum(axis=1)), 0.0)
    noise = noise.mean(axis=2) * within[:, None]
    kept = shrinkage((apart**2).sum(axis=2), noise, weight.mean(axis=2), dimension(centred, rng))
    return np.asarray(-kept[:, :, None] * apart)


def _within(z: Floats, mean: Floats, share: Floats, taught: Floats, known: NDArray[np.bool_]) -> Floats:
    """Variance within each state and batch, summed over components ``(n_states,)``."""
    n = _counts(share, taught, known)
    most = n.max(axis=2)
    of_most = n / np.where(most > 0, most, 1.0)[:, :, None]
    square = share.T @ (taught * (z**2).sum(axis=1)[:, None]) - most * (of_most * mean**2).sum(axis=2)
    return np.asarray(np.maximum(square.sum(axis=1), 0.0) / np.maximum(n.mean(axis=2).sum(axis=1), 1e-12))


def _counts(weight: Floats, taught: Floats, known: NDArray[np.bool_]) -> Floats:
    """Weight of each batch's rows ``(n_states, n_batches, n_components)``, or 1 in the end where all are known."""
    if known.all():
        return np.asarray(weight.T @ taught)[:, :, None]
    sides = [np.flatnonzero(side) for side in taught.T]
    return np.stack([weight[rows].T @ known[rows] for rows in sides], axis=1)


def _all_counts(weight: Floats, known: NDArray[np.bool_]) -> Floats:
    """Weight of all rows ``(n_states, 1, n_components)``, or 1 in the end where all are known."""
    return np.asarray(weight.sum(axis=0)[:, None] if known.all() else weight.T @ known)[:, None]


def _present(share: Floats, roles: Roles) -> NDArray[np.bool_]:
    """Which batches a state is shared by ``(n_states, n_batches)``; a state of one batch is shared by none."""
    of_batch = roles.members()
    n = share.T @ of_batch
    present = n / np.maximum(n.sum(axis=1, keepdims=True), 1e-12) > PRESENT * of_batch.mean(axis=0)
    return np.asarray(present & (present.sum(axis=1, keepdims=True) > 1))


def _moved(share: Floats, moves: Floats, batch: NDArray[np.intp]) -> Floats:
    """What rows are moved by ``(n_rows, n_components)``."""
    found = np.empty((len(share), moves.shape[2]))
    for b in np.unique(batch):
        rows = batch == b
        found[rows] = share[rows] @ moves[:, b]
    return found
