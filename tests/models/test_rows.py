from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ganaug.errors import DataError
from ganaug.models.rows import as_table
from ganaug.models.tabular import TabularGAN


@pytest.fixture
def df() -> pd.DataFrame:
    df = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}, index=[7, 8, 9])
    df.attrs["ganaug"] = "kept"
    return df


def test_a_table_stays_as_it_is(df):
    estimator = TabularGAN(target="b")
    table, target = as_table(estimator, df)
    assert table is df
    assert target == "b"
    assert estimator.n_features_in_ == 2
    assert estimator.feature_names_in_.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("y", "asked", "name"),
    [
        ([0, 1, 0], None, "target"),
        (np.array([0, 1, 0]), "label", "label"),
        (pd.Series([0, 1, 0], name="y"), None, "y"),
        (pd.Series([0, 1, 0], name=0), None, 0),
        (pd.Series([0, 1, 0], name="y"), "label", "label"),
        (pd.Series([0, 1, 0]), None, "target"),
    ],
)
def test_y_becomes_the_last_column_row_by_row(df, y, asked, name):
    before = df.copy()
    table, target = as_table(TabularGAN(target=asked), df, y)
    assert target == name
    assert table.columns.tolist() == ["a", "b", name]
    assert table[name].tolist() == [0, 1, 0]
    assert table.index.equals(df.index)
    assert table.attrs == {"ganaug": "kept"}
    pd.testing.assert_frame_equal(df, before)


def test_y_keeps_its_dtype(df):
    y = pd.Series(pd.Categorical(["u", "v", "u"], categories=["v", "u"]), name="y")
    assert as_table(TabularGAN(), df, y)[0]["y"].dtype == y.dtype


def test_y_must_not_be_there_already(df):
    with pytest.raises(DataError, match="already has a column 'a'"):
        as_table(TabularGAN(), df, pd.Series([1, 2, 3], name="a"))


def test_y_must_be_as_long(df):
    with pytest.raises(ValueError, match="inconsistent"):
        as_table(TabularGAN(), df, [1, 2])


def test_arrays_get_names_and_dtypes():
    estimator = TabularGAN()
    table, _ = as_table(estimator, np.array([[1, "a"], [2, "b"]], dtype=object))
    assert table.columns.tolist() == ["x0", "x1"]
    assert table["x0"].dtype == np.int64
    assert estimator.n_features_in_ == 2


def test_columns_may_have_any_label(df):
    estimator = TabularGAN()
    table, _ = as_table(estimator, df.set_axis([0, ("t", 1)], axis=1))
    assert table.columns.tolist() == [0, ("t", 1)]
    assert estimator.n_features_in_ == 2
