"""A matrix of which no more than some rows are dense at a time, wherever it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import gen_even_slices

from ganaug.errors import DataError

__all__ = ["Matrix", "Seen", "dense", "drawn"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

# rows that are read and moved at a time, and values, if there are many features
CHUNK, CHUNK_VALUES = 8192, 2**22
# values that are learned from, but rows enough to learn from
MOST_VALUES, FEWEST_ROWS = 10_000_000, 2000
# rows that each group of rows may count on
SHARE = 200


class Seen(NamedTuple):
    """Some rows ``(n_some, n_features)``, and the smallest and largest value of each feature in all of them."""

    values: Floats
    lowest: Floats
    highest: Floats


@dataclass(frozen=True)
class Matrix:
    """Rows that are read in chunks.

    Parameters
    ----------
    source : ndarray, sparse matrix, or what else has a shape and gives slices of rows
        Such as a matrix in an h5ad file, or one of dask.
    names : ndarray of shape (n_features,), optional
        What the features are called.
    table : DataFrame, optional
        What else is known of the rows: their batch, covariates.
    columns : ndarray of int, optional
        The columns of the source that are the features, in this order; all of them.

    Examples
    --------
    >>> matrix = Matrix(sparse.eye_array(4, format="csr"), columns=np.array([3, 0]))
    >>> matrix.read(slice(2, 4))
    array([[0., 0.],
           [1., 0.]])
    """

    source: Any
    names: NDArray[Any] | None = None
    table: pd.DataFrame | None = None
    columns: Rows | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and features."""
        n, p = self.source.shape
        return int(n), int(p) if self.columns is None else len(self.columns)

    @property
    def sparse(self) -> bool:
        """Whether the source is, in memory, in a file or in pieces."""
        piece = getattr(self.source, "_meta", self.source)
        return sparse.issparse(piece) or getattr(piece, "format", None) == "csr"

    def chunks(self) -> list[slice]:
        """Return slices of about as many rows each, together all of them."""
        n, p = self.source.shape
        most = max(1, min(CHUNK, CHUNK_VALUES // max(p, 1)))
        return list(gen_even_slices(n, max(1, -(-n // most))))

    def read(self, rows: slice) -> Floats:
        """Return some rows ``(n_some, n_features)``, dense; raise `DataError` where a value is infinite."""
        part: Any = self.source[rows]
        part = part.compute() if hasattr(part, "compute") else part  # dask
        values = dense(part)
        values = values if self.columns is None else values[:, self.columns]
        infinite = np.isinf(values)
        if infinite.any():
            row, column = np.argwhere(infinite)[0]
            name = int(column) if self.names is None else str(self.names[column])
            raise DataError(
                f"row {rows.indices(self.shape[0])[0] + row} is infinite in {name!r}; replace it by a number or NaN"
            )
        return values

    def part(self, rows: Rows, rng: np.random.Generator) -> Matrix:
        """Return some rows as a matrix of their own; if they are too many to learn from, of some of them."""
        some = rows[drawn(np.zeros(len(rows), dtype=np.intp), self.shape[1], rng)]
        return Matrix(self.seen(some).values, self.names)

    def seen(self, rows: Rows) -> Seen:
        """Look at all rows once; of features without any value the range is infinite.

        Parameters
        ----------
        rows : ndarray of int, sorted
            Those that are to be given back.
        """
        values = np.empty((len(rows), self.shape[1]))
        lowest, highest = np.full((2, self.shape[1]), np.nan)
        for chunk in self.chunks():
            part = self.read(chunk)
            lowest, highest = np.fmin(lowest, np.fmin.reduce(part)), np.fmax(highest, np.fmax.reduce(part))
            here = slice(*np.searchsorted(rows, [chunk.start, chunk.stop]))
            values[here] = part[rows[here] - chunk.start]
        return Seen(values, np.where(np.isnan(lowest), -np.inf, lowest), np.where(np.isnan(highest), np.inf, highest))


def dense(values: Any) -> Floats:
    """Return values ``(n_rows, n_columns)`` that may be sparse, or a DataFrame's, as an array."""
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)


def drawn(group: Rows, n_features: int, rng: np.random.Generator) -> Rows:
    """Draw the rows that are learned from: all of them, or 10 million values' worth.

    Every group keeps its share, and at least 200 rows, or as many as it has; should that be too many, all groups are
    given as many.

    Parameters
    ----------
    group : ndarray of int, shape (n_rows,)
    n_features : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int
        Sorted.

    Examples
    --------
    >>> group = np.repeat([0, 1], [9_000, 500])
    >>> np.bincount(group[drawn(group, 20_000, np.random.default_rng(0))])
    array([1800,  200])
    """
    most = max(MOST_VALUES // max(n_features, 1), FEWEST_ROWS)
    if len(group) <= most:
        return np.arange(len(group))
    dealt = rng.permutation(len(group))
    of_group = group[dealt]
    order, n = np.argsort(of_group, kind="stable"), np.bincount(group)
    rank = np.empty(len(group), dtype=np.intp)
    rank[order] = np.arange(len(group)) - np.repeat(np.cumsum(n) - n, n)
    # the first rows of every group before all others, and these as they come were all groups to end together
    turn = np.where(rank < SHARE, rank / SHARE - 1, rank / n[of_group])
    return np.sort(dealt[np.argsort(turn, kind="stable")[:most]])
