"""How near rows are to training rows, measured by how near those are to each other."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from ganaug.layout import Levels
from ganaug.proposals.proposal import Arrays, Codes, checked

__all__ = ["Neighbours"]

REFERENCE = 20_000  # training rows that are looked at: bounds the cost for each row
AXES = 64  # of a category; its rarer levels share the last
MAX_AXES = 512  # a wider table is not looked at: there, all rows are about equally far from each other
NEAREST = 0.75  # of the distance to the next training row: what is further away is not told apart
TIE = 1e-3  # rank units; what two equal rows are apart

Floats = npt.NDArray[np.float32]


class Neighbours:
    """Tell near copies of training rows from rows that are merely where the data are dense.

    A row's nearness is its distance to the nearest training row, divided by the distance from there to the next
    training row. Fresh real rows have some law of this ratio; rows retraced from training rows have more small ones.

    Numbers are placed by their rank in [0, 1], categories one-hot over root 2.

    Parameters
    ----------
    codes : ndarray, shape (n_rows, n_columns)
        Training rows; of more than 20,000 the first ones are looked at, so give them in random order.
    levels : Levels

    Examples
    --------
    >>> codes = np.arange(0, 100, 10, dtype=np.int32)[:, None]
    >>> neighbours = Neighbours(codes, Levels(np.array([100]), np.array([True])))
    >>> neighbours.nearness(np.array([[10], [11], [15]], dtype=np.int32)).round(2).tolist()
    [0.0, 0.0, 0.5]
    """
