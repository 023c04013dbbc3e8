from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import clusters, shuffled

from ganaug.fidelity import CheckResult, Verdict, mmd
from ganaug.fidelity.checks.mmd import mmd2


def gaussian(x: np.ndarray) -> np.ndarray:
    return np.exp(-((x[:, None] - x) ** 2) / 2)


def judge(real: pd.DataFrame, synthetic: pd.DataFrame, margin: float = 0.25) -> CheckResult:
    return mmd(real, synthetic, margin=margin)


def test_mmd2_is_the_double_sum() -> None:
    rng = np.random.default_rng(0)
    kernel, n = gaussian(rng.standard_normal(11)), 5
    xx, yy, xy = kernel[:n, :n], kernel[n:, n:], kernel[:n, n:]
    slow = (xx.sum() - 5) / 20 + (yy.sum() - 6) / 30 - 2 * xy.mean()
    labels = np.repeat([1.0, 0.0], [5, 6])[:, None]
    assert mmd2(kernel, labels)[0] == pytest.approx(slow, abs=1e-12)


def test_mmd2_of_two_gaussians_is_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([1.0, 0.0], 500)[:, None]
    found = [mmd2(gaussian(rng.standard_normal(1000) + labels[:, 0]), labels)[0] for _ in range(30)]
    assert np.mean(found) == pytest.approx(2 / np.sqrt(3) * (1 - np.exp(-1 / 6)), abs=4 * np.std(found) / 30**0.5)


def test_the_ratio_is_nought_for_real_rows_and_one_for_independent_columns() -> None:
    real = clusters(600, 0)
    same, apart = judge(real, clusters(600, 1)), judge(real, shuffled(clusters(600, 2), 600, 3))
    assert same.verdict is Verdict.PASS
    assert same.effect == pytest.approx(0, abs=0.15)
    assert apart.verdict is Verdict.FAIL
    assert apart.effect == pytest.approx(1, abs=0.3)
    assert apart.details["p_equal"] == 1 / 500


def test_permutation_p_values_are_uniform_under_equality() -> None:
    p = np.array([judge(clusters(60, seed), clusters(60, 1000 + seed)).details["p_equal"] for seed in range(60)])
    assert 0.35 < p.mean() < 0.65
    assert np.mean(p <= 0.1) <= 0.22


def test_where_columns_are_independent_there_is_no_yardstick_and_no_veto() -> None:
    rng = np.random.default_rng(0)
    real, synthetic = (pd.DataFrame(rng.standard_normal((200, 3))) for _ in range(2))
    result = judge(real, synthetic)
    assert not result.blocking
    assert "yardstick" in result.reason or result.verdict is not Verdict.FAIL
