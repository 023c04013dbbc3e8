"""Learn cells stage by stage on T, and keep of each only what V says has helped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.model_selection import StratifiedKFold

from ganaug.adversarial import alarms
from ganaug.data.counts import log_normalized
from ganaug.errors import TrainingDiverged
from ganaug.fidelity.cells.space import pooled_components
from ganaug.fidelity.checks.c2st import c2st_auc
from ganaug.fidelity.checks.memorisation import nearness_share
from ganaug.models.cellular.refiner import CellRefiner, Settings
from ganaug.models.cellular.sampler import CellSampler
from ganaug.models.validation import Score
from ganaug.progress import OnProgress, Progress
from ganaug.proposals.factors import CountFactors
from ganaug.proposals.margins import Margins
from ganaug.proposals.proposal import Arrays, Meta
from ganaug.seeding import Seeds

if TYPE_CHECKING:
    from ganaug.data.counts import Counts

__all__ = ["Learning", "Plan"]

Codes = NDArray[np.intp]

FOLDS = 5  # of which one is V
FEWEST = 100  # cells, below which none are set apart
FEWEST_DRAWS, MOST_DRAWS, DRAWN = 3, 15, 3000  # that a stage is scored by, and the cells of all of them
STEPS = 200
FACTORS = (20, 40)
FOR_MARGINS, MOST_TIMES = 1000, 20  # cells of a type that its margins are drawn from, and how many like each real one
GAME_SHARE = 0.7  # of the time that is left when the game begins


@dataclass(frozen=True)
class Plan:
    """What a fit is asked to do; see `CellGAN`."""

    n_factors: int | None
    refine: bool
    objective: str
    max_steps: int | None
    time_budget: float
    device: str
    save: Callable[[Arrays, Meta], None] | None = None
    resume_from: tuple[Arrays, Meta] | None = None


@dataclass
class Learning:
    """One fit in the making.

    Attributes
    ----------
    stages : list of dict
        What V said of each stage: the ablation.
    notes : list of str
        What must be said aloud.
    training : list of dict
        What was logged of the game.
    """

    counts: Counts
    type: Codes
    batch: Codes
    plan: Plan
    seeds: Seeds
    on_progress: OnProgress = None
    stages: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    training: list[dict[str, float | None]] = field(default_factory=list)

    def run(self) -> CellSampler:
        """Choose on V; without a refiner the proposal is learned again from T and V together."""
        self.started = time.monotonic()
        self._tell("proposal")
        if not self.plan.refine or self.counts.shape[0] < FEWEST:
            if self.plan.refine:
                self.notes.append(f"fewer than {FEWEST} cells: none could be set apart, so nothing was refined")
            return CellSampler(self._proposal(np.arange(self.counts.shape[0]), self.plan.n_factors or FACTORS[0]))
        self.train, self.held_out = self._split()
        begun = time.monotonic()
        proposal, cost, reason = self._likeliest()
        sampler = CellSampler(proposal)
        score = self._judged(f"{len(proposal.loadings)} factors", sampler, begun)
        self.stages[-1] |= {"kept": True, "reason": reason}
        chosen, best = self._corrected(*self._refined(sampler, score, cost))
        if chosen.refiner is not None:
            return chosen
        self._tell("last fit", score=best.auc)
        every = np.arange(self.counts.shape[0])
        last = CellSampler(self._proposal(every, len(proposal.loadings)))
        return last if chosen.margins is None else self._with_margins(last, every)

    @property
    def noise(self) -> float:
        """Half a standard error of the AUC: differences below it are not acted upon."""
        return 0.5 * float(np.sqrt(1 / 6 / len(self.held_out)))

    @property
    def n_draws(self) -> int:
        """How many draws a stage is scored by: one draw of few cells says little."""
        return int(np.clip(DRAWN // len(self.held_out), FEWEST_DRAWS, MOST_DRAWS))

    def _split(self) -> tuple[Codes, Codes]:
        n = np.bincount(self.type)
        few = n[self.type] < FOLDS
        # types with fewer cells than folds are spread as one, or with the commonest
        strata = np.where(few, -1 if few.sum() >= FOLDS else n.argmax(), self.type)
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=self.seeds.integer("split"))
        train, held_out = next(folds.split(strata, strata))
        # T has to have cells of every type and batch
        for kind in (self.type, self.batch):
            lacking = ~np.isin(kind[held_out], kind[train])
            train, held_out = np.append(train, held_out[lacking]), held_out[~lacking]
        return np.sort(train), held_out

    def _likeliest(self) -> tuple[CountFactors, float, str]:
        """Learn with few factors, then with more, which stay if V's cells are likelier by them.

        How many can be found is a question of how many cells there are and how deep their counts. Returns, beside the
        proposal, the seconds it took and why it is this one.
        """
        few, more = FACTORS if self.plan.n_factors is None else (self.plan.n_factors, None)
        chosen = self._timed(few)
        if more is None or more >= min(len(self.train), self.counts.shape[1]):
            return *chosen, "the proposal"
        other = self._timed(more)
        gains = self._of_held_out(other[0]) - self._of_held_out(chosen[0])
        gain, noise = float(gains.mean()), float(2 * gains.std() / np.sqrt(len(gains)))
        kept = gain > noise
        told = f"{'likelier' if kept else 'no likelier'} by {more} factors than by {few}"
        return *(other if kept else chosen), f"the proposal; V's cells are {told} ({gain:+.1f}, noise {noise:.1f})"

    def _timed(self, n_factors: int) -> tuple[CountFactors, float]:
        begun = time.monotonic()
        return self._proposal(self.train, n_factors), time.monotonic() - begun

    def _of_held_out(self, proposal: CountFactors) -> NDArray[np.float32]:
        held_out = self.held_out
        counts = self.counts[held_out]
        return proposal.likelihood(counts, self.type[held_out], self.batch[held_out], self.plan.device)

    def _proposal(self, rows: Codes, n_factors: int) -> CountFactors:
        return CountFactors.fit(
            self.counts[rows],
            self.type[rows],
            self.batch[rows],
            self.seeds.rng("proposal"),
            n_factors=n_factors,
            device=self.plan.device,
        )

    def _refined(self, before: CellSampler, best: Score, cost: float) -> tuple[CellSampler, Score]:
        begun, steps = time.monotonic(), self.plan.max_steps or STEPS
        left = self.plan.time_budget - (begun - self.started) - cost
        settings = Settings(
            self.plan.objective, steps, max(1.0, GAME_SHARE * left), self.plan.device, self.seeds.integer("refiner")
        )
        try:
            refiner, history, stopped = CellRefiner.fit(
                self.counts[self.train],
                before.proposal,
                settings,
                score=lambda refiner: self._auc(CellSampler.refined(before.proposal, refiner), 0),
                on_log=lambda step, score: self._tell("refiner", step, steps, score),
                save=self.plan.save,
                resume_from=self.plan.resume_from,
            )
        except TrainingDiverged as error:
            self.notes.append(f"the refiner is left out: {error}")
            return before, best
        self.training = [{name: value for name, value in row.items() if name != "seconds"} for row in history.rows]
        if stopped == "time":
            self.notes.append(
                "the time budget ended the refiner's training, so the same seed may give other cells another time: "
                "lower max_steps for exact repeats"
            )
        after = CellSampler.refined(before.proposal, refiner)
        score = self._judged("refiner", after, begun)
        gain, noise = best.loss - score.loss, f"noise {self.noise:.3f}"
        kept = gain > self.noise
        reason = f"better on V by {gain:.3f} ({noise})" if kept else f"no better on V ({gain:+.3f}, {noise})"
        self.stages[-1] |= {"kept": kept, "reason": reason}
        if not kept:
            return before, best
        self.notes += [f"the refiner's training: {one.why} ({one.name}); {one.fix}" for one in alarms(history)]
        return after, score

    def _corrected(self, before: CellSampler, best: Score) -> tuple[CellSampler, Score]:
        """Give every gene of every type the distribution that it has in T, if V says that cells or genes are nearer."""
        begun = time.monotonic()
        after = self._with_margins(before, self.train)
        score = self._judged("margins", after, begun)
        was, is_now = (self._genes_apart(sampler) for sampler in (before, after))
        gain = best.loss - score.loss
        kept = gain > self.noise or (is_now < was and gain >= -self.noise)
        reason = f"{gain:+.3f} on V (noise {self.noise:.3f}), genes {is_now:.4f} apart from V's, before {was:.4f}"
        self.stages[-1] |= {"kept": kept, "reason": reason}
        return (after, score) if kept else (before, best)

    def _genes_apart(self, sampler: CellSampler) -> float:
        """Wasserstein distance of log counts to those of V, mean over genes."""
        real = _in_order(self.counts[self.held_out])
        draws = (_in_order(self._drawn(sampler, k)) for k in range(1, self.n_draws + 1))
        return float(np.mean([np.abs(real - made).mean() for made in draws]))

    def _with_margins(self, sampler: CellSampler, rows: Codes) -> CellSampler:
        times = np.maximum(1, -(-FOR_MARGINS // np.bincount(self.type[rows])))
        like = np.repeat(rows, np.minimum(times, MOST_TIMES)[self.type[rows]])
        like = self.seeds.rng("margins order").permutation(like)  # any part of them is then like all
        drawn = sampler.draw(self.type[like], self.seeds.rng("margins"), self.batch[like])
        margins = Margins.fit(self.counts[rows], self.type[rows], drawn, self.type[like])
        return replace(sampler, margins=margins)

    def _judged(self, name: str, sampler: CellSampler, begun: float) -> Score:
        """How easily drawn cells are told from V, and how many are near copies of T: the mean of a few draws."""
        draws = range(1, self.n_draws + 1)
        auc = float(np.mean([self._auc(sampler, k) for k in draws]))
        near = float(np.mean([self._near(sampler, k) for k in draws]))
        score = Score(auc, near, 0.0)
        seconds = time.monotonic() - begun
        self.stages.append({"stage": name, "v_auc": score.auc, "near_train": score.near_train, "seconds": seconds})
        self._tell(name, score=score.auc)
        return score

    def _drawn(self, sampler: CellSampler, k: int) -> Counts:
        held_out = self.held_out
        return sampler.draw(self.type[held_out], self.seeds.rng("score", k), self.batch[held_out])

    def _auc(self, sampler: CellSampler, k: int) -> float:
        """C2ST AUC between V and as many drawn cells of its types and batches, on components of both."""
        sides = [log_normalized(counts) for counts in (self.counts[self.held_out], self._drawn(sampler, k))]
        real, made = pooled_components(sides, self.seeds.integer("components")).parts
        return c2st_auc(real, made, np.zeros(real.shape[1], dtype=bool), self.seeds.integer("auc"))

    def _near(self, sampler: CellSampler, k: int) -> float:
        """Share of drawn cells that behave like near copies of T, on components of all three."""
        sides = [self.counts[self.train], self.counts[self.held_out], self._drawn(sampler, k)]
        parts = pooled_components([log_normalized(side) for side in sides], self.seeds.integer("components")).parts
        levels = rankdata(np.concatenate(parts), method="dense", axis=0).astype(np.intp) - 1
        train, held_out, made = np.split(levels, np.cumsum([len(part) for part in parts])[:-1])
        return nearness_share(train, held_out, made, np.zeros(levels.shape[1], dtype=bool), self.seeds.integer("near"))

    def _tell(self, stage: str, step: int = 0, steps: int = 0, score: float | None = None) -> None:
        if self.on_progress is not None:
            left = max(0.0, self.plan.time_budget - (time.monotonic() - self.started))
            self.on_progress(Progress(stage, step, steps, score, left))


def _in_order(counts: Counts) -> NDArray[np.float32]:
    """Logarithms of each gene's counts, smallest first ``(n_cells, n_genes)``."""
    return np.sort(np.log1p(counts.toarray()), axis=0)
