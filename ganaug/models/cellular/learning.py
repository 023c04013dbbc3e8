"""Learn cells stage by stage on T, and keep of each only what V says has helped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import sem
from scipy.stats import t as student_t
from sklearn.model_selection import StratifiedKFold

from ganaug.adversarial import alarms
from ganaug.errors import TrainingDiverged
from ganaug.models.cellular.refiner import CellRefiner, Settings
from ganaug.models.cellular.sampler import CellSampler
from ganaug.models.cellular.validation import CellValidation
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
STEPS = 200
FACTORS = (20, 40)
FOR_MARGINS, TIMES = 1000, (4, 20)  # cells of a type that its margins are drawn from, and how many like each real one
SURE = 0.95  # that draws are nearer, and not by chance
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
        kinds = self.type[self.held_out], self.batch[self.held_out]
        self.on_v = CellValidation(self.counts[self.train], self.counts[self.held_out], *kinds, self.seeds)
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
        if chosen.margins is None:
            return last
        return self._with_margins(last, every, None if chosen.clusters is None else self._clusters(last))

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
                score=lambda refiner: self.on_v.auc(CellSampler.refined(before.proposal, refiner)),
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
        gain, noise = best.loss - score.loss, f"noise {self.on_v.noise:.3f}"
        kept = gain > self.on_v.noise
        reason = f"better on V by {gain:.3f} ({noise})" if kept else f"no better on V ({gain:+.3f}, {noise})"
        self.stages[-1] |= {"kept": kept, "reason": reason}
        if not kept:
            return before, best
        self.notes += [f"the refiner's training: {one.why} ({one.name}); {one.fix}" for one in alarms(history)]
        return after, score

    def _corrected(self, before: CellSampler, best: Score) -> tuple[CellSampler, Score]:
        """Give genes the distributions that they have in T, in every type, then in every cluster, if V agrees."""
        chosen, clusters = self._tried("margins", before, best, None), self._clusters(before)
        if clusters.max() == before.proposal.type.max():
            return chosen
        return self._tried("margins of clusters", *chosen, clusters)

    def _tried(self, name: str, before: CellSampler, best: Score, clusters: Codes | None) -> tuple[CellSampler, Score]:
        """Keep margins if V's cells are nearer by them, or its genes or pairs of genes, and cells are no farther."""
        begun, noise = time.monotonic(), self.on_v.noise
        after = self._with_margins(before, self.train, clusters)
        score = self._judged(name, after, begun)
        what, apart = "genes", self.on_v.genes_apart
        if clusters is not None:
            what, apart = "pairs of genes", self.on_v.pairs_apart
        was, is_now = apart(before), apart(after)
        gain, nearer = best.loss - score.loss, was - is_now
        sure = nearer.mean() > student_t.ppf(SURE, len(nearer) - 1) * sem(nearer)
        told = f"{what} {is_now.mean():.4f} apart from V's, before {was.mean():.4f}"
        kept = bool(gain > noise or (sure and gain >= -noise))
        self.stages[-1] |= {"kept": kept, "reason": f"{gain:+.3f} on V (noise {noise:.3f}), {told}"}
        return (after, score) if kept else (before, best)

    def _clusters(self, sampler: CellSampler) -> Codes:
        return sampler.proposal.clusters(self.seeds.integer("clusters"))

    def _with_margins(self, sampler: CellSampler, rows: Codes, clusters: Codes | None) -> CellSampler:
        """Give a sampler that was learned from the cells `rows` the distributions of each type's or cluster's genes."""
        times = np.clip(-(-FOR_MARGINS // np.bincount(self.type[rows])), *TIMES)
        like = np.repeat(rows, times[self.type[rows]])
        like = self.seeds.rng("margins order").permutation(like)  # any part of them is then like all
        bare = replace(sampler, margins=None, clusters=None)
        drawn, around = bare.draw_around(self.type[like], self.seeds.rng("margins"), self.batch[like])
        group = self.type[rows] if clusters is None else clusters
        return replace(sampler, margins=Margins.fit(self.counts[rows], group, drawn, group[around]), clusters=clusters)

    def _judged(self, name: str, sampler: CellSampler, begun: float) -> Score:
        score = self.on_v.score(sampler)
        seconds = time.monotonic() - begun
        self.stages.append({"stage": name, "v_auc": score.auc, "near_train": score.near_train, "seconds": seconds})
        self._tell(name, score=score.auc)
        return score

    def _tell(self, stage: str, step: int = 0, steps: int = 0, score: float | None = None) -> None:
        if self.on_progress is not None:
            left = max(0.0, self.plan.time_budget - (time.monotonic() - self.started))
            self.on_progress(Progress(stage, step, steps, score, left))
