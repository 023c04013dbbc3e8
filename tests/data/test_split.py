from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganaug.data.split import folds
from ganaug.errors import DataError


def sizes(fold) -> list[int]:
    return np.bincount(fold, minlength=5).tolist()


def test_every_row_is_in_one_fold_and_the_seed_decides():
    df = pd.DataFrame({"y": np.arange(50) % 2})
    a, b, c = (folds(df, 5, target="y", random_state=seed) for seed in (0, 0, 1))
    assert sizes(a) == [10] * 5
    assert (a == b).all()
    assert (a != c).any()


def test_classes_are_spread_evenly():
    df = pd.DataFrame({"y": ["a"] * 50 + ["b"] * 5 + [None] * 10})
    fold = folds(df, 5, target="y", random_state=0)
    for values in (df["y"] == "a", df["y"] == "b", df["y"].isna()):
        assert len(set(sizes(fold[values]))) == 1


def test_numbers_are_spread_by_their_fifths():
    df = pd.DataFrame({"y": np.random.default_rng(0).permutation(100) * 1.5})
    fold = folds(df, 5, target="y", random_state=0)
    assert all(sizes(fold[(df["y"] // 30 == k)]) == [4] * 5 for k in range(5))


@pytest.mark.parametrize("y", [["rare"] + ["a"] * 30 + ["b"] * 30, ["a"] * 30 + ["rare", "r2"] + ["b"] * 30])
def test_rare_classes_go_with_others(y):
    assert max(sizes(folds(pd.DataFrame({"y": y}), 5, target="y", random_state=0))) <= 13


@pytest.mark.parametrize("n", [21, 23, 26])
def test_few_distinct_numbers(n):
    assert min(sizes(folds(pd.DataFrame({"y": np.arange(n) * 1.0}), 5, target="y", random_state=0))) >= 4


@pytest.mark.parametrize("dtype", ["Int64", "float64", "Float64"])
def test_numbers_with_some_missing(dtype):
    df = pd.DataFrame({"y": pd.array([None] * 3 + list(range(60)), dtype="Float64").astype(dtype)}, index=range(9, 72))
    assert min(sizes(folds(df, 5, target="y", random_state=0))) >= 12


@pytest.mark.parametrize(
    "y", [pd.date_range("2020", periods=60), [f"c{i}" for i in range(60)], np.arange(60) % 2 == 0, ["a"] * 60]
)
def test_targets_of_any_kind(y):
    assert sizes(folds(pd.DataFrame({"y": y}), 5, target="y", random_state=0)) == [12] * 5


@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from("abc")), min_size=12, max_size=60), st.booleans())
@settings(max_examples=60)
def test_a_group_is_never_on_two_sides(rows, target):
    df = pd.DataFrame(rows, columns=["g", "y"])
    if df["g"].nunique() < 3:
        with pytest.raises(DataError, match=r"column 'g' has \d groups; 3 are needed"):
            folds(df, 3, group="g", random_state=0)
        return
    fold = folds(df, 3, target="y" if target else None, group="g", random_state=0)
    assert (pd.Series(fold).groupby(df["g"]).nunique() == 1).all()


def test_a_missing_group_is_a_group():
    df = pd.DataFrame({"g": ["a", None, "b", "c", "d"] * 4})
    fold = folds(df, 5, group="g", random_state=0)
    assert len(set(fold[df["g"].isna()])) == 1
