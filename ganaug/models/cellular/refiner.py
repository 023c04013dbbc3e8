"""The cells' refiner: a generator moves proposed states until a critic no longer tells their counts from real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from torch import Tensor

from ganaug.adversarial import OBJECTIVES, History, TrainConfig, train
from ganaug.data.counts import log_normalized
from ganaug.layout import Layout
from ganaug.models.cellular.game import CellGame, CellGenerator, Genes, Given, Look
from ganaug.nn import Critic
from ganaug.proposals.factors import CountFactors, States
from ganaug.proposals.proposal import Arrays, Meta
from ganaug.seeding import Seeds

if TYPE_CHECKING:
    from ganaug.data.counts import Counts

__all__ = ["CellRefiner", "Settings"]

TOTAL = 1e4
COMPONENTS = 50
LOOK_CELLS = 4000  # proposed cells that the critic's components are found on
POOL = 6  # proposed states for each real cell
MOVE_CELLS = 65_536
WIDTH = 64


class Settings(NamedTuple):
    """How the game is played."""

    objective: str = "r3gan"
    steps: int = 200
    seconds: float | None = None
    device: str = "cpu"
    random_state: int = 0


class CellRefiner:
    """What the game has learned on top of a proposal: a generator of states, and of what genes make of them.

    After cscGAN (Marouf et al. 2020, doi:10.1038/s41467-019-14018-z): given the type, with totals that are given too.

    Parameters
    ----------
    generator : CellGenerator
        On the CPU.
    """

    def __init__(self, generator: CellGenerator) -> None:
        self.generator = generator

    @classmethod
    def fit(
        cls,
        counts: Counts,
        proposal: CountFactors,
        settings: Settings,
        *,
        score: Callable[[CellRefiner], float],
        on_log: Callable[[int, float], None],
        save: Callable[[Arrays, Meta], None] | None = None,
        resume_from: tuple[Arrays, Meta] | None = None,
    ) -> tuple[Self, History, str]:
        """Play on the cells ``(n_cells, n_genes)`` that the proposal was learned from; the best by `score` is kept.

        Returns
        -------
        refiner : CellRefiner
        history : History
        stopped : str
            Why the game ended.
        """
        seeds, device = Seeds(settings.random_state), settings.device
        head = CellGenerator(*_sizes(proposal), seeds.torch("generator")).to(device)
        game = _game(counts, proposal, head, seeds, device)

        def judged(step: int, generator: torch.nn.Module, history: History) -> float:
            assert isinstance(generator, CellGenerator)
            value = score(cls(generator))
            on_log(step, value)
            return value

        config = TrainConfig(
            settings.steps,
            settings.seconds,
            patience=3,
            generator_lr=1e-4,
            log_every=max(10, settings.steps // 10),
            save=save,
        )
        rng = seeds.torch("game", device=device)
        trained = train(game, OBJECTIVES[settings.objective](), config, rng=rng, on_log=judged, resume_from=resume_from)
        assert isinstance(trained.generator, CellGenerator)
        return cls(trained.generator.cpu()), trained.history, trained.stopped

    @torch.no_grad()
    def refined(self, proposal: CountFactors) -> CountFactors:
        """Return the proposal with what its genes have learned."""
        head = self.generator
        offset, loadings = head.offset.cpu().numpy(), head.loadings.cpu().numpy()
        return replace(proposal, offset=proposal.offset + offset, loadings=proposal.loadings + loadings)

    @torch.no_grad()
    def move(self, states: States) -> States:
        """Return where the states of cells ``(n_cells, n_factors)`` are moved to."""
        device, parts = next(self.generator.parameters()).device, []
        for start in range(0, len(states.type), MOVE_CELLS):
            part = slice(start, start + MOVE_CELLS)
            given = (torch.as_tensor(values[part], device=device) for values in (states.factors, states.type))
            parts.append(self.generator(*given).cpu().numpy())
        return states._replace(factors=np.concatenate(parts)) if parts else states

    def state(self) -> Arrays:
        """Give all that was learned."""
        return {name: weight.cpu().numpy() for name, weight in self.generator.state_dict().items()}

    @classmethod
    def from_state(cls, arrays: Arrays, proposal: CountFactors) -> Self:
        """Build the refiner of a proposal that gave this state."""
        generator = CellGenerator(*_sizes(proposal), Seeds(0).torch("generator"))
        generator.load_state_dict({name: torch.as_tensor(array) for name, array in arrays.items()})
        return cls(generator)


def _sizes(proposal: CountFactors) -> tuple[int, int, int]:
    return len(proposal.offset), *proposal.loadings.shape


def _game(counts: Counts, proposal: CountFactors, head: CellGenerator, seeds: Seeds, device: str) -> CellGame:
    def there(array: NDArray[np.generic]) -> Tensor:
        return torch.as_tensor(array, device=device)

    rng = seeds.rng("pool")
    look = _look(counts, proposal, rng, there)
    real = look.of(there(log_normalized(counts, TOTAL).toarray()))
    type_, batch = np.tile(proposal.type, POOL), np.tile(proposal.batch, POOL)
    pool = proposal.states(type_, rng, batch)
    genes = Genes(*(there(getattr(proposal, name)) for name in Genes._fields))
    layout = Layout.of([("components", "rank", real.shape[1])])
    condition = len(proposal.offset) + len(proposal.shift)
    critic = Critic(layout, WIDTH, condition_dim=condition, frequencies=0, projection=True, rng=seeds.torch("critic"))
    given = Given(there(pool.factors), there(pool.type), there(batch), there(pool.library))
    return CellGame(real, given, genes, look, head, critic.to(device))


def _look(
    counts: Counts, proposal: CountFactors, rng: np.random.Generator, there: Callable[[NDArray[np.generic]], Tensor]
) -> Look:
    """Components of proposed cells of their own: components of the real ones would remember these, and give them away.

    The scale is that of the real cells.
    """
    which = rng.integers(len(proposal.type), size=LOOK_CELLS)
    batch = proposal.batch[which]
    made = log_normalized(proposal.draw(proposal.states(proposal.type[which], rng, batch), rng, batch), TOTAL)
    k = min(COMPONENTS, made.shape[1] - 1, counts.shape[0] // 2)
    found = PCA(k, svd_solver="arpack", random_state=int(rng.integers(2**31))).fit(made)
    seen = (log_normalized(counts, TOTAL) - found.mean_) @ found.components_.T
    scale = np.maximum(np.asarray(seen).std(axis=0), 1e-6)
    mean, components, scale = (there(part.astype(np.float32)) for part in (found.mean_, found.components_.T, scale))
    return Look(TOTAL, mean, components, scale)
