from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from problems import clusters, shuffled

from ganaug.fidelity import CheckResult, Verdict
from ganaug.fidelity.evidence.gathering import Evidence, gather
from ganaug.fidelity.page.collect import collect
from ganaug.fidelity.page.counts import measure_marginals
from ganaug.fidelity.page.relations import association


def evidence(real: pd.DataFrame, synthetic: pd.DataFrame) -> Evidence:
    return gather([(real, synthetic, None)])


def test_shares_add_up_to_the_rows_that_are_known() -> None:
    for column in measure_marginals(evidence(clusters(300, 0), clusters(500, 1)), {}):
        for side, missing in zip(("real", "synthetic"), column["missing"], strict=True):
            assert sum(column[side]) == pytest.approx(1 - missing, abs=1e-3)
        assert len(column["real"]) == len(column.get("levels") or column["edges"][1:])


def test_the_most_different_columns_are_shown_first_and_no_more_than_twelve() -> None:
    rng = np.random.default_rng(0)
    real, synthetic = (pd.DataFrame(rng.normal(size=(200, 20))).add_prefix("x") for _ in range(2))
    shown = measure_marginals(evidence(real, synthetic.assign(x7=synthetic["x7"] + 3)), {})
    assert (shown[0]["column"], len(shown)) == ("x7", 12)
    assert [column["distance"] for column in shown] == sorted((c["distance"] for c in shown), reverse=True)


def test_times_are_counted_as_dates_and_as_days() -> None:
    days = pd.to_timedelta(np.arange(40), "D")
    table = pd.DataFrame({"when": pd.Timestamp("2020-01-01") + days, "since": days})
    kinds = {column["column"]: column for column in measure_marginals(evidence(table, table), {})}
    assert (kinds["when"]["kind"], kinds["since"]["kind"]) == ("date", "days")
    assert kinds["when"]["edges"][0] == 18262 - 0.5  # days from 1970 to 2020
    assert kinds["since"]["edges"][0] == -0.5


def test_rare_levels_and_far_values_are_put_together() -> None:
    real = pd.DataFrame({"word": [f"w{i}" for i in range(20)] * 5, "x": [0.0] * 99 + [np.inf]})
    words, x = sorted(measure_marginals(evidence(real, real), {}), key=lambda column: column["column"])
    assert words["levels"][-1] == "12 others"
    assert words["real"][-1] == pytest.approx(0.6)
    assert x["levels"] == ["0", "inf"]


def test_association_is_spearmans_correlation_correlation_ratio_or_cramers_v() -> None:
    table = clusters(400, 0).drop(columns="mass")
    found = association(evidence(table, table).real, np.array([False, False, False, True, True]))
    ranks = table[["length", "width", "count"]].rank()
    np.testing.assert_allclose(found[:3, :3], ranks.corr(), atol=1e-9)
    means = ranks.groupby(table["kind"])["length"].transform("mean")
    assert found[0, 3] == pytest.approx(np.sqrt(means.var() / ranks["length"].var()))
    counts = pd.crosstab(table["kind"], table["sex"]).to_numpy()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    assert found[3, 4] == pytest.approx(np.sqrt(((counts - expected) ** 2 / expected).sum() / counts.sum()))


def test_what_is_gathered_is_small_plain_and_the_same_again() -> None:
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(3000, 60)).round(3)).add_prefix("x")
    rows = evidence(wide, shuffled(wide, 3000, 1))
    curves = {"roc": {"fpr": [0.0, 0.4, 1.0], "tpr": [0.0, 0.6, 1.0]}, "curve": {"rows": [50, 100], "auc": [0.55, 0.6]}}
    c2st = CheckResult("c2st", 0.6, 0.55, 0.64, 0.65, Verdict.PASS, True, "", details=curves)
    found = [collect(rows, [c2st], np.random.default_rng(0)) for _ in range(2)]
    assert set(found[0]) == {"marginals", "pairs", "embedding", "roc", "curve"}
    assert json.dumps(found[0], allow_nan=False) == json.dumps(found[1])
    assert len(json.dumps(found[0])) < 60_000
    assert len(found[0]["pairs"]["columns"]) == 15
    assert len(found[0]["embedding"]["real"]) == 400


def test_pairs_that_change_are_among_those_shown_of_many() -> None:
    rng = np.random.default_rng(0)
    real = pd.DataFrame(rng.normal(size=(500, 40))).add_prefix("x")
    real["x30"] = real["x20"]
    synthetic = pd.DataFrame(rng.normal(size=(500, 40))).add_prefix("x")
    assert {"x20", "x30"} <= set(collect(evidence(real, synthetic), [], rng)["pairs"]["columns"])


def test_tiny_and_constant_tables_leave_out_what_cannot_be_shown() -> None:
    one = pd.DataFrame({"x": [1.0], "y": [None]})
    assert set(collect(evidence(one, one), [], np.random.default_rng(0))) == {"marginals"}
    constant = pd.DataFrame({"x": [1.0] * 30, "y": ["a"] * 30})
    found = collect(evidence(constant, constant), [], np.random.default_rng(0))
    assert "embedding" not in found
    assert found["pairs"]["real"][1][0] == 0
