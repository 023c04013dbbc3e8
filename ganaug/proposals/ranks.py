"""Which counts every gene has in every group of cells, in order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ganaug.data.counts import Counts

__all__ = ["Different", "Sorted"]

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]

BASE = 2.0**28  # counts are below


class Different(NamedTuple):
    """Keys and counts in one number each, in order; the keys; how many cells have fewer, and as many; each key's first.

    Each key ends with a value that no count has, so that what is greater than all of its counts is found there.
    """

    codes: Floats
    key: Codes
    below: Codes
    many: Codes
    first: Codes

    def find(self, key: Codes, value: NDArray[np.float32]) -> Codes:
        """Return where counts above zero are ``(n,)``; one that is not there is where the next greater is."""
        wanted = key * BASE + np.minimum(value, BASE - 1, dtype=np.float64)  # single precision has no BASE - 1
        # most counts of a gene come without a gap from one on, which spares the search
        at = (self.first.take(key) + value - 1).clip(max=len(self.codes) - 1).astype(np.intp)
        elsewhere = np.flatnonzero(self.codes.take(at) != wanted)
        at[elsewhere] = np.searchsorted(self.codes, wanted.take(elsewhere))
        return np.asarray(at)


@dataclass(frozen=True)
class Sorted:
    """Counts above zero of every gene of every group, smallest first; such a pair is a `key`, its gene running faster.

    Attributes
    ----------
    values : ndarray, shape (n_counts,)
    start : ndarray, shape (n_groups * n_genes + 1,)
        Where those of each key are.
    n_cells : ndarray, shape (n_groups,)
    """

    values: NDArray[np.float32]
    start: Codes
    n_cells: Codes

    @classmethod
    def of(cls, counts: Counts, group: Codes, n_groups: int) -> Self:
        """Sort the counts of cells ``(n_cells, n_genes)``."""
        found, p = counts.tocoo(), counts.shape[1]
        key = group[found.row] * p + found.col
        ends = np.cumsum(np.bincount(key, minlength=n_groups * p))
        values = found.data[np.lexsort((found.data, key))].astype(np.float32)
        return cls(values, np.concatenate([[0], ends]), np.bincount(group, minlength=n_groups))

    @cached_property
    def n_zeros(self) -> Codes:
        """Zeros of each key."""
        return np.asarray(self.n - np.diff(self.start))

    @cached_property
    def n(self) -> Codes:
        """Cells of each key."""
        return np.repeat(np.maximum(self.n_cells, 1), (len(self.start) - 1) // len(self.n_cells))

    @cached_property
    def different(self) -> Different:
        """Every count of every key once."""
        keys, sizes = np.arange(len(self.start) - 1), np.diff(self.start)
        codes, first, many = np.unique(
            np.repeat(keys, sizes) * BASE + self.values, return_index=True, return_counts=True
        )
        key = (codes // BASE).astype(np.intp)
        below = self.n_zeros[key] + first - self.start[key]
        order = np.argsort(np.append(codes, keys * BASE + BASE - 1), kind="stable")
        with_ends = (codes, keys * BASE + BASE - 1), (key, keys), (below, self.n), (many, np.zeros_like(keys))
        codes, key, below, many = (np.concatenate(parts)[order] for parts in with_ends)
        return Different(codes, key, below, many, np.searchsorted(key, keys))
