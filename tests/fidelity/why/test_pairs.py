from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr

from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.why.axes import correlations
from ganaug.fidelity.why.pairs import Pair, differing_pairs


def pairs(real: pd.DataFrame, synthetic: pd.DataFrame) -> list[Pair]:
    evidence = gather([(real, synthetic, None)])
    return differing_pairs(evidence, evidence.pooled, evidence.is_real, list(range(len(evidence.names))))


def linked(n: int, rho: float, rng: np.random.Generator) -> pd.DataFrame:
    x = rng.standard_normal(n)
    return pd.DataFrame({"x": x, "y": rho * x + np.sqrt(1 - rho**2) * rng.standard_normal(n)})


def test_of_numbers_it_is_spearman() -> None:
    rng = np.random.default_rng(0)
    real, synthetic = linked(300, 0.8, rng), linked(200, 0.1, rng)
    [pair] = pairs(real, synthetic)
    assert pair.real == pytest.approx(spearmanr(real["x"], real["y"]).statistic)
    assert pair.synthetic == pytest.approx(spearmanr(synthetic["x"], synthetic["y"]).statistic)
    assert pair.low < pair.synthetic - pair.real < pair.high < 0
    assert pair.q < 1e-6


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_limits_of_equal_tables_hold_zero_and_p_values_are_uniform(rho: float) -> None:
    rng = np.random.default_rng(1)
    found = [pairs(linked(150, rho, rng), linked(300, rho, rng))[0] for _ in range(300)]
    assert np.mean([pair.low <= 0 <= pair.high for pair in found]) == pytest.approx(0.95, abs=0.035)
    assert np.mean([pair.p < 0.5 for pair in found]) == pytest.approx(0.5, abs=0.08)


def test_the_variance_is_that_of_the_influence_function() -> None:
    z = np.random.default_rng(2).exponential(size=(400, 2))
    z[:, 1] += z[:, 0]
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    r, variance = correlations(z)
    influence = z[:, 0] * z[:, 1] - r[0, 1] * (z**2).sum(axis=1) / 2
    assert r[0, 1] == pytest.approx(pearsonr(*z.T).statistic)
    assert variance[0, 1] == pytest.approx(np.mean(influence**2) / 397)


def test_categories_go_by_the_level_that_differs_most() -> None:
    rng = np.random.default_rng(3)
    kind = rng.choice(["ash", "birch", "cedar"], 600)
    size = rng.standard_normal(600) + 2 * (kind == "cedar")
    real, synthetic = (pd.DataFrame({"kind": kind, "size": each}) for each in (size, rng.permutation(size)))
    [pair] = pairs(real, synthetic)
    evidence = gather([(real, synthetic, None)])
    assert evidence.levels[0][int(pair.a.level)] == "cedar"
    assert pair.real > 0.5
    assert abs(pair.synthetic) < 0.15


def test_gaps_that_hang_on_another_column_are_seen() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((2, 800))
    real = pd.DataFrame({"x": x, "y": np.where(x > 1, np.nan, y)})
    synthetic = pd.DataFrame({"x": x, "y": np.where(rng.permutation(x) > 1, np.nan, y)})
    [pair] = pairs(real, synthetic)
    assert np.isnan(pair.b.level)
    assert pair.q < 1e-6
