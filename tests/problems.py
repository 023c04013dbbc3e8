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
