from __future__ import annotations

import time

import numpy as np
import pytest
from problems import dependent_codes
from torch import Tensor

from ganaug.adversarial import AdversarialLoss, Alarm, Objective
from ganaug.data.encoder import TableEncoder
from ganaug.errors import TrainingDiverged
from ganaug.layout import Levels
from ganaug.models.corrector import Corrector
from ganaug.models.learning import MANY_COLUMNS, Learning, Plan
from ganaug.models.validation import Score, Validation
from ganaug.proposals.simple import IndependentColumns
from ganaug.seeding import Seeds


def learning(
    codes: np.ndarray | None = None, levels: Levels | None = None, held_out: bool = True, **settings
) -> Learning:
    if codes is None:
        codes, levels = dependent_codes(400, np.random.default_rng(0))
    chosen = (np.arange(len(codes)) % 5 == 0) & held_out
    n = codes.shape[1]
    encoder = TableEncoder(levels.cardinality, levels.ordered, np.zeros(n, dtype=bool), range(n))
    encoder.fit(codes[~chosen], np.random.default_rng(0))
    plan = {"proposal": "trees", "refine": False, "correct": False, "objective": "r3gan", "time_budget": 60.0}
    plan |= {"max_steps": 2, "device": "cpu", "first": (0,), "target": 0, **settings}
    return Learning(codes, chosen, levels, encoder, Plan(**plan), Seeds(0))


def scores(monkeypatch, *values: float) -> None:
    """Let V say these AUCs, one after the other."""
    given = iter(values)
    monkeypatch.setattr(Validation, "score", lambda self, *draws: Score(next(given), 0.0, 0.0))


@pytest.mark.parametrize("stage", ["refine", "correct"])
@pytest.mark.parametrize(("after", "kept"), [(0.5, True), (0.69, False), (0.7, False), (0.9, False)])
def test_a_stage_is_kept_only_if_v_says_so(monkeypatch, stage, after, kept):
    scores(monkeypatch, 0.7, after)
    learn = learning(**{stage: True})
    sampler = learn.run()
    part = sampler.refiner if stage == "refine" else sampler.corrector
    assert (part is not None) == kept
    assert [row["kept"] for row in learn.stages] == [True, kept]
    assert ("no better" in learn.stages[1]["reason"]) == (not kept)


def test_a_later_stage_is_compared_with_what_was_kept(monkeypatch):
    scores(monkeypatch, 0.7, 0.55, 0.6)
    learn = learning(refine=True, correct=True)
    sampler = learn.run()
    assert sampler.refiner is not None
    assert sampler.corrector is None


def test_a_noise_gan_is_always_kept(monkeypatch):
    scores(monkeypatch, 0.6, 0.9)
    learn = learning(proposal="noise", refine=True)
    assert learn.run().refiner is not None
    assert "it is the generator" in learn.stages[1]["reason"]


@pytest.mark.parametrize(("values", "chosen"), [((0.6, 0.5, 0.7, 0.8), 1), ((0.6, 0.595, 0.6, 0.6), 0)])
def test_auto_takes_a_later_chain_only_if_it_is_better_by_more_than_noise(monkeypatch, values, chosen):
    scores(monkeypatch, *values)
    learn = learning(proposal="auto")
    learn.run()
    assert [row["kept"] for row in learn.stages].index(True) == chosen


def test_nothing_is_learned_from_v_before_the_choice_and_all_after(monkeypatch):
    seen = []
    before = IndependentColumns.fit

    def spy(self, codes, levels, first):
        seen.append(len(codes))
        return before(self, codes, levels, first)

    monkeypatch.setattr(IndependentColumns, "fit", spy)
    learning(proposal="independent").run()
    assert seen == [320, 400]


def test_the_encoder_is_recounted_on_all_rows(monkeypatch):
    scores(monkeypatch, 0.9, 0.5)
    sampler = learning(refine=True).run()
    counts = sampler.refiner.encoder.state()[0]
    assert any(array.sum() == 400 for array in counts.values())


def test_without_v_the_plain_proposal_is_used():
    learn = learning(held_out=False, refine=True, correct=True)
    sampler = learn.run()
    assert (sampler.refiner, sampler.corrector, learn.stages) == (None, None, [])
    assert "too few rows" in learn.notes[0]


def test_a_table_without_numbers_is_not_refined():
    codes = np.random.default_rng(0).integers(3, size=(200, 2)).astype(np.int32)
    learn = learning(codes, Levels(np.array([3, 3]), np.zeros(2, dtype=bool)), refine=True)
    assert learn.run().refiner is None
    assert "has none" in learn.notes[0]


def test_few_rows_are_not_corrected():
    codes, levels = dependent_codes(80, np.random.default_rng(0))
    learn = learning(codes, levels, correct=True)
    assert learn.run().corrector is None
    assert "has 64" in learn.notes[0]


@pytest.mark.parametrize(("used", "fits"), [(0.2, 2), (0.999, 1)])
def test_the_corrector_learns_again_if_the_budget_allows(monkeypatch, used, fits):
    scores(monkeypatch, 0.7, 0.5)
    seen = []
    monkeypatch.setattr(Corrector, "fit", lambda self, codes, *others: seen.append(len(codes)) or time.sleep(0.3))
    monkeypatch.setattr(Corrector, "sample", lambda self, n, rng, draw, given=None: draw(n, rng, given))
    monkeypatch.setattr(Learning, "_used", lambda self: used if seen else 0.1)
    learn = learning(correct=True, proposal="independent")
    assert learn.run().corrector is not None
    assert seen == [320, 400][:fits]
    assert any("left the corrector" in note for note in learn.notes) == (fits == 1)


def test_a_used_up_budget_is_said():
    learn = learning(refine=True, correct=True, time_budget=1e-3)
    learn.run()
    assert any("time budget was used up" in note for note in learn.notes)


def test_a_very_wide_table_has_one_chain_tried():
    n = MANY_COLUMNS + 1
    codes = np.zeros((10, n), dtype=np.int32)
    made = learning(codes, Levels(np.ones(n, dtype=int), np.ones(n, dtype=bool)), proposal="auto")
    assert len(made._candidates()) == 1


def test_progress_is_told_stage_by_stage():
    told = []
    learn = learning(refine=True, correct=True)
    learn.on_progress = told.append
    learn.run()
    stages = list(dict.fromkeys(progress.stage for progress in told))
    assert stages[0] == "proposal"
    assert stages[-1] == "last fit"
    assert {"refiner", "corrector"} < set(stages)
    assert all(progress.seconds_left <= 60 for progress in told)


class Diverging:
    """A loss that is not finite after its third step."""

    def __init__(self) -> None:
        self.played = 0

    def __call__(self) -> Objective:
        def critic(real: Tensor, fake: Tensor) -> Tensor:
            self.played += 1
            return (fake - real) / (0.0 if self.played > 3 else 1.0)

        return Objective(AdversarialLoss(critic, lambda real, fake: -fake))


@pytest.fixture
def diverging(monkeypatch):
    monkeypatch.setattr("ganaug.models.refiner.OBJECTIVES", {"bad": Diverging()})
    return {"refine": True, "objective": "bad", "max_steps": 20}


def test_a_refiner_that_diverges_is_left_out_aloud(monkeypatch, diverging):
    scores(monkeypatch, 0.6)
    learn = learning(**diverging)
    assert learn.run().refiner is None
    assert [row["stage"] for row in learn.stages] == ["trees, leaf 8"]
    assert any("the refiner is left out" in note and "at step 4" in note for note in learn.notes)


def test_a_noise_gan_that_diverges_is_no_generator(monkeypatch, diverging):
    scores(monkeypatch, 0.6)
    with pytest.raises(TrainingDiverged, match="at step 4"):
        learning(proposal="noise", **diverging).run()


@pytest.mark.parametrize(("after", "noted"), [(0.52, True), (0.9, False)])
def test_what_the_monitors_saw_is_noted_of_a_refiner_that_is_kept(monkeypatch, after, noted):
    scores(monkeypatch, 0.6, after)
    sign = Alarm("mode_collapse", 300, "few modes", "try r3gan")
    monkeypatch.setattr("ganaug.models.learning.alarms", lambda history: (sign,))
    learn = learning(refine=True)
    learn.run()
    assert ("the refiner's training: few modes (mode_collapse); try r3gan" in learn.notes) is noted
    assert learn.stages[-1]["kept"] is noted
