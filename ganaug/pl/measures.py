"""What the figure shows of batches before and after they were equalised."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes
from scipy.stats import entropy
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ganaug.pl.groups import Groups
from ganaug.transport.guard import entropies, nearest_rows

__all__ = ["N_MOVERS", "Mixing", "Movers", "alike", "clusters", "flat", "mixing_of", "movers_of"]

Floats = NDArray[np.float64]

# a batch with fewer cells in a state has none to mix with there
FEWEST_CELLS = 10
N_CLUSTERS = 8
N_MOVERS = 12


class Mixing(NamedTuple):
    """What is near the cells of each state, before and after.

    Parameters
    ----------
    mixed : tuple of ndarray, shape (n_states,)
        Entropy of the batches among the 30 nearest, over that of the state's; NaN where one batch has the state.
    own : tuple of ndarray, shape (n_states,)
        Share of the 30 nearest that are of the state.
    cells : ndarray of int, shape (n_states, n_batches)
    """

    mixed: tuple[Floats, Floats]
    own: tuple[Floats, Floats]
    cells: NDArray[np.intp]


class Movers(NamedTuple):
    """Features that moved most, and each batch's mean change in their SDs ``(n_movers, n_batches)``."""

    names: list[str]
    change: Floats


def mixing_of(before: Floats, after: Floats, batch: Groups, state: Groups) -> Mixing:
    """Look at the neighbours of cells ``(n_cells, n_components)``.

    Examples
    --------
    >>> z, batch = np.arange(80.0)[:, None], Groups(["P1", "P2"], np.repeat([0, 1], 40))
    >>> apart, together = mixing_of(z, z % 40, batch, Groups(["all"], np.zeros(80, dtype=int))).mixed
    >>> round(float(apart[0]), 1), round(float(together[0]), 1)
    (0.3, 1.0)
    """
    cells = np.asarray(pd.crosstab(state.codes, batch.codes).to_numpy(), dtype=np.intp)
    shared = (cells >= FEWEST_CELLS).sum(axis=1) > 1
    least = np.where(shared, np.maximum(entropy(cells, axis=1), 1e-12), np.nan)
    near, later = nearest_rows(before), nearest_rows(after)
    mixed = [_mean(entropies(rows, batch.codes), state) for rows in (near, later)]
    own = [_mean((state.codes[rows] == state.codes[:, None]).mean(axis=1), state) for rows in (near, later)]
    return Mixing((mixed[0] / least, mixed[1] / least), (own[0], own[1]), cells)


def movers_of(old: Any, change: Floats, names: Sequence[str], batch: Groups) -> Movers | None:
    """Find the features that moved most, in SDs of what they were ``(n_cells, n_features)``; None if none did."""
    spread = np.sqrt(StandardScaler(with_mean=False).fit(old).var_)
    change = np.nan_to_num(change / np.where(spread > 0, spread, np.inf))
    most = np.argsort(-np.abs(change).mean(axis=0), kind="stable")[:N_MOVERS]
    if not change[:, most].any():
        return None
    means = pd.DataFrame(change[:, most]).groupby(batch.codes).mean().to_numpy(dtype=np.float64)
    return Movers([str(names[j]) for j in most], np.asarray(means.T))


def clusters(z: Floats, rng: np.random.Generator) -> Groups:
    """States of cells ``(n_cells, n_components)`` that have no labels."""
    n = min(N_CLUSTERS, len(np.unique(z, axis=0)))
    with threadpool_limits(limits=1):
        found = KMeans(n, n_init=3, random_state=int(rng.integers(2**31))).fit_predict(z)
    return Groups.of(pd.Series(1 + found))


def flat(z: Floats, embedding: str, rng: np.random.Generator) -> Floats:
    """Two columns for coordinates ``(n_cells, n_components)``."""
    seed = int(rng.integers(2**31))
    if embedding == "pca":
        return np.asarray(PCA(min(2, z.shape[1]), random_state=seed).fit_transform(z))
    if embedding != "umap":
        raise ValueError(f"embedding is {embedding!r}; it is 'pca', 'umap', or a tuple of two keys of adata.obsm")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # of what else umap could do with tensorflow
        from umap import UMAP  # type: ignore[import-untyped]  # takes seconds

    return np.asarray(UMAP(random_state=seed, n_jobs=1).fit_transform(z), dtype=np.float64)


def alike(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Two columns each; after is turned and mirrored to lie like before, as neither way round means anything."""
    before, after = (np.pad(z[:, :2], ((0, 0), (0, max(0, 2 - z.shape[1])))) for z in (before, after))
    before, after = before - before.mean(axis=0), after - after.mean(axis=0)
    return before, after @ orthogonal_procrustes(after, before)[0]


def _mean(values: Floats, state: Groups) -> Floats:
    return np.asarray(np.bincount(state.codes, values) / np.bincount(state.codes))
