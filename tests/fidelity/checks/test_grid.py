from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ganaug.fidelity import Verdict, validity

RNG = np.random.default_rng(0)


def judge(real: np.ndarray, synthetic: np.ndarray) -> tuple[Verdict, str]:
    found = validity(pd.DataFrame({"x": real, "kind": "a"}), pd.DataFrame({"x": synthetic, "kind": "a"}))
    return found.verdict, found.reason


@pytest.mark.parametrize(
    ("decimals", "told"), [(1, "has at most 1 decimal in 100 %"), (0, "has at most 0 decimals in 100 %")]
)
def test_a_rounded_column_is_refused(decimals: int, told: str) -> None:
    real, drawn = RNG.normal(scale=20, size=(2, 500)).round(2)
    verdict, reason = judge(real, drawn.round(decimals))
    assert verdict is Verdict.FAIL
    assert told in reason


def test_rounding_what_had_no_grid_is_found_too() -> None:
    verdict, reason = judge(RNG.normal(size=500), RNG.normal(size=500).round(2))
    assert verdict is Verdict.FAIL
    assert "has at most 2 decimals" in reason


@pytest.mark.parametrize("zeros", [0.2, 0.9])
def test_another_share_of_zeros_is_not_rounding(zeros: float) -> None:
    real, drawn = RNG.normal(size=(2, 800)).round(2)
    assert judge(real, np.where(RNG.random(800) < zeros, 0.0, drawn))[0] is Verdict.PASS


def test_honest_values_are_not_rounded() -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        real, drawn = rng.gamma(1.0, 3.0, size=(2, 100)).round(seed % 3)
        assert judge(real, drawn)[0] is Verdict.PASS


def test_times_cut_to_days_are_refused() -> None:
    moments = pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(10**8, size=(2, 300)).ravel(), "s")
    verdict, reason = judge(moments[:300].to_numpy(), moments[300:].floor("D").to_numpy())
    assert verdict is Verdict.FAIL
    assert "has rounder times" in reason


def test_numbers_at_the_end_of_the_floats_have_no_steps() -> None:
    real, drawn = 1e307 * RNG.normal(size=(2, 300))
    assert judge(real, drawn)[0] is Verdict.PASS
