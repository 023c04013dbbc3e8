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
    """

    proposal: CountFactors
    refiner: CellRefiner | None = None
    margins: Margins | None = None

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
        counts = self._draw(type_, rng, batch, library)
        for _ in range(REDRAWS):
            empty = np.flatnonzero(counts.getnnz(axis=1) == 0)
            if not len(empty):
                break
            style, totals = None if batch is None else batch[empty], None if library is None else library[empty]
            order = np.arange(len(type_))
            order[empty] = len(type_) + np.arange(len(empty))
            counts = sparse.vstack([counts, self._draw(type_[empty], rng, style, totals)], "csr")[order]
        return counts

    def _draw(
        self, type_: Codes, rng: np.random.Generator, batch: Codes | None, library: NDArray[np.float32] | None
    ) -> Counts:
        states = self.proposal.states(type_, rng, batch)
        if library is not None:
            states = states._replace(library=library)
        if self.refiner is not None:
            states = self.refiner.move(states)
        counts = self.proposal.draw(states, rng, batch)
        # with other totals than real cells have, counts have other distributions
        return counts if self.margins is None or library is not None else self.margins.move(counts, type_, rng)

    @classmethod
    def refined(cls, proposal: CountFactors, refiner: CellRefiner) -> Self:
        """Join a proposal and what was learned on top of it."""
        return cls(refiner.refined(proposal), refiner)
