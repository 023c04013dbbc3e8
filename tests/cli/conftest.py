from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import ganaug
from ganaug.fidelity.report import FidelityReport
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug_cli.main import app

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command line in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments, **options: CliRunner().invoke(app, [str(item) for item in arguments], **options)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    height = rng.normal(170, 9, 60).round(1)
    frame = pd.DataFrame({"height": height, "weight": (height - 100).round().astype(int), "sex": ["f", "m"] * 30})
    frame.to_csv(tmp_path / "data.csv", index=False)
    return tmp_path / "data.csv"


def report_of(verdict: Verdict) -> FidelityReport:
    check = CheckResult(
        "c2st", 0.55, 0.5, 0.6, 0.65, verdict, blocking=verdict is not Verdict.WARN, reason="C2ST AUC .55, at most .60"
    )
    stage = {"stage": "refiner", "v_auc": 0.53, "near_train": 0.01, "seconds": 3.0, "kept": True, "reason": "nearer"}
    return FidelityReport(verdict, (check,), "standard", 60, 60, {}, stages=(stage,), notes=("sex has two levels",))


class FakeAugment:
    """Stands in for `ganaug.augment`: remembers what it was asked, and answers with a given verdict at once."""

    def __init__(self) -> None:
        self.verdict = Verdict.PASS
        self.asked: dict[str, Any] = {}
        self.raises: BaseException | None = None

    def __call__(self, frame: pd.DataFrame, **asked: Any) -> SimpleNamespace:
        self.asked = asked
        if self.raises is not None:
            raise self.raises
        synthetic = frame.assign(is_synthetic=True)
        both = pd.concat([frame.assign(is_synthetic=False), synthetic], ignore_index=True)
        return SimpleNamespace(data=both, synthetic=synthetic, report=report_of(self.verdict), model=FakeModel())


class FakeModel:
    def save(self, folder: Path) -> None:
        folder.mkdir()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeAugment:
    answer = FakeAugment()
    monkeypatch.setattr(ganaug, "augment", answer)
    return answer
