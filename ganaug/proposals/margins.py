"""Counts of each gene in each type, moved to how real cells have them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ganaug.proposals.proposal import Arrays

if TYPE_CHECKING:
    from ganaug.data.counts import Counts

__all__ = ["Margins"]

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]

GIVEN = 20  # drawn cells that are added to the real ones of every type, so that few do not rule
BLOCK = 2**21  # values that are moved at a time
BASE = 2.0**28  # counts are below
SIDES, PARTS = ("real", "drawn"), ("values", "start", "n_cells")


@dataclass(frozen=True)
class Sorted:
    """Counts above zero of every gene of every type, smallest first; such a pair is a `key`, its gene running faster.

    Attributes
    ----------
    values : ndarray, shape (n_counts,)
    start : ndarray, shape (n_types * n_genes + 1,)
        Where those of each key are.
    n_cells : ndarray, shape (n_types,)
    """

    values: NDArray[np.float32]
    start: Codes
    n_cells: Codes

    @classmethod
    def of(cls, counts: Counts, type_: Codes, n_types: int) -> Self:
        """Sort the counts of cells ``(n_cells, n_genes)``."""
        found, p = counts.tocoo(), counts.shape[1]
        key = type_[found.row] * p + found.col
        ends = np.cumsum(np.bincount(key, minlength=n_types * p))
        values = found.data[np.lexsort((found.data, key))].astype(np.float32)
        return cls(values, np.concatenate([[0], ends]), np.bincount(type_, minlength=n_types))

    @cached_property
    def n_zeros(self) -> Codes:
        """Zeros of each key."""
        return np.asarray(self._n - np.diff(self.start))

    @cached_property
    def zeros(self) -> Floats:
        """Share of zeros of each key."""
        return np.asarray(self.n_zeros / self._n)

    @cached_property
    def _n(self) -> Codes:
        return np.repeat(np.maximum(self.n_cells, 1), (len(self.start) - 1) // len(self.n_cells))

    @cached_property
    def _different(self) -> tuple[Floats, Floats, Floats]:
        """Keys and values in one number each, every one once, their lowest rank, and the share of cells that has them.

        Each key ends with a value that no count has, so that what is greater than all of its counts is found there.
        """
        n_keys = len(self.start) - 1
        keys, counts = np.arange(n_keys), np.diff(self.start)
        codes, first, many = np.unique(
            np.repeat(keys, counts) * BASE + self.values, return_index=True, return_counts=True
        )
        key = (codes // BASE).astype(np.intp)
        lowest = (self.n_zeros[key] - self.start[key] + first) / self._n[key]
        ends = np.append(codes, keys * BASE + BASE - 1), np.append(lowest, np.ones(n_keys))
        order = np.argsort(ends[0], kind="stable")
        return ends[0][order], ends[1][order], np.append(many / self._n[key], np.zeros(n_keys))[order]

    def rank(self, key: Codes, value: Floats, rng: np.random.Generator) -> Floats:
        """Place of counts above zero among those of their key, in 0 to 1; drawn among equal ones."""
        codes, lowest, share = self._different
        wanted = key * BASE + np.minimum(value, BASE - 1)
        at = np.searchsorted(codes, wanted)
        return np.asarray(lowest[at] + rng.random(len(key)) * share[at] * (codes[at] == wanted))

    def at(self, key: Codes, rank: Floats) -> NDArray[np.float32]:
        """Return the counts of these ranks."""
        size = self.start[key + 1] - self.start[key]
        place = np.minimum((rank * self._n[key]).astype(np.intp) - self.n_zeros[key], size - 1)
        found = np.zeros(len(key), dtype=np.float32)
        some = place >= 0
        found[some] = self.values[self.start[key[some]] + place[some]]
        return found


@dataclass(frozen=True)
class Margins:
    """Moves every count to the one of the same rank among real cells: the distributions of a copula.

    Ranks among what a model draws become ranks among real counts of the same gene and type (Nelsen 2006,
    doi:10.1007/0-387-28678-0, section 2.9), drawn at random among equal ones; what genes have in common stays.

    Attributes
    ----------
    real, drawn : Sorted

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> real, drawn = (sparse.csr_matrix(rng.poisson(mean, (2000, 1)).astype(np.float32)) for mean in (3.0, 1.0))
    >>> none = np.zeros(2000, dtype=np.intp)
    >>> moved = Margins.fit(real, none, drawn, none).move(drawn, none, rng)
    >>> bool(2.8 < moved.mean() < 3.2)
    True
    """

    real: Sorted
    drawn: Sorted

    @classmethod
    def fit(cls, real: Counts, type_: Codes, drawn: Counts, drawn_type: Codes) -> Self:
        """Learn from real and drawn cells x genes, each with cells of every type, numbered from 0."""
        n_types = int(type_.max()) + 1
        order = np.argsort(drawn_type, kind="stable")
        place = np.arange(len(order)) - np.searchsorted(drawn_type[order], drawn_type[order])
        given = order[place < GIVEN]
        both = sparse.vstack([real, drawn[given]], "csr")
        mixed = Sorted.of(both, np.concatenate([type_, drawn_type[given]]), n_types)
        return cls(mixed, Sorted.of(drawn, drawn_type, n_types))

    def move(self, counts: Counts, type_: Codes, rng: np.random.Generator) -> Counts:
        """Return counts ``(n_cells, n_genes)`` of cells of these types as real cells have them."""
        step = max(1, BLOCK // counts.shape[1])
        blocks = [slice(start, start + step) for start in range(0, max(counts.shape[0], 1), step)]
        moved: Counts = sparse.vstack([self._moved(counts[rows], type_[rows], rng) for rows in blocks], "csr")
        return moved

    def _moved(self, counts: Counts, type_: Codes, rng: np.random.Generator) -> Counts:
        found, p = counts.tocoo(), counts.shape[1]
        key = type_[found.row] * p + found.col
        values = self.real.at(key, self.drawn.rank(key, found.data.astype(np.float64), rng))
        row, gene, more = self._raised(counts, type_, rng)
        data = np.concatenate([values, more]), (np.concatenate([found.row, row]), np.concatenate([found.col, gene]))
        moved = sparse.coo_matrix(data, shape=counts.shape).tocsr()
        moved.eliminate_zeros()
        return moved

    def state(self) -> Arrays:
        """Give all that was learned."""
        return {f"{side}/{name}": getattr(getattr(self, side), name) for side in SIDES for name in PARTS}

    @classmethod
    def from_state(cls, arrays: Arrays) -> Self:
        """Build what gave this state."""
        return cls(*(Sorted(*(arrays[f"{side}/{name}"] for name in PARTS)) for side in SIDES))

    def _raised(self, counts: Counts, type_: Codes, rng: np.random.Generator) -> tuple[Codes, Codes, NDArray[Any]]:
        """Which zeros become counts, and which: rows, genes, values."""
        p = counts.shape[1]
        before, after = self.drawn.zeros, self.real.zeros
        share = self._share_raised[type_]
        row, gene = np.nonzero(rng.random(share.shape, dtype=np.float32) < share)
        if len(row):  # scipy gives another kind of answer where nothing is asked
            zero = np.asarray(counts[row, gene]).ravel() == 0
            row, gene = row[zero], gene[zero]
        key = type_[row] * p + gene
        rank = after[key] + rng.random(len(key)) * (before[key] - after[key])
        return row, gene, self.real.at(key, rank)

    @cached_property
    def _share_raised(self) -> NDArray[np.float32]:
        """Share of zeros that become counts ``(n_types, n_genes)``."""
        share = 1 - self.real.zeros / np.maximum(self.drawn.zeros, 1e-12)
        return np.asarray(share.astype(np.float32).reshape(len(self.real.n_cells), -1))
