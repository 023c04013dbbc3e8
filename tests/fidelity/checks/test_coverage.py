from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import clusters

from ganaug.fidelity import CheckResult, Verdict, coverage


def judge(real: pd.DataFrame, synthetic: pd.DataFrame, seed: int = 0) -> CheckResult:
    return coverage(real, synthetic, rng=seed)


@pytest.mark.parametrize(("n", "m"), [(150, 150), (150, 60), (150, 600)])
def test_real_rows_leave_nothing_and_the_limits_hold(n: int, m: int) -> None:
    results = [judge(clusters(n, seed), clusters(m, 100 + seed), seed) for seed in range(40)]
    effects = np.array([result.effect for result in results])
    assert effects.mean() == pytest.approx(0, abs=4 * effects.std() / 40**0.5)
    assert sum(result.high < 0 for result in results) <= 6
    assert sum(result.low > 0 for result in results) <= 6


def test_a_cluster_that_is_not_reached_fails() -> None:
    synthetic = clusters(800, 1)
    result = judge(clusters(400, 0), synthetic[synthetic["kind"] != "birch"].head(400))
    assert result.verdict is Verdict.FAIL
    assert result.effect == pytest.approx(0.35, abs=0.08)


def test_a_collapse_to_one_row_fails() -> None:
    assert judge(clusters(200, 0), clusters(1, 1).loc[[0] * 200]).verdict is Verdict.FAIL
