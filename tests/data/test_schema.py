from __future__ import annotations

import json
import time
import uuid
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ganaug.data.schema import Column, Schema
from ganaug.errors import DataError, SchemaError


def kind(values, **options):
    return Schema.infer(pd.DataFrame({"x": values}), **options)["x"].kind


def test_a_kind_for_every_column(patients):
    kinds = [column.kind for column in Schema.infer(patients).columns]
    expected = [
        "identifier",
        "integer",
        "continuous",
        "category",
        "boolean",
        "datetime",
        "timedelta",
        "constant",
        "text",
    ]
    assert kinds == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, 2.0, None], "continuous"),
        ([1.0, 2.0, None], "integer"),
        ([3, 3, 4], "integer"),
        (pd.array([1, 5, None], dtype="Int64"), "integer"),
        (pd.array([1.5, 2, None], dtype="Float64"), "continuous"),
        (pd.array([1, 5, None], dtype="int64[pyarrow]"), "integer"),
        ([True, False, True], "boolean"),
        (pd.array([True, False, None], dtype="boolean"), "boolean"),
        (pd.Series([True, None, False], dtype=object), "boolean"),
        (["a", "b", "a"], "category"),
        (pd.Categorical([1, 2, 1]), "category"),
        (["2020-01-01", "2021-12-31", None], "datetime"),
        (["2020-01-01T10:00", "2021-12-31 11:30:00Z", "2020-02-02"], "datetime"),
        (["2020-01-01", "2020-13-45", "2020-01-01"], "category"),
        ([date(2020, 1, 1), date(2021, 1, 1), None], "datetime"),
        (pd.to_datetime(["2020-01-01", "2021-01-01", None]).tz_localize("Europe/Zurich"), "datetime"),
        (pd.to_timedelta([1, 2, None], unit="D"), "timedelta"),
        ([7, 7, 7], "constant"),
        ([None, None, None], "constant"),
        ([np.nan, np.nan, np.nan], "constant"),
        ([5.0, np.nan, 5.0], "integer"),
        (["1", "2", "1"], "category"),
        (pd.Series([1, "a", 2.5], dtype=object), "category"),
        (pd.Series([[1], [2], [3]], dtype=object), "text"),
    ],
)
def test_kinds(values, expected):
    assert kind(values) == expected


def test_unique_text_identifies_only_where_there_are_enough_rows():
    words = [f"w{number * 7919 % 1000}x" for number in range(21)]
    assert kind(words) == "identifier"
    assert kind(words[:20]) == "category"


def test_uuids_identify_in_few_rows(rng):
    assert kind([str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(5)]) == "identifier"


def test_numbers_that_count_the_rows_identify(rng):
    counted = np.arange(100, 300)
    assert kind(counted) == "identifier"
    assert kind(rng.permutation(counted)[:160]) == "identifier"
    assert kind(counted[::-1].copy() * 3) == "integer"
    assert kind(counted / 1.0) == "integer"


def test_dates_as_text_are_no_identifiers():
    assert kind(pd.date_range("2020-01-01", periods=50).strftime("%Y-%m-%d")) == "datetime"


def test_a_target_is_always_learned():
    assert kind([f"name {number}" for number in range(30)], target="x") == "category"
    assert kind(np.arange(30), target="x") == "integer"


def test_long_text_is_left_out_unless_it_has_few_values():
    long = [f"the patient said a great many things, {number % 40} of them true" for number in range(60)]
    assert kind(long) == "text"
    assert kind([f"run_of_the_instrument_{number:09d}.raw" for number in range(60)]) == "identifier"
    assert kind([long[number % 3] for number in range(60)]) == "category"


def test_many_numbers_as_text_are_numbers_and_said_aloud():
    schema = Schema.infer(pd.DataFrame({"x": [f"{number % 90}.5" for number in range(200)]}))
    assert schema["x"].kind == "continuous"
    assert schema.notes == ("Learned as numbers and written back as text: 'x'.",)
    assert kind([f"{number % 90:05d}" for number in range(200)]) == "category"  # postcodes


@pytest.mark.parametrize("stray", ["12 kg", "3.5mm", "5%", "$ 12", "7 µg/l"])
def test_stray_units_are_refused_by_name_row_and_value(stray):
    values = [str(number) for number in range(9)] + [stray]
    with pytest.raises(DataError, match="column 'x' holds") as caught:
        kind(values)
    assert repr(stray) in str(caught.value)
    assert "at row 9" in str(caught.value)
    assert "category" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert kind(values, override={"columns": {"x": {"kind": "category"}}}) == "category"


@pytest.mark.parametrize("stray", ["4a", "unknown", "?", "3-5", "1,234"])
def test_other_words_among_numbers_make_categories_and_are_said_aloud(stray):
    schema = Schema.infer(pd.DataFrame({"x": [str(number) for number in range(9)] + [stray]}))
    assert schema["x"].kind == "category"
    assert "different types" in schema.notes[0]


def test_units_everywhere_are_categories():
    assert kind(["12 kg", "13 kg", "12 kg"]) == "category"


def test_mixed_types_and_huge_categories_are_said_aloud():
    df = pd.DataFrame(
        {"mixed": pd.Series([1, "a"] * 1500, dtype=object), "huge": [f"g{n % 2000}" for n in range(3000)]}
    )
    notes = Schema.infer(df).notes
    assert any("different types" in note and "'mixed'" in note for note in notes)
    assert any("levels" in note and "'huge'" in note for note in notes)


@pytest.mark.parametrize("dtype", ["float64", "Float64", "float32"])
def test_infinities_are_refused_by_name_and_row(dtype):
    df = pd.DataFrame({"x": pd.Series([1.0, np.inf, 2.0], index=["r1", "r2", "r3"]).astype(dtype)})
    with pytest.raises(DataError, match="column 'x' holds inf at row r2"):
        Schema.infer(df)


@pytest.mark.parametrize(
    ("df", "message"),
    [
        (pd.DataFrame(index=range(3)), "no columns"),
        (pd.DataFrame({"x": []}), "no rows"),
        (pd.DataFrame({"x": [1]}), "one row"),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), "two columns are named 'a'"),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["1", 1]), "two columns are named"),
        (pd.DataFrame({"is_synthetic": [True, False]}), "'is_synthetic' is kept"),
        (pd.DataFrame({"x": [1j, 2j]}), "dtype complex128"),
        (pd.DataFrame({"x": pd.period_range("2020", periods=2, freq="M")}), "dtype period"),
        (pd.DataFrame({"x": pd.arrays.SparseArray([0, 1])}), "dtype Sparse"),
        (pd.DataFrame({("a", "b"): [1, 2]}), "levels of names"),
        (pd.DataFrame({pd.Timestamp("2020-01-01"): [1, 2]}), "neither text nor a number"),
    ],
)
def test_tables_that_cannot_be_learned(df, message):
    with pytest.raises(DataError, match=message) as caught:
        Schema.infer(df)
    assert "\n" not in str(caught.value)


def test_an_absent_target_suggests_the_nearest(patients):
    with pytest.raises(DataError, match="did you mean 'smoker'"):
        Schema.infer(patients, target="smokr")


def test_json_round_trip(patients):
    schema = Schema.infer(patients.rename_axis(index="row", columns="what"))
    assert Schema.from_json(schema.to_json()) == schema
    numbered = Schema.infer(pd.DataFrame([[1, 2.5], [3, 4.5]]))
    assert Schema.from_json(numbered.to_json()) == numbered
    assert numbered.names == [0, 1]


def test_notes_count_what_they_do_not_name():
    note = Schema(tuple(Column(f"c{number}", "constant", "int64") for number in range(12))).notes[0]
    assert note.endswith("'c9' and 2 more.")


def test_override_replaces_only_what_it_names(patients):
    schema = Schema.infer(patients)
    changed = schema.override({"columns": {"age": {"kind": "category"}}})
    assert changed["age"].kind == "category"
    assert changed.columns[2:] == schema.columns[2:]
    assert Schema.infer(patients, override=json.loads(schema.to_json())).names == schema.names


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"columns": {"agee": {"kind": "integer"}}}, "'agee'.*did you mean 'age'"),
        ({"columns": {"age": {"kind": "intger"}}}, "'intger'; did you mean 'integer'"),
        ({"columns": {"age": {"knd": "integer"}}}, "for column 'age'"),
        ({"columns": {"age": {"kind": "integer", "dtyp": "int8"}}}, "did you mean 'dtype'"),
        ({"columns": ["age"]}, "a schema is"),
        ([], "a schema is"),
    ],
)
def test_malformed_overrides_are_refused(patients, override, message):
    with pytest.raises(SchemaError, match=message):
        Schema.infer(patients).override(override)


def test_text_that_is_no_json():
    with pytest.raises(SchemaError, match="no JSON"):
        Schema.from_json("{")


def test_check_names_the_absent_column(patients):
    schema = Schema.infer(patients)
    schema.check(patients.assign(more=1))
    with pytest.raises(DataError, match="no column 'weight'"):
        schema.check(patients.drop(columns="weight"))
    with pytest.raises(KeyError):
        schema["nothing"]


def test_five_thousand_columns_take_seconds(rng):
    wide = pd.DataFrame(rng.normal(size=(200, 5000))).add_prefix("g")
    began = time.perf_counter()
    assert len(Schema.infer(wide).learned) == 5000
    assert time.perf_counter() - began < 10


def test_dates_that_start_with_the_day_are_said_aloud_and_not_made_up():
    days = pd.date_range("2024-01-01", periods=60).strftime("%d.%m.%Y %H:%M")
    schema = Schema.infer(pd.DataFrame({"day": days, "x": range(60)}))
    assert schema["day"].kind == "category"
    assert any("2026-01-31" in note and "'day'" in note for note in schema.notes)
    assert kind([f"12-34-{number}" for number in range(5600, 5660)]) == "identifier"


def test_numbers_with_a_comma_where_others_have_a_point_are_said_aloud():
    df = pd.DataFrame({"price": [f"{number},5" for number in range(60)], "x": np.arange(60) / 4})
    schema = Schema.infer(df)
    assert schema["price"].kind == "category"
    assert any("commas" in note and "'price'" in note for note in schema.notes)
