from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from problems import clusters, shuffled

from ganaug.fidelity import FidelityChecker, FidelityReport
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.page.collect import collect

STAGE = {"stage": "trees", "v_auc": 0.563, "near_train": None, "seconds": 1.4, "kept": True, "reason": "best"}
HISTORY = [
    {"step": step, "critic_loss": 1.4 - step / 999, "generator_loss": 0.7, "modes": None, "score": 0.6}
    for step in (50.0, 100.0, 150.0)
]


@cache
def judged(kind: str) -> FidelityReport:
    real, rows = clusters(150, 0), {"passed": 400, "refused": 400, "few": 9}[kind]
    synthetic = shuffled(real, rows, 1) if kind == "refused" else clusters(rows, 1)
    report = FidelityChecker(target="kind").check(real, synthetic)
    evidence = gather([(real, synthetic, None)], target="kind")
    pictures = report.pictures or collect(evidence, report.checks, np.random.default_rng(0))
    return replace(report, stages=(STAGE,), pictures={**pictures, "training": HISTORY})


@pytest.fixture(scope="session")
def refused() -> FidelityReport:
    return judged("refused")


@pytest.fixture(scope="session", params=["passed", "refused", "few"])
def report(request: pytest.FixtureRequest) -> FidelityReport:
    return judged(request.param)
