from __future__ import annotations

import numpy as np
import pytest
from problems import dependent_codes

from ganaug.layout import Levels
from ganaug.models.validation import Score, Validation
from ganaug.proposals.simple import IndependentColumns


def three(n: int = 600) -> tuple[list[np.ndarray], Levels]:
    rng = np.random.default_rng(0)
    tables = [dependent_codes(n, rng) for _ in range(3)]
    return [codes for codes, _ in tables], tables[0][1]


@pytest.mark.parametrize("target", [None, 0, 2])
def test_fresh_real_rows_are_about_perfect(target):
    (train, held_out, fresh), levels = three()
    score = Validation(train, held_out, levels, target, 0).score(fresh)
    assert abs(score.auc - 0.5) < 0.06
    assert abs(score.gap) < 0.1
    assert score.near_train < 0.15


@pytest.mark.parametrize("target", [0, 1, 2])
def test_lost_relations_cost_auc_and_use(target):
    (train, held_out, fresh), levels = three()
    validation = Validation(train, held_out, levels, target, 0)
    rows = IndependentColumns().fit(train, levels, []).sample(600, np.random.default_rng(1))
    score = validation.score(rows)
    assert score.auc > 0.75
    assert score.gap > 0.4
    assert score.loss > validation.score(fresh).loss + 0.3


def test_copies_cost():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 300, 4)) + rng.normal(size=(3, 300, 1))
    codes = values.reshape(-1, 4).argsort(axis=0).argsort(axis=0).reshape(3, 300, 4).astype(np.int32)
    levels = Levels(np.full(4, 900), np.ones(4, dtype=bool))
    validation = Validation(codes[0], codes[1], levels, None, 0)
    assert validation.score(codes[0]).near_train > 0.8
    assert validation.score(codes[2]).near_train < 0.2


def test_noise_falls_with_rows():
    (train, held_out, _), levels = three()
    small, large = (Validation(train, held_out[:n], levels, None, 0).noise for n in (60, 600))
    assert small == pytest.approx(large * np.sqrt(10))


def test_loss_counts_what_hurts_alone():
    assert Score(0.5, -0.1, -0.2).loss == 0
    assert Score(0.4, 0, 0).loss == pytest.approx(Score(0.6, 0, 0).loss)
    assert Score(0.5, 0.1, 0).loss > 0
    assert Score(0.5, 0, 0.1).loss > 0


@pytest.mark.parametrize("target", [0, 1])
def test_odd_targets_do_not_break(target):
    """A class that V or the synthetic rows do not have, and one of a few rows."""
    (train, held_out, fresh), levels = three()
    train[:3, target] = 3
    levels = Levels(np.array([4, 4, 50]), levels.ordered)
    validation = Validation(train, held_out[held_out[:, target] < 2], levels, target, 0)
    one_class = fresh.copy()
    one_class[:, target] = 0
    assert np.isfinite(validation.score(fresh).loss)
    assert validation.score(one_class).gap > 0.2


def test_the_score_of_several_draws_is_their_mean():
    codes, levels = dependent_codes(900, np.random.default_rng(0))
    train, held_out, fresh = np.split(codes, 3)
    validation = Validation(train, held_out, levels, 0, 0)
    parts = [validation.score(rows) for rows in (fresh, train)]
    assert validation.n_draws == 3
    np.testing.assert_allclose(validation.score(fresh, train), np.mean(parts, axis=0))


def test_same_seed_same_score():
    (train, held_out, fresh), levels = three(200)
    a, b = (Validation(train, held_out, levels, 0, 5).score(fresh) for _ in range(2))
    assert a == b


def test_a_target_of_many_classes_is_not_predicted():
    codes = np.arange(300, dtype=np.int32).reshape(-1, 1) % 30
    validation = Validation(codes, codes, Levels(np.array([30]), np.array([False])), 0, 0)
    assert validation.target is None
