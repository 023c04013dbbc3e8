"""The two forms in which checks see rows: bounded levels for trees, points for distances."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Place", "for_distances", "for_trees", "place_for_distances"]

Place = Callable[[NDArray[np.float64]], NDArray[np.float32]]

# HistGradientBoosting bins a column into at most 255 levels
TREE_LEVELS = 255
# of a column with more levels than this, the rarer ones share one axis: distances are about the bulk of the rows
AXES = 64


def for_trees(codes: NDArray[np.float64], categorical: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Bring category levels under the limit of the boosted trees; missing values stay NaN.

    Levels are numbered by falling frequency, so the rarest share the last number.

    Parameters
    ----------
    codes : ndarray, shape (n_rows, n_columns)
        Level numbers, NaN where missing.
    categorical : ndarray, shape (n_columns,)
        Which columns are categories.
    """
    return np.where(categorical, np.minimum(codes, TREE_LEVELS - 1), codes)


def for_distances(codes: NDArray[np.float64], categorical: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Place pooled mixed rows in one space: ranks in [0, 1] for numbers, one-hot over root 2 for categories.

    Two rows that differ in a category are 1 apart along it, two numbers at most 1; a missing number sits in the
    middle and has an axis of its own. Fitted on all rows that are to be compared, so no side is favoured.

    Parameters
    ----------
    codes : ndarray, shape (n_rows, n_columns)
        Level numbers, NaN where missing.
    categorical : ndarray, shape (n_columns,)
        Which columns are categories.

    Returns
    -------
    ndarray, shape (n_rows, n_axes)

    Examples
    --------
    >>> for_distances(np.array([[0.0], [1.0], [np.nan]]), np.array([False])).round(2).tolist()
    [[0.25, 0.0], [0.75, 0.0], [0.5, 0.7099999785423279]]
    """
    return place_for_distances(codes, categorical)(codes)


def place_for_distances(codes: NDArray[np.float64], categorical: NDArray[np.bool_]) -> Place:
    """Fit the space of `for_distances` on pooled rows, for placing them a few at a time.

    Parameters
    ----------
    codes : ndarray, shape (n_rows, n_columns)
        All rows that are to be compared.
    categorical : ndarray, shape (n_columns,)
        Which columns are categories.

    Examples
    --------
    >>> codes = np.array([[0.0, 2.0], [1.0, np.nan], [1.0, 0.0]])
    >>> place = place_for_distances(codes, np.array([False, True]))
    >>> bool((place(codes[1:]) == for_distances(codes, np.array([False, True]))[1:]).all())
    True
    """
    fits = [
        (_one_hot if is_category else _ranks)(column) for column, is_category in zip(codes.T, categorical, strict=True)
    ]

    def place(rows: NDArray[np.float64]) -> NDArray[np.float32]:
        blocks = [on_axes(column) for on_axes, column in zip(fits, rows.T, strict=True)]
        return np.ascontiguousarray(np.concatenate(blocks, axis=1))

    return place


def _ranks(codes: NDArray[np.float64]) -> Place:
    missing = np.isnan(codes)
    counts = np.bincount(codes[~missing].astype(np.intp), minlength=1)
    middle = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1)
    has_missing = missing.any()

    def place(codes: NDArray[np.float64]) -> NDArray[np.float32]:
        missing = np.isnan(codes)
        rank = np.where(missing, 0.5, middle[np.where(missing, 0, codes).astype(np.intp)])
        axes = [rank, missing / np.sqrt(2)] if has_missing else [rank]
        return np.stack(axes, axis=1).astype(np.float32)

    return place


def _one_hot(codes: NDArray[np.float64]) -> Place:
    present = np.unique(_axis(codes))

    def place(codes: NDArray[np.float64]) -> NDArray[np.float32]:
        hot = np.zeros((len(codes), len(present)), dtype=np.float32)
        hot[np.arange(len(codes)), np.searchsorted(present, _axis(codes))] = 1 / np.sqrt(2)
        return hot

    return place


def _axis(codes: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.where(np.isnan(codes), AXES, np.minimum(codes, AXES - 1)).astype(np.intp)
