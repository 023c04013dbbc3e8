"""What V says of cells that are drawn like its own: how easily they are told apart, and what is off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ganaug.data.counts import log_normalized
from ganaug.fidelity.cells.space import pooled_components, variable_genes
from ganaug.fidelity.checks.c2st import c2st_auc
from ganaug.fidelity.checks.memorisation import nearness_share
from ganaug.models.cellular.sampler import CellSampler
from ganaug.models.validation import Score
from ganaug.seeding import Seeds

if TYPE_CHECKING:
    from ganaug.data.counts import Counts

__all__ = ["CellValidation"]

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]

FEWEST_DRAWS, MOST_DRAWS, DRAWN = 3, 15, 3000  # that a stage is scored by, and the cells of all of them
PAIRED = 200  # genes of which every two are correlated


@dataclass(frozen=True)
class CellValidation:
    """The cells V ``(n_held_out, n_genes)``, which nothing is learned from, and the cells T.

    Several draws, of the types and batches of V, are looked at: one draw of few cells says little.
    """

    train: Counts
    held_out: Counts
    type: Codes
    batch: Codes
    seeds: Seeds

    @property
    def noise(self) -> float:
        """Half a standard error of the AUC: differences below it are not acted upon."""
        return 0.5 * float(np.sqrt(1 / 6 / len(self.type)))

    @property
    def draws(self) -> range:
        """Numbers of the draws that a stage is scored by."""
        return range(1, 1 + int(np.clip(DRAWN // len(self.type), FEWEST_DRAWS, MOST_DRAWS)))

    def score(self, sampler: CellSampler) -> Score:
        """How easily drawn cells are told from V, and how many are near copies of T."""
        auc, near = self._of_draws(lambda made: (self._auc_of(made), self._near(made)), sampler).mean(axis=0).tolist()
        return Score(auc, near, 0.0)

    def auc(self, sampler: CellSampler) -> float:
        """C2ST AUC between V and one draw of its own."""
        return self._auc_of(self._drawn(sampler, 0))

    def genes_apart(self, sampler: CellSampler) -> Floats:
        """Wasserstein distance of log counts to those of V, mean over genes, of each draw."""
        real = _in_order(self.held_out)
        return self._of_draws(lambda made: float(np.abs(real - _in_order(made)).mean()), sampler)

    def pairs_apart(self, sampler: CellSampler) -> Floats:
        """Root mean square of what genes' correlations are off from those of V, of each draw."""
        real = _correlations(self.held_out, self._variable)
        return self._of_draws(
            lambda made: float(np.sqrt(np.square(real - _correlations(made, self._variable)).mean())), sampler
        )

    @cached_property
    def _variable(self) -> Codes:
        return variable_genes(log_normalized(self.held_out), PAIRED)

    def _of_draws(self, measured: Callable[[Counts], float | tuple[float, ...]], sampler: CellSampler) -> Floats:
        return np.array([measured(self._drawn(sampler, k)) for k in self.draws])

    def _drawn(self, sampler: CellSampler, k: int) -> Counts:
        return sampler.draw(self.type, self.seeds.rng("score", k), self.batch)

    def _auc_of(self, made: Counts) -> float:
        """On components of both."""
        sides = [log_normalized(counts) for counts in (self.held_out, made)]
        real, new = pooled_components(sides, self.seeds.integer("components")).parts
        return c2st_auc(real, new, np.zeros(real.shape[1], dtype=bool), self.seeds.integer("auc"))

    def _near(self, made: Counts) -> float:
        """Share of drawn cells that behave like near copies of T, on components of all three."""
        sides = [log_normalized(counts) for counts in (self.train, self.held_out, made)]
        parts = pooled_components(sides, self.seeds.integer("components")).parts
        levels = rankdata(np.concatenate(parts), method="dense", axis=0).astype(np.intp) - 1
        train, held_out, new = np.split(levels, np.cumsum([len(part) for part in parts])[:-1])
        return nearness_share(train, held_out, new, np.zeros(levels.shape[1], dtype=bool), self.seeds.integer("near"))


def _in_order(counts: Counts) -> NDArray[np.float32]:
    """Logarithms of each gene's counts, smallest first ``(n_cells, n_genes)``."""
    return np.sort(np.log1p(counts.toarray()), axis=0)


def _correlations(counts: Counts, genes: Codes) -> Floats:
    """Of every two of some genes, log-normalised; none with a gene that does not vary, nor of one gene alone."""
    logged = log_normalized(counts)[:, genes].toarray().astype(np.float64)
    spread = logged.std(axis=0)
    scaled = (logged - logged.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    found = (scaled.T @ scaled / len(scaled))[np.triu_indices(len(genes), 1)]
    return np.asarray(found if len(found) else np.zeros(1))
