from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import clusters, shuffled

from ganaug.fidelity.checks.memorisation import copies, nearness
from ganaug.fidelity.evidence.gathering import Evidence, gather
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule


def evidence(synthetic: pd.DataFrame, n: int = 200, seed: int = 0) -> Evidence:
    return gather([(clusters(n, 1000 + seed), synthetic, clusters(4 * n, 2000 + seed))])


def near(synthetic: pd.DataFrame, seed: int = 0) -> CheckResult:
    return nearness(evidence(synthetic, seed=seed), Rule(0.5), np.random.default_rng(0))


def mixed(share: float, n: int = 800) -> pd.DataFrame:
    copied = clusters(800, 2000).head(round(share * n))
    return pd.concat([copied, clusters(n - len(copied), 3000)])


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_effect_is_the_share_of_copies(share: float) -> None:
    result = near(mixed(share))
    assert result.effect == pytest.approx(share, abs=0.2)
    assert result.low - 0.05 <= share <= result.high + 0.05
    assert copies(evidence(mixed(share)), Rule(0.05), np.random.default_rng(0)).effect == pytest.approx(share, abs=0.01)


def test_a_copy_of_the_training_rows_fails_both() -> None:
    assert near(mixed(1.0)).verdict is Verdict.FAIL
    assert copies(evidence(mixed(1.0)), Rule(0.05), np.random.default_rng(0)).verdict is Verdict.FAIL


def test_jittered_copies_are_near_though_none_is_equal() -> None:
    rng, table = np.random.default_rng(0), mixed(1.0)
    table["length"] += 0.01 * rng.integers(-2, 3, 800)
    table["width"] += 0.001 * rng.integers(1, 9, 800)
    assert copies(evidence(table), Rule(0.05), np.random.default_rng(0)).verdict is Verdict.PASS
    assert near(table).verdict is Verdict.FAIL


@pytest.mark.parametrize("source", ["real", "shuffled", "collapsed"])
def test_without_copying_the_limits_hold_however_bad_the_rows(source: str) -> None:
    results = []
    for seed in range(30):
        table = clusters(400, 5000 + seed)
        table = {"real": table, "shuffled": shuffled(table, 400, seed), "collapsed": table.loc[[0, 1] * 200]}[source]
        results.append(near(table, seed))
    assert sum(result.low > 0 for result in results) <= 5
    assert not any(result.verdict is Verdict.FAIL for result in results)


def test_rows_of_categories_that_repeat_anyway_are_no_copies() -> None:
    rng = np.random.default_rng(0)
    draw = lambda n: pd.DataFrame(rng.choice(["a", "b", "c"], (n, 3)))  # noqa: E731
    looked_at = gather([(draw(300), draw(600), draw(1200))])
    assert copies(looked_at, Rule(0.05), np.random.default_rng(0)).verdict is Verdict.PASS
    assert nearness(looked_at, Rule(0.5), rng).effect == pytest.approx(0, abs=0.4)
