from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ganaug.data.schema import Schema
from ganaug.data.table import TableCodec
from ganaug.errors import ConditionError
from ganaug.models.conditions import complete, matching, partial_codes
from ganaug.proposals.proposal import FREE


@pytest.fixture
def df() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    df = pd.DataFrame(
        {
            "patient": [f"P{i:03d}" for i in range(60)],
            "age": rng.integers(20, 30, 60),
            "weight": rng.choice([0.1, 62.5, 80.3], 60).astype(np.float32),
            "sex": ["f", "m"] * 30,
            "site": np.repeat(["a", "b", None], 20),
            "visit": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 5, 60), unit="D"),
            "country": "CH",
        }
    )
    df.loc[:9, "weight"] = np.nan
    return df


@pytest.fixture
def codec(df) -> TableCodec:
    return TableCodec(Schema.infer(df)).fit(df)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"sex": "f"}, lambda df: df["sex"] == "f"),
        ({"sex": ["f", "m"], "site": "a"}, lambda df: df["site"] == "a"),
        ({"site": ("a", "b")}, lambda df: df["site"].notna()),
        ({"site": pd.Index(["a", None])}, lambda df: df["site"] != "b"),
        ({"age": range(20, 23)}, lambda df: df["age"] < 23),
        ({"age": 21.0}, lambda df: df["age"] == 21),
        ({"age": np.int8(21)}, lambda df: df["age"] == 21),
        ({"weight": 0.1}, lambda df: df["weight"] == np.float32(0.1)),
        ({"weight": np.float16(0.1)}, lambda df: df["weight"] == np.float32(0.1)),
        ({"weight": np.nan}, lambda df: df["weight"].isna()),
        ({"weight": np.float32("nan")}, lambda df: df["weight"].isna()),
        ({"weight": np.float16("nan")}, lambda df: df["weight"].isna()),
        ({"weight": [None, 62.5]}, lambda df: df["weight"].isna() | (df["weight"] == 62.5)),
        ({"site": pd.NA}, lambda df: df["site"].isna()),
        ({"visit": pd.Timestamp("2020-01-02")}, lambda df: df["visit"] == "2020-01-02"),
        ({"visit": "2020-01-02"}, lambda df: df["visit"] == "2020-01-02"),
    ],
)
def test_rows_that_meet_conditions(df, codec, conditions, expected):
    np.testing.assert_array_equal(matching(codec, codec.codes(df), conditions), expected(df))


@pytest.mark.parametrize(
    ("conditions", "says"),
    [
        ({"sex": "x"}, r"'sex' never has the value 'x' \(0 real rows\)"),
        ({"age": 24.5}, r"'age' never has the value 24.5 \(0 real rows\)"),
        ({"weight": 62.4}, "never has the value"),
        ({"sex": None}, "no missing values: 0 real rows"),
        ({"visit": np.datetime64("NaT")}, "no missing values: 0 real rows"),
        ({"seks": "f"}, r"no column 'seks'.*'sex'"),
        ({"patient": "P001"}, "identifier, which is not learned"),
        ({"country": "CH"}, "constant, which is not learned"),
        ({"site": "a", "weight": [None]}, None),
        ({"site": "b", "weight": [None]}, r"site=b: 20; weight=missing: 10; together 0 of 60 rows"),
        ({"sex": []}, "together 0 of 60"),
    ],
)
def test_conditions_without_support_say_how_many_rows_they_have(df, codec, conditions, says):
    if says is None:
        assert matching(codec, codec.codes(df), conditions).sum() == 10
        return
    with pytest.raises(ConditionError, match=says) as error:
        matching(codec, codec.codes(df), conditions)
    assert "\n" not in str(error.value)


def test_no_row_has_to_match(df, codec):
    assert not matching(codec, codec.codes(df), {"site": "b", "weight": None}, some=False).any()


def test_what_is_missing_is_free(df, codec):
    rows = pd.DataFrame({"sex": ["f", None], "age": [np.nan, 25]})
    codes = partial_codes(codec, codec.codes(df), rows)
    free = {name: (codes[:, codec.names.index(name)] == FREE).tolist() for name in codec.names}
    assert free["sex"] == [False, True]
    assert free["age"] == [True, False]
    assert all(free[name] == [True, True] for name in ("weight", "site", "visit"))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({"sex": ["f", "x"]}, "never has the value 'x'"),
        ({"country": ["CH"]}, "constant, which is not learned"),
        ({"seks": ["f"]}, "no column 'seks'"),
    ],
)
def test_rows_that_cannot_be_completed(df, codec, rows, says):
    with pytest.raises(ConditionError, match=says):
        partial_codes(codec, codec.codes(df), pd.DataFrame(rows))


def test_a_combination_that_no_row_has_is_named(df, codec):
    codes = codec.codes(df[df["site"] != "a"])
    with pytest.raises(ConditionError, match=r"row 1 to complete has \{.*'a'.*\}, which 0 of 40 real rows have"):
        partial_codes(codec, codes, pd.DataFrame({"site": ["b", "a"], "sex": ["f", "f"]}))


def test_given_values_are_put_back_as_they_were():
    drawn = pd.DataFrame(
        {
            "age": [1, 2],
            "score": pd.array([1, None], dtype="Int64"),
            "weight": np.array([0.5, 0.5], dtype=np.float32),
            "sex": pd.Categorical(["f", "m"]),
            "visit": pd.to_datetime(["2020-01-01", "2020-01-02"]),
        }
    )
    rows = pd.DataFrame(
        {
            "age": [np.nan, 40.0],
            "score": [7, np.nan],
            "weight": [0.25, np.nan],
            "sex": ["m", None],
            "visit": [pd.Timestamp("2019-05-05"), None],
        },
        index=[8, 9],
    )
    full = complete(drawn.copy(), rows)
    assert full.dtypes.equals(drawn.dtypes)
    assert full["age"].tolist() == [1, 40]
    assert full["score"].tolist() == [7, pd.NA]
    assert full["weight"].tolist() == [0.25, 0.5]
    assert full["sex"].tolist() == ["m", "m"]
    assert full["visit"].tolist() == list(pd.to_datetime(["2019-05-05", "2020-01-02"]))


def test_a_half_among_integers_stays_a_half():
    full = complete(pd.DataFrame({"age": [1, 2]}), pd.DataFrame({"age": [np.nan, 40.5]}))
    assert full["age"].tolist() == [1, 40.5]
