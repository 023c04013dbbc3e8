from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from problems import clusters, shuffled

Draw = Callable[[int, int], pd.DataFrame]


@pytest.fixture
def draw() -> Draw:
    return clusters


@pytest.fixture
def shuffle() -> Callable[[pd.DataFrame, int, int], pd.DataFrame]:
    return shuffled


@pytest.fixture(autouse=True)
def few_refits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refit ten times less often: what the p-value of equality rests on is tested in test_equality.py."""
    monkeypatch.setattr("ganaug.fidelity.classifiers.equality.N_REFITS", 9)
