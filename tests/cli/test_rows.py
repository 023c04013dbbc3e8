from __future__ import annotations

import pandas as pd
import pytest

from ganaug import DataError
from ganaug.data.schema import Column, Schema
from ganaug_cli.rows import parse_conditions, wanted_rows

SCHEMA = Schema(
    (
        Column("sex", "category", "object"),
        Column("year", "integer", "int64"),
        Column("grade", "category", "Int64"),
        Column("alive", "boolean", "bool"),
        Column("seen", "datetime", "datetime64[ns]"),
        Column("waited", "timedelta", "timedelta64[ns]"),
        Column(7, "category", "object"),
    )
)


@pytest.mark.parametrize(
    ("rows", "times", "balance", "wanted"),
    [(5, None, None, 5), (None, 2.5, None, 150), (None, 0.001, None, 1), (None, None, "sex", None)],
)
def test_how_many_rows(rows: int | None, times: float | None, balance: str | None, wanted: int | None) -> None:
    assert wanted_rows(60, rows, times, balance) == wanted


@pytest.mark.parametrize(
    ("rows", "times", "balance", "message"),
    [
        (0, None, None, "--rows must be 1 or more, not 0"),
        (-3, None, None, "--rows must be 1 or more, not -3"),
        (None, 0.0, None, "--times must be more than 0, not 0"),
        (None, float("nan"), None, "--times must be more than 0, not nan"),
        (None, float("inf"), None, "--times must be more than 0, not inf"),
        (5, 2.0, None, "--rows and --times exclude each other"),
        (5, None, "sex", "--rows and --balance exclude each other"),
    ],
)
def test_what_cannot_be_asked_for(rows: int | None, times: float | None, balance: str | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        wanted_rows(60, rows, times, balance)


@pytest.mark.parametrize(
    ("where", "conditions"),
    [
        ([], None),
        (None, None),
        (["sex=female"], {"sex": ["female"]}),
        (["sex=f,m"], {"sex": ["f", "m"]}),
        (["sex=f", "sex=m", "year=2007"], {"sex": ["f", "m"], "year": [2007]}),
        (['sex="f, m",x=y'], {"sex": ["f, m", "x=y"]}),
        (["sex=", "sex=f"], {"sex": [None, "f"]}),
        (["grade=3"], {"grade": [3]}),
        (["waited=2 h"], {"waited": [pd.Timedelta(hours=2)]}),
        (["alive=True"], {"alive": [True]}),
        (["seen=2020-02-29"], {"seen": [pd.Timestamp("2020-02-29")]}),
        (["7=a"], {7: ["a"]}),
    ],
)
def test_conditions_are_of_the_columns_kind(where: list[str] | None, conditions: object) -> None:
    assert parse_conditions(where, SCHEMA) == conditions


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("sex", "is not of the form COLUMN=VALUE"),
        ("yaer=2007", "there is no column 'yaer'; did you mean 'year'?"),
        ("=f", "is not of the form COLUMN=VALUE"),
        ("year=last", "'last' is not a value of a column of kind integer"),
        ("alive=perhaps", "'perhaps' is not a value of a column of kind boolean"),
        ("seen=29.2.x", r"'29\.2\.x' is not a value of a column of kind datetime"),
    ],
)
def test_conditions_that_make_no_sense(where: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_conditions([where], SCHEMA)
