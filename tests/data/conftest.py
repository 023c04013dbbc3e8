from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def patients(rng):
    """One column of every kind, 60 rows."""
    n = 60
    return pd.DataFrame(
        {
            "patient": [f"P{number:04d}" for number in range(12, 12 + n)],
            "age": rng.integers(20, 90, n),
            "weight": rng.normal(70, 9, n).round(1),
            "sex": rng.choice(["female", "male"], n),
            "smoker": rng.random(n) < 0.3,
            "visit": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 40, n), unit="D"),
            "stay": pd.to_timedelta(rng.integers(1, 9, n), unit="h"),
            "site": "Basel",
            "remark": [f"patient number {number} came in with a cough and left without" for number in range(n)],
        }
    )
