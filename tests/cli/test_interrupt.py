"""A real process, a real Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from problems import linked_table

# the steps decide and not the clock, so that every run ends alike
OPTIONS = ("data.csv", "--target", "label", "--max-steps", "30", "--time-budget", "900", "--profile", "lenient")
PATIENCE = 120  # seconds


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ganaug_cli", "augment", *OPTIONS, *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def wait_for_steps(process: subprocess.Popen[str], checkpoint: Path) -> None:
    """Return when training is under way, and some of it is kept."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        head = checkpoint / "model.json"
        if head.exists() and json.loads(head.read_text())["meta"]["run"]:
            return
        time.sleep(0.01)
    pytest.fail(f"no training was seen: {process.stderr and process.stderr.read()}")


@pytest.mark.skipif(os.name != "posix", reason="another Ctrl-C")
def test_an_interrupted_run_resumes_to_the_same_bytes(tmp_path):
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
        linked_table(110, np.random.default_rng(0)).to_csv(tmp_path / name / "data.csv", index=False)
    whole, broken = tmp_path / "whole", tmp_path / "broken"

    process = start(broken)
    wait_for_steps(process, broken / "data.checkpoint" / "generator-2")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert said == "ganaug: interrupted: data.checkpoint is kept, the same command with --resume goes on\n"
    assert {path.name for path in broken.iterdir()} == {"data.csv", "data.checkpoint"}

    for folder, more in ((broken, ["--resume"]), (whole, [])):
        process = start(folder, *more)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
    names = {"data.csv", "data.augmented.csv", "data.report.html", "data.report.json"}
    assert {path.name for path in broken.iterdir()} == {path.name for path in whole.iterdir()} == names
    rows = [(folder / "data.augmented.csv").read_bytes() for folder in (whole, broken)]
    assert rows[0] == rows[1]
    reports = [json.loads((folder / "data.report.json").read_text()) for folder in (whole, broken)]
    for report in reports:
        for stage in report["stages"]:
            del stage["seconds"]
    assert reports[0] == reports[1]


@pytest.mark.skipif(os.name != "posix", reason="another Ctrl-C")
def test_a_checkpoint_belongs_to_its_settings(tmp_path):
    linked_table(80, np.random.default_rng(0)).to_csv(tmp_path / "data.csv", index=False)
    process = start(tmp_path)
    wait_for_steps(process, tmp_path / "data.checkpoint" / "generator-1")
    process.kill()
    process.communicate(timeout=PATIENCE)
    other = start(tmp_path, "--resume", "--seed", "7")
    _, said = other.communicate(timeout=PATIENCE)
    assert other.returncode == 2
    assert said.startswith("ganaug: error: ")
    assert "is the checkpoint of another table" in said
    assert said.count("\n") == 1
    assert (tmp_path / "data.checkpoint" / "generator-1").is_dir(), "what can still be resumed has to stay"
