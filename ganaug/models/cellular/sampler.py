"""What is left of a fit of cells: a proposal, and the refiner that V kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ganaug.models.cellular.refiner import CellRefiner
from ganaug.proposals.factors import CountFactors
from ganaug.proposals.margins import Margins

if TYPE_CHECKING:
    from ganaug.data.counts import Counts

__all__ = ["CellSampler"]

Codes = NDArray[np.intp]

REDRAWS = 20


@dataclass(frozen=True)
class CellSampler:
    """What is left of a fit.

    Attributes
    ----------
    proposal : CountFactors
        With what its genes have learned in the game, if V kept that.
    refiner : CellRefiner or None
        What moves the states; None if V did not keep it.
    margins : Margins or None
        How counts are distributed among real cells; None if V did not keep that.
    clusters : ndarray, shape (n_learned,), or None
        Of which cluster each learned cell is; None if the margins are those of types.
    """

    proposal: CountFactors
    refiner: CellRefiner | None = None
    margins: Margins | None = None
    clusters: Codes | None = None

    def draw(
        self,
        type_: Codes,
        rng: np.random.Generator,
        batch: Codes | None = None,
        library: NDArray[np.float32] | None = None,
    ) -> Counts:
        """Draw counts of cells of these types ``(n_cells, n_genes)``; without batches, in the style of all.

        A cell that comes out without any count is drawn again, as no real one is without.
        """
        return self.draw_around(type_, rng, batch, library)[0]

    def draw_around(
        self,
        type_: Codes,
        rng: np.random.Generator,
        batch: Codes | None = None,
        library: NDArray[np.float32] | None = None,
    ) -> tuple[Counts, Codes]:
        """Draw counts, and say which learned cell each is drawn around ``(n_cells,)``."""
        counts, around = self._draw(type_, rng, batch, library)
        for _ in range(REDRAWS):
            empty = np.flatnonzero(counts.getnnz(axis=1) == 0)
            if not len(empty):
                break
            style, totals = None if batch is None else batch[empty], None if library is None else library[empty]
            again, around[empty] = self._draw(type_[empty], rng, style, totals)
            order = np.arange(len(type_))
            order[empty] = len(type_) + np.arange(len(empty))
            counts = sparse.vstack([counts, again], "csr")[order]
        return counts, around

    def _draw(
        self, type_: Codes, rng: np.random.Generator, batch: Codes | None, library: NDArray[np.float32] | None
    ) -> tuple[Counts, Codes]:
        states = self.proposal.states(type_, rng, batch)
        if library is not None:
            states = states._replace(library=library)
        if self.refiner is not None:
            states = self.refiner.move(states)
        counts = self.proposal.draw(states, rng, batch)
        # with other totals than real cells have, counts have other distributions
        if self.margins is not None and library is None:
            group = type_ if self.clusters is None else self.clusters[states.around]
            counts = self.margins.move(counts, group, rng)
        return counts, states.around

    @classmethod
    def refined(cls, proposal: CountFactors, refiner: CellRefiner) -> Self:
        """Join a proposal and what was learned on top of it."""
        return cls(refiner.refined(proposal), refiner)
