from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pandas as pd
import pytest

from ganaug.errors import TrainingDiverged
from ganaug.fidelity.result import Verdict
from ganaug.persistence import save_folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"data.csv"}


def test_rows_and_report_lie_beside_the_input(run, fake, data):
    result = run("augment", data)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert names(data.parent) == {"data.augmented.csv", "data.report.html", "data.report.json"}
    written = pd.read_csv(data.parent / "data.augmented.csv")
    assert written["is_synthetic"].tolist() == [False] * 60 + [True] * 60
    pd.testing.assert_frame_equal(written[:60].drop(columns="is_synthetic"), pd.read_csv(data))
    assert json.loads((data.parent / "data.report.json").read_text())["verdict"] == "pass"


def test_a_person_reads_the_verdict_the_checks_the_stages_and_the_notes(run, fake, data):
    said = run("augment", data).stderr
    for words in ("passed: C2ST AUC .55", "refiner", "0.530", "note: sex has two levels", "data.augmented.csv"):
        assert words in said


def test_options_reach_the_library(run, fake, data):
    options = ["--target", "sex", "--group", "height", "--rows", "7", "--profile", "strict", "--seed", "3"]
    assert run("augment", data, *options, "--time-budget", "9", "--where", "sex=f").exit_code == 0
    asked = fake.asked
    assert (asked["target"], asked["group"], asked["n"], asked["profile"]) == ("sex", "height", 7, "strict")
    assert (asked["time_budget"], asked["random_state"], asked["conditions"]) == (9.0, 3, {"sex": ["f"]})
    assert asked["checkpoint"] == data.parent / "data.checkpoint"
    assert asked["resume"] is False


def test_times_counts_the_real_rows(run, fake, data):
    assert run("augment", data, "--times", "2.5").exit_code == 0
    assert fake.asked["n"] == 150


def test_balance_is_handed_on(run, fake, data):
    assert run("augment", data, "--balance", "sex").exit_code == 0
    assert (fake.asked["balance"], fake.asked["n"]) == ("sex", None)


def test_the_model_knows_the_steps(run, fake, data):
    assert run("augment", data, "--max-steps", "5", "--device", "cpu").exit_code == 0
    assert fake.asked["model"].get_params()["max_steps"] == 5


def test_synthetic_rows_alone_in_another_format(run, fake, data):
    assert run("augment", data, "--synthetic-only", "-o", "new.parquet", "--model", "model").exit_code == 0
    assert len(pd.read_parquet("new.parquet")) == 60
    assert names(data.parent) == {"new.parquet", "new.report.html", "new.report.json", "model"}


def test_stdin(run, fake, data):
    text = data.read_text()
    assert run("augment", "-", "-o", "new.csv", input=text).exit_code == 0
    assert len(pd.read_csv("new.csv")) == 120


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.FAIL, 3), (Verdict.INCONCLUSIVE, 4)])
def test_refused_rows_are_not_written_and_older_ones_stay(run, fake, data, verdict, code):
    fake.verdict = verdict
    assert run("augment", data, "--model", "model").exit_code == code
    assert names(data.parent) == {"data.report.html", "data.report.json"}
    (data.parent / "data.augmented.csv").write_text("older")
    result = run("augment", data)
    assert result.exit_code == code
    assert "no rows were written; " in result.stderr
    assert "data.augmented.csv is of an earlier run" in result.stderr
    assert (data.parent / "data.augmented.csv").read_text() == "older"


def test_a_warning_is_a_pass(run, fake, data):
    fake.verdict = Verdict.WARN
    assert run("augment", data).exit_code == 0
    assert "data.augmented.csv" in names(data.parent)


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL])
def test_json_is_one_object_on_stdout(run, fake, data, verdict):
    fake.verdict = verdict
    result = run("augment", data, "--json")
    printed = json.loads(result.stdout)
    assert printed["exit_code"] == result.exit_code
    assert printed["verdict"] == printed["report"]["verdict"] == verdict.value
    assert (printed["output"] is not None) == (verdict is Verdict.PASS)


def test_json_holds_for_errors_too(run, fake, data):
    result = run("augment", data, "--rows", "0", "--json")
    assert json.loads(result.stdout) == {"error": "--rows must be 1 or more, not 0", "exit_code": 2}


def test_an_interrupted_run_names_its_checkpoint(run, fake, data):
    save_folder(data.parent / "data.checkpoint", {}, {}, kind="checkpoint")
    fake.raises = KeyboardInterrupt()
    result = run("augment", data)
    assert result.exit_code == 130
    assert "data.checkpoint is kept, the same command with --resume goes on" in result.stderr
    assert names(data.parent) == {"data.checkpoint"}
    fake.raises = None
    assert run("augment", data, "--resume").exit_code == 0
    assert fake.asked["resume"] is True
    assert "data.checkpoint" not in names(data.parent)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (TrainingDiverged("the game left the finite numbers", 7), "ganaug: error: the game left the finite numbers"),
        (ZeroDivisionError("a\nb"), "ganaug: error: unexpected ZeroDivisionError: a b (GANAUG_TRACEBACK=1 shows where"),
    ],
)
def test_the_unexpected_is_one_line_too(run, fake, data, error, line):
    fake.raises = error
    result = run("augment", data)
    assert result.exit_code == 1
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1
    assert names(data.parent) == set()


def test_a_traceback_on_demand(run, fake, data):
    fake.raises = ZeroDivisionError("here")
    assert run("augment", data, env={"GANAUG_TRACEBACK": "1"}).exception is fake.raises


def test_print_schema_and_schema(run, fake, data):
    printed = run("augment", data, "--print-schema")
    schema = json.loads(printed.stdout)
    assert schema["columns"]["weight"]["kind"] == "integer"
    assert names(data.parent) == set()
    schema["columns"]["weight"]["kind"] = "category"
    (data.parent / "schema.json").write_text(json.dumps(schema))
    assert run("augment", data, "--schema", "schema.json").exit_code == 0
    assert fake.asked["schema"]["weight"].kind == "category"
    assert fake.asked["schema"]["height"].kind == "continuous"


def test_a_full_disk_is_one_line_and_keeps_the_older_rows(run, fake, data, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (data.parent / "data.augmented.csv").write_text("older")
    monkeypatch.setattr(os, "fsync", full)
    result = run("augment", data)
    assert result.exit_code == 2
    assert result.stderr == f"ganaug: error: {data.parent / 'data.report.html'}: No space left on device\n"
    assert names(data.parent) == {"data.augmented.csv"}
    assert (data.parent / "data.augmented.csv").read_text() == "older"
