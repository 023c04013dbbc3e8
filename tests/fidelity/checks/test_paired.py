from __future__ import annotations

import numpy as np
import pytest

from ganaug.fidelity.checks.paired import beside, of_classes, resampled

OUTCOME = np.repeat([0.0, 1.0, 2.0], [300, 60, 19])
NAMES = ["T", "B", "pDC"]


def guessed(share: float, code: float = 1.0) -> np.ndarray:
    """Right but for a class of which only a share is found."""
    rng = np.random.default_rng(0)
    missed = (code == OUTCOME) & (rng.random((3, len(OUTCOME))) > share)
    return np.where(missed, 0.0, OUTCOME)


def scores(real: np.ndarray, both: np.ndarray, units: np.ndarray | None = None) -> dict[str, dict[str, float]]:
    units = np.arange(len(OUTCOME)) if units is None else units
    weights = resampled(units, np.random.default_rng(0))
    found = of_classes({"real": real, "both": both}, OUTCOME, units, weights, NAMES, 0.05)
    assert [each["class"] for each in found] == ["pDC", "B", "T"]  # the rarest first
    return {each["class"]: each for each in found}


def test_a_class_that_is_told_better_is_known_from_one_that_is_not() -> None:
    found = scores(guessed(0.4), guessed(0.8))
    assert found["B"]["of_real"] == pytest.approx(2 * 0.4 / 1.4, abs=0.1)
    assert found["B"]["score"] == pytest.approx(2 * 0.8 / 1.8, abs=0.1)
    assert 0 < found["B"]["low"] < found["B"]["difference"] < found["B"]["high"]
    assert found["pDC"] == {"class": "pDC", "rows": 19}


def test_the_same_predictions_show_no_difference() -> None:
    found = scores(guessed(0.6), guessed(0.6))
    assert found["B"]["low"] == found["B"]["high"] == 0


def test_nothing_is_said_of_a_class_of_few_rows_or_few_groups() -> None:
    assert scores(guessed(0.4, 2.0), guessed(0.9, 2.0))["pDC"] == {"class": "pDC", "rows": 19}
    found = scores(guessed(0.4), guessed(0.8), np.arange(len(OUTCOME)) // 10)
    assert found["B"] == {"class": "B", "rows": 60}
    assert "low" in found["T"]


def test_more_finds_at_the_price_of_as_many_false_ones_are_no_help() -> None:
    loose = np.where(OUTCOME == 0, np.where(np.arange(len(OUTCOME)) % 5 == 0, 1.0, 0.0), OUTCOME)
    found = scores(guessed(0.7), np.tile(loose, (3, 1)))
    assert found["B"]["difference"] < 0


def test_groups_are_resampled_whole_and_all_rows_come_once_first() -> None:
    weights = resampled(np.repeat(["a", "b", "c"], 4), np.random.default_rng(0))
    assert (weights[0] == 1).all()
    assert (weights.reshape(len(weights), 3, 4).std(axis=2) == 0).all()
    assert (weights.sum(axis=1) == 12).all()


def test_the_spread_over_seeds_widens_the_limits() -> None:
    scores = np.full((3, 11), 0.8)
    apart = beside(scores + np.array([[-0.1], [0.0], [0.1]]), scores, 0.05)
    assert apart["difference"] == pytest.approx(0)
    assert apart["high"] - apart["low"] == pytest.approx(2 * 1.96 * 0.1 / np.sqrt(3), rel=0.01)
