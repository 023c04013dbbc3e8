"""Odd tables through the real library: what can be worked with is, and is said aloud."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from problems import linked_table

QUICK = ("--max-steps", "2", "--time-budget", "1", "--profile", "lenient")


def write(df: pd.DataFrame) -> None:
    df.to_csv("data.csv", index=False)


def linked(n: int = 80) -> pd.DataFrame:
    return linked_table(n, np.random.default_rng(0))


def test_odd_columns_come_back_as_they_are(run):
    df = linked(600).assign(empty=np.nan, plate=7, code=["1", "2", "x", "2020-01-01"] * 150)
    write(df.assign(patient=[f"P{i:03}" for i in range(600)]))
    result = run("augment", "data.csv", *QUICK)
    assert result.exit_code == 0, result.stderr
    for name in ("'empty'", "'plate'", "'patient'"):
        assert name in result.stderr, f"{name} has to be spoken of"
    written = pd.read_csv("data.augmented.csv")
    assert written["empty"].isna().all()
    assert (written["plate"] == 7).all()
    assert set(written["code"]) == {"1", "2", "x", "2020-01-01"}
    assert written["patient"].is_unique


def test_mixed_types_are_categories_and_that_is_said(run):
    write(linked().assign(code=[*(f"{i / 4}" for i in range(70)), *["high"] * 10]))
    schema = json.loads(run("augment", "data.csv", "--print-schema").stdout)
    assert schema["columns"]["code"]["kind"] == "category"
    assert any("types are mixed: 'code'" in note for note in schema["notes"])


def test_one_column_gets_a_verdict(run):
    write(linked()[["x"]])
    result = run("augment", "data.csv", *QUICK)
    assert result.exit_code in {0, 3}, result.stderr
    assert Path("data.augmented.csv").exists() == (result.exit_code == 0)
    assert json.loads(Path("data.report.json").read_text())["n_real"] == 80


def test_5000_columns(run):
    few = linked(8)
    many = {f"c{i}": ["", "7"][i % 2] for i in range(4990)}
    write(pd.concat([few, pd.DataFrame(many, index=few.index)], axis=1))
    result = run("augment", "data.csv", *QUICK)
    assert result.exit_code == 4, result.stderr
    assert "it takes" in result.stderr
    assert max(len(line) for line in result.stderr.splitlines()) < 1000, "no line names all of 5,000 columns"


def test_a_category_of_100_000_levels(run):
    rng = np.random.default_rng(0)
    levels = rng.permutation(100_000)
    write(pd.DataFrame({"gene": [f"g{i}" for i in levels] + ["g7"] * 500, "n": rng.integers(9, size=100_500)}))
    Path("schema.json").write_text('{"columns": {"gene": {"kind": "category"}}}')
    result = run("fit", "data.csv", "-o", "model", "--schema", "schema.json", *QUICK[:4])
    assert result.exit_code == 0, result.stderr
    assert run("sample", "model", "-n", "2000", "-o", "new.csv").exit_code == 0
    drawn = pd.read_csv("new.csv")["gene"]
    assert drawn.str.fullmatch(r"g\d+").all()
    assert drawn.nunique() > 1900


def test_a_full_disk_while_learning_leaves_nothing(run, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write(linked())
    monkeypatch.setattr(os, "fsync", full)
    result = run("augment", "data.csv", *QUICK)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.endswith("No space left on device")
    assert [path.name for path in Path().iterdir()] == ["data.csv"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--target speceis", "did you mean 'species'"),
        ("--where species=Gentoo --where island=Dream", "together 0 of 80 rows"),
        ("--where year=1999", "never has the value 1999 "),
        ("--balance x", "only levels can be balanced"),
        ("--balance label --where label=low", "leave n and conditions out"),
        ("--group island", "groups"),
    ],
)
def test_a_question_that_cannot_be_answered_leaves_no_checkpoint(run, options, message):
    df = linked().assign(species=["Adelie", "Gentoo"] * 40, year=[2007, 2008] * 40)
    write(df.assign(island=["Dream", "Biscoe"] * 40))
    result = run("augment", "data.csv", *options.split(), *QUICK)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert message in line
    assert [path.name for path in Path().iterdir()] == ["data.csv"]


def test_steps_are_counted_from_one(run):
    write(linked())
    assert run("augment", "data.csv", "--max-steps", "0").exit_code == 2
