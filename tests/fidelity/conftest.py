from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

Draw = Callable[[int, int], pd.DataFrame]


def clusters(n: int, seed: int) -> pd.DataFrame:
    """Three clusters in four numbers and two categories that all hang together; one column has gaps."""
    rng = np.random.default_rng(seed)
    kind, shared = rng.choice(3, n, p=[0.5, 0.35, 0.15]), rng.standard_normal((n, 1))
    x = shared + 0.5 * rng.standard_normal((n, 3)) + kind[:, None] * np.array([1.5, -1, 0])
    return pd.DataFrame(
        {
            "length": x[:, 0].round(2),
            "width": x[:, 1].round(3),
            "mass": np.where(rng.random(n) < 0.1, np.nan, x[:, 2].round(1)),
            "count": np.rint(10 * np.exp(shared[:, 0])).astype(int),
            "kind": np.array(["ash", "birch", "cedar"])[kind],
            "sex": np.where(rng.random(n) < 1 / (1 + np.exp(-1.5 * shared[:, 0])), "female", "male"),
        }
    )


def shuffled(table: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """Independent columns with the right marginals."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({name: table[name].sample(n, replace=True, random_state=rng).to_numpy() for name in table})


@pytest.fixture
def draw() -> Draw:
    return clusters


@pytest.fixture
def shuffle() -> Callable[[pd.DataFrame, int, int], pd.DataFrame]:
    return shuffled
