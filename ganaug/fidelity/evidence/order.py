"""An order of rows and of levels that rests on what they hold: neither the caller's order nor names decide anything."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["once_each", "row_order", "row_weights", "settled"]

Floats = NDArray[np.float64]

# so many different rows are a table that was written several times over; fewer are a generator that collapsed
FEWEST_DIFFERENT = 50


def row_weights(codes: Floats, categorical: NDArray[np.bool_], table: NDArray[np.intp]) -> Floats:
    """Give each row a whole number that its values and its table decide, whatever columns and levels are called.

    Parameters
    ----------
    codes : ndarray, shape (n_rows, n_columns)
        Level numbers, NaN where missing.
    categorical : ndarray, shape (n_columns,)
        Which columns are categories; of these only the frequency of a level counts.
    table : ndarray, shape (n_rows,)
        Number of the table that each row is from.
    """
    total = np.full(len(codes), 1.0 + codes.shape[1])
    for column, is_category in zip(codes.T, categorical, strict=True):
        level = np.nan_to_num(column, nan=-1.0).astype(np.intp)
        total += np.bincount(level + 1)[level + 1] if is_category else level
    return total * (1 + table)


def settled(codes: Floats, levels: NDArray[Any], weights: Floats) -> tuple[Floats, NDArray[Any]]:
    """Number levels of a category that are equally frequent by the weights of their rows; names decide what is left.

    Examples
    --------
    >>> codes, levels = settled(np.array([0.0, 1.0, np.nan]), np.array(["a", "b"]), np.array([7.0, 2.0, 3.0]))
    >>> codes.tolist(), levels.tolist()
    ([1.0, 0.0, nan], ['b', 'a'])
    """
    known = ~np.isnan(codes)
    level = codes[known].astype(np.intp)
    counts, total = (np.bincount(level, each, len(levels)) for each in (None, weights[known]))
    order = np.lexsort((total, -counts))
    codes = codes.copy()
    codes[known] = np.argsort(order)[level]
    return codes, levels[order]


def row_order(codes: Floats, weights: Floats, table: NDArray[np.intp], groups: Floats) -> NDArray[np.intp]:
    """Return the rows by table and weight; of equal ones by values, and by group ``(n_rows,)``.

    Examples
    --------
    >>> codes, weights = np.array([[2.0, 0.0], [0.0, np.nan], [0.0, 2.0]]), np.array([3.0, 1.0, 3.0])
    >>> row_order(codes, weights, np.zeros(3, dtype=int), np.full(3, np.nan)).tolist()
    [1, 2, 0]
    """
    order = np.lexsort((weights, table))
    equal = (np.diff(weights[order]) == 0) & (np.diff(table[order]) == 0)
    tied = np.append(equal, False) | np.append(False, equal)
    if tied.any():  # columns may be thousands, and ties few
        rows = order[tied]
        order[tied] = rows[np.lexsort((groups[rows], *codes[rows].T[::-1], weights[rows], table[rows]))]
    return order


def once_each(codes: Floats) -> tuple[NDArray[np.intp], int]:
    """Return one of each row ``(n_different,)`` where all rows come equally often, and how often; else all of them.

    A table that is written twice over says no more than once.

    Examples
    --------
    >>> codes = np.arange(50.0)[:, None]
    >>> rows, times = once_each(np.concatenate([codes, codes]))
    >>> len(rows), times
    (50, 2)
    """
    _, first, counts = np.unique(np.nan_to_num(codes, nan=-1.0), axis=0, return_index=True, return_counts=True)
    times = int(counts[0])
    if times == 1 or len(first) < FEWEST_DIFFERENT or (counts != times).any():
        return np.arange(len(codes)), 1
    return np.sort(first), times
