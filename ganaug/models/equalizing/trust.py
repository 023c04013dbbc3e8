"""Whether a row has its like among other rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from ganaug.transport.style import Floats

__all__ = ["trust", "trust_between"]

NEIGHBOURS = 15
# rows of the other batches that are looked at
MOST_ROWS = 3000
TINY = 1e-12


def trust(z_new: Floats, z_known: Floats) -> Floats:
    """Whether there is anything among known rows that a new one is like ``(n_new,)``: 0 nothing, 1 as near as most.

    A row is as strange as its 15th neighbour is further away than those of its neighbours are on average (after Breunig
    et al. 2000, doi:10.1145/342009.335388). Trust is twice the share of known rows that are no less strange among
    themselves, 1 at most (a conformal p-value; Bates et al. 2023, arXiv:2104.08279): below 0.1 for a row that is
    stranger than 95 % of the known ones.

    Parameters
    ----------
    z_new : ndarray, shape (n_new, n_components)
    z_known : ndarray, shape (n_known, n_components)
        A few thousand rows at most.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> known, new = rng.normal(size=(500, 2)), np.array([[0.0, 0.0], [9.0, 9.0]])
    >>> trust(new, known).round(1)
    array([1., 0.])
    """
    if len(z_known) < 2:
        return np.zeros(len(z_new))
    n_neighbors = min(NEIGHBOURS, len(z_known) - 1)
    near = NearestNeighbors(n_neighbors=n_neighbors).fit(z_known)
    with threadpool_limits(limits=1):
        (own, beside), (far, found) = near.kneighbors(), near.kneighbors(z_new)
    reach = np.maximum(own[:, -1], TINY)
    known = np.sort(reach / reach[beside].mean(axis=1))
    stranger = len(known) - np.searchsorted(known, far[:, -1] / reach[found].mean(axis=1))
    return np.asarray(np.minimum(2 * (stranger + 1) / (len(known) + 1), 1.0))


def trust_between(z: Floats, batch: NDArray[np.intp], rng: np.random.Generator) -> Floats:
    """Whether each row has its like in other batches ``(n_rows,)``; low in a state that a single batch has.

    Parameters
    ----------
    z : ndarray, shape (n_rows, n_components)
        Equalised rows: before, what sets the batches apart would hide what they share.
    batch : ndarray of int, shape (n_rows,)
    rng : numpy.random.Generator
        Draws at most 3,000 rows of the other batches.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> batch, z = np.repeat([0, 1], 100), rng.normal(size=(200, 2))
    >>> z[-20:] += 9
    >>> found = trust_between(z, batch, rng)
    >>> bool(np.median(found[:-20]) > 0.8), bool(found[-20:].max() < 0.1)
    (True, True)
    """
    found = np.zeros(len(z))
    for b in np.unique(batch):
        others = rng.permutation(np.flatnonzero(batch != b))[:MOST_ROWS]
        found[batch == b] = trust(z[batch == b], z[others])
    return found
