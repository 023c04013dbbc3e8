from __future__ import annotations

import io
import sys

import pytest

from ganaug.progress import Progress
from ganaug_cli.progress import describe, live_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with live_progress() as draw:
        assert draw is None
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_the_stage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    with live_progress() as draw:
        assert draw is not None
        draw(Progress("refiner", 200, 1000, 0.571, 63.2))
    assert "refiner" in terminal.getvalue()
    assert "step 200 of 1,000, V score 0.571, 63 s left" in terminal.getvalue()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress("judge"), ""),
        (Progress("proposal", score=0.5), "V score 0.500"),
        (Progress("refiner", 1, 5, None, 9.6), "step 1 of 5, 10 s left"),
    ],
)
def test_only_what_is_known_is_said(progress: Progress, text: str) -> None:
    assert describe(progress) == text
