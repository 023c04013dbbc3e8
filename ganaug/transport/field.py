"""What each batch is moved by in each state: a field over the states, as states that are alike are moved alike."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from ganaug.transport.differences import Differences
from ganaug.transport.style import CAUTION, Floats, Roles, dimension, evidence

__all__ = ["likeness", "moves_of", "smoothed"]

# squared distance at which two states have little to say of each other, as a share of the median between two
NEAR = 0.5
# states that what all components have in common weighs as, beside a component's own
COMMON = 10.0
TINY = 1e-12


def moves_of(
    z: Floats, share: Floats, centres: Floats, roles: Roles, rng: np.random.Generator, known: NDArray[np.bool_]
) -> Floats:
    """Return what undoes each batch's differences in each state ``(n_states, n_batches, n_components)``.

    Nothing where all differences of a batch are no more than chance explains; else where they most likely lie, see
    `smoothed`. Chance is that of sampling, and of batches being composed a little differently within a state.

    Parameters
    ----------
    z : ndarray, shape (n_rows, n_components)
        What is not `known` is 0.
    share : ndarray, shape (n_rows, n_states)
    centres : ndarray, shape (n_states, n_components)
    roles : Roles
    rng : numpy.random.Generator
    known : ndarray of bool, shape (n_rows, n_components)

    Examples
    --------
    >>> rng, batch = np.random.default_rng(0), np.repeat([0, 1], 100)
    >>> z, one_state = rng.normal(size=(200, 3)) + 3.0 * batch[:, None], np.ones((200, 1))
    >>> moves = moves_of(z, one_state, np.ones((1, 3)), Roles.common(batch), rng, np.ones(z.shape, dtype=bool))
    >>> moves.mean(axis=2).round(1)
    array([[ 1.5, -1.5]])
    """
    found = Differences.of(z, share, roles, known)
    square, chance = (found.apart**2).sum(axis=2), found.sampling * found.spread.sum()
    believed = evidence(square, chance, found.weight, dimension(found.centred, rng))
    alike, moves = likeness(centres), np.zeros_like(found.apart)
    with _threads().limit(limits=1):
        for b in np.flatnonzero(believed):
            here = found.sampling[:, b] > TINY  # nothing but rounding parts the reference from itself
            noise = (found.sampling + found.composition)[here, b]
            if here.any():
                field = smoothed(found.apart[here, b], noise, found.spread, alike[np.ix_(here, here)])
                moves[here, b] = -believed[b] * field
    return np.where(found.present, moves, 0.0)


@cache
def _threads() -> ThreadpoolController:
    # several threads are slower on matrices this small; to look for the libraries anew in every round takes 3 ms
    return ThreadpoolController()


def likeness(centres: Floats) -> Floats:
    """How much two states have to say of each other ``(n_states, n_states)``: 1 the same, 0 nothing.

    Parameters
    ----------
    centres : ndarray, shape (n_states, n_components)

    Examples
    --------
    >>> likeness(np.array([[0.0], [1.0], [9.0]])).round(2)
    array([[1.  , 0.97, 0.08],
           [0.97, 1.  , 0.14],
           [0.08, 0.14, 1.  ]])
    """
    square = ((centres[:, None] - centres) ** 2).sum(axis=2)
    pairs = square[np.triu_indices(len(centres), k=1)]
    return np.asarray(np.exp(-square / max(NEAR * float(np.median(pairs)) if len(pairs) else 1.0, TINY)))


def smoothed(apart: Floats, noise: Floats, spread: Floats, alike: Floats) -> Floats:
    """Where a batch's differences most likely lie ``(n_states, n_components)``: a Gaussian process over the states.

    Rasmussen and Williams 2006 (ISBN 026218253X), equation 2.23. How far differences go in each component is measured,
    beyond what noise adds to their squares, and drawn towards what all components have in common.

    Parameters
    ----------
    apart : ndarray, shape (n_states, n_components)
        The differences that were found.
    noise : ndarray, shape (n_states,)
        Variance of each by chance, in units of `spread`; above 0.
    spread : ndarray, shape (n_components,)
        Variance of rows within states.
    alike : ndarray, shape (n_states, n_states)
        See `likeness`.

    Examples
    --------
    >>> rng, alike = np.random.default_rng(0), likeness(np.arange(20.0)[:, None])
    >>> apart = 1 + 0.5 * rng.normal(size=(20, 5))
    >>> field = smoothed(apart, np.full(20, 0.25), np.ones(5), alike)
    >>> bool(abs(field - 1).mean() < 0.5 * abs(apart - 1).mean())
    True
    """
    weight = 1 / noise  # narrow states, and those of many rows, count for more
    n = weight.sum() ** 2 / (weight**2).sum()
    beyond = weight @ (apart**2 - noise[:, None] * spread) / weight.sum()
    common = beyond.sum() / max(spread.sum(), 1e-300) * spread
    prior = np.maximum((n * beyond + COMMON * common) / (n + COMMON), 0.0)
    root = np.sqrt(noise)[:, None]
    values, vectors = np.linalg.eigh(alike / (root * root.T))
    signal = np.maximum(values, 0.0)[:, None] * prior
    kept = signal / np.maximum(signal + CAUTION * spread, 1e-300)
    return np.asarray(root * (vectors @ (kept * (vectors.T @ (apart / root)))))
