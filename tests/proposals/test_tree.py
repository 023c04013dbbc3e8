from __future__ import annotations

import numpy as np
import pytest

from ganaug.errors import ModelFileError
from ganaug.proposals.tree import Donors, Features

NUMBERS = np.arange(200, dtype=np.float32)[:, None]


def grown(outcome, min_leaf: int = 5) -> Donors:
    return Donors.grow(NUMBERS, outcome, np.arange(200), min_leaf, np.random.default_rng(0))


@pytest.mark.parametrize("outcome", [np.arange(200) / 200, (np.arange(200) // 50).astype(np.int32)])
def test_leaves_share_out_all_rows(outcome):
    donors = grown(outcome)
    leaves = np.unique(donors.tree.apply(NUMBERS))
    assert (donors.size[leaves] >= 5).all()
    assert donors.size[leaves].sum() == 200
    assert sorted(donors.rows.tolist()) == list(range(200))


def test_donors_are_alike():
    donors = grown((np.arange(200) // 50).astype(np.int32))
    drawn = donors.draw(donors.tree.apply(NUMBERS), np.random.default_rng(1))
    assert (drawn // 50 == np.arange(200) // 50).all()


def test_only_the_given_rows_are_donors():
    rows = np.arange(0, 200, 2)
    donors = Donors.grow(NUMBERS[rows], rows / 200, rows, 5, np.random.default_rng(0))
    assert (donors.draw(donors.tree.apply(NUMBERS), np.random.default_rng(1)) % 2 == 0).all()


def test_state_gives_back_the_same_leaves():
    donors = grown(np.arange(200) / 200)
    again = Donors.from_state(donors.state(), 1, 200)
    np.testing.assert_array_equal(again.tree.apply(NUMBERS), donors.tree.apply(NUMBERS))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("left_child", lambda a: a * 0),  # a circle
        ("left_child", lambda a: np.where(a >= 0, 10**6, a)),
        ("right_child", lambda a: np.where(a >= 0, -1, a)),
        ("feature", lambda a: np.where(a >= 0, 7, a)),
        ("feature", lambda a: np.full_like(a, -3)),
        ("size", lambda a: a * 0),
        ("size", lambda a: a + 10**6),
        ("start", lambda a: a - 10**6),
        ("rows", lambda a: a + 10**6),
        ("rows", lambda a: a - 10**6),
        ("threshold", lambda a: a[:-1]),
    ],
)
def test_refuses_a_tree_that_points_outside(name, change):
    arrays = grown(np.arange(200) / 200).state()
    with pytest.raises(ModelFileError, match="outside of itself"):
        Donors.from_state({**arrays, name: change(arrays[name])}, 1, 200)


def test_refuses_a_tree_without_nodes():
    arrays = {name: array[:0] for name, array in grown(np.arange(200) / 200).state().items()}
    with pytest.raises(ModelFileError, match="outside of itself"):
        Donors.from_state(arrays, 1, 200)


def test_features_look_up_the_number_of_each_level():
    features = Features(np.array([2, 0]), (np.array([5.0, 7.0], np.float32), np.array([1.0, 2.0], np.float32)))
    codes = np.array([[1, 9, 0], [0, 9, 1]], dtype=np.int32)
    assert features(codes).tolist() == [[5.0, 2.0], [7.0, 1.0]]
