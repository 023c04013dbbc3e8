from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganaug.errors import DataError
from ganaug.fidelity.evidence.columns import Kind, column_kind, level_numbers, plain_values, row_name_kind

NAN = float("nan")


@pytest.mark.parametrize(
    ("series", "kind", "codes"),
    [
        (pd.Series([3, 1, 3]), "number", [1, 0, 1]),
        (pd.Series([3, None, 1], dtype="Int64"), "number", [1, NAN, 0]),
        (pd.Series([3.5, None, 1], dtype="Float32"), "number", [1, NAN, 0]),
        (pd.Series([3, None, 1.5], dtype=object), "number", [1, NAN, 0]),
        (pd.Series([np.inf, 0.0, -np.inf]), "number", [2, 1, 0]),
        (pd.Series(["b", "a", "b", None]), "category", [0, 1, 0, NAN]),
        (pd.Series(["b", "a", "b", None], dtype="string"), "category", [0, 1, 0, NAN]),
        (pd.Series(["b", "a", "b", None], dtype="category"), "category", [0, 1, 0, NAN]),
        (pd.Series([7, 5, 7], dtype="category"), "category", [0, 1, 0]),
        (pd.Series([True, False, True]), "category", [0, 1, 0]),
        (pd.Series([True, None, True], dtype="boolean"), "category", [0, NAN, 0]),
        (pd.Series([1, "a", 1, None], dtype=object), "category", [0, 1, 0, NAN]),
        (pd.Series(pd.to_datetime(["2024-02-01", None, "2024-01-01"])), "time", [1, NAN, 0]),
        (pd.Series(pd.to_datetime(["2024-02-01", "2024-01-01"], utc=True)).dt.tz_convert("Asia/Tokyo"), "time", [1, 0]),
        (pd.Series([dt.date(2024, 2, 1), None, dt.date(2024, 1, 1)], dtype=object), "time", [1, NAN, 0]),
        (pd.Series(pd.to_timedelta([5, None, 2], unit="h")), "time", [1, NAN, 0]),
    ],
)
def test_every_dtype_becomes_level_numbers(series: pd.Series[Any], kind: Kind, codes: list[float]) -> None:
    assert column_kind(series) == kind
    np.testing.assert_array_equal(level_numbers(plain_values(series, kind), kind)[0], codes)


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False) | st.none(), min_size=1))
def test_a_monotone_change_moves_nothing(values: list[float | None]) -> None:
    before = np.array([NAN if value is None else round(value, 2) for value in values])
    np.testing.assert_array_equal(level_numbers(before, "number")[0], level_numbers(7 + before * 3, "number")[0])


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1))
def test_levels_give_the_values_back(values: list[str | None]) -> None:
    codes, levels = level_numbers(np.array(values, dtype=object), "category")
    assert [None if np.isnan(code) else levels[int(code)] for code in codes] == values
    counts = [values.count(level) for level in levels]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    ("values", "kind", "found"),
    [
        (np.random.default_rng(0).permutation(1000)[:200].astype(float), "number", "running number"),
        (np.random.default_rng(0).integers(0, 10**9, 200).astype(float), "number", None),
        (np.random.default_rng(0).standard_normal(200), "number", None),
        (np.arange(15.0), "number", None),
        (np.array([f"patient {i}" for i in range(50)], dtype=object), "category", "free text"),
        (np.array(["a", "b"] * 25, dtype=object), "category", None),
    ],
)
def test_names_of_rows_are_told_from_descriptions(values: np.ndarray[Any, Any], kind: Kind, found: str | None) -> None:
    assert row_name_kind(values, is_text=kind == "category") == found


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([dt.date(9999, 12, 31), None, dt.date(1970, 1, 2)], dtype=object),
        pd.Series(
            [dt.datetime(9999, 12, 31, tzinfo=dt.UTC), pd.NaT, dt.datetime(1970, 1, 2, tzinfo=dt.UTC)], dtype=object
        ),
        pd.Series(np.array(["9999-12-31", "NaT", "1970-01-02"], "datetime64[s]")),
        pd.Series(np.array(["9999-12-31", "NaT", "1970-01-02"], "datetime64[us]")),
        pd.Series(np.array(["9999-12-31", "NaT", "1970-01-02"], "datetime64[s]")).dt.tz_localize("UTC"),
        pd.Series([dt.timedelta(days=2932896), None, dt.timedelta(days=1)], dtype=object),
        pd.Series(np.array([2932896, "NaT", 1], "timedelta64[D]").astype("timedelta64[s]")),
    ],
)
def test_far_times_are_microseconds_too(series: pd.Series[Any]) -> None:
    np.testing.assert_array_equal(plain_values(series, "time"), [2932896 * 864e8, NAN, 864e8])


def test_time_zones_are_brought_to_one_clock() -> None:
    noon = pd.Series(pd.to_datetime(["2024-01-01 12:00"]))
    tokyo = noon.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
    for other in (tokyo, tokyo.astype(object), noon.astype("datetime64[s]")):
        assert plain_values(other, "time") == plain_values(noon, "time")


def test_complex_numbers_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="`z` holds complex numbers"):
        plain_values(pd.Series([1j, 2.0], name="z"), "number")


def test_levels_that_are_whole_floats_are_the_integers() -> None:
    for values in ([0.0, 1.5, None], pd.Categorical([0.0, 1.5, None]), np.array([0, 1.5, np.nan], np.float32)):
        assert plain_values(pd.Series(values), "category").tolist() == ["0", "1.5", None]
    assert plain_values(pd.Series([True, "1.0", np.inf], dtype=object), "category").tolist() == ["True", "1.0", "inf"]


def test_running_numbers_may_span_all_floats() -> None:
    assert row_name_kind(np.linspace(-0.9, 0.9, 50) * np.finfo(float).max, is_text=False) is None
