from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ganaug.fidelity import CheckResult, Verdict, c2st
from ganaug.fidelity.classifiers import equality
from ganaug.fidelity.classifiers.leak import p_leak
from ganaug.fidelity.classifiers.limits import Measured


@pytest.fixture(autouse=True)
def no_refits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "N_REFITS", 1)


def judge(real: np.ndarray, synthetic: np.ndarray) -> CheckResult:
    return c2st(pd.DataFrame(real), pd.DataFrame(synthetic))


def is_accused(result: CheckResult) -> bool:
    return "the generator has seen them" in result.reason


@pytest.mark.parametrize("jitter", [0.0, 1e-3, 0.1])
def test_copies_of_held_out_rows_are_an_error_whether_exact_or_jittered(jitter: float) -> None:
    rng = np.random.default_rng(0)
    held_out = rng.standard_normal((200, 4))
    result = judge(held_out, held_out + jitter * rng.standard_normal(held_out.shape))
    assert is_accused(result)
    assert result.verdict is Verdict.FAIL
    assert result.blocking
    assert result.details["p_fail"] < 1e-3
    assert result.details["auc_leak"] < 0.4


def test_held_out_rows_drawn_again_and_again_are_an_error() -> None:
    rng = np.random.default_rng(1)
    held_out = rng.standard_normal((200, 4))
    assert is_accused(judge(held_out, held_out[rng.integers(200, size=600)]))


def test_a_half_of_copies_is_enough() -> None:
    rng = np.random.default_rng(2)
    held_out, fresh = rng.standard_normal((2, 300, 5))
    assert is_accused(judge(held_out, np.concatenate([held_out[:150] + 0.01, fresh[150:]])))


def test_fresh_rows_are_not_accused() -> None:
    rng = np.random.default_rng(3)
    accused = [is_accused(judge(*rng.standard_normal((2, 80, 3)))) for _ in range(5)]
    assert not any(accused)


def test_a_table_without_repetitions_accuses_nobody() -> None:
    """Of few levels, each held-out row there once: honest rows meet them more often than they meet each other."""
    rng = np.random.default_rng(4)
    population = np.stack(np.meshgrid(*[np.arange(4.0)] * 4), -1).reshape(-1, 4)
    held_out = rng.permutation(population)[:128]
    assert not is_accused(judge(held_out, population[rng.integers(256, size=300)]))


@pytest.mark.parametrize("copied", [True, False])
def test_with_few_donors_copies_are_an_error_and_other_donors_are_none(copied: bool) -> None:
    rng = np.random.default_rng(5)
    donor = np.repeat(np.arange(4), 25)
    held_out, other = (rng.standard_normal((4, 3))[donor] + rng.standard_normal((100, 3)) for _ in range(2))
    drawn = held_out + 0.01 * rng.standard_normal((100, 3)) if copied else other
    tables = (pd.DataFrame(rows).assign(donor=4 * k + donor) for k, rows in enumerate((held_out, drawn)))
    assert is_accused(c2st(*tables, group="donor")) == copied


def test_the_level_is_a_fifth() -> None:
    assert p_leak(Measured(0.5, 0.01)) == 1
    assert p_leak(Measured(0.5 - 2.326 * 0.1, 0.01)) == pytest.approx(0.05, abs=1e-3)
    assert p_leak(Measured(0.5, 0.0)) == 1
