from __future__ import annotations

import numpy as np
import pytest
from problems import dependent_codes

from ganaug.data.encoder import TableEncoder
from ganaug.models.corrector import Corrector
from ganaug.models.refiner import Refiner, Settings
from ganaug.models.sampler import PROPOSALS, Sampler
from ganaug.proposals.proposal import FREE


def sampler(kind: str, *, refined: bool, corrected: bool) -> tuple[Sampler, np.ndarray]:
    codes, levels = dependent_codes(200, np.random.default_rng(0))
    made = Sampler(kind, PROPOSALS[kind]().fit(codes, levels, [0]))
    if refined:
        encoder = TableEncoder(levels.cardinality, levels.ordered, np.zeros(3, dtype=bool), list("abc"))
        settings = Settings("r3gan", 2, None, kind == "noise", "cpu", 0)
        made.refiner = Refiner(settings, encoder.fit(codes, np.random.default_rng(0)), [0])
    if corrected:
        made.corrector = Corrector().fit(codes, levels, made.propose)
    return made, codes


@pytest.mark.parametrize("kind", PROPOSALS)
@pytest.mark.parametrize("refined", [True, False])
@pytest.mark.parametrize("corrected", [True, False])
def test_every_combination_draws_keeps_what_is_given_and_comes_back(kind, refined, corrected):
    made, codes = sampler(kind, refined=refined, corrected=corrected)
    given = np.where([True, False, False], codes[:40], FREE).astype(np.int32)
    again = Sampler.from_state(*made.state())
    for held in (None, given):
        rows, same = (side.draw(40, np.random.default_rng(1), held) for side in (made, again))
        assert rows.shape == (40, 3)
        assert rows.tobytes() == same.tobytes()
        if held is not None:
            assert (rows[:, 0] == held[:, 0]).all()
    assert (again.refiner is not None, again.corrector is not None) == (refined, corrected)


def test_nothing_given_is_the_same_as_none():
    made, _ = sampler("trees", refined=False, corrected=True)
    free = np.full((30, 3), FREE, dtype=np.int32)
    rows = [made.draw(30, np.random.default_rng(1), held) for held in (None, free)]
    assert rows[0].tobytes() == rows[1].tobytes()
