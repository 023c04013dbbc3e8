from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

QUICK = ("--time-budget", "5", "--max-steps", "5")


@pytest.fixture
def model(run, data):
    assert run("fit", data, "-o", "model", *QUICK).exit_code == 0
    return Path("model")


def test_a_model_draws_rows_of_its_table(run, data, model):
    result = run("sample", model, "-n", "30", "-o", "new.csv")
    assert result.exit_code == 0
    assert "wrote new.csv (30 rows)" in result.stderr
    new, real = pd.read_csv("new.csv"), pd.read_csv(data)
    assert len(new) == 30
    assert new.columns.tolist() == real.columns.tolist()
    assert set(new["sex"]) <= {"f", "m"}


def test_rows_on_stdout(run, model):
    result = run("sample", model, "-n", "12", "--where", "sex=f")
    assert result.exit_code == 0
    assert pd.read_csv(io.StringIO(result.stdout))["sex"].tolist() == ["f"] * 12


def test_the_seed_decides(run, model):
    drawn = [run("sample", model, "-n", "9", "--seed", seed).stdout for seed in "112"]
    assert drawn[0] == drawn[1] != drawn[2]


def test_json(run, data):
    printed = json.loads(run("fit", data, "-o", "model", *QUICK, "--json").stdout)
    assert printed["model"] == "model"
    assert printed["stages"]
    printed = json.loads(run("sample", "model", "-n", "5", "-o", "new.parquet", "--json").stdout)
    assert printed == {"command": "sample", "exit_code": 0, "output": "new.parquet", "n_synthetic": 5}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none", "-n", "5"], "none is not a model folder"),
        (["model", "-n", "0"], "--rows must be 1 or more"),
        (["model", "-n", "5", "-o", "none/new.csv"], "there is no folder none"),
        (["model", "-n", "5", "--json"], "--output"),
        (["model", "-n", "5", "--where", "sexx=f"], "did you mean 'sex'"),
    ],
)
def test_what_cannot_be_drawn(run, model, arguments, message):
    result = run("sample", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_model_never_replaces_something_else(run, data):
    Path("thesis").mkdir()
    (Path("thesis") / "thesis.txt").touch()
    result = run("fit", data, "-o", "thesis")
    assert result.exit_code == 2
    assert "thesis.txt" in result.stderr
