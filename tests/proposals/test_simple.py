from __future__ import annotations

import numpy as np
import pytest
from problems import dependent_codes

from ganaug.layout import Levels
from ganaug.proposals.proposal import FREE
from ganaug.proposals.simple import IndependentColumns, Noise


def test_independent_columns_keep_shares_and_lose_relations():
    codes, levels = dependent_codes(2000, np.random.default_rng(0))
    rows = IndependentColumns().fit(codes, levels, []).sample(20_000, np.random.default_rng(1))
    for column, n in enumerate(levels.cardinality):
        real, drawn = (np.bincount(side[:, column], minlength=n) / len(side) for side in (codes, rows))
        np.testing.assert_allclose(drawn, real, atol=0.015)
    assert abs(np.corrcoef(rows[:, 0], rows[:, 2])[0, 1]) < 0.03


def test_noise_is_even_over_all_levels_but_for_the_first_columns():
    codes = np.zeros((50, 2), dtype=np.int32)
    codes[:, 0] = np.arange(50) % 2 * 2
    rows = Noise().fit(codes, Levels(np.array([3, 4]), np.array([False, True])), [0])
    drawn = rows.sample(8000, np.random.default_rng(0))
    assert set(drawn[:, 0].tolist()) == {0, 2}
    np.testing.assert_allclose(np.bincount(drawn[:, 1]) / 8000, 0.25, atol=0.02)


@pytest.mark.parametrize("kind", [IndependentColumns, Noise])
def test_given_values_stand(kind):
    codes, levels = dependent_codes(100, np.random.default_rng(0))
    given = np.where(np.random.default_rng(1).random(codes.shape) < 0.5, codes, FREE).astype(np.int32)
    rows = kind().fit(codes, levels, [0]).sample(100, np.random.default_rng(2), given)
    assert (rows[given != FREE] == given[given != FREE]).all()
    assert rows.dtype == np.int32
    assert (rows >= 0).all()


@pytest.mark.parametrize("kind", [IndependentColumns, Noise])
def test_state_gives_back_the_same_rows(kind):
    codes, levels = dependent_codes(100, np.random.default_rng(0))
    proposal = kind().fit(codes, levels, [0])
    again = kind.from_state(*proposal.state())
    sides = [side.sample(50, np.random.default_rng(3)) for side in (proposal, again)]
    np.testing.assert_array_equal(sides[0], sides[1])
