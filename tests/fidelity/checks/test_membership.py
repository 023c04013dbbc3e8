from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import clusters, shuffled

from ganaug.fidelity.checks.membership import membership
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule


def attacked(synthetic: pd.DataFrame, seed: int = 0, n: int = 300) -> CheckResult:
    held_out, train = clusters(n, 1000 + seed), clusters(900, 2000 + seed)
    return membership(gather([(held_out, synthetic, train)]), Rule(0.65), np.random.default_rng(0))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_copies_of_a_share_of_the_training_rows_give_half_that_share(share: float) -> None:
    copied = clusters(900, 2000).head(round(900 * share))
    result = attacked(pd.concat([copied, clusters(900 - len(copied), 3000)]))
    assert result.effect == pytest.approx(0.5 + share / 2, abs=0.06)
    assert result.verdict is (Verdict.FAIL if share >= 0.5 else Verdict.PASS if share == 0 else result.verdict)


def test_jittered_copies_are_told() -> None:
    rng, train = np.random.default_rng(0), clusters(900, 2000)
    moved = train.assign(length=train["length"] + 0.02, width=train["width"] + 0.01 * rng.integers(-2, 3, 900))
    result = attacked(moved)
    assert result.verdict is Verdict.FAIL
    assert "no privacy guarantee" in result.reason


@pytest.mark.parametrize("source", ["real", "shuffled", "collapsed"])
def test_without_copying_the_auc_is_a_half_however_bad_the_rows(source: str) -> None:
    results = []
    for seed in range(30):
        table = clusters(400, 5000 + seed)
        table = {"real": table, "shuffled": shuffled(table, 400, seed), "collapsed": table.loc[[0, 1] * 200]}[source]
        results.append(attacked(table, seed))
    assert np.mean([result.effect for result in results]) == pytest.approx(0.5, abs=0.02)
    assert sum(result.low > 0.5 for result in results) <= 5
    assert sum(result.details["p_equal"] <= 0.1 for result in results) <= 8


def test_training_rows_may_be_many_more_than_held_out_ones() -> None:
    train, synthetic = clusters(3000, 1), clusters(2000, 2)
    looked_at = gather([(clusters(150, 0), synthetic, train)])
    assert membership(looked_at, Rule(0.65), np.random.default_rng(0)).verdict is Verdict.PASS


def test_rows_that_cannot_be_told_apart_are_no_copies() -> None:
    rows = pd.DataFrame({"x": ["a", "b"] * 100})
    result = membership(gather([(rows, rows, rows)]), Rule(0.65), np.random.default_rng(0))
    assert (result.effect, result.low, result.high) == (0.5, 0.5, 0.5)
    assert result.details["p_equal"] == 0.5


def test_few_rows_only_flag() -> None:
    assert not attacked(clusters(400, 9), n=40).blocking
    assert attacked(clusters(900, 2000), n=40).blocking


def test_each_fold_is_attacked_by_its_own_rows() -> None:
    parts = [clusters(100, seed) for seed in range(3)]
    others = [pd.concat([part for part in parts if part is not own]) for own in parts]
    honest = [(own, clusters(300, 10 + k), other) for k, (own, other) in enumerate(zip(parts, others, strict=True))]
    copied = [(own, other, other) for own, other in zip(parts, others, strict=True)]
    looked_at, rng = Rule(0.65), np.random.default_rng(0)
    assert membership(gather(honest), looked_at, rng).verdict is Verdict.PASS
    assert membership(gather(copied), looked_at, rng).effect > 0.95
