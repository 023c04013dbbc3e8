from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from problems import clusters, shuffled

from ganaug.errors import DataError
from ganaug.fidelity import CheckResult, FidelityChecker, FidelityReport, Verdict
from ganaug.fidelity.checker import _why
from ganaug.fidelity.evidence.gathering import gather
from ganaug.seeding import Seeds


def judge(synthetic: pd.DataFrame, n: int = 300, **kwargs: str) -> FidelityReport:
    return FidelityChecker(target="kind", **kwargs).check(clusters(n, 1), synthetic, clusters(4 * n, 2))


def cross_fitted(n: int, make: object, seed: int = 0) -> FidelityReport:
    table, fold = clusters(n, seed), np.arange(n) % 5
    parts = [(table[fold == k], table[fold != k]) for k in range(5)]
    folds = [(held_out, make(train, n, seed + k), train) for k, (held_out, train) in enumerate(parts)]
    return FidelityChecker(target="kind").check_folds(folds)


def test_real_rows_pass_and_nothing_blocking_ever_fails() -> None:
    reports = [
        FidelityChecker(random_state=seed).check(
            clusters(n, seed), clusters(2 * n, 50 + seed), clusters(4 * n, 99 + seed)
        )
        for n in (200, 500)
        for seed in range(5)
    ]
    assert sum(report.verdict in (Verdict.PASS, Verdict.WARN) for report in reports) >= 9
    assert not any(check.blocking and check.verdict is Verdict.FAIL for report in reports for check in report.checks)


def test_independent_columns_are_refused() -> None:
    report = judge(shuffled(clusters(1200, 2), 300, 3))
    assert report.verdict is Verdict.FAIL
    assert report["c2st"].verdict is Verdict.FAIL
    assert report["mmd"].verdict is Verdict.FAIL


def test_a_blur_is_refused() -> None:
    blurred, rng = clusters(300, 3), np.random.default_rng(0)
    for name in ("length", "width", "mass", "count"):
        blurred[name] = blurred[name] + 0.3 * blurred[name].std() * rng.standard_normal(300)
    report = judge(blurred)
    assert report.verdict is Verdict.FAIL
    assert report["validity"].verdict is Verdict.FAIL
    assert "decimals" in report.headline


def test_a_copy_of_the_training_rows_is_refused() -> None:
    report = judge(clusters(1200, 2))
    assert report.verdict is Verdict.FAIL
    assert "equal a training row" in report.headline
    assert report["nearness"].verdict is Verdict.FAIL


def test_a_dropped_class_is_refused_and_named() -> None:
    synthetic = clusters(500, 3)
    report = judge(synthetic[synthetic["kind"] != "cedar"])
    assert report.verdict is Verdict.FAIL
    assert report.headline.startswith("refused: the class `cedar` of `kind` is never drawn")


def test_a_table_of_150_rows_can_pass_cross_fitted() -> None:
    fresh = lambda train, n, seed: clusters(n, 777 + seed)  # noqa: E731
    assert cross_fitted(150, fresh).verdict is Verdict.PASS


@pytest.mark.parametrize("n", [150, 344])
def test_independent_columns_are_refused_cross_fitted(n: int) -> None:
    assert cross_fitted(n, shuffled).verdict is Verdict.FAIL


def test_copies_are_refused_cross_fitted() -> None:
    copy = lambda train, n, seed: train.sample(n, replace=True, random_state=seed)  # noqa: E731
    assert cross_fitted(150, copy).verdict is Verdict.FAIL


@pytest.mark.parametrize("make", [lambda n: clusters(n, 5), lambda n: shuffled(clusters(n, 5), n, 6)])
def test_twenty_rows_are_never_enough(make: object) -> None:
    report = judge(make(20), n=20)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report["rows"].rows_needed == 81
    assert "20 held-out rows are too few for any verdict: it takes 81" in report.headline
    assert "a table of 81 rows where every row is held out once (cross-fitting), or of about 405" in report.headline


def test_folds_ask_for_synthetic_rows_enough() -> None:
    few = cross_fitted(150, lambda train, n, seed: clusters(30, seed))
    assert few.verdict is Verdict.INCONCLUSIVE
    assert "draw at least 150 in each" in few.headline


def test_same_seed_same_report_and_other_column_order_too() -> None:
    synthetic = clusters(300, 3)
    report = judge(synthetic)
    assert judge(synthetic[synthetic.columns[::-1]]).to_json() == report.to_json()
    assert json.loads(report.to_json())["hashes"].keys() == {"held_out", "synthetic", "train"}


def test_without_training_rows_copying_is_not_looked_for_and_that_is_said() -> None:
    report = FidelityChecker().check(clusters(200, 1), clusters(200, 2))
    assert "copies" not in [check.name for check in report.checks]
    assert any("Copying was not looked for" in note for note in report.notes)


def test_identifiers_are_left_out_and_that_is_said() -> None:
    real, train, synthetic = (
        clusters(n, n).assign(id=np.arange(start, start + n), name=[f"row {i}" for i in range(start, start + n)])
        for n, start in ((200, 0), (800, 200), (201, 5000))
    )
    report = FidelityChecker().check(real, synthetic, train)
    assert report.verdict is Verdict.PASS
    assert "`id` is not judged: running number, it names rows rather than describing them." in report.notes
    assert "`name` is not judged: free text, it names rows rather than describing them." in report.notes


def test_every_dtype_is_judged() -> None:
    def wild(n: int, seed: int) -> pd.DataFrame:
        rng, table = np.random.default_rng(seed), clusters(n, seed)
        days = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
        return pd.DataFrame(
            {
                "nullable": table["mass"].astype("Float64"),
                "whole": table["count"].astype("Int64").where(rng.random(n) < 0.9),
                "ordered": pd.Categorical(table["kind"], categories=["cedar", "ash", "birch"], ordered=True),
                "string": table["sex"].astype("string"),
                "flag": (table["length"] > 0).astype("boolean").where(rng.random(n) < 0.9),
                "plain": table["width"] > 0,
                "day": pd.Series(days).where(rng.random(n) < 0.9),
                "wait": pd.to_timedelta(rng.integers(0, 90, n), unit="min"),
                "many": rng.integers(0, 1500, n).astype(str),
                "constant": 1,
                "empty": None,
                "endless": np.where(rng.random(n) < 0.1, np.inf, table["length"]),
                "mixed": pd.Series(np.where(rng.random(n) < 0.5, 1, 2), dtype=object).where(rng.random(n) < 0.9, "n/a"),
            }
        )

    report = FidelityChecker(random_state=1).check(wild(3000, 1), wild(3000, 2), wild(6000, 3))
    assert report.verdict in (Verdict.PASS, Verdict.WARN), report.headline


def test_one_column_and_rows_that_collapse() -> None:
    one = clusters(200, 1)[["length"]]
    assert FidelityChecker().check(one, clusters(200, 2)[["length"]]).verdict is Verdict.PASS
    assert FidelityChecker().check(one, one.loc[[0] * 200]).verdict is Verdict.FAIL


def test_groups_too_few_to_tell_are_told() -> None:
    real, synthetic = (clusters(200, seed).assign(donor=["d1", "d2"] * 100) for seed in (1, 2))
    report = FidelityChecker(group="donor").check(real, synthetic)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "2 groups are too few for any verdict" in report.headline


REAL = clusters(100, 0)


@pytest.mark.parametrize(
    ("synthetic", "message"),
    [
        (REAL.drop(columns="sex"), "the synthetic rows lack the column `sex`"),
        (REAL.assign(extra=1), "the synthetic rows have a column `extra` that the held-out rows do not have"),
        (REAL.head(0), "there are no synthetic rows"),
        (pd.concat([REAL, REAL[["sex"]]], axis=1), "the synthetic rows have the column `sex` twice"),
    ],
)
def test_bad_tables_are_named(synthetic: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        FidelityChecker().check(REAL, synthetic)


def test_bad_settings_are_named() -> None:
    with pytest.raises(DataError, match=r"the target `kin` is not a column; did you mean `kind`\?"):
        FidelityChecker(target="kin").check(REAL, REAL)
    with pytest.raises(ValueError, match=r"profile must be one of \['augment', 'lenient', .*\], not 'loose'"):
        FidelityChecker(profile="loose").check(REAL, REAL)
    with pytest.raises(DataError, match="no column left to judge"):
        FidelityChecker(ignore=list(REAL)).check(REAL, REAL)


def test_every_other_attempt_on_the_same_held_out_rows_tightens_the_limits() -> None:
    checker, held_out = FidelityChecker(), clusters(300, 0)
    reports = [checker.check(held_out, clusters(300, seed)) for seed in (1, 2, 3)]
    assert [report.attempt for report in reports] == [1, 2, 3]
    assert [round(report["c2st"].alpha, 4) for report in reports] == [0.05, 0.025, 0.0167]
    alone = FidelityChecker().check(held_out, clusters(300, 2))
    assert reports[1]["c2st"].high > alone["c2st"].high
    assert "this is attempt 2, and limits are at 97.5 %" in " ".join(reports[1].notes)
    assert checker.check(held_out, clusters(300, 1)) == replace(
        reports[0], provenance=reports[2].provenance
    )  # the same rows again are no new attempt
    assert checker.check(clusters(300, 9), clusters(300, 1)).attempt == 1


def test_an_earlier_report_counts_too() -> None:
    held_out = clusters(300, 0)
    earlier, later = FidelityChecker().check(held_out, clusters(300, 1)), FidelityChecker()
    later.remember(FidelityReport.from_dict(json.loads(earlier.to_json())))
    assert later.check(held_out, clusters(300, 2)).attempt == 2


def test_the_order_of_rows_and_columns_does_not_hide_an_attempt() -> None:
    checker, held_out = FidelityChecker(), clusters(300, 0)
    checker.check(held_out, clusters(300, 1))
    turned = held_out.sample(frac=1, random_state=0)[held_out.columns[::-1]]
    assert checker.check(turned, clusters(300, 2)).attempt == 2


def test_what_could_not_be_judged_is_no_attempt() -> None:
    checker = FidelityChecker(ignore=list(REAL))
    with pytest.raises(DataError, match="no column left"):
        checker.check(REAL, REAL)
    assert not checker.judged


def test_limits_of_every_check_are_those_of_the_attempt() -> None:
    checker, held_out = FidelityChecker(target="kind"), clusters(300, 0)
    for seed in (1, 2):
        report = checker.check(held_out, clusters(300, seed), clusters(600, 9))
    assert {check.alpha for check in report.checks if check.low is not None} == {0.025}
    assert "97.5" in report.to_html()


def test_with_groups_what_takes_rows_for_independent_only_flags() -> None:
    donors = [clusters(300, seed).assign(donor=np.arange(300) % 30) for seed in (0, 1, 2)]
    report = FidelityChecker(group="donor").check(*donors)
    assert not any(report[name].blocking for name in ("levels", "missing", "coverage", "nearness", "membership"))
    assert report["c2st"].blocking
    assert any("no independent draws" in note for note in report.notes)


def test_few_groups_are_said_aloud_and_no_rows_are_asked_for() -> None:
    rng, donor = np.random.default_rng(2), np.arange(120) % 4
    tables = [clusters(120, seed).assign(donor=4 * seed + donor) for seed in (0, 1)]
    apart = [table.assign(length=lambda t: t["length"] + 3 * rng.standard_normal(4)[donor]) for table in tables]
    report = FidelityChecker(group="donor").check(*apart)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert all(check.rows_needed is None for check in report.checks)
    assert report["c2st"].high == 1
    assert any("come from 4 groups, and it is groups that count" in note for note in report.notes)


@pytest.mark.parametrize("ignore", ["kind", "xy"])
def test_a_text_is_no_collection_of_columns(ignore: str) -> None:
    with pytest.raises(TypeError, match="ignore takes a collection of columns"):
        FidelityChecker(ignore=ignore).check(REAL, REAL)


def test_no_folds_are_refused() -> None:
    with pytest.raises(DataError, match="no folds to judge"):
        FidelityChecker().check_folds([])


def test_a_target_that_is_not_judged_is_said() -> None:
    report = FidelityChecker(target="kind", ignore=["kind"]).check(clusters(200, 0), clusters(200, 1))
    assert any("The target `kind` is not judged" in note for note in report.notes)


def test_what_is_wrong_in_one_class_is_explained_within_it() -> None:
    real, drawn = clusters(1200, 0), clusters(2400, 1)
    turned = drawn["width"].where(drawn["kind"] == "cedar")
    drawn["width"] = drawn["width"].where(turned.isna(), (2 * turned.median() - turned).round(3))
    report = FidelityChecker(target="kind").check(real, drawn)
    assert report.verdict is Verdict.FAIL
    assert report.headline.startswith("refused: within `kind` = `cedar`: `")
    assert "`width`" in report.why["sentence"]
    assert "about the rows with <code>kind</code> = <code>cedar</code> alone" in report.to_html()
    assert "within" not in judge(shuffled(clusters(1200, 2), 300, 3)).why


def test_where_nothing_stands_out_in_the_class_all_rows_are_explained() -> None:
    real, drawn = clusters(600, 0), clusters(600, 1)
    drawn["width"] += np.where(drawn["kind"] == "cedar", 0, 0.8)
    classes = {"cedar": {"auc": 0.6}, "ash": {"auc": 0.5}}
    undecided = CheckResult(
        "within", 0.6, 0.5, 0.75, 0.7, Verdict.INCONCLUSIVE, True, "cedar may differ", details={"classes": classes}
    )
    evidence = gather([(real, drawn, None)], target="kind")
    found = _why(evidence, Verdict.INCONCLUSIVE, [undecided] * 3, Seeds(0))
    assert "within" not in found
    assert found["column"] == "width"
