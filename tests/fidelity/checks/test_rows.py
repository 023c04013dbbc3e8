from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import clusters

from ganaug.fidelity import CheckResult, Verdict
from ganaug.fidelity.checks.rows import enough_rows
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.rule import Rule


def judge(donor: object) -> CheckResult:
    real, synthetic = clusters(300, 0).assign(donor=donor), clusters(300, 1).assign(donor=np.arange(300) % 10)
    return enough_rows(gather([(real, synthetic, None)], group="donor"), Rule(0.65), np.random.default_rng(0))


@pytest.mark.parametrize(("n", "told"), [(1, "1 group is too few"), (2, "2 groups are too few")])
def test_held_out_rows_of_few_groups_are_too_few(n: int, told: str) -> None:
    result = judge(np.arange(300) % n)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.blocking
    assert result.rows_needed is None
    assert result.reason == f"{told} for any verdict: held-out rows of at least 3 are needed"


def test_three_groups_or_rows_without_one_are_enough() -> None:
    assert judge(np.arange(300) % 3).verdict is Verdict.PASS
    assert judge(pd.Series(["a", *[None] * 299])).verdict is Verdict.PASS
