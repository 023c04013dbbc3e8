"""Counts of genes around rates whose logarithms are a few factors: the proposal for cells."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ganaug.proposals.bound import Bound
from ganaug.proposals.negative_binomial import drawn_counts
from ganaug.proposals.neighbourhood import Neighbourhoods, clusters

if TYPE_CHECKING:
    Counts = sparse.csr_matrix[np.float32]

__all__ = ["CountFactors", "States"]

Floats = NDArray[np.float32]
Codes = NDArray[np.intp]

# counts of all cells together that every type is given beforehand, in units of one for a hundred genes
PRIOR = 5.0
MOST_DISPERSION = 20.0
# values that are drawn at a time
BLOCK = 2**19


class States(NamedTuple):
    """Where cells are drawn: factors ``(n_cells, n_factors)``, and of each ``(n_cells,)`` type and total count.

    `around` is the learned cell that each is drawn around.
    """

    factors: Floats
    type: Codes
    library: Floats
    around: Codes


@dataclass(frozen=True)
class CountFactors:
    """Poisson counts around log-normal rates of low rank (PLN-PCA; Chiquet et al. 2018, arXiv:1703.06633).

    The logarithm of a gene's share of a cell is an offset of the cell's type and batch, and `n_factors` numbers of the
    cell times the gene's loadings. What genes vary beyond that is a gamma factor of each (negative binomial). New cells
    are drawn around cells that were learned from: each is mixed with others of its neighbourhood in its type, but over
    no gap, so that the mean and covariance of the neighbourhood stay; then all counts are drawn anew.

    Parameters
    ----------
    offset : ndarray, shape (n_types, n_genes)
        Logarithms.
    shift : ndarray, shape (n_batches, n_genes)
        What a batch adds to them; zero on average over all cells.
    loadings : ndarray, shape (n_factors, n_genes)
    dispersion : ndarray, shape (n_genes,)
    mean, spread : ndarray, shape (n_cells, n_factors)
        Of the factors of each cell that was learned from, given its counts.
    type, batch : ndarray, shape (n_cells,)
    library : ndarray, shape (n_cells,)
        Its total count.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> counts = sparse.csr_matrix(rng.poisson([1.0, 3.0], (100, 2)).astype(np.float32))
    >>> none = np.zeros(100, dtype=np.intp)
    >>> model = CountFactors.fit(counts, none, none, rng, n_factors=1)
    >>> drawn = model.draw(model.states(np.zeros(5000, dtype=np.intp), rng), rng)
    >>> drawn.shape, bool(0.23 < drawn[:, 0].sum() / drawn.sum() < 0.27)
    ((5000, 2), True)
    """

    offset: Floats
    shift: Floats
    loadings: Floats
    dispersion: Floats
    mean: Floats
    spread: Floats
    type: Codes
    batch: Codes
    library: Floats

    @classmethod
    def fit(
        cls,
        counts: Counts,
        type_: Codes,
        batch: Codes,
        rng: np.random.Generator,
        *,
        n_factors: int,
        device: str = "cpu",
    ) -> Self:
        """Learn from cells x genes, of which every type and batch has some, by the variational bound.

        Parameters
        ----------
        counts : scipy.sparse.csr_matrix, shape (n_cells, n_genes)
            Held dense while it is learned from.
        type_, batch : ndarray, shape (n_cells,)
            Numbered from 0.
        """
        x = counts.toarray()
        library = x.sum(axis=1)
        known = np.log(_shares(x, type_, library))
        rates = known[type_] + np.log(library)[:, None]
        fitted = Bound.to_learn(x, rates, type_, batch, n_factors, rng, device).maximised()
        offset = known + fitted["offset"]
        # what all batches have in common belongs to the types
        common = np.bincount(batch) @ fitted["shift"] / len(batch)
        new = cls(
            (offset + common).astype(np.float32),
            (fitted["shift"] - common).astype(np.float32),
            fitted["loadings"],
            np.zeros(x.shape[1], dtype=np.float32),
            fitted["mean"],
            np.exp(fitted["log_spread"]),
            type_,
            batch,
            library,
        )
        new.dispersion[:] = new._dispersion(x, rng)
        return new

    def states(self, type_: Codes, rng: np.random.Generator, batch: Codes | None = None) -> States:
        """Draw where cells of these types ``(n_cells,)`` are; of these batches, where the type has cells of them."""
        near = self._near if batch is None else self._near_in_batch
        first = self._like(type_, batch, rng)
        centre, places = near.centre[first], self._places
        mixed, spread = centre.copy(), np.zeros((len(first), self.mean.shape[1]), dtype=np.float32)
        for cells, weight in zip(*(part.T for part in near.mixture(first, rng)), strict=True):
            mixed += weight[:, None] * (places[cells] - centre)
            spread += (weight[:, None] * self.spread[cells]) ** 2
        factors = mixed[:, :-1] + np.sqrt(spread) * rng.standard_normal(spread.shape, dtype=np.float32)
        return States(factors.astype(np.float32), type_, np.exp(mixed[:, -1]), first)

    @cached_property
    def _places(self) -> Floats:
        """Factors of the cells that were learned from, and logarithms of their totals."""
        return np.hstack([self.mean, np.log(self.library)[:, None]])

    @cached_property
    def _near(self) -> Neighbourhoods:
        return self._neighbourhoods(self.type)

    @cached_property
    def _near_in_batch(self) -> Neighbourhoods:
        return self._neighbourhoods(self.type * len(self.shift) + self.batch)

    def _neighbourhoods(self, group: Codes) -> Neighbourhoods:
        return Neighbourhoods.of(self._told_apart(), self._places, group)

    def clusters(self, seed: int) -> Codes:
        """Which cluster of its type each learned cell ``(n_cells,)`` is of."""
        return clusters(self._told_apart(), self.type, seed)

    def _told_apart(self) -> Floats:
        """Where cells are ``(n_cells, n_factors)``, so far apart as the counts of an average cell can tell.

        Factors alike in spread are not alike in weight: distances are those of the Fisher information.
        """
        totals = np.bincount(self.type, self.library, minlength=len(self.offset))
        means = totals @ _normalised(self.offset) / len(self.type)
        information = self.loadings * (means / (1 + self.dispersion * means)) @ self.loadings.T
        values, vectors = np.linalg.eigh(information)
        return np.asarray(self.mean @ (vectors * np.sqrt(np.maximum(values, 0))), dtype=np.float32)

    def log_rates(self, states: States, batch: Codes | None = None) -> Floats:
        """Logarithms of the genes' shares ``(n_cells, n_genes)``, but for a constant of each cell."""
        logs = self.offset[states.type] + states.factors @ self.loadings
        return np.asarray(logs if batch is None else logs + self.shift[batch])

    def draw(self, states: States, rng: np.random.Generator, batch: Codes | None = None) -> Counts:
        """Draw counts ``(n_cells, n_genes)``; without batches, in the style that all of them have on average."""
        step = max(1, BLOCK // self.offset.shape[1])
        parts = []
        for start in range(0, max(len(states.type), 1), step):
            part = slice(start, start + step)
            some = States(states.factors[part], states.type[part], states.library[part], states.around[part])
            logs = self.log_rates(some, None if batch is None else batch[part])
            parts.append(drawn_counts(logs, some.library, self.dispersion, rng))
        drawn: Counts = sparse.vstack(parts, "csr")
        return drawn

    def likelihood(self, counts: Counts, type_: Codes, batch: Codes, device: str = "cpu") -> Floats:
        """Return how likely other cells are ``(n_cells,)``: the bound of the logarithm, but for a constant of each."""
        x = counts.toarray()
        known = self.offset[type_] + self.shift[batch] + np.log(x.sum(axis=1))[:, None]
        bound = Bound.to_judge(x, known, self.loadings, device)
        bound.maximised()
        return bound.of_cells()

    def state(self) -> dict[str, NDArray[Any]]:
        """Give all that was learned."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    def _like(self, type_: Codes, batch: Codes | None, rng: np.random.Generator) -> Codes:
        """A learned cell for each wanted one: of its type, and of its batch where there is one."""
        if batch is None:
            return _one_of(self.type, type_, rng)
        n = len(self.shift)
        both, wanted = self.type * n + self.batch, type_ * n + batch
        found = np.isin(wanted, both)
        like = _one_of(self.type, type_, rng)
        like[found] = _one_of(both, wanted[found], rng)
        return like

    def _dispersion(self, x: Floats, rng: np.random.Generator) -> Floats:
        """What is left of each gene's variance within types, over the square of its means: by moments."""
        noise = rng.standard_normal(self.mean.shape, dtype=np.float32)
        states = States(self.mean + self.spread * noise, self.type, self.library, np.arange(len(self.type)))
        means = _normalised(self.log_rates(states, self.batch)) * self.library[:, None]
        left = _within(x, self.type) - _within(means, self.type) - means.sum(axis=0)
        return np.asarray(np.clip(left / np.maximum((means**2).sum(axis=0), 1e-9), 0.0, MOST_DISPERSION))


def _shares(x: Floats, type_: Codes, library: Floats) -> Floats:
    """Each gene's share of a type's counts ``(n_types, n_genes)``, drawn a little to that of all cells."""
    p = x.shape[1]
    everyone = (x.sum(axis=0) + 0.5) / (library.sum() + 0.5 * p)
    of_type = np.eye(int(type_.max()) + 1, dtype=np.float32)[type_].T
    given = PRIOR * 0.01 * p
    return np.asarray((of_type @ x + given * everyone) / ((of_type @ library)[:, None] + given))


def _means(values: Floats, group: Codes) -> Floats:
    of_group = np.eye(int(group.max()) + 1, dtype=np.float32)[group]
    return np.asarray(of_group.T @ values / np.maximum(of_group.sum(axis=0), 1.0)[:, None])


def _within(values: Floats, group: Codes) -> Floats:
    """Sum of squares around the groups' means ``(n_genes,)``."""
    return np.asarray(((values - _means(values, group)[group]) ** 2).sum(axis=0))


def _one_of(groups: Codes, wanted: Codes, rng: np.random.Generator) -> Codes:
    """The place of a member, drawn at random, of each wanted group; every one has some.

    Each member comes as often as any other, or once more (balanced bootstrap; Davison et al. 1986,
    doi:10.1093/biomet/73.3.555): what is drawn then has the group's mean but for the noise of what is left over.
    """
    (members, names), (places, asked) = (_in_order(codes, rng) for codes in (groups, wanted))
    first, end = (np.searchsorted(names, asked, side=side) for side in ("left", "right"))
    turn = np.arange(len(asked)) - np.searchsorted(asked, asked)
    drawn = np.empty_like(places)
    drawn[places] = members[first + turn % (end - first)]
    return drawn


def _in_order(codes: Codes, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Places of the codes, lowest code first, at random among equal ones; and these codes."""
    order = rng.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    return order, codes[order]


def _normalised(logs: Floats) -> Floats:
    rates = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(rates / rates.sum(axis=1, keepdims=True))
