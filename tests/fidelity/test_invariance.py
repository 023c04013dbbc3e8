"""What must not matter: orders, names, units of measurement, rows that come twice."""

from __future__ import annotations

import json
from functools import cache

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


@both
def test_the_order_of_rows(right: bool) -> None:
    turned = judge(tuple(table.sample(frac=1, random_state=seed) for seed, table in enumerate(tables(right))))
    assert same_verdicts(turned, judged(right))
    assert turned["c2st"].effect == pytest.approx(judged(right)["c2st"].effect, abs=0.06)


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
def test_synthetic_rows_that_all_come_twice(right: bool) -> None:
    real, synthetic, train = tables(right)
    once, twice = judged(right), judge((real, pd.concat([synthetic, synthetic]), train))
    assert same_verdicts(twice, once)
    for name in ("c2st", "within", "missing"):
        assert twice[name].high - twice[name].effect > 0.85 * (once[name].high - once[name].effect)
