from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ganaug.fidelity import Verdict, marginals, validity, value_range

RNG = np.random.default_rng(0)
MINUTES = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(100), unit="min"))


@pytest.mark.parametrize(
    ("real", "synthetic", "reason"),
    [
        (np.arange(100) / 10, np.linspace(0, 9, 50), "`x` has more than 1 decimal in"),
        (np.arange(100), np.linspace(0, 9, 50), "`x` has decimals in"),
        (np.arange(100), np.array(["4"] * 50), "`x` holds a category"),
        (np.array(["a", "b"] * 50), np.arange(50), "where the real rows hold a category"),
        (MINUTES, MINUTES + pd.Timedelta(seconds=7), "`x` is finer than the real times in 100 %"),
    ],
)
def test_impossible_values_are_refused(real: Any, synthetic: Any, reason: str) -> None:
    result = validity(pd.DataFrame({"x": real, "kind": "a"}), pd.DataFrame({"x": synthetic, "kind": "a"}))
    assert result.verdict is Verdict.FAIL
    assert reason in result.reason


@pytest.mark.parametrize(
    ("real", "synthetic"),
    [
        (np.arange(100) / 10, np.arange(50, dtype=np.float32) / np.float32(10)),
        (np.arange(100), np.arange(50.0)),
        (RNG.standard_normal(100), RNG.standard_normal(50)),
        (np.arange(100) * 0.1 + 1e6, np.arange(50) / 10 + 3e6),
        (pd.Categorical([1, 2] * 50), np.array([1, 2] * 25)),
        (pd.Categorical([1, 2] * 50), np.array([1.0, 2.0] * 25)),
        (np.array(["a", None] * 50, dtype=object), np.full(50, np.nan)),
        (np.array([0.5, np.nan, np.inf] * 40), np.array([0.5, np.nan, -np.inf])),
        (MINUTES, MINUTES.sample(frac=0.5, random_state=0)),
    ],
)
def test_possible_values_pass(real: Any, synthetic: Any) -> None:
    result = validity(pd.DataFrame({"x": real, "kind": "a"}), pd.DataFrame({"x": synthetic, "kind": "a"}))
    assert result.verdict is Verdict.PASS, result.reason


def test_values_beyond_the_real_range_and_unknown_levels_flag() -> None:
    real = pd.DataFrame({"x": RNG.standard_normal(300), "kind": RNG.choice(["a", "b"], 300)})
    same = pd.DataFrame({"x": RNG.standard_normal(300), "kind": RNG.choice(["a", "b"], 300)})
    assert value_range(real, same).verdict is Verdict.PASS
    wide = value_range(real, same.assign(x=3 * same["x"]))
    assert wide.verdict is Verdict.WARN
    assert "`x` is outside the real range" in wide.reason
    new = value_range(real, same.assign(kind="c"))
    assert "`kind` has levels that no real row has in 100.0 %" in new.reason


def test_a_column_that_differs_on_its_own_flags() -> None:
    real = pd.DataFrame({"x": RNG.standard_normal(500), "kind": RNG.choice(["a", "b"], 500)})
    assert marginals(real, real.sample(500, random_state=0)).verdict is Verdict.PASS
    moved = marginals(real, real.assign(x=real["x"] + 1))
    assert moved.verdict is Verdict.WARN
    assert moved.reason.startswith("`x` differs most on its own")
    mixed = marginals(real, real.assign(kind="a"))
    assert mixed.effect == pytest.approx(0.5, abs=0.05)
    assert not mixed.blocking
