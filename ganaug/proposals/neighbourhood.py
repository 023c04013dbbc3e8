"""The nearest cells of a cell's own group."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

__all__ = ["Neighbourhoods"]

Floats = NDArray[np.float32]
Codes = NDArray[np.intp]

FEWEST, MOST = 5, 100  # cells of a neighbourhood, as far as its group has so many


class Neighbourhoods(NamedTuple):
    """For each cell its nearest cells ``(n_cells, MOST)``, how many they are, and the mean ``(n_cells, n_values)``."""

    cells: Codes
    size: Codes
    centre: Floats

    @classmethod
    def of(cls, place: Floats, values: Floats, group: Codes, reach: float) -> Self:
        """Find them by where cells are.

        Parameters
        ----------
        place : ndarray, shape (n_cells, n_dimensions)
        values : ndarray, shape (n_cells, n_values)
            Of which the means are taken.
        group : ndarray, shape (n_cells,)
            Cells of other groups are no neighbours.
        reach : float
            Share of its group that a neighbourhood is.

        Examples
        --------
        >>> line = np.arange(20, dtype=np.float32)[:, None]
        >>> found = Neighbourhoods.of(line, line, np.repeat([0, 1], 10), reach=0.3)
        >>> sorted(found.cells[0, : found.size[0]].tolist()), found.centre[12].tolist()
        ([0, 1, 2, 3, 4], [12.0])
        """
        cells, size = np.zeros((len(place), MOST), dtype=np.intp), np.empty(len(place), dtype=np.intp)
        centre = np.empty((len(place), values.shape[1]), dtype=np.float32)
        for one in np.unique(group):
            own = np.flatnonzero(group == one)
            k = min(len(own), int(np.clip(np.ceil(reach * len(own)), FEWEST, MOST)))
            near = own[NearestNeighbors(n_neighbors=k).fit(place[own]).kneighbors(place[own], return_distance=False)]
            cells[own, :k], size[own], centre[own] = near, k, values[near].mean(axis=1)
        return cls(cells, size, centre)

    def one_near(self, cells: Codes, rng: np.random.Generator) -> Codes:
        """Draw one of the neighbourhood of each of some cells."""
        return np.asarray(self.cells[cells, rng.integers(0, self.size[cells])])
