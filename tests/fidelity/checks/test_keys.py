from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ganaug.fidelity import Verdict, validity

RNG = np.random.default_rng(0)


def judge(real: np.ndarray, synthetic: np.ndarray) -> tuple[Verdict, str]:
    result = validity(pd.DataFrame({"id": real, "kind": "a"}), pd.DataFrame({"id": synthetic, "kind": "a"}))
    return result.verdict, result.reason


@pytest.mark.parametrize("key", [np.arange(1000, 1400), np.array([f"patient {i}" for i in range(400)])])
def test_a_key_that_comes_twice_is_refused(key: np.ndarray) -> None:
    verdict, reason = judge(key, RNG.choice(key, 200))
    assert verdict is Verdict.FAIL
    assert reason.startswith("`id` is another in every real row, and")
    assert judge(key, RNG.permutation(key)[:200])[0] is Verdict.PASS


@pytest.mark.parametrize(
    "values",
    [
        RNG.normal(size=400).round(6),
        RNG.choice(10**6, 400, replace=False),
        pd.Series(pd.date_range("2024", periods=400, freq="h")),
        np.array([f"patient {i}" for i in range(200)] * 2),
        np.array(["only", "a", "few"]),
    ],
)
def test_values_that_describe_rows_may_come_again(values: np.ndarray) -> None:
    again = pd.Series(values).sample(300, replace=True, random_state=0).to_numpy()
    assert judge(np.asarray(values), again)[0] is Verdict.PASS


def test_two_draws_of_a_cross_fitted_table_may_use_a_key_both() -> None:
    from ganaug.fidelity.checks.validity import validity as check
    from ganaug.fidelity.evidence.gathering import gather
    from ganaug.fidelity.rule import Rule

    table = pd.DataFrame({"id": np.arange(200), "x": RNG.normal(size=200)})
    folds = [(table[:100], table, table[100:]), (table[100:], table, table[:100])]
    assert check(gather(folds), Rule(0.05), RNG).verdict is Verdict.PASS
