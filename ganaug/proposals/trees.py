"""Sequential trees: each column is drawn from training rows that agree on the columns before it."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from ganaug.layout import Levels
from ganaug.proposals.chain import Link, packed, unpacked
from ganaug.proposals.features import features_for, outcome_of
from ganaug.proposals.proposal import FREE, Arrays, Codes, Meta, checked
from ganaug.proposals.tree import Donors
from ganaug.seeding import Seeds

__all__ = ["SequentialTrees"]

Order = Literal["table", "cardinality"]
SHARE = 0.3  # of the rows each tree sees: many small trees on few rows copy less than few on many, and say as much
REDRAWS = 3
CHUNK = 65_536  # rows drawn at a time: bounds the memory
MAX_PATTERNS = 32
MAX_TREES = 5000  # in a chain: a column of a very wide table has fewer
ROUNDING = 1e-3  # nats; sums of logarithms in float32


class SequentialTrees:
    """Draw each column from the leaf of a tree over the columns before it.

    The chain of trees is synthpop's (Nowok, Raab and Dibben 2016, doi:10.18637/jss.v074.i11). Two things keep it from
    retracing single training rows. Every column has several trees, each grown on its own part of the rows, and every
    row takes one of them at random. And a donor that agrees with the row so far on what identifies a training row
    (values that are together as rare as one row, or rarer) is drawn again.

    Parameters
    ----------
    min_leaf : int
        Fewest training rows in a leaf: small leaves follow the rows more closely, and copy more.
    n_trees : int
        Trees for each column; fewer in a table of more than 1,000 columns.
    order : {"table", "cardinality"}
        Columns after the first ones as they stand, or those of few levels first.
    random_state : int
        Grows the trees.

    Examples
    --------
    >>> codes = np.repeat(np.arange(4, dtype=np.int32), 50)[:, None].repeat(2, axis=1)
    >>> levels = Levels(np.array([4, 4]), np.array([True, False]))
    >>> rows = SequentialTrees().fit(codes, levels, []).sample(100, np.random.default_rng(0))
    >>> bool((rows[:, 0] == rows[:, 1]).all())
    True
    """

    def __init__(self, min_leaf: int = 4, n_trees: int = 12, order: Order = "table", random_state: int = 0) -> None:
        self.min_leaf = min_leaf
        self.n_trees = n_trees
        self.order: Order = order
        self.random_state = random_state

    def fit(self, codes: Codes, levels: Levels, first: list[int]) -> Self:
        """Learn rows ``(n_rows, n_columns)``; the columns `first` come first in the chain."""
        self._remember(codes, levels, first)
        self._chains[()] = tuple(self._link(place, seen) for place, seen in self._places(()))
        return self

    def sample(self, n: int, rng: np.random.Generator, given: Codes | None = None) -> Codes:
        """Draw `n` rows; where `given` ``(n, n_columns)`` is not `FREE`, that value stands and leads the chain."""
        drawn = np.empty((n, self.codes.shape[1]), dtype=np.int32)
        for pattern, rows in _patterns(given, n):
            chain = self._chain(pattern)
            for start in range(0, len(rows), CHUNK):
                part = rows[start : start + CHUNK]
                held = None if given is None else given[part]
                drawn[part] = self._draw(chain, len(part), pattern, held, rng)
        return drawn

    def state(self) -> tuple[Arrays, Meta]:
        """Give all that was learned, as arrays and JSON; chains for other given columns are grown again on demand."""
        arrays: Arrays = {"codes": self.codes, "cardinality": self.levels.cardinality, "ordered": self.levels.ordered}
        settings = {name: getattr(self, name) for name in ("min_leaf", "n_trees", "order", "random_state")}
        return arrays | packed(self._chains[()]), {"settings": settings, "first": self.first}

    @classmethod
    def from_state(cls, arrays: Arrays, meta: Meta) -> Self:
        """Build the proposal that gave this state; refuses one that points outside of itself."""
        new = cls(**meta["settings"])
        levels = Levels(arrays["cardinality"], arrays["ordered"])
        new._remember(checked(arrays["codes"], levels.cardinality), levels, meta["first"])
        new._chains[()] = unpacked(arrays, new.levels, len(new.codes))
        return new

    @property
    def _trees_a_column(self) -> int:
        return int(np.clip(MAX_TREES // max(self.levels.n_columns, 1), 1, self.n_trees))

    def _remember(self, codes: Codes, levels: Levels, first: list[int]) -> None:
        self.codes, self.levels, self.first = codes, levels, list(first)
        self._chains: dict[tuple[int, ...], tuple[Link, ...]] = {}
        counts = [np.bincount(codes[:, j], minlength=n) for j, n in enumerate(levels.cardinality)]
        self._surprise = tuple(np.log(len(codes) / np.maximum(count, 1)).astype(np.float32) for count in counts)

    def _places(self, given: tuple[int, ...]) -> list[tuple[int, list[int]]]:
        """The columns to draw, each with the columns that are there before it."""
        rest = [j for j in range(self.levels.n_columns) if j not in self.first]
        if self.order == "cardinality":
            rest.sort(key=lambda j: int(self.levels.cardinality[j]))
        line = [*given, *(j for j in [*self.first, *rest] if j not in given)]
        return [(column, line[:place]) for place, column in enumerate(line) if place >= len(given)]

    def _link(self, column: int, seen: list[int]) -> Link:
        rng = Seeds(self.random_state).rng("tree", column, *seen[:8], len(seen))
        outcome = outcome_of(self.codes, self.levels, column, seen)
        features = features_for(self.codes, self.levels, outcome, seen)
        if not len(features.columns):
            return Link(column, features, ())
        numbers, n = features(self.codes), len(self.codes)
        size = max(min(n, 2), round(SHARE * n))
        parts = (np.sort(rng.permutation(n)[:size]) for _ in range(self._trees_a_column))
        return Link(column, features, tuple(Donors.grow(numbers, outcome, part, self.min_leaf, rng) for part in parts))

    def _chain(self, pattern: tuple[int, ...]) -> tuple[Link, ...]:
        if pattern not in self._chains:
            if len(self._chains) > MAX_PATTERNS:
                self._chains = {(): self._chains[()]}
            self._chains[pattern] = tuple(self._link(place, seen) for place, seen in self._places(pattern))
        return self._chains[pattern]

    def _draw(
        self, chain: tuple[Link, ...], n: int, pattern: tuple[int, ...], given: Codes | None, rng: np.random.Generator
    ) -> Codes:
        drawn = np.full((n, self.codes.shape[1]), FREE, dtype=np.int32, order="F")
        if given is not None:
            drawn[:, pattern] = given[:, pattern]
        for link in chain:
            if not link.forest:
                donors = rng.integers(len(self.codes), size=n).astype(np.int32)
            else:
                donors = self._donors(link, drawn, rng)
            drawn[:, link.column] = self.codes[donors, link.column]
        return drawn

    def _donors(self, link: Link, drawn: Codes, rng: np.random.Generator) -> Codes:
        """Draw a training row for each row: from the leaf of one of the trees, and not the very row it retraces."""
        features, donors = link.features(drawn), np.empty(len(drawn), dtype=np.int32)
        choice = rng.integers(len(link.forest), size=len(drawn))
        for t, forest in enumerate(link.forest):
            rows = np.flatnonzero(choice == t)
            leaf = forest.tree.apply(features[rows])
            picked = forest.draw(leaf, rng)
            told = self._told(link, drawn, rows, picked)
            for _ in range(REDRAWS):
                again = np.flatnonzero(told > np.log(len(self.codes)) - ROUNDING)
                if not len(again):
                    break
                other = forest.draw(leaf[again], rng)
                told_other = self._told(link, drawn, rows[again], other)
                better = told_other < told[again]
                picked[again[better]], told[again[better]] = other[better], told_other[better]
            donors[rows] = picked
        return donors

    def _told(self, link: Link, drawn: Codes, rows: npt.NDArray[np.int64], donors: Codes) -> npt.NDArray[np.float32]:
        """How much (in nats) the values on which a row and its donor agree tell of that donor.

        Of the columns that the link looks at: they are what makes a row fall among its donors.
        """
        told = np.zeros(len(rows), dtype=np.float32)
        for column in link.features.columns:
            value = self.codes[donors, column]
            told += self._surprise[column][value] * (value == drawn[rows, column])
        return told


def _patterns(given: Codes | None, n: int) -> list[tuple[tuple[int, ...], npt.NDArray[np.int64]]]:
    """The sets of given columns, and the rows that have each."""
    if given is None or not n:
        return [((), np.arange(n))]
    held, which = np.unique(given != FREE, axis=0, return_inverse=True)
    which = which.reshape(-1)
    return [(tuple(np.flatnonzero(columns).tolist()), np.flatnonzero(which == i)) for i, columns in enumerate(held)]
