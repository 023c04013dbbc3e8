from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import clusters

from ganaug.fidelity import CheckResult, Verdict
from ganaug.fidelity.checks.within import within
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.rule import Rule

RULE = Rule(0.70)


def judge(
    real: pd.DataFrame, synthetic: pd.DataFrame, target: str | None = "kind", group: str | None = None
) -> CheckResult:
    evidence = gather([(real, synthetic, None)], target=target, group=group)
    return within(evidence, RULE, np.random.default_rng(0))


def broken_in(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Reflect one column within one class: the class's own relations are turned round, all else is right."""
    length = table["length"].where(table["kind"] != kind)
    turned = table["length"].where(table["kind"] == kind)
    return table.assign(length=length.fillna((2 * turned.median() - turned).round(2)))


@pytest.mark.parametrize("kind", ["ash", "birch"])
def test_the_one_broken_class_is_named(kind: str) -> None:
    result = judge(clusters(900, 0), broken_in(clusters(1800, 1), kind))
    assert result.verdict is Verdict.FAIL
    assert result.blocking
    assert f"within `kind` = `{kind}`" in result.reason
    right = [found for name, found in result.details["classes"].items() if name != kind]
    assert all(found["high"] < result.details["classes"][kind]["low"] for found in right)
    assert result.details["p_fail"] < 0.05


def test_right_rows_pass_in_every_class() -> None:
    results = [judge(clusters(900, seed), clusters(1800, 100 + seed)) for seed in range(3)]
    assert [result.verdict for result in results] == [Verdict.PASS] * 3
    assert all(result.blocking and set(result.details["classes"]) == {"ash", "birch", "cedar"} for result in results)


def test_other_shares_of_the_classes_are_no_fault() -> None:
    fresh = clusters(3000, 1)
    even = pd.concat([part.head(300) for _, part in fresh.groupby("kind")])
    assert judge(clusters(900, 0), even).verdict is Verdict.PASS


def test_classes_too_few_are_named_and_do_not_count() -> None:
    real, synthetic = clusters(400, 0), clusters(400, 1)
    few = pd.concat([synthetic[synthetic["kind"] != "cedar"], synthetic[synthetic["kind"] == "cedar"].head(10)])
    result = judge(real, few)
    assert result.details["too_few"] == ["cedar"]
    assert set(result.details["classes"]) == {"ash", "birch"}


@pytest.mark.parametrize("target", [None, "kind"])
def test_without_a_class_to_look_at_it_passes_without_counting(target: str | None) -> None:
    result = judge(clusters(30, 0), clusters(30, 1), target)
    assert (result.verdict, result.blocking, result.effect) == (Verdict.PASS, False, None)


def test_a_numeric_target_is_taken_in_quarters() -> None:
    real, synthetic = clusters(800, 0), clusters(1600, 1)
    top = np.flatnonzero(synthetic["length"] > real["length"].quantile(0.75))
    width = synthetic["width"].to_numpy(copy=True)
    width[top] += 3
    result = judge(real, synthetic.assign(width=width.round(3)), "length")
    assert len(result.details["classes"]) == 4
    assert result.verdict is Verdict.FAIL
    [worst] = [name for name, found in result.details["classes"].items() if found["low"] > 0.7]
    assert worst.startswith("above ")


def test_the_donor_is_the_unit() -> None:
    """Donors that differ are told apart by trees that saw some of their rows; new ones are not."""
    rng = np.random.default_rng(0)

    def cohort(first: int) -> pd.DataFrame:
        donor = np.repeat(np.arange(60), 10)
        x = rng.standard_normal((60, 3))[donor] + 0.05 * rng.standard_normal((600, 3))
        return pd.DataFrame(x, columns=list("abc")).assign(donor=first + donor, ill=np.where(donor % 2, "yes", "no"))

    real, synthetic = cohort(0), cohort(100)
    assert judge(real, synthetic, "ill", "donor").verdict is not Verdict.FAIL
    apart = judge(real.drop(columns="donor"), synthetic.drop(columns="donor"), "ill")
    assert apart.verdict is Verdict.FAIL
    assert apart.effect > 0.8


def test_a_cross_fitted_table_is_compared_fold_by_fold() -> None:
    table, fold = clusters(400, 0), np.arange(400) % 2
    folds = [(table[fold == k], broken_in(clusters(400, 10 + k), "ash"), None) for k in range(2)]
    result = within(gather(folds, target="kind"), RULE, np.random.default_rng(0))
    assert result.verdict is Verdict.FAIL
    assert "within `kind` = `ash`" in result.reason
    assert result.details["classes"]["birch"]["high"] < result.details["classes"]["ash"]["low"]


def test_a_class_of_few_donors_is_not_judged() -> None:
    real, synthetic = (clusters(900, seed) for seed in (0, 1))
    donor = np.arange(900) % 20
    donor[(real["kind"] == "birch").to_numpy()] %= 2
    result = judge(real.assign(donor=donor), synthetic.assign(donor=100 + np.arange(900) % 20), group="donor")
    assert "birch" in result.details["too_few"]
    assert "ash" in result.details["classes"]


def test_synthetic_rows_of_folds_without_the_class_stay_out() -> None:
    """Their generators have learned the real rows, and copies of these would make wrong rows look half right."""
    table = clusters(900, 0)
    table = table.assign(kind=np.where(table["length"].rank(method="first") <= 450, "rare", "common"))
    fold = np.where(table["kind"] == "rare", 0, np.arange(900) % 3)
    wrong = clusters(900, 1).assign(kind="rare", length=lambda drawn: drawn["length"] + 9)
    folds = [(table[fold == k], wrong if k == 0 else table[table["kind"] == "rare"], None) for k in range(3)]
    evidence = gather(folds, target="kind")
    result = within(evidence, RULE, np.random.default_rng(0))
    assert result.details["classes"]["rare"]["rows"] == [450, 900]
    assert result.effect > 0.95
    # and folds are numbered anew where the first has none of a class
    later = within(gather(folds[::-1], target="kind"), RULE, np.random.default_rng(0))
    assert later.details["classes"]["rare"]["rows"] == [450, 900]


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (pd.to_timedelta(np.arange(400) % 80, unit="h"), "at most 0 days 19:00:00"),
        (10_000_000 + np.arange(400) % 80, "at most 10000019"),
        (10_000_000 + (np.arange(400) % 80) / 128, "at most 1e+07 (10000000.1484375)"),
        (pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(400) % 80, unit="D"), "at most 2024-01-20"),
    ],
)
def test_quarters_have_names_of_their_own_that_a_reader_knows(values: object, name: str) -> None:
    rng = np.random.default_rng(0)
    real, synthetic = (pd.DataFrame({"y": values, "x": rng.standard_normal(400)}) for _ in range(2))
    found = judge(real, synthetic, "y").details
    assert len({*found["classes"], *found["too_few"]}) == 4
    assert name in {*found["classes"], *found["too_few"]}
