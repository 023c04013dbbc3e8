from __future__ import annotations

import numpy as np
import pytest
from problems import dependent_codes
from sklearn.ensemble import HistGradientBoostingClassifier

from ganaug.errors import ModelFileError
from ganaug.layout import Levels
from ganaug.models.corrector import Corrector, Ensemble
from ganaug.proposals.simple import IndependentColumns


def fitted(n: int = 1500) -> tuple[Corrector, IndependentColumns, np.ndarray, Levels]:
    codes, levels = dependent_codes(n, np.random.default_rng(0))
    proposal = IndependentColumns().fit(codes, levels, [])
    return Corrector(random_state=0).fit(codes, levels, proposal.sample), proposal, codes, levels


def test_log_odds_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(50, size=600), rng.integers(6, size=600) * 2, rng.integers(3, size=600)], axis=1)
    levels = Levels(np.array([50, 12, 3]), np.array([True, False, False]))
    categorical = ~levels.ordered
    trees = HistGradientBoostingClassifier(max_iter=20, categorical_features=categorical)
    trees.fit(codes.astype(float), codes.sum(axis=1) % 5 > 1)
    ensemble = Ensemble.of(trees, categorical, levels.cardinality)
    np.testing.assert_allclose(ensemble.log_odds(codes), trees.decision_function(codes.astype(float)))


def test_restores_a_dependence_that_the_proposal_lost() -> None:
    corrector, proposal, codes, _ = fitted()
    drawn = proposal.sample(1500, np.random.default_rng(1))
    corrected = corrector.sample(1500, np.random.default_rng(1), proposal.sample)
    agree = [float((rows[:, 0] == rows[:, 1]).mean()) for rows in (codes, drawn, corrected)]
    assert agree[1] < 0.4
    assert abs(agree[2] - agree[0]) < 0.05


def test_every_round_corrects_what_the_one_before_left_and_adds_its_odds() -> None:
    codes, levels = dependent_codes(1500, np.random.default_rng(0))
    proposal = IndependentColumns().fit(codes, levels, [])
    left = []
    for n_rounds in (1, 3):
        corrector = Corrector(n_rounds, max_iter=3, random_state=0).fit(codes, levels, proposal.sample)
        assert len(corrector.ensembles) == 2 * n_rounds
        total = sum(ensemble.log_odds(codes) for ensemble in corrector.ensembles) / 2
        np.testing.assert_allclose(corrector.log_odds(codes), total)
        rows = corrector.sample(1500, np.random.default_rng(1), proposal.sample)
        left.append(abs((rows[:, 0] == rows[:, 1]).mean() - (codes[:, 0] == codes[:, 1]).mean()))
    assert left[1] < 0.7 * left[0], "three trees a round are too few for one round"


def test_odds_are_one_where_the_proposal_is_right() -> None:
    codes = np.random.default_rng(0).integers(10, size=(4000, 2)).astype(np.int32)
    levels = Levels(np.array([10, 10]), np.ones(2, dtype=bool))
    proposal = IndependentColumns().fit(codes, levels, [])
    odds = Corrector(1, random_state=0).fit(codes, levels, proposal.sample).log_odds(codes)
    assert abs(odds.mean()) < 0.1


def test_given_values_stand_and_keep_their_shares() -> None:
    corrector, proposal, *_ = fitted(600)
    given = np.full((90, 3), -1, dtype=np.int32)
    given[:, 0] = np.random.default_rng(2).permutation(np.repeat([0, 1, 2], 30))
    rows = corrector.sample(90, np.random.default_rng(1), proposal.sample, given)
    assert (rows[:, 0] == given[:, 0]).all()
    assert (rows[:, 0] == rows[:, 1]).mean() > 0.7


def test_state_gives_back_the_same_odds() -> None:
    corrector, _, codes, _ = fitted(600)
    again = Corrector.from_state(*corrector.state())
    np.testing.assert_array_equal(again.log_odds(codes), corrector.log_odds(codes))


def test_refuses_trees_that_point_outside() -> None:
    arrays, meta = fitted(600)[0].state()
    nodes = arrays["0.0.nodes"].copy()
    arrays["0.0.nodes"] = nodes[:-1]
    with pytest.raises(ModelFileError, match="another version"):
        Corrector.from_state(arrays, meta)
    arrays["0.0.nodes"] = np.full_like(nodes, 127)
    with pytest.raises(ModelFileError, match="outside of itself"):
        Corrector.from_state(arrays, meta)
