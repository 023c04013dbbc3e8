from __future__ import annotations

import os
import subprocess
import sys
from time import perf_counter

import pytest

import ganaug

COMMANDS = ["augment", "equalize", "fit", "sample", "check", "bench"]


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ganaug_cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)


def test_help_is_quick_and_light():
    def seconds() -> float:
        start = perf_counter()
        process("--help")
        return perf_counter() - start

    assert min(seconds() for _ in range(3)) < 1
    loaded = process("--help", PYTHONPROFILEIMPORTTIME="1").stderr
    assert not [name for name in ("torch", "pandas", "sklearn", "scanpy") if f"{name}\n" in loaded]


def test_every_command_is_listed(run):
    said = run("--help").stdout
    assert all(command in said for command in COMMANDS)
    assert "Exit codes: 0 pass or warn" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_by_example(run, command):
    said = run(command, "--help").stdout
    assert f"ganaug {command} " in said.partition("Examples")[2]


def test_version(run):
    assert run("--version").stdout == f"ganaug {ganaug.__version__}\n"


def test_no_command_shows_the_help(run):
    result = run()
    assert result.exit_code == 2
    assert "Usage" in result.output


def test_completion_knows_options_and_values():
    words = process(_GANAUG_COMPLETE="complete_bash", COMP_WORDS="ganaug augment data.csv --pro", COMP_CWORD="3")
    assert "--profile" in words.stdout.split()
    words = process(_GANAUG_COMPLETE="complete_bash", COMP_WORDS="ganaug augment --profile st", COMP_CWORD="3")
    assert set(words.stdout.split()) == {"strict", "standard"}


def test_an_error_in_a_real_process_has_no_traceback(tmp_path):
    done = process("augment", str(tmp_path / "none.csv"), "--rows", "5")
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("ganaug: error: ")
