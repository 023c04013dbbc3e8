from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganaug.data.schema import Schema
from ganaug.data.table import TableCodec
from ganaug.errors import DataError, SchemaError


def fitted(df, **options):
    return TableCodec(Schema.infer(df, **options)).fit(df)


def again(codec):
    """The codec after its state went through JSON."""
    arrays, meta = codec.state()
    assert all(array.dtype != object for array in arrays.values())
    return TableCodec.from_state(arrays, json.loads(json.dumps(meta)))


def there_and_back(df, **options):
    codec = fitted(df, **options)
    codes = codec.codes(df)
    assert codes.dtype == np.int32
    for one in (codec, again(codec)):
        back = one.frame(codes, np.random.default_rng(0))
        pd.testing.assert_frame_equal(back, df, check_freq=False)
        for name in [name for name in df.columns if df[name].dtype.kind == "O"]:
            assert [type(value) for value in back[name]] == [type(value) for value in df[name]]
    return codec


SOME = {
    "int64": [3, 1, 3, -7],
    "uint64": [2**64 - 1, 0, 5, 5],
    "int8": [3, 1, 3, -7],
    "float64": [1.5, None, -0.25, 1.5],
    "float32": [1.5, None, 0.1, 1.5],
    "float16": [1.5, None, 0.1, 1.5],
    "Int64": [2**62 + 1, None, 2**62, 5],
    "UInt8": [3, None, 3, 5],
    "Float64": [1.5, None, 0.1, 1.5],
    "Float32": [1.5, None, 0.1, 1.5],
    "bool": [True, False, True, True],
    "boolean": [True, False, None, True],
    "string": ["b", None, "a", "b"],
    "string[pyarrow]": ["b", None, "a", "b"],
    "string[python]": ["b", None, "a", "b"],
    "category": ["b", None, "a", "b"],
    "datetime64[ns]": ["2020-01-01", None, "2019-05-05 12:00:01.000000001", "2020-01-01"],
    "datetime64[s]": ["2020-01-01", None, "9999-05-05", "2020-01-01"],
    "datetime64[ns, Europe/Zurich]": ["2020-01-01", None, "2019-05-05", "2020-01-01"],
    "datetime64[us, UTC]": ["2020-01-01", None, "2019-05-05", "2020-01-01"],
    "timedelta64[ns]": [5, None, 3, 5],
    "int64[pyarrow]": [3, None, 1, 3],
    "double[pyarrow]": [3.5, None, 1, 3.5],
    "bool[pyarrow]": [True, None, False, True],
    "large_string[pyarrow]": ["b", None, "a", "b"],
    "timestamp[us, tz=UTC][pyarrow]": pd.to_datetime(["2020-01-01", None, "2019-05-05", "2020-01-01"], utc=True),
    "date32[day][pyarrow]": [date(2020, 1, 1), None, date(2019, 1, 1), date(2020, 1, 1)],
    "duration[us][pyarrow]": pd.to_timedelta([5, None, 3, 5], unit="s"),
}


@pytest.mark.parametrize("dtype", SOME)
def test_every_dtype_comes_back(dtype):
    there_and_back(pd.DataFrame({"x": pd.Series(SOME[dtype]).astype(dtype), "y": [1, 2, 3, 4]}))


@pytest.mark.parametrize(
    "values",
    [
        [True, None, False, True],
        [True, np.nan, False, True],
        ["a", None, "b", "a"],
        ["a", np.nan, "b", "a"],
        ["a", pd.NA, "b", "a"],
        [1, "1", 2.5, None],
        [Decimal("1.50"), None, Decimal("0.1"), Decimal("1.50")],
        [date(2020, 1, 2), None, date(2019, 1, 1), date(2020, 1, 2)],
        [datetime(2020, 1, 2, tzinfo=UTC), None, datetime(2019, 1, 1, tzinfo=UTC), None],
        [time(10, 30), None, time(9), time(10, 30)],
        [uuid.UUID(int=1), "x", None, uuid.UUID(int=2)],
        [2**70, 1, 2**70, "big"],
        ["2020-01-02", None, "2019-05-05", "2020-01-02"],
        [None, None, None, None],
        [np.nan, np.nan, np.nan, np.nan],
        [1, None, 3, 1],
    ],
)
def test_objects_come_back_as_they_were(values):
    there_and_back(pd.DataFrame({"x": pd.Series(values, dtype=object), "y": [1, 2, 3, 4]}))


@pytest.mark.parametrize("ordered", [True, False])
def test_categories_keep_order_flag_and_unused_ones(ordered):
    values = pd.Categorical(["mid", None, "low", "mid"], ["low", "mid", "high"], ordered=ordered)
    codec = there_and_back(pd.DataFrame({"x": values, "y": [1, 2, 3, 4]}))
    assert codec.cardinality.tolist() == [3, 4]
    assert codec.coder("x").levels.tolist() == ["low", "mid"]


def test_names_of_axes_and_order_of_columns_come_back(patients):
    df = (
        patients.drop(columns=["patient", "remark"])
        .rename_axis(index="row", columns="what")[::-1]
        .reset_index(drop=True)
    )
    df.index.name = "row"
    there_and_back(df[df.columns[::-1]])
    there_and_back(pd.DataFrame([[1, 2.5], [3, 4.5]]))


def test_what_the_codec_says_of_its_columns(patients):
    patients.loc[3, "weight"] = np.nan
    codec = fitted(patients)
    assert codec.names == ["age", "weight", "sex", "smoker", "visit", "stay"]
    assert codec.ordered.tolist() == [True, True, False, False, True, True]
    assert codec.has_missing.tolist() == [False, True, False, False, False, False]
    assert codec.cardinality[2] == 2
    assert codec.codes(patients)[3, 1] == codec.cardinality[1] - 1


def test_levels_lie_in_order(patients):
    codec = fitted(patients)
    for name in ("age", "weight", "visit", "stay"):
        assert codec.coder(name).levels.is_monotonic_increasing
    text = fitted(pd.DataFrame({"x": [f"{number}.5" for number in range(100)] * 2}))
    assert text.coder("x").levels.tolist() == [f"{number}.5" for number in range(100)]


def test_unseen_numbers_go_to_the_nearest_level():
    df = pd.DataFrame({"x": [1.0, 2.0, 10.0], "day": pd.to_datetime(["2020-01-01", "2020-01-03", "2021-01-01"])})
    new = pd.DataFrame(
        {"x": [-9, 7, 99], "day": pd.to_datetime(["2020-01-01 13:00", "2019-01-01 00:00", "2020-12-01 00:00"])}
    )
    assert fitted(df).codes(new).tolist() == [[0, 0], [2, 0], [2, 2]]


def test_unseen_categories_and_missing_values_are_named():
    df = pd.DataFrame({"sex": ["female", "male", "female"], "age": [1, 2, 2]})
    codec = fitted(df)
    with pytest.raises(DataError, match=r"column 'sex' holds 'femal' at row 1.*did you mean 'female'"):
        codec.codes(pd.DataFrame({"sex": ["male", "femal"], "age": 1}))
    with pytest.raises(DataError, match="column 'age' holds nan at row 1"):
        codec.codes(pd.DataFrame({"sex": "male", "age": [1, np.nan]}))
    with pytest.raises(DataError, match="no column 'age'"):
        codec.codes(df[["sex"]])


def test_free_cells():
    codec = fitted(pd.DataFrame({"sex": ["female", "male", None], "age": [1, 2, 2]}))
    partial = pd.DataFrame({"sex": ["male", None, "other"]})
    assert codec.codes(partial, unknown="free").tolist() == [[1, -1], [-1, -1], [-1, -1]]


def test_codes_out_of_range_are_refused():
    codec = fitted(pd.DataFrame({"x": [1, 2]}))
    for code in (-1, 2):
        with pytest.raises(ValueError, match="codes must lie"):
            codec.frame(np.array([[code]]), np.random.default_rng(0))


def test_no_rows_keep_the_dtypes(patients):
    back = fitted(patients).frame(np.empty((0, 6), dtype=np.int32), np.random.default_rng(0))
    assert back.empty
    assert (back.dtypes == patients.dtypes).all()


def test_constants_are_refilled_and_text_is_left_missing(patients):
    codec = fitted(patients)
    back = codec.frame(codec.codes(patients)[:5], np.random.default_rng(0))
    assert back["site"].tolist() == ["Basel"] * 5
    assert back["remark"].isna().all()
    assert back["remark"].dtype == patients["remark"].dtype


def test_a_declared_constant_must_be_one(patients):
    with pytest.raises(SchemaError, match="declared constant"):
        fitted(patients, override={"columns": {"age": {"kind": "constant"}}})


@pytest.mark.parametrize("kind", ["category", "continuous", "boolean", "text", "identifier"])
def test_numbers_can_be_declared_anything(kind, patients):
    codec = fitted(patients, override={"columns": {"age": {"kind": kind}}})
    codec.frame(codec.codes(patients), np.random.default_rng(0))


def test_declared_numbers_that_are_none_are_named(patients):
    with pytest.raises(DataError, match=r"column 'sex' holds '(fe)?male' at row 0, which is no integer value"):
        fitted(patients, override={"columns": {"sex": {"kind": "integer"}}})


def test_declared_numbers_among_categories_lie_in_order():
    df = pd.DataFrame({"x": pd.Categorical(["10", "9", "9"], ["10", "9"])})
    codec = there_and_back(df, override={"columns": {"x": {"kind": "integer"}}})
    assert codec.coder("x").levels.tolist() == ["9", "10"]


def made(values, n=3, start=0, **options):
    df = pd.DataFrame({"id": values, "x": np.arange(len(values)) % 3})
    codec = again(fitted(df, **options))
    rows = codec.frame(np.zeros((n, 1), dtype=np.int32), np.random.default_rng(0), start)
    assert not set(rows["id"]) & set(df["id"])
    assert rows["id"].is_unique
    return rows["id"]


def test_identifiers_go_on_after_the_largest():
    assert made([f"P{number:04d}" for number in range(345)]).tolist() == ["P0345", "P0346", "P0347"]
    assert made([f"P{number:04d}" for number in range(345)], start=10).tolist() == ["P0355", "P0356", "P0357"]
    assert made([f"a{number}.csv" for number in range(30)]).tolist() == ["a30.csv", "a31.csv", "a32.csv"]
    assert made([f"name{number}x{number * 7}y{number}" for number in range(30)])[0] == "synthetic-000001"
    assert made(list(range(5, 35))).tolist() == [35, 36, 37]


def test_identifiers_made_before_are_not_made_again():
    assert made([*(f"{chr(97 + number)}-word" for number in range(26)), "synthetic-000004"])[0] == "synthetic-000005"


def test_uuids_are_fresh(rng):
    fresh = made([str(uuid.UUID(bytes=rng.bytes(16), version=4)) for _ in range(30)], n=1000)
    assert all(uuid.UUID(one).version == 4 for one in fresh)


@pytest.mark.parametrize("dtype", ["int8", "Int64", "int64[pyarrow]", "object"])
def test_running_numbers_keep_their_dtype_while_they_fit(dtype):
    values = pd.Series(range(100)).astype(dtype)
    assert made(values).dtype == values.dtype
    assert made(values, n=100).max() == 199


def test_wrong_identifiers_are_refused(patients):
    with pytest.raises(SchemaError, match="column 'smoker' of dtype bool"):
        fitted(patients, override={"columns": {"smoker": {"kind": "identifier"}}})


def test_a_table_of_constants_has_codes_without_columns():
    df = pd.DataFrame({"a": [1, 1], "b": [None, None]})
    assert there_and_back(df).codes(df).shape == (2, 0)


def test_attributes_travel():
    df = pd.DataFrame({"x": [1, 2]})
    df.attrs["text_dialect"] = "{}"
    codec = again(fitted(df))
    back = codec.frame(codec.codes(df), np.random.default_rng(0))
    assert back.attrs == df.attrs
    assert pd.concat([df, back]).attrs == df.attrs


def test_a_wide_table_is_not_fragmented(rng):
    df = pd.DataFrame(rng.normal(size=(5, 200))).add_prefix("g")
    codec = fitted(df)
    back = codec.frame(codec.codes(df), rng)
    back["is_synthetic"] = True  # pandas would warn


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)
VALUES = {
    "float64": st.one_of(st.none(), NUMBERS),
    "Float64": st.one_of(st.none(), NUMBERS),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "Int64": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    "boolean": st.one_of(st.none(), st.booleans()),
    "object": st.one_of(st.none(), st.text(max_size=3), st.integers(-3, 3)),
    "string": st.one_of(st.none(), st.text(max_size=3)),
    "category": st.one_of(st.none(), st.text(max_size=2)),
    "datetime64[ns]": st.one_of(st.none(), st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))),  # noqa: DTZ001
    "timedelta64[ns]": st.one_of(st.none(), st.timedeltas(pd.Timedelta("-90000D"), pd.Timedelta("90000D"))),
}


@pytest.mark.parametrize("dtype", VALUES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_values_come_back(dtype, data):
    values = data.draw(st.lists(VALUES[dtype], min_size=2, max_size=12))
    series = pd.Series(
        pd.array(values, dtype="Int64") if "nt64" in dtype else values, dtype=None if "nt64" in dtype else object
    )
    df = pd.DataFrame({"x": series.astype(dtype)})
    if df["x"].isna().all():
        return
    codec = fitted(df, override={"columns": {"x": {"kind": "category"}}})
    assert codec.frame(codec.codes(df), np.random.default_rng(0))["x"].equals(df["x"])
    assert again(codec).frame(codec.codes(df), np.random.default_rng(0))["x"].equals(df["x"])


def test_rows_made_apart_get_fresh_identifiers(patients, rng):
    codec = TableCodec(Schema.infer(patients)).fit(patients)
    codes = codec.codes(patients)
    drawn = pd.concat([codec.frame(codes[:3], rng), codec.frame(codes[3:8], rng)]).set_axis(range(50, 58))
    assert drawn["patient"].duplicated().any()
    fresh = codec.fresh_identifiers(drawn, rng)
    assert not fresh["patient"].duplicated().any()
    assert not fresh["patient"].isin(patients["patient"]).any()
    pd.testing.assert_frame_equal(fresh.drop(columns="patient"), drawn.drop(columns="patient"))
    assert fresh.index.equals(drawn.index)
    assert codec.fresh_identifiers(drawn, rng, start=8)["patient"].iloc[0] > fresh["patient"].iloc[-1]
