from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, r2_score

from ganaug.fidelity.checks.measures import balanced_accuracy, explained, f1
from ganaug.fidelity.checks.utility import utility
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule

RNG = np.random.default_rng(0)
RULE = Rule(0.1)


def problem(n: int, seed: int) -> pd.DataFrame:
    """Two classes that follow two numbers and a category, and an outcome that does."""
    rng = np.random.default_rng(seed)
    x, site = rng.normal(size=(n, 2)), rng.choice(3, n)
    signal = x[:, 0] + x[:, 1] * (site - 1) + 0.3 * rng.normal(size=n)
    gaps = np.where(rng.random(n) < 0.1, np.nan, x[:, 1])
    return pd.DataFrame(
        {"x": x[:, 0], "y": gaps, "site": np.array(list("abc"))[site], "sick": signal > 0.7, "outcome": signal}
    )


def judge(real: pd.DataFrame, synthetic: pd.DataFrame, train: pd.DataFrame, target: str, **roles: str) -> CheckResult:
    looked_at = gather([(real, synthetic, train)], target=target, **roles)
    return utility(looked_at, RULE, np.random.default_rng(0))


def columns(target: str) -> list[str]:
    return ["x", "y", "site", target]


@pytest.mark.parametrize("target", ["sick", "outcome"])
def test_many_rows_of_the_true_law_help_where_there_are_few(target: str) -> None:
    held_out, true, few = (problem(n, seed)[columns(target)] for seed, n in enumerate((600, 1000, 40)))
    result = judge(held_out, true, few, target)
    assert result.verdict is Verdict.PASS
    assert result.low > 0
    assert "they help" in result.reason
    assert not result.blocking
    learned_from = [row["learned from"] for row in result.details["table"]]
    assert learned_from[:3] == ["real rows", "synthetic rows", "real and synthetic rows"]
    assert ("real rows, SMOTE" in learned_from) == (target == "sick")
    of_class = {each["class"]: each for each in result.details.get("classes", [])}
    assert list(of_class) == (["True", "False"] if target == "sick" else [])  # the rarer one first


@pytest.mark.parametrize("target", ["sick", "outcome"])
def test_synthetic_rows_that_lost_what_the_target_depends_on_are_flagged(target: str) -> None:
    held_out, fresh, train = (problem(n, seed)[columns(target)] for seed, n in enumerate((600, 800, 800)))
    dealt = fresh.assign(**{target: RNG.permutation(fresh[target])})
    right, wrong = judge(held_out, fresh, train, target), judge(held_out, dealt, train, target)
    assert right.verdict is Verdict.PASS
    assert "depends on is lost" not in right.reason
    assert wrong.verdict is Verdict.WARN
    assert not wrong.blocking
    assert wrong.reason.startswith(f"trees that learn `{target}` from the synthetic rows alone reach a ")
    assert f"much of what `{target}` depends on is lost" in wrong.reason
    assert wrong.details["alone"]["high"] < wrong.details["alone"]["limit"] == -RULE.margin


@pytest.mark.parametrize("copies", [1, 4])
def test_a_few_right_rows_are_not_flagged_though_they_teach_less_than_many_real_ones(copies: int) -> None:
    held_out, few, train = (problem(n, seed)[columns("sick")] for seed, n in enumerate((600, 60, 2000)))
    result = judge(held_out, pd.concat([few] * copies), train, "sick")
    real, alone = result.details["table"][0], result.details["alone"]
    assert alone["score"] - real["score"] < -0.1
    assert alone["high"] > -RULE.margin
    assert result.verdict is Verdict.PASS


def test_rows_with_flipped_classes_hurt() -> None:
    held_out, wrong, train = (problem(n, seed)[columns("sick")] for seed, n in enumerate((600, 600, 300)))
    result = judge(held_out, wrong.assign(sick=~wrong["sick"]), train, "sick")
    assert result.verdict is Verdict.WARN
    assert result.high < 0
    assert "they hurt" in result.reason


def test_copies_neither_help_nor_hurt() -> None:
    held_out, train = problem(500, 0)[columns("sick")], problem(400, 1)[columns("sick")]
    result = judge(held_out, train, train, "sick")
    assert result.low <= 0.02
    assert result.high >= -0.02


@pytest.mark.parametrize(
    ("roles", "reason"),
    [
        ({}, "there is no target"),
        ({"target": "day"}, "the target `day` is a time"),
        ({"target": "one"}, "a single finite value of the target `one`"),
        ({"target": "many"}, "the target `many` has more than 20 classes"),
        ({"target": "gone"}, "the synthetic rows have no finite value of the target `gone`"),
    ],
)
def test_it_says_why_it_was_not_measured(roles: dict[str, str], reason: str) -> None:
    days = pd.date_range("2024", periods=90, freq="h")
    many = [f"class {i % 30}" for i in range(90)]
    table = pd.DataFrame({"x": RNG.normal(size=90), "day": days, "one": 1, "many": many, "gone": [1.0, 2.0, 3.0] * 30})
    looked_at = gather([(table, table.assign(gone=np.nan), table)], **roles)
    result = utility(looked_at, RULE, np.random.default_rng(0))
    assert result.effect is None
    assert result.verdict is Verdict.PASS
    assert not result.blocking
    assert reason in result.reason


def test_without_training_rows_or_other_columns_it_is_not_measured() -> None:
    table = pd.DataFrame({"kind": ["a", "b"] * 40})
    for train, reason in ((None, "are not known"), (table, "no column besides")):
        result = utility(gather([(table, table, train)], target="kind"), RULE, RNG)
        assert reason in result.reason


@pytest.mark.parametrize("blank", [np.nan, np.inf])
@pytest.mark.parametrize(("role", "who"), [(0, "held-out"), (1, "synthetic"), (2, "training")])
def test_targets_without_a_value_are_not_measured(blank: float, role: int, who: str) -> None:
    tables = [problem(60, seed)[columns("outcome")] for seed in range(3)]
    tables[role] = tables[role].assign(outcome=blank)
    result = judge(*tables, "outcome")
    assert result.effect is None
    assert f"the {who} rows have no finite value of the target `outcome`" in result.reason


def test_a_category_missing_in_all_held_out_rows_is_not_measured() -> None:
    table = problem(60, 0)[["x"]].assign(kind=["a", "b"] * 30)
    result = judge(table.assign(kind=None), table, table, "kind")
    assert "the held-out rows have no value of the target `kind`" in result.reason


def test_a_target_that_one_fold_lacks_is_not_measured() -> None:
    one, two = (problem(60, seed)[columns("sick")] for seed in range(2))
    folds = [(one, two, two), (two, one.assign(sick=None), one)]
    result = utility(gather(folds, target="sick"), RULE, np.random.default_rng(0))
    assert "the synthetic rows of a fold have no value of the target `sick`" in result.reason


@pytest.mark.parametrize("target", ["sick", "outcome"])
def test_empty_columns_teach_nothing(target: str) -> None:
    table = problem(80, 0)[["x", target]]
    empty = table.assign(x=np.nan)
    assert "all columns besides the target" in judge(table, table, empty, target).reason
    result = judge(table, empty, table, target)
    row = result.details["table"][1]
    assert row["score"] == pytest.approx(0.5 if target == "sick" else 0)


def test_without_imbalanced_learn_it_says_what_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imblearn", None)
    tables = (problem(100, seed)[columns("sick")] for seed in range(3))
    result = judge(*tables, "sick")
    assert "imbalanced-learn is not installed" in result.details["not_compared"]


def test_groups_and_folds_and_missing_targets() -> None:
    parts = [problem(120, k)[columns("sick")].assign(donor=np.arange(120) // 12 + 10 * k) for k in range(2)]
    parts[0] = parts[0].astype({"sick": object})
    parts[0].loc[:5, "sick"] = None
    folds = [(parts[0], problem(150, 5)[columns("sick")].assign(donor=99), parts[1])]
    folds += [(parts[1], problem(150, 6)[columns("sick")].assign(donor=99), parts[0])]
    result = utility(gather(folds, target="sick", group="donor"), RULE, np.random.default_rng(0))
    assert 0.5 < result.details["table"][0]["score"] < 1
    assert result.low < result.effect < result.high


def test_scores_are_those_of_scikit_learn_on_every_resample() -> None:
    times = np.concatenate([np.ones((1, 60)), RNG.multinomial(60, np.full(60, 1 / 60), size=5)])
    classes, guessed = RNG.integers(3, size=60).astype(float), RNG.integers(3, size=(2, 60)).astype(float)
    numbers, near = RNG.normal(size=60), RNG.normal(size=(2, 60))
    for r, rows in enumerate(np.repeat(np.arange(60), weights.astype(int)) for weights in times):
        for s in range(2):
            expected = balanced_accuracy_score(classes[rows], guessed[s, rows])
            assert balanced_accuracy(guessed, classes, times)[s, r] == pytest.approx(expected)
            of_last = f1_score(classes[rows] == 2, guessed[s, rows] == 2)
            assert f1(guessed, classes, times, 2.0)[s, r] == pytest.approx(of_last)
            assert explained(near, numbers, times)[s, r] == pytest.approx(r2_score(numbers[rows], near[s, rows]))
