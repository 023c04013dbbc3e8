"""Sequential trees: each column is drawn from training rows that agree on the columns before it."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from ganaug.layout import Levels
from ganaug.proposals.chain import NO_FEATURES, Chain, Link, packed, split_chains, unpacked
from ganaug.proposals.features import features_for, outcome_of
from ganaug.proposals.proposal import FREE, Arrays, Codes, Meta, checked
from ganaug.proposals.tree import Donors
from ganaug.seeding import Seeds

__all__ = ["SequentialTrees"]

SHARE = 0.3  # of the rows each tree sees: many small trees on few rows copy less than few on many, and say as much
REDRAWS = 3
CHUNK = 65_536  # rows drawn at a time: bounds the memory
MAX_PATTERNS = 32
MAX_TREES = 5000  # in all chains together: a very wide table has fewer chains
ROUNDING = 1e-3  # nats; sums of logarithms in float32


class SequentialTrees:
    """Draw each column from the leaf of a tree over the columns before it.

    The chain of trees is synthpop's (Nowok, Raab and Dibben 2016, doi:10.18637/jss.v074.i11). One order of the columns
    makes its own mistakes, so there are many chains, each in another order (as in ensembles of classifier chains, Read
    et al. 2011, doi:10.1007/s10994-011-5256-5), and every row is drawn along one of them. Two things keep the trees
    from retracing single training rows: each is grown on its own part of the rows; and a donor that agrees with the row
    so far on what identifies a training row (values that are together as rare as one row, or rarer) is drawn again.

    Parameters
    ----------
    min_leaf : int
        Fewest training rows in a leaf: small leaves follow the rows more closely, and copy more.
    n_chains : int
        Chains, each in another order of the columns; fewer in a table of more than 200 columns.
    random_state : int
        Draws the orders and grows the trees.

    Examples
    --------
    >>> codes = np.repeat(np.arange(4, dtype=np.int32), 50)[:, None].repeat(2, axis=1)
    >>> levels = Levels(np.array([4, 4]), np.array([True, False]))
    >>> rows = SequentialTrees().fit(codes, levels, []).sample(100, np.random.default_rng(0))
    >>> bool((rows[:, 0] == rows[:, 1]).all())
    True
    """

    def __init__(self, min_leaf: int = 4, n_chains: int = 24, random_state: int = 0) -> None:
        self.min_leaf = min_leaf
        self.n_chains = n_chains
        self.random_state = random_state

    def fit(self, codes: Codes, levels: Levels, first: list[int]) -> Self:
        """Learn rows ``(n_rows, n_columns)``; the columns `first` come first in every chain."""
        self._remember(codes, levels, first)
        self._chains[()] = self._grown(())
        return self

    def sample(self, n: int, rng: np.random.Generator, given: Codes | None = None) -> Codes:
        """Draw `n` rows; where `given` ``(n, n_columns)`` is not `FREE`, that value stands and leads the chain."""
        drawn = np.empty((n, self.codes.shape[1]), dtype=np.int32)
        for pattern, rows in _patterns(given, n):
            chains = self._chains_given(pattern)
            choice = rng.integers(len(chains), size=len(rows))
            for k, chain in enumerate(chains):
                mine = rows[choice == k]
                for start in range(0, len(mine), CHUNK):
                    part = mine[start : start + CHUNK]
                    drawn[part] = self._draw(chain, len(part), pattern, None if given is None else given[part], rng)
        return drawn

    def state(self) -> tuple[Arrays, Meta]:
        """Give all that was learned, as arrays and JSON; chains for other given columns are grown again on demand."""
        arrays: Arrays = {"codes": self.codes, "cardinality": self.levels.cardinality, "ordered": self.levels.ordered}
        settings = {name: getattr(self, name) for name in ("min_leaf", "n_chains", "random_state")}
        return arrays | packed(self._chains[()]), {"settings": settings, "first": self.first}

    @classmethod
    def from_state(cls, arrays: Arrays, meta: Meta) -> Self:
        """Build the proposal that gave this state; refuses one that points outside of itself."""
        new = cls(**meta["settings"])
        levels = Levels(arrays["cardinality"], arrays["ordered"])
        new._remember(checked(arrays["codes"], levels.cardinality), levels, meta["first"])
        new._chains[()] = unpacked(arrays, new.levels, len(new.codes))
        return new

    def _remember(self, codes: Codes, levels: Levels, first: list[int]) -> None:
        self.codes, self.levels, self.first = codes, levels, list(first)
        self._chains: dict[tuple[int, ...], tuple[Chain, ...]] = {}
        counts = [np.bincount(codes[:, j], minlength=n) for j, n in enumerate(levels.cardinality)]
        self._surprise = tuple(np.log(len(codes) / np.maximum(count, 1)).astype(np.float32) for count in counts)

    def _orders(self, given: tuple[int, ...]) -> list[list[int]]:
        """The columns of each chain in the order in which they are drawn, after the given ones."""
        n_chains = int(np.clip(MAX_TREES // max(self.levels.n_columns, 1), 1, self.n_chains))
        rng = Seeds(self.random_state).rng("orders")
        shuffled = [rng.permutation(self.levels.n_columns).tolist() for _ in range(n_chains)]
        return [[j for j in dict.fromkeys([*self.first, *order]) if j not in given] for order in shuffled]

    def _grown(self, given: tuple[int, ...]) -> tuple[Chain, ...]:
        orders = self._orders(given)
        places = [(k, place) for k, order in enumerate(orders) for place in range(len(order))]
        # scikit-learn grows its trees without the GIL
        links = Parallel(n_jobs=-1, prefer="threads")(
            delayed(self._link)(k, orders[k][place], [*given, *orders[k][:place]]) for k, place in places
        )
        return split_chains(tuple(links), len(orders))

    def _link(self, chain: int, column: int, seen: list[int]) -> Link:
        if not seen:
            return Link(column, NO_FEATURES, None)
        rng = Seeds(self.random_state).rng("tree", chain, column, *seen[:8], len(seen))
        outcome = outcome_of(self.codes, self.levels, column, seen)
        features = features_for(self.codes, self.levels, outcome, seen)
        n = len(self.codes)
        rows = np.sort(rng.permutation(n)[: max(min(n, 2), round(SHARE * n))])
        numbers = features(self.codes[rows])
        return Link(column, features, Donors.grow(numbers, outcome[rows], rows, self.min_leaf, rng))

    def _chains_given(self, pattern: tuple[int, ...]) -> tuple[Chain, ...]:
        if pattern not in self._chains:
            if len(self._chains) > MAX_PATTERNS:
                self._chains = {(): self._chains[()]}
            self._chains[pattern] = self._grown(pattern)
        return self._chains[pattern]

    def _draw(
        self, chain: Chain, n: int, pattern: tuple[int, ...], given: Codes | None, rng: np.random.Generator
    ) -> Codes:
        drawn = np.full((n, self.codes.shape[1]), FREE, dtype=np.int32, order="F")
        if given is not None:
            drawn[:, pattern] = given[:, pattern]
        for link in chain:
            if link.tree is None:
                donors = rng.integers(len(self.codes), size=n).astype(np.int32)
            else:
                donors = self._donors(link, link.tree, drawn, rng)
            drawn[:, link.column] = self.codes[donors, link.column]
        return drawn

    def _donors(self, link: Link, tree: Donors, drawn: Codes, rng: np.random.Generator) -> Codes:
        """Draw a training row for each row: from its leaf, and not the very row it retraces."""
        leaf = tree.tree.apply(link.features(drawn))
        picked = tree.draw(leaf, rng)
        told = self._told(link, drawn, picked)
        for _ in range(REDRAWS):
            again = np.flatnonzero(told > np.log(len(self.codes)) - ROUNDING)
            if not len(again):
                break
            other = tree.draw(leaf[again], rng)
            told_other = self._told(link, drawn[again], other)
            better = told_other < told[again]
            picked[again[better]], told[again[better]] = other[better], told_other[better]
        return picked

    def _told(self, link: Link, drawn: Codes, donors: Codes) -> npt.NDArray[np.float32]:
        """How much (in nats) the values on which a row and its donor agree tell of that donor.

        Of the columns that the link looks at: they are what makes a row fall among its donors.
        """
        told = np.zeros(len(drawn), dtype=np.float32)
        for column in link.features.columns:
            value = self.codes[donors, column]
            told += self._surprise[column][value] * (value == drawn[:, column])
        return told


def _patterns(given: Codes | None, n: int) -> list[tuple[tuple[int, ...], npt.NDArray[np.int64]]]:
    """The sets of given columns, and the rows that have each."""
    if given is None or not n:
        return [((), np.arange(n))]
    held, which = np.unique(given != FREE, axis=0, return_inverse=True)
    which = which.reshape(-1)
    return [(tuple(np.flatnonzero(columns).tolist()), np.flatnonzero(which == i)) for i, columns in enumerate(held)]
