from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def tables(tmp_path):
    """Real rows, more rows of the same kind, and rows without the dependence between the columns."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=1200)
    rows = pd.DataFrame({"x": x, "y": x + rng.normal(size=1200) / 10, "kind": np.where(x > 0, "high", "low")}).round(3)
    rows[:600].to_csv(tmp_path / "real.csv", index=False)
    rows[600:].to_csv(tmp_path / "good.csv", index=False)
    rows[600:].assign(y=rng.permutation(rows["y"][600:])).to_csv(tmp_path / "bad.csv", index=False)
    rows[:20].to_csv(tmp_path / "few.csv", index=False)


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(
    ("real", "synthetic", "code", "verdict"),
    [
        ("real.csv", "good.csv", 0, "pass"),
        ("real.csv", "bad.csv", 3, "fail"),
        ("few.csv", "good.csv", 4, "inconclusive"),
    ],
)
def test_the_exit_code_is_the_verdict(run, real, synthetic, code, verdict):
    result = run("check", real, synthetic, "--json", "--report", "verdict.html")
    assert result.exit_code == code
    printed = json.loads(result.stdout)
    assert printed["command"] == "check"
    assert printed["verdict"] == verdict
    assert json.loads(Path("verdict.json").read_text())["verdict"] == verdict


@pytest.mark.usefixtures("tables")
def test_copies_of_the_training_rows_are_found(run):
    result = run("check", "real.csv", "good.csv", "--train", "good.csv", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["verdict"] == "fail"


@pytest.mark.usefixtures("tables")
def test_without_a_report_nothing_is_written(run, tmp_path):
    before = sorted(tmp_path.iterdir())
    assert run("check", "real.csv", "good.csv", "--profile", "lenient", "--target", "kind").exit_code == 0
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("tables")
def test_the_report_never_replaces_a_table(run, tmp_path):
    result = run("check", "real.csv", "good.csv", "--report", "none/verdict.html")
    assert result.exit_code == 2
    assert "there is no folder none" in result.stderr


@pytest.mark.usefixtures("tables")
def test_trying_other_rows_beside_an_earlier_report_is_counted(run):
    attempts = []
    for synthetic in ("bad.csv", "bad.csv", "good.csv"):
        printed = json.loads(run("check", "real.csv", synthetic, "--json", "--report", "verdict.html").stdout)
        attempts.append(printed["attempt"])
    assert attempts == [1, 1, 2]
    Path("verdict.json").write_text("{}")  # no report: counted from the start
    assert json.loads(run("check", "real.csv", "good.csv", "--json", "--report", "verdict").stdout)["attempt"] == 1
