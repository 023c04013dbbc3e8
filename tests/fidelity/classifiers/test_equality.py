from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, mannwhitneyu

from ganaug.fidelity.classifiers import equality
from ganaug.fidelity.classifiers.delong import Scored
from ganaug.fidelity.classifiers.equality import mean_rank, p_given_classifiers, p_refitted
from ganaug.fidelity.evidence.gathering import Evidence, gather


def evidence_of(real: np.ndarray, synthetic: np.ndarray, groups: np.ndarray | None = None) -> Evidence:
    tables = [pd.DataFrame(side).add_prefix("x") for side in (real, synthetic)]
    if groups is None:
        return gather([(*tables, None)])
    sides = np.split(groups, [len(real)])
    return gather([(*(t.assign(donor=g) for t, g in zip(tables, sides, strict=True)), None)], group="donor")


def by_means(codes: np.ndarray, categorical: np.ndarray, **_: bool) -> object:
    """A classifier in no time: the difference of the means."""

    def learn(split: tuple[np.ndarray, np.ndarray], is_real: np.ndarray) -> np.ndarray:
        label, rows = is_real[split[0]], codes[split[0]]
        return codes[split[1]] @ (rows[label].mean(0) - rows[~label].mean(0))

    return learn


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("boosted_trees", "quadratic_logistic"):
        monkeypatch.setattr(equality, name, by_means)
    monkeypatch.setattr(equality, "N_REFITS", 19)


def scored_of(evidence: Evidence, scores: np.ndarray) -> list[Scored]:
    rows, n = np.arange(len(evidence.fold)), len(evidence.real)
    return [Scored(rows[:n], rows[n:], scores[:n], scores[n:])]


@pytest.mark.usefixtures("quick")
def test_refitted_p_values_are_uniform_under_equality() -> None:
    """In twenty steps of .05 each (chi-squared, 99.9 %)."""
    rng = np.random.default_rng(0)
    p = [p_refitted(evidence_of(*rng.standard_normal((2, 30, 2))), rng) for _ in range(200)]
    counts = np.bincount(np.round(20 * np.array(p)).astype(int), minlength=21)[1:]
    assert ((counts - 10) ** 2 / 10).sum() < 43.8


@pytest.mark.usefixtures("quick")
def test_groups_without_a_difference_are_not_taken_for_one() -> None:
    """Six donors a side that differ much from each other: only whole donors may swap."""
    rng = np.random.default_rng(1)
    low = 0
    for _ in range(60):
        rows = rng.standard_normal((12, 1, 2)).repeat(10, 1).reshape(120, 2) + 0.1 * rng.standard_normal((120, 2))
        low += p_refitted(evidence_of(rows[:60], rows[60:], np.arange(120) // 10), rng) <= 0.1
    assert low <= 13  # binomial 99 %


def test_refitting_finds_a_shift_and_is_exact_in_its_least_p(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "N_REFITS", 19)
    rng = np.random.default_rng(2)
    assert p_refitted(evidence_of(rng.standard_normal((60, 3)), rng.standard_normal((60, 3)) + 1), rng) == 0.05


def test_given_the_classifiers_it_is_mann_and_whitneys_test_of_the_mean_rank() -> None:
    rng = np.random.default_rng(3)
    evidence = evidence_of(*rng.standard_normal((2, 50, 1)))
    a, b = rng.integers(0, 9, (2, 100)) + (np.arange(100) < 50)
    by_each = [scored_of(evidence, scores.astype(float)) for scores in (a, b)]
    [together] = mean_rank(by_each)
    expected = mannwhitneyu(
        together.of_real, together.of_synthetic, alternative="greater", use_continuity=False, method="asymptotic"
    )
    assert p_given_classifiers(evidence, by_each, rng) == pytest.approx(expected.pvalue)


def test_p_values_given_the_classifiers_are_uniform_and_one_where_nothing_is_known() -> None:
    rng = np.random.default_rng(4)
    evidence = evidence_of(*rng.standard_normal((2, 60, 1)))
    draw = lambda: scored_of(evidence, rng.standard_normal(120))  # noqa: E731
    assert kstest([p_given_classifiers(evidence, [draw(), draw()], rng) for _ in range(400)], "uniform").pvalue > 0.001
    assert p_given_classifiers(evidence, [scored_of(evidence, np.zeros(120))], rng) == 1


def test_given_the_classifiers_whole_groups_swap() -> None:
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(8), 15)
    evidence = evidence_of(rng.standard_normal((60, 1)), rng.standard_normal((60, 1)), groups)
    by_donor = scored_of(evidence, -groups.astype(float))
    # four of eight donors are real: one of 70 ways to choose them
    assert p_given_classifiers(evidence, [by_donor], rng) == pytest.approx(1 / 70, abs=0.012)


def test_of_hundreds_of_columns_the_trees_are_shown_the_telling_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "N_REFITS", 19)
    shown: list[int] = []

    def by_one_column(codes: np.ndarray, categorical: np.ndarray, **_: bool) -> object:
        shown.append(codes.shape[1])
        return by_means(codes, categorical)

    monkeypatch.setattr(equality, "boosted_trees", by_one_column)
    rng = np.random.default_rng(8)
    real, synthetic = rng.standard_normal((2, 60, 300))
    synthetic[:, 7] += 3
    assert p_refitted(evidence_of(real, synthetic), rng) == 0.05
    assert set(shown) == {100}


def test_surplus_synthetic_rows_are_left_out() -> None:
    rng = np.random.default_rng(7)
    evidence = evidence_of(rng.standard_normal((10, 1)), rng.standard_normal((90, 1)), np.arange(100) % 7)
    few = equality._few(evidence, rng)
    assert len(few.synthetic) == len(few.synthetic_fold) == 20
    assert len(few.groups) == 30
