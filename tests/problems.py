"""Problems with known answers, shared by the tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ganaug.layout import Levels


def dependent_codes(n: int, rng: np.random.Generator) -> tuple[np.ndarray, Levels]:
    """Three columns of codes: a class, a category that mostly equals it, a number that grows with it."""
    label = rng.integers(3, size=n)
    like = np.where(rng.random(n) < 0.9, label, rng.integers(3, size=n))
    number = np.clip(np.round(10 * label + 3 * rng.normal(size=n)) + 10, 0, 49)
    codes = np.stack([label, like, number], axis=1).astype(np.int32)
    return codes, Levels(np.array([3, 3, 50]), np.array([False, False, True]))


def linked_table(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """A number, another that follows it (correlation .9), a class that follows both, and a category of its own."""
    x = rng.normal(size=n).round(2)
    y = (0.9 * x + np.sqrt(1 - 0.81) * rng.normal(size=n)).round(2)
    label = np.where(x + y + 0.3 * rng.normal(size=n) > 0, "high", "low")
    return pd.DataFrame({"x": x, "y": y, "label": label, "site": rng.choice(["a", "b", "c"], size=n)})


def unique_codes(n: int, c: int, rng: np.random.Generator) -> tuple[np.ndarray, Levels]:
    """Numbers that depend on each other, and of which no two rows share one: any copied row can be told."""
    values = rng.normal(size=(n, 1)) + 0.3 * rng.normal(size=(n, c))
    codes = values.argsort(axis=0).argsort(axis=0).astype(np.int32)
    return codes, Levels(np.full(c, n), np.ones(c, dtype=bool))
