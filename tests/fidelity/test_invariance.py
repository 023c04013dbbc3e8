"""What must not matter: orders, names, units of measurement, rows that come twice."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from problems import clusters, shuffled

from ganaug.fidelity import FidelityChecker, FidelityReport, Verdict

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]

# what is said about formats may change with the numbers
FORMATS = {"validity", "range"}


def with_days(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(day=pd.Timestamp("2024-01-01") + pd.to_timedelta(table["count"] % 7, unit="D"))


def tables(right: bool) -> Tables:
    real, fresh, train = (with_days(clusters(n, seed)) for seed, n in enumerate((200, 220, 300)))
    return real, fresh if right else shuffled(train, 220, 3), train


def judge(of: Tables, target: str = "kind") -> FidelityReport:
    return FidelityChecker(target=target).check(*of)


@cache
def judged(right: bool) -> FidelityReport:
    return judge(tables(right))


def same_verdicts(one: FidelityReport, other: FidelityReport) -> bool:
    """Whether the verdict is the same, and no check that counts went from one side to the other."""
    opposite = {Verdict.PASS, Verdict.FAIL}
    pairs = [{each.verdict, other[each.name].verdict} for each in one.checks if each.blocking]
    return one.verdict is other.verdict and opposite not in pairs


def same_numbers(one: FidelityReport, other: FidelityReport) -> bool:
    found = [{each.name: (each.effect, each.low, each.high) for each in report.checks} for report in (one, other)]
    return all(found[0][name] == found[1][name] for name in found[0].keys() - FORMATS)


both = pytest.mark.parametrize("right", [True, False])


def test_the_tables_are_judged_as_they_should_be() -> None:
    assert judged(True).verdict is Verdict.PASS
    assert judged(False).verdict is Verdict.FAIL


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert json.dumps(judge(tables(False)).to_dict()) == json.dumps(judged(False).to_dict())


def without_places(value: Any) -> Any:
    """All of a report but the places of rows, which are those of the caller's table."""
    if isinstance(value, dict):
        return {name: without_places(each) for name, each in value.items() if name != "row"}
    return [without_places(each) for each in value] if isinstance(value, list) else value


def turned(of: Tables) -> Tables:
    return tuple(table.sample(frac=1, random_state=seed) for seed, table in enumerate(of))  # type: ignore[return-value]


@both
def test_the_order_of_rows(right: bool) -> None:
    assert without_places(judge(turned(tables(right))).to_dict()) == without_places(judged(right).to_dict())


@pytest.mark.parametrize("settings", [{"group": "site"}, {"given": "kind"}], ids=str)
def test_the_order_of_rows_with_groups_and_given_a_column(settings: dict[str, str]) -> None:
    sites = [table.assign(site=np.arange(len(table)) % 12) for table in tables(True)]
    reports = [FidelityChecker(**settings).check(*of) for of in (sites, turned(tuple(sites)))]  # type: ignore[arg-type]
    assert without_places(reports[0].to_dict()) == without_places(reports[1].to_dict())


def test_the_order_of_the_synthetic_columns() -> None:
    real, synthetic, train = tables(False)
    assert judge((real, synthetic[synthetic.columns[::-1]], train)).to_json() == judged(False).to_json()


@both
def test_the_order_of_the_real_columns(right: bool) -> None:
    real, synthetic, train = tables(right)
    turned = judge((real[real.columns[::-1]], synthetic, train))
    assert same_verdicts(turned, judged(right))
    assert turned["c2st"].effect == pytest.approx(judged(right)["c2st"].effect, abs=0.06)


def other_units(table: pd.DataFrame) -> pd.DataFrame:
    day = pd.Timestamp("1999-01-01") + 3 * (table["day"] - table["day"].dt.normalize().min())
    return table.assign(length=np.exp(table["length"]), mass=table["mass"] ** 3, count=table["count"] * 10 + 7, day=day)


def other_names(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={"length": "z", "width": "a", "count": "no. of cells", "sex": "0"})


def other_levels(table: pd.DataFrame) -> pd.DataFrame:
    kinds, sexes = {"ash": "Z", "birch": "", "cedar": "7"}, {"male": "A", "female": "B"}
    return table.assign(kind=table["kind"].map(kinds), sex=table["sex"].map(sexes).astype("category"))


@both
def test_units_of_measurement_and_names_of_columns_and_levels(right: bool) -> None:
    rewritten = judge(tuple(other_names(other_levels(other_units(table))) for table in tables(right)))
    assert same_verdicts(rewritten, judged(right))
    assert same_numbers(rewritten, judged(right))


@both
def test_synthetic_rows_that_all_come_twice_are_judged_once(right: bool) -> None:
    real, synthetic, train = tables(right)
    twice = judge((real, pd.concat([synthetic, synthetic]), train))
    assert same_verdicts(twice, judged(right))
    assert "Every synthetic row comes 2 times; it was judged once." in twice.notes


def test_some_rows_that_come_again_make_no_limits_narrower() -> None:
    real, synthetic, train = tables(False)
    again = pd.concat([synthetic, synthetic[: len(synthetic) // 2]])
    once, more = judged(False), judge((real, again, train))
    assert more.verdict is once.verdict
    for name in ("c2st", "missing", "copies"):
        assert more[name].high - more[name].effect > 0.85 * (once[name].high - once[name].effect)
