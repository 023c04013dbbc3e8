import pytest

from ganaug.adversarial import History


@pytest.fixture
def history():
    return History([{"step": step, "score": score} for step, score in enumerate([0.9, 0.6, None, 0.7, 0.6])])


def test_the_first_of_the_lowest_scores_is_the_best(history):
    assert history.best == {"step": 1, "score": 0.6}


def test_stale_counts_scores_since_the_best(history):
    assert history.stale == 2


def test_nothing_scored_is_not_stale():
    history = History([{"step": 1, "score": None}])
    assert (history.best, history.stale) == (None, 0)


def test_columns(history):
    assert history.to_dict() == {"step": [0, 1, 2, 3, 4], "score": [0.9, 0.6, None, 0.7, 0.6]}
    assert History().to_dict() == {}


def test_a_copy_shares_nothing(history):
    history.copy().rows[0]["score"] = 0.0
    assert history.rows[0]["score"] == 0.9
