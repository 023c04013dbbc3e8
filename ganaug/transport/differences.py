"""How far batches lie from the reference in each state, and how far they would by chance."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ganaug.transport.style import Floats, Roles

__all__ = ["PRESENT", "Differences"]

# a batch is in a state if it has there this share of what it would have were the batches alike
PRESENT = 0.3
# no two batches are composed quite alike, nor are they within a state: by so much of the variance within it a batch's
# mean lies off, squared, though the batch does nothing. Of two kinds of rows as many, two of their own standard
# deviations apart, one that has .59 of one kind does
COMPOSED = 0.015
TINY = 1e-12


class Differences(NamedTuple):
    """What sets each batch apart in each state.

    Parameters
    ----------
    apart : ndarray, shape (n_states, n_batches, n_components)
        From the batch's mean to the reference's; 0 where it is not `present`.
    present : ndarray of bool, shape (n_states, n_batches, n_components)
    weight : ndarray, shape (n_states, n_batches)
        Rows behind each.
    sampling, composition : ndarray, shape (n_states, n_batches)
        Its variance, in units of `spread`, by which rows were drawn and by what batches are composed of in a state.
    spread : ndarray, shape (n_components,)
        Variance of a batch's rows within states.
    centred : ndarray, shape (n_rows, n_components)
        All rows from their states' means.

    Examples
    --------
    >>> batch, rng = np.repeat([0, 1], 100), np.random.default_rng(0)
    >>> z, one_state = rng.normal(size=(200, 1)) + 3.0 * batch[:, None], np.ones((200, 1))
    >>> found = Differences.of(z, one_state, Roles.common(batch), np.ones((200, 1), dtype=bool))
    >>> found.apart.round(1).ravel().tolist(), found.sampling.round(3).ravel().tolist()
    ([-1.4, 1.4], [0.005, 0.005])
    """

    apart: Floats
    present: NDArray[np.bool_]
    weight: Floats
    sampling: Floats
    composition: Floats
    spread: Floats
    centred: Floats

    @classmethod
    def of(cls, z: Floats, share: Floats, roles: Roles, known: NDArray[np.bool_]) -> Self:
        """Compare batches of rows ``(n_rows, n_components)`` that are in states ``(n_rows, n_states)`` by shares."""
        taught, reference = roles.of_batches(), share * roles.reference[:, None]
        n, squares = np.maximum(_counts(share, taught, known), TINY), _counts(share**2, taught, known)
        n_reference = np.maximum(_all_counts(reference, known), TINY)
        mean = _sums(share, taught, z) / n
        apart = mean - (reference.T @ z)[:, None] / n_reference
        # variance of a difference of two means, for values of variance 1; rows that are in both make it less
        chance = squares / n**2 + _all_counts(reference**2, known) / n_reference**2
        chance = np.maximum(chance - 2 * _counts(reference**2, taught, known) / (n * n_reference), 0.0)
        present = np.broadcast_to(_present(share, roles)[:, :, None] & (n_reference > 1) & (n > 1), apart.shape)
        apart, chance, weight = (np.where(present, each, 0.0) for each in (apart, chance, n))
        square = share.T @ (taught.sum(axis=1)[:, None] * z**2) - (n * mean**2).sum(axis=1)
        within, spread = _variances(np.maximum(square, 0.0), (n - squares / n).sum(axis=1))
        sampling, composition = chance.mean(axis=2) * within, _composition(reference, roles) * within
        centred = np.where(known, z - share @ ((mean * n).sum(axis=1) / n.sum(axis=1)), 0.0)
        return cls(apart, present, weight.mean(axis=2), sampling, composition, spread, centred)


def _composition(reference: Floats, roles: Roles) -> Floats:
    """Variance by composition ``(n_states, n_batches)``; a batch that is most of the reference is hardly off it."""
    part = reference.T @ roles.members()
    part /= np.maximum(part.sum(axis=1, keepdims=True), TINY)
    return np.asarray(COMPOSED * (1 - 2 * part + (part**2).sum(axis=1, keepdims=True)))


def _variances(square: Floats, free: Floats) -> tuple[Floats, Floats]:
    """Variance of each state as a share of all ``(n_states, 1)``, and of each component ``(n_components,)``.

    From sums of squares within states and batches, and their degrees of freedom, ``(n_states, n_components)``.
    """
    spread = square.sum(axis=0) / np.maximum(free.sum(axis=0), 1.0)
    whole, free = max(float(spread.sum()), 1e-300), free.mean(axis=1, keepdims=True)
    # a state of hardly any rows is as wide as all, as far as is known
    return np.asarray((square.sum(axis=1, keepdims=True) / whole + 1) / (free + 1)), spread


def _sums(share: Floats, taught: Floats, z: Floats) -> Floats:
    """Weighted sums of each batch's rows ``(n_states, n_batches, n_components)``."""
    sides = [np.flatnonzero(side) for side in taught.T]
    return np.stack([share[rows].T @ z[rows] for rows in sides], axis=1)


def _counts(weight: Floats, taught: Floats, known: NDArray[np.bool_]) -> Floats:
    """Weight of each batch's rows ``(n_states, n_batches, n_components)``, or 1 in the end where all are known."""
    return np.asarray(weight.T @ taught)[:, :, None] if known.all() else _sums(weight, taught, known.astype(float))


def _all_counts(weight: Floats, known: NDArray[np.bool_]) -> Floats:
    """Weight of all rows ``(n_states, 1, n_components)``, or 1 in the end where all are known."""
    return np.asarray(weight.sum(axis=0)[:, None] if known.all() else weight.T @ known)[:, None]


def _present(share: Floats, roles: Roles) -> NDArray[np.bool_]:
    """Which batches a state is shared by ``(n_states, n_batches)``; a state of one batch is shared by none."""
    of_batch = roles.members()
    n = share.T @ of_batch
    present = n / np.maximum(n.sum(axis=1, keepdims=True), 1e-12) > PRESENT * of_batch.mean(axis=0)
    return np.asarray(present & (present.sum(axis=1, keepdims=True) > 1))
