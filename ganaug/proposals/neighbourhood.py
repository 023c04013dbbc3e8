"""The nearest cells of a cell's own group, and the clusters of a group."""

from __future__ import annotations

import warnings
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

__all__ = ["SMALLEST", "Neighbourhoods", "clusters"]

Floats = NDArray[np.float32]
Codes = NDArray[np.intp]

FEWEST, MOST = 5, 100  # cells of a neighbourhood, which is half of its group in between
GAP = 1.5  # what is farther than the fifth nearest by so much is beyond the cloud, if there are clouds
CLUSTER, SMALLEST = 50, 20  # cells of a cluster, on average and at least
OWN, OTHERS = 0.25, 10  # share of a new cell's variance that one cell gives, and the cells that give the rest


class Neighbourhoods(NamedTuple):
    """For each cell its nearest cells ``(n_cells, MOST)``, how many they are, and the mean ``(n_cells, n_values)``."""

    cells: Codes
    size: Codes
    centre: Floats

    @classmethod
    def of(cls, place: Floats, values: Floats, group: Codes) -> Self:
        """Find them by where cells are.

        Parameters
        ----------
        place : ndarray, shape (n_cells, n_dimensions)
        values : ndarray, shape (n_cells, n_values)
            Of which the means are taken.
        group : ndarray, shape (n_cells,)
            Cells of other groups are no neighbours.

        Examples
        --------
        >>> line = np.arange(20, dtype=np.float32)[:, None]
        >>> found = Neighbourhoods.of(line, line, np.repeat([0, 1], 10))
        >>> sorted(found.cells[0, : found.size[0]].tolist()), found.centre[12].tolist()
        ([0, 1, 2, 3, 4], [12.0])
        """
        cells, size = np.zeros((len(place), MOST), dtype=np.intp), np.empty(len(place), dtype=np.intp)
        centre = np.empty((len(place), values.shape[1]), dtype=np.float32)
        for one in np.unique(group):
            own = np.flatnonzero(group == one)
            k = min(len(own), int(np.clip(len(own) // 2, FEWEST, MOST)))
            distance, near = NearestNeighbors(n_neighbors=k).fit(place[own]).kneighbors(place[own])
            fewest = min(FEWEST, k)
            n_near = np.maximum(fewest, (distance <= GAP * distance[:, [fewest - 1]]).sum(axis=1))
            cells[own, :k], size[own] = own[near], n_near
            in_all = np.where(np.arange(k) < n_near[:, None], 1 / n_near[:, None], 0).astype(np.float32)
            centre[own] = np.einsum("ik,ikv->iv", in_all, values[own[near]])
        return cls(cells, size, centre)

    def mixture(self, cells: Codes, rng: np.random.Generator) -> tuple[Codes, Floats]:
        """Draw what is mixed of the neighbourhood of each of some cells: which cells, and their weights.

        Squares of weights add up to 1, so that deviations from the neighbourhood's mean keep their covariance: the
        smoothed bootstrap with shrinkage (Silverman and Young 1987, doi:10.1093/biomet/74.3.469), its kernel being the
        neighbourhood.

        Returns
        -------
        cells, weights : ndarray, shape (n_cells, 1 + OTHERS)
            The cell itself is the first.
        """
        n = len(cells)
        place = (rng.random((n, OTHERS)) * self.size[cells][:, None]).astype(np.intp)
        weights = rng.standard_normal((n, OTHERS), dtype=np.float32)
        weights *= np.sqrt(1 - OWN) / np.linalg.norm(weights, axis=1, keepdims=True)
        own = np.full((n, 1), np.sqrt(OWN), dtype=np.float32)
        return np.hstack([cells[:, None], self.cells[cells[:, None], place]]), np.hstack([own, weights])


def clusters(place: Floats, group: Codes, seed: int) -> Codes:
    """Part every group into clusters of about fifty cells, by k-means: the cluster of each cell ``(n_cells,)``.

    Clusters are numbered from 0, group after group; none has fewer than twenty cells, unless its group has.

    Examples
    --------
    >>> place = np.repeat([[0.0], [9.0], [0.0]], [50, 50, 10], axis=0)
    >>> np.bincount(clusters(place, np.repeat([0, 1], [100, 10]), seed=0)).tolist()
    [50, 50, 10]
    """
    found, n = np.zeros(len(place), dtype=np.intp), 0
    for one in np.unique(group):
        own = np.flatnonzero(group == one)
        part = _parted(place[own], seed)
        found[own], n = n + part, n + int(part.max()) + 1
    return found


def _parted(place: Floats, seed: int) -> Codes:
    k = max(1, len(place) // CLUSTER)
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # cells that lie in one place are no two clusters
        model = KMeans(k, n_init=3, random_state=seed).fit(place)
    label = model.labels_.astype(np.intp)
    enough = np.flatnonzero(np.bincount(label, minlength=k) >= min(SMALLEST, len(place)))
    lost = np.flatnonzero(~np.isin(label, enough))
    if len(lost):
        label[lost] = enough[cdist(place[lost], model.cluster_centers_[enough]).argmin(axis=1)]
    return np.asarray(np.unique(label, return_inverse=True)[1])
