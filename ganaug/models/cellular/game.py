"""The cells' game: counts drawn from moved states, beside real cells of the same type and batch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ganaug.layout import Layout
from ganaug.nn import ResidualGenerator
from ganaug.proposals.negative_binomial import LEAST_DISPERSION

__all__ = ["CellGame", "CellGenerator", "Genes", "Given", "Look"]

ROWS = 256  # real and fake cells in a step
# thousands of genes move together when a step moves each a little, so each is moved by a tenth of it
GENE_RATE = 0.1


class Given(NamedTuple):
    """Where cells are drawn: states ``(n, n_factors)``, type and batch as numbers ``(n,)``, library ``(n,)``."""

    factors: Tensor
    type: Tensor
    batch: Tensor
    library: Tensor


class Genes(NamedTuple):
    """What genes make of a state; as of `CountFactors`."""

    offset: Tensor
    shift: Tensor
    loadings: Tensor
    dispersion: Tensor


class Look(NamedTuple):
    """How the critic sees counts: components ``(n_genes, n_components)`` of log-normalised ones, around a mean."""

    total: float
    mean: Tensor
    components: Tensor
    scale: Tensor

    def of(self, logs: Tensor) -> Tensor:
        """Components ``(n, n_components)`` of log-normalised counts ``(n, n_genes)``."""
        return (logs - self.mean) @ self.components / self.scale


class CellGenerator(nn.Module):
    """Move a cell's state, and what every gene makes of it; at the start neither is changed.

    Parameters
    ----------
    n_types, n_factors, n_genes : int
    rng : torch.Generator
        On the CPU; draws the first weights.
    """

    def __init__(self, n_types: int, n_factors: int, n_genes: int, rng: torch.Generator) -> None:
        super().__init__()
        self.n_types = n_types
        layout = Layout.of([("state", "rank", n_factors)])
        self.residual = ResidualGenerator(layout, 0, condition_dim=n_types, rng=rng)
        self.slow_offset = nn.Parameter(torch.zeros(n_types, n_genes))
        self.slow_loadings = nn.Parameter(torch.zeros(n_factors, n_genes))

    @property
    def offset(self) -> Tensor:
        """What is added to the genes' offsets ``(n_types, n_genes)``."""
        return GENE_RATE * self.slow_offset

    @property
    def loadings(self) -> Tensor:
        """What is added to the genes' loadings ``(n_factors, n_genes)``."""
        return GENE_RATE * self.slow_loadings

    def forward(self, factors: Tensor, type_: Tensor) -> Tensor:
        """Return the moved states ``(n, n_factors)``."""
        one_hot = nn.functional.one_hot(type_, self.n_types).to(factors.dtype)
        moved: Tensor = self.residual(factors, factors[:, :0], one_hot)
        return moved


class CellGame:
    """Cells drawn from proposed states, moved, beside real ones of the same type and batch.

    A count has no derivative, but the mean of any function of a Poisson count has one, and the count's own value gives
    it without bias: ``d E f(Y) / d mean = E f(Y + 1) - f(Y)`` (which follows from Chen 1975,
    doi:10.1214/aop/1176996359). So the generator learns through the counts, not around them.

    Parameters
    ----------
    real : Tensor, shape (n_cells, n_components)
        Cells to learn from.
    pool : Given
        Proposed states, several for each cell to learn from: row ``i + k n`` is of the type and batch of cell ``i``.
    genes : Genes
    look : Look
    generator : CellGenerator
    critic : nn.Module
        Sees components, and type and batch as its condition.
    """

    def __init__(
        self,
        real: Tensor,
        pool: Given,
        genes: Genes,
        look: Look,
        generator: CellGenerator,
        critic: nn.Module,
    ) -> None:
        self.real, self.pool, self.genes, self.look = real, pool, genes, look
        self.generator: nn.Module = generator
        self.critic = critic

    def draw(self, rng: torch.Generator) -> tuple[Tensor, Given]:
        """Draw real cells, and a proposed state of the type and batch of each."""
        n = len(self.real)
        mine = torch.randint(n, (ROWS,), generator=rng, device=rng.device)
        copies = len(self.pool.type) // n
        which = mine + n * torch.randint(copies, (ROWS,), generator=rng, device=rng.device)
        return self.real[mine], Given(*(part[which] for part in self.pool))

    def fake(self, given: Given, rng: torch.Generator) -> Tensor:
        """Components of counts drawn from the moved states."""
        genes, head = self.genes, self.generator
        assert isinstance(head, CellGenerator)
        offset, loadings = genes.offset + head.offset, genes.loadings + head.loadings
        # gradients of a plain index are added up by several threads in whatever order they come
        shift = nn.functional.embedding(given.type, offset) + genes.shift[given.batch]
        logs = shift + head(given.factors, given.type) @ loadings
        means = torch.softmax(logs, dim=1) * given.library[:, None]
        return self.look.of(_log_normalised(means, genes.dispersion, self.look.total, rng))

    def judge(self, x: Tensor, given: Given) -> Tensor:
        """Logits ``(n,)``."""
        kinds = [(given.type, len(self.genes.offset)), (given.batch, len(self.genes.shift))]
        condition = torch.cat([nn.functional.one_hot(which, n).to(x.dtype) for which, n in kinds], dim=1)
        logits: Tensor = self.critic(x, condition)
        return logits

    def terms(self, fake: Tensor, given: Given) -> Tensor | None:
        """Nothing besides the critic."""
        return None


def _log_normalised(means: Tensor, dispersion: Tensor, total: float, rng: torch.Generator) -> Tensor:
    """Log-normalised negative-binomial counts around means ``(n, n_genes)``, with the derivative of their mean."""
    with torch.no_grad():
        wide = dispersion > LEAST_DISPERSION
        shape = (1 / dispersion.clamp(min=LEAST_DISPERSION)).expand_as(means)
        factor = torch.where(wide, torch._standard_gamma(shape, generator=rng) / shape, 1.0)
        counts = torch.poisson(means * factor, generator=rng)
        scale = (total / counts.sum(dim=1).clamp(min=1.0))[:, None]
        here, above = torch.log1p(counts * scale), torch.log1p((counts + 1) * scale)
    return here + (above - here) * factor * (means - means.detach())
