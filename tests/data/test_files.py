from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganaug.data.dialect import DIALECT, Dialect
from ganaug.data.files import read_table, write_table
from ganaug.data.schema import Schema
from ganaug.data.table import TableCodec
from ganaug.errors import DataError


def written(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "age,weight,sex\n31,70.50,f\nNA,,m\n45,81.25,f\n",
        "a,b\n1,x\n,y\n3,NULL\n",
        "a,b\n1.50,?\n2.25,x\n",
        "a\n1\n2.5\n3\n",
        "a,b\nTRUE,1\nFALSE,2\n",
        "a,b\ntrue,1\nNA,2\nfalse,3\n",
        "a,b\ntrue,TRUE\ntrue,NA\n",
        "a,b\nFALSE,1\nFALSE,2\n",
        "a,b\nTrue,1\nFalse,2\n",
        "code,n\n00123,1\n04567,2\n",
        "code,n\n00123,1\n,2\n",
        'name,n\n"a, b",1\n"say ""hi""",2\n"two\nlines",3\n',
        "a;b\n1.5;x\n2.5;y,z\n",
        "a;b\n1,5;x\n2,25;y\n",
        "a;b\n1,50;NA\nNA;0,125\n",
        "a;b\n1,5;1\nn/a;1,251\n2;3\n",
        "a;b\n1,250;1.50\n12,500;2.25\n",
        'a,b\n"1,5",x\n"2,25",y\n',
        ",b\n1,x\n2,y\n",
        "a,b\n0.1234567890123456,1\n0.1,2\n",
        "a,b\n100000000000000000000,1\n1,2\n",
        "a,b\n-999999999,1\n1.5,2\n",
        "día,größe\n1,ü\n2,ß\n",
        "a,b\n2020-01-01,1\n2020-02-01,2\n",
        "a,b\n" + "".join(f"{number / 4:.2f},{number}\n" for number in range(25_000)),
    ],
)
def test_csv_comes_back_as_it_was_written(tmp_path, text):
    path = written(tmp_path / "in.csv", text)
    write_table(read_table(path), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == text


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_with_a_decimal_comma_are_numbers(tmp_path_factory, suffix, numbers):
    df = pd.DataFrame({"a b": [0.5, *numbers], "kind": "x"})
    path = tmp_path_factory.mktemp("comma") / f"in{suffix}"
    df.to_csv(path, sep="\t" if suffix == ".tsv" else ";", decimal=",", index=False)
    seen = read_table(path)
    pd.testing.assert_frame_equal(seen, df, check_exact=True)
    # as text of the other kind, too, where a comma between columns would part numbers
    other = path.with_suffix({".csv": ".tsv", ".tsv": ".csv"}[suffix])
    write_table(seen, other)
    pd.testing.assert_frame_equal(read_table(other), df, check_exact=True)


def test_a_unit_is_found_among_numbers_with_a_comma(tmp_path):
    rows = "".join(f"{number},5;{number},25\n" for number in range(30))
    df = read_table(written(tmp_path / "in.csv", f"share;x\n{rows}17,3 %;1,5\n"))
    with pytest.raises(DataError, match="'share' holds '17,3 %' at row 30"):
        Schema.infer(df)
    df = read_table(written(tmp_path / "in.csv", f"share;x\n{rows}n.d.;1,5\n"))
    assert any("different types" in note for note in Schema.infer(df).notes)


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\na;b\n0,75;x\n1,5;y\n",
        "sep=;\r\na;b\r\n0,75;x\r\n1,5;y\r\n",
        "a;b\n0,75;x\n1,5;y\n;\n;\n",
        "a;b;;\n0,75;x;;\n1,5;y;;\n",
        "a;b;;\n0,75;x;;\n1,5;y\n;;;\n;;;",
        'a;b;\n0,75;"x";\n1,5;y;\n',
    ],
)
def test_what_spreadsheets_add_is_no_part_of_a_table(tmp_path, text):
    df = read_table(written(tmp_path / "in.csv", text))
    assert df.to_dict("list") == {"a": [0.75, 1.5], "b": ["x", "y"]}
    assert Dialect.of(df).separator == ";"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sep=;\n", "is empty"),
        (";;\n;;\n", "is empty"),
        ("sep=;\na;b\n1;2\n1;2;3\n", "ragged: line 4 has 3 values"),
        ("a;b;\n;;\n", "has a header but no rows"),
    ],
)
def test_padding_alone_is_no_table(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        read_table(written(tmp_path / "in.csv", text))


def test_columns_and_rows_at_the_end_that_hold_anything_stay(tmp_path):
    df = read_table(written(tmp_path / "in.csv", "a,b,\n1,x,\n2,y,3\n,,4\n"))
    assert df.shape == (3, 3)
    df = read_table(written(tmp_path / "in.csv", "a,b\n1,x\n,y\n"))
    assert df["b"].tolist() == ["x", "y"]


def test_what_may_be_thousands_stays_text(tmp_path):
    df = read_table(written(tmp_path / "in.csv", "cells;dose\n1,250;0.5\n12,500;1.5\n"))
    assert df["cells"].tolist() == ["1,250", "12,500"]
    assert df["dose"].tolist() == [0.5, 1.5]


def test_real_and_synthetic_rows_are_written_alike(tmp_path):
    text = "dose,n,ok,kind\n" + "1.50,1,TRUE,a\n2.25,NA,FALSE,b\n-,3,TRUE,NA\n3.00,4,TRUE,b\n".replace("-", "NA") * 6
    df = read_table(written(tmp_path / "in.csv", text))
    codec = TableCodec(Schema.infer(df)).fit(df)
    synthetic = codec.frame(codec.codes(df), np.random.default_rng(0))
    write_table(pd.concat([df, synthetic], ignore_index=True), tmp_path / "out.csv")
    header, rows = text.split("\n", 1)
    assert (tmp_path / "out.csv").read_text() == f"{header}\n{rows}{rows}"


def test_decimals_are_never_cut(tmp_path):
    df = read_table(written(tmp_path / "in.csv", "x\n1.50\n2.25\n"))
    df.loc[2] = 1 / 3
    write_table(df, tmp_path / "out.csv")
    assert read_table(tmp_path / "out.csv")["x"].tolist() == [1.5, 2.25, 1 / 3]


def test_the_dialect_is_remembered(tmp_path):
    df = read_table(written(tmp_path / "in.csv", "a;b;c\n1.50;NA;TRUE\n2.25;x;FALSE\n3.00;-;TRUE\n"))
    assert Dialect.of(df) == Dialect(";", "NA", {"b": "NA"}, {"a": 2}, {"c": ["FALSE", "TRUE"]})
    assert isinstance(df.attrs[DIALECT], str)
    assert Dialect.of(pd.DataFrame()) == Dialect()


def test_a_new_column_takes_the_commonest_mark(tmp_path):
    df = read_table(written(tmp_path / "in.csv", "a,b\nNA,1\n2,2\n"))
    df["c"] = [None, "x"]
    write_table(df, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "a,b,c\nNA,1,NA\n2,2,x\n"


@pytest.mark.parametrize(
    "name", ["t.csv", "t.tsv", "t.csv.gz", "t.tsv.gz", "t.parquet", "t.feather", "t.parquet.gz", "T.CSV"]
)
def test_every_format_there_and_back(tmp_path, name):
    df = pd.DataFrame({"x": [1.5, np.nan, 3], "n": [1, 2, 3], "k": ["a", "b", "a"], "flag": [True, False, True]})
    write_table(df, tmp_path / name)
    pd.testing.assert_frame_equal(read_table(tmp_path / name), df)
    first = (tmp_path / name).read_bytes()
    write_table(df, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_parquet_keeps_dtypes_and_index_names(tmp_path, patients):
    df = patients.astype({"sex": "category", "age": "Int64", "smoker": "boolean"}).drop(columns="stay")
    df.index.name = "row"
    write_table(df, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), df)
    write_table(df, tmp_path / "t.feather")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.feather"), df.reset_index(drop=True))


@pytest.mark.parametrize("text", ["a,b\n1,x\n", "a\tb\n1\tx\n", "a;b\n1;x\n"])
def test_standard_input(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert read_table("-").to_dict("list") == {"a": [1], "b": ["x"]}


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    path = written(tmp_path / "in.csv", "\ufeffa,b\n1,2\n")
    assert list(read_table(path).columns) == ["a", "b"]


BAD = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n", "is empty"),
    "only a mark": (b"\xef\xbb\xbf", "is empty"),
    "header only": (b"a,b\n", "has a header but no rows"),
    "a long row": (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 values where the header has 2"),
    "a short row": (b'a,b\n"1\n1",2\n1\n', "line 4 has 1 values where the header has 2"),
    "latin1": ("a,b\nGrün,2\n".encode("latin1"), "is not UTF-8: byte 0xfc at offset 6; convert"),
    "utf16": ("a,b\n1,2\n".encode("utf-16"), "binary file or UTF-16"),
    "binary": (bytes(range(256)), "binary file"),
    "twice a name": (b"a,b,a\n1,2,3\n", "two columns named 'a'"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_text_gets_one_clear_line(tmp_path, what):
    content, message = BAD[what]
    with pytest.raises(DataError, match=message) as caught:
        read_table(written(tmp_path / "bad.csv", content))
    assert "bad.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["bad.parquet", "bad.feather", "bad.csv.gz", "bad.parquet.gz"])
@pytest.mark.parametrize(
    "content",
    [b"", b"no such thing", gzip.compress(b"a,b\n1,2\n" * 99)[:-20], gzip.compress(b"")],
    ids=["empty", "plain", "cut off", "empty inside"],  # packed bytes hold the time of day
)
def test_bad_binary_files_get_one_clear_line(tmp_path, name, content):
    with pytest.raises(DataError, match="bad") as caught:
        read_table(written(tmp_path / name, content))
    assert "\n" not in str(caught.value)


def test_absent_unknown_and_unreadable_places(tmp_path):
    written(tmp_path / "penguins.csv", "a\n1\n")
    with pytest.raises(DataError, match=r"there is no file .*penguin\.csv; did you mean 'penguins\.csv'"):
        read_table(tmp_path / "penguin.csv")
    with pytest.raises(DataError, match="there is no file"):
        read_table(tmp_path / "nowhere" / "t.csv")
    for name in ("t.xlsx", "t", "t.gz", ".csv"):
        with pytest.raises(DataError, match="no known suffix"):
            read_table(tmp_path / name)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=r"cannot read .*directory"):
        read_table(tmp_path / "folder.csv")


def test_places_and_tables_that_cannot_be_written(tmp_path):
    df = pd.DataFrame({"x": [1, 2]})
    with pytest.raises(DataError, match=r"cannot write .*No such file"):
        write_table(df, tmp_path / "nowhere" / "t.csv")
    with pytest.raises(DataError, match="no known suffix"):
        write_table(df, tmp_path / "t.xlsx")
    with pytest.raises(DataError, match="cannot write"):
        write_table(pd.DataFrame({"x": pd.Series([1, "a"], dtype=object)}), tmp_path / "t.parquet")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_a_full_disk_gets_one_clear_line(tmp_path, suffix):
    link = tmp_path / f"full{suffix}"
    link.symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"cannot write .*No space left"):
        write_table(pd.DataFrame({"x": [1, 2]}), link)
