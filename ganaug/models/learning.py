"""Learn stage by stage on T, and keep of each only what V says has helped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ganaug.adversarial import alarms
from ganaug.data.encoder import TableEncoder
from ganaug.errors import TrainingDiverged
from ganaug.layout import Levels
from ganaug.models.corrector import Corrector
from ganaug.models.refiner import Refiner, Settings
from ganaug.models.sampler import PROPOSALS, Sampler
from ganaug.models.validation import Score, Validation
from ganaug.progress import OnProgress, Progress
from ganaug.proposals.proposal import Arrays, Codes, Meta
from ganaug.proposals.trees import SequentialTrees
from ganaug.seeding import Seeds

__all__ = ["Learning", "Plan"]

REFINER_STEPS = 600
NOISE_STEPS = 3000
MANY_ROWS = 2000
QUICK_ROWS = 2000  # that a step of the refiner is scored by
PROPOSAL_SHARE = 0.25  # of the time budget, after which no further proposal is tried
REFINER_SHARE = 0.5  # of the time that is left when the game begins; the corrector and the last fit need the rest
CORRECTOR_SHARE = 0.8  # of the time budget, after which no corrector is learned
MANY_COLUMNS = 1000  # more, and a chain takes many seconds: one is tried


@dataclass(frozen=True)
class Plan:
    """What a fit is asked to do; see `TabularGAN`."""

    proposal: str
    refine: bool
    correct: bool
    objective: str
    time_budget: float
    max_steps: int | None
    device: str
    first: tuple[int, ...]
    target: int | None
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
        What was logged of the refiner's training; see `ganaug.adversarial.History`.
    """

    codes: Codes
    held_out: np.ndarray[Any, np.dtype[np.bool_]]
    levels: Levels
    encoder: TableEncoder
    plan: Plan
    seeds: Seeds
    on_progress: OnProgress = None
    stages: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    training: list[dict[str, float | None]] = field(default_factory=list)

    def run(self) -> Sampler:
        """Choose the stages on V, then learn the cheap ones again from T and V together."""
        self.started = time.monotonic()
        self.train = self.codes[~self.held_out]
        self._tell("proposal")
        candidates = self._candidates()
        if not self.held_out.any():
            self.notes.append("too few rows to set some apart for choosing: the plain proposal is used")
            kind, proposal = candidates[0]
            return Sampler(kind, proposal.fit(self.codes, self.levels, list(self.plan.first)))
        self.validation = Validation(
            self.train, self.codes[self.held_out], self.levels, self.plan.target, self.seeds.integer("validation")
        )
        self.choosing = len(candidates) > 1 or self.plan.refine or self.plan.correct
        sampler, best = self._proposal(candidates)
        if self.plan.refine:
            sampler, best = self._refined(sampler, best)
        if self.plan.correct:
            sampler, best = self._corrected(sampler, best)
        self._tell("last fit", score=best.auc)
        return self._refitted(sampler)

    def _candidates(self) -> list[tuple[str, Any]]:
        kind = self.plan.proposal
        if kind not in {"auto", "trees"}:
            return [(kind, PROPOSALS[kind]())]
        seed = self.seeds.integer("proposal")
        # on few rows a small leaf is a few single rows, which would be retraced
        small = 4 if len(self.codes) >= MANY_ROWS else 8
        leaves = (small, 2 * small) if kind == "auto" and self.levels.n_columns <= MANY_COLUMNS else (small,)
        return [("trees", SequentialTrees(leaf, random_state=seed)) for leaf in leaves]

    def _proposal(self, candidates: list[tuple[str, Any]]) -> tuple[Sampler, Score]:
        """Try the candidates; a later one has to be better by more than noise."""
        tried: list[tuple[Sampler, Score, dict[str, Any]]] = []
        chosen = 0
        for i, (kind, proposal) in enumerate(candidates):
            begun = time.monotonic()
            sampler = Sampler(kind, proposal.fit(self.train, self.levels, list(self.plan.first)))
            score = self._score(sampler)
            stage = self._stage(_name(kind, proposal), score, begun)
            if i and score.loss < tried[chosen][1].loss - self.validation.noise:
                chosen = i
            tried.append((sampler, score, stage))
            if len(tried) < len(candidates) and self._used() > PROPOSAL_SHARE:
                self.notes.append(f"the time budget left {len(candidates) - len(tried)} of the proposals untried")
                break
        for i, (_, _, stage) in enumerate(tried):
            stage["kept"], stage["reason"] = i == chosen, "the proposal" if i == chosen else "another did better on V"
        return tried[chosen][0], tried[chosen][1]

    def _refined(self, before: Sampler, best: Score) -> tuple[Sampler, Score]:
        from_noise = before.kind == "noise"
        if not from_noise and not self.levels.ordered.any():
            self.notes.append("the refiner moves numbers, and this table has none: it was not trained")
            return before, best
        begun = time.monotonic()
        left = self.plan.time_budget - (begun - self.started)
        steps = self.plan.max_steps or (NOISE_STEPS if from_noise else REFINER_STEPS)
        settings = Settings(
            self.plan.objective,
            steps,
            max(1.0, REFINER_SHARE * left),
            from_noise,
            self.plan.device,
            self.seeds.integer("refiner"),
        )
        refiner = Refiner(settings, self.encoder, list(self.plan.first))
        proposed = before.propose(4 * len(self.train), self.seeds.rng("refiner", "proposed"))
        try:
            history = refiner.fit(
                self.train,
                proposed,
                self.validation.held_out,
                score=self._quick_score(proposed),
                on_log=lambda step, score: self._tell("refiner", step, steps, score),
                save=self.plan.save,
                resume_from=self.plan.resume_from,
            )
        except TrainingDiverged as error:
            if from_noise:
                raise
            self.notes.append(f"the refiner is left out: {error}")
            return before, best
        # without the clock: the same seed gives the same report
        self.training = [{name: value for name, value in row.items() if name != "seconds"} for row in history.rows]
        if refiner.stopped == "time":
            self.notes.append(
                "the time budget ended the refiner's training, so the same seed may give other rows another time: "
                "lower max_steps (--max-steps) for exact repeats"
            )
        after = replace(before, refiner=refiner)
        kept = self._keep_better("refiner", before, after, best, begun, always=from_noise)
        if kept[0] is after:  # of a training that made none of the rows the ablation says enough
            self.notes += [
                f"the refiner's training: {alarm.why} ({alarm.name}); {alarm.fix}" for alarm in alarms(history)
            ]
        return kept

    def _quick_score(self, proposed: Codes) -> Callable[[Refiner], float]:
        rows = proposed[:QUICK_ROWS]
        return lambda refiner: self.validation.auc(refiner.move(rows, self.seeds.rng("refiner", "score")))

    def _corrected(self, before: Sampler, best: Score) -> tuple[Sampler, Score]:
        begun = time.monotonic()
        self._tell("corrector", score=best.auc)
        if self._used() > CORRECTOR_SHARE:
            self.notes.append("the time budget was used up before the corrector: give it more, or refine=False")
            return before, best
        if len(self.train) < 100:
            self.notes.append(f"the corrector needs 100 rows to learn from, and has {len(self.train)}: left out")
            return before, best
        corrector = Corrector(random_state=self.seeds.integer("corrector"))
        corrector.fit(self.train, self.levels, before.propose)
        return self._keep_better("corrector", before, replace(before, corrector=corrector), best, begun)

    def _keep_better(
        self, name: str, before: Sampler, after: Sampler, best: Score, begun: float, *, always: bool = False
    ) -> tuple[Sampler, Score]:
        score = self._score(after)
        stage, gain = self._stage(name, score, begun), best.loss - score.loss
        stage["kept"] = always or gain > self.validation.noise
        noise = f"{self.validation.noise:.3f}"
        if gain > self.validation.noise:
            stage["reason"] = f"better on V by {gain:.3f} (noise {noise})"
        else:
            stage["reason"] = f"no better on V ({gain:+.3f}, noise {noise})" + (
                ": it is the generator" if always else ""
            )
        return (after, score) if stage["kept"] else (before, best)

    def _refitted(self, sampler: Sampler) -> Sampler:
        """Learn proposal and corrector from T and V together, as they were chosen; the generator stays as it is."""
        proposal = sampler.proposal.fit(self.codes, self.levels, list(self.plan.first))
        if sampler.refiner is not None:
            sampler.refiner.encoder.recount(self.codes)
        last = Sampler(sampler.kind, proposal, sampler.refiner, sampler.corrector)
        if sampler.corrector is not None:
            if self._used() + self.stages[-1]["seconds"] / self.plan.time_budget > 1:
                self.notes.append(
                    "the time budget left the corrector as it was learned without the rows that choose: with more of "
                    "it, the same seed gives other rows"
                )
            else:
                sampler.corrector.fit(self.codes, self.levels, last.propose)
        return last

    def _score(self, sampler: Sampler) -> Score:
        draws = range(self.validation.n_draws if self.choosing else 1)
        return self.validation.score(*(sampler.draw(len(self.train), self.seeds.rng("score", k)) for k in draws))

    def _stage(self, name: str, score: Score, begun: float) -> dict[str, Any]:
        stage = {
            "stage": name,
            "v_auc": score.auc,
            "near_train": score.near_train,
            "gap": score.gap,
            "seconds": time.monotonic() - begun,
        }
        self.stages.append(stage)
        self._tell(name, score=score.auc)
        return stage

    def _used(self) -> float:
        """The share of the time budget that is used up."""
        return (time.monotonic() - self.started) / self.plan.time_budget

    def _tell(self, stage: str, step: int = 0, steps: int = 0, score: float | None = None) -> None:
        if self.on_progress is not None:
            left = max(0.0, self.plan.time_budget - (time.monotonic() - self.started))
            self.on_progress(Progress(stage, step, steps, score, left))


def _name(kind: str, proposal: Any) -> str:
    return f"trees, leaf {proposal.min_leaf}" if kind == "trees" else kind
