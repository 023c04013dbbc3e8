from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from problems import clusters, shuffled

from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.result import plain
from ganaug.fidelity.why import explain, explain_class

Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def why(real: pd.DataFrame, synthetic: pd.DataFrame, seed: int = 0) -> dict:
    return explain(gather([(real, synthetic, None)]), np.random.default_rng(seed))


def gaussians(n: int, seed: int) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(seed).standard_normal((n, 3)), columns=["a", "b", "c"])


def dropped(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table[table["kind"] != "cedar"].reset_index(drop=True)


def relabelled(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    kind, hit = table["kind"].to_numpy(copy=True), rng.random(len(table)) < 0.5
    kind[hit] = rng.permutation(kind[hit])
    return table.assign(kind=kind)


CHANGES: dict[str, tuple[str, str, Change]] = {
    "mean": ("width", "mean", lambda t, rng: t.assign(width=(t["width"] + 0.4 * t["width"].std()).round(3))),
    "scale": ("length", "standard deviation", lambda t, rng: t.assign(length=(1.6 * t["length"]).round(2))),
    "flip": (
        "length",
        "correlation",
        lambda t, rng: t.assign(length=(2 * t["length"].median() - t["length"]).round(2)),
    ),
    "category flip": (
        "sex",
        "goes with",
        lambda t, rng: t.assign(sex=t["sex"].map({"male": "female", "female": "male"})),
    ),
    "dropped": ("kind", "`cedar`", dropped),
    "missing": ("width", "missing", lambda t, rng: t.assign(width=t["width"].mask(rng.random(len(t)) < 0.15))),
    "rounding": ("length", "at most 1 decimal", lambda t, rng: t.assign(length=t["length"].round(1))),
    "tens": ("count", "multiples of 10", lambda t, rng: t.assign(count=(t["count"] / 10).round() * 10)),
    "label": ("kind", "goes with", relabelled),
    "copula": ("mass", "goes with", lambda t, rng: t.assign(mass=rng.permutation(t["mass"].to_numpy()))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_changed_column_is_named_first_with_what_changed(change: str) -> None:
    column, what, do = CHANGES[change]
    for seed in range(3):
        told = why(clusters(600, seed), do(clusters(600, 50 + seed), np.random.default_rng(seed)))
        assert told["column"] == column
        assert told["columns"][0]["column"] == column
        assert told["sentence"].startswith(f"`{column}`")
        assert what in told["sentence"]


def test_a_smeared_spike_is_told_by_its_shares() -> None:
    rng = np.random.default_rng(0)
    real, synthetic = (
        pd.DataFrame(
            {"gain": np.where(rng.random(2000) < zeros, 0, rng.integers(1, 9999, 2000)), "x": rng.normal(size=2000)}
        )
        for zeros in (0.91, 0.64)
    )
    told = why(real, synthetic)
    assert told["alone"] == pytest.approx(0.635, abs=0.02)
    assert told["sentence"].startswith("`gain` gives it away (AUC .6")
    assert "% zeros in the real rows, 6" in told["sentence"]


def test_days_and_durations_are_told_as_such() -> None:
    rng = np.random.default_rng(0)
    hours, days = (
        pd.to_timedelta(rng.integers(0, 99, 600), unit="h"),
        pd.to_timedelta(rng.integers(0, 99, 600), unit="D"),
    )
    real = pd.DataFrame({"day": pd.Timestamp("2024-01-01") + days, "wait": hours})
    later = why(real, real.assign(day=real["day"] + pd.Timedelta(days=60)))
    assert later["sentence"].endswith("mean 2024-02-19 in the real rows, 2024-04-19 here")
    assert later["fakes"][0]["values"]["day"].startswith("2024-0")
    longer = why(real, real.assign(wait=real["wait"] * 2))
    assert longer["sentence"].startswith("`wait` gives it away")
    assert "days" in longer["fakes"][0]["values"]["wait"]


def test_a_relation_that_no_correlation_shows_is_left_to_the_trees() -> None:
    real = gaussians(1500, 0).assign(b=lambda table: table["a"] ** 2 + 0.2 * table["b"])
    told = why(real, real.assign(b=real["b"].sample(frac=1, random_state=0).to_numpy()))
    assert told["column"] in {"a", "b"}
    assert "goes with the other columns gives it away" in told["sentence"]


def test_of_equal_tables_it_says_that_nothing_stands_out() -> None:
    told = [why(gaussians(500, seed), gaussians(500, 99 + seed)) for seed in range(8)]
    assert sum(each["stands_out"] for each in told) <= 2
    assert any("no column and no two of them stand out" in each["sentence"] for each in told)
    assert not any(column["q"] < 0.01 for each in told for column in each["columns"])


def test_everything_is_plain_bounded_and_the_same_for_a_seed() -> None:
    real = clusters(600, 0)
    told = why(real, shuffled(real, 900, 1))
    assert json.loads(json.dumps(told, allow_nan=False)) == plain(told)
    assert told == why(real, shuffled(real, 900, 1))
    assert {key: len(told[key]) for key in ("columns", "pairs", "fakes", "neglected")} == {
        "columns": 6,
        "pairs": 10,
        "fakes": 5,
        "neglected": 5,
    }
    assert 1 <= len(told["regions"]) <= 5
    assert all(0 <= column["q"] <= 1 and column["p"] <= column["q"] for column in told["columns"])


def test_tables_with_nothing_to_compare_are_survived() -> None:
    n = 60
    odd = pd.DataFrame(
        {"constant": np.ones(n), "empty": np.full(n, np.nan), "endless": np.tile([np.inf, 1.0, 2.0], n // 3)}
    )
    assert why(odd, odd.assign(endless=np.tile([-np.inf, 1.0, 1e300], n // 3)))["column"] == "endless"
    assert why(clusters(200, 0)[["length"]], clusters(200, 1)[["length"]] + 2)["pairs"] == []


def test_a_cross_fitted_table_of_hundreds_of_columns_is_explained() -> None:
    rng = np.random.default_rng(0)
    table, fold = pd.DataFrame(rng.standard_normal((120, 150))).add_prefix("g"), np.arange(120) % 3
    drawn = pd.DataFrame(rng.standard_normal((120, 150))).add_prefix("g").assign(g7=lambda each: each["g7"] + 1.5)
    told = explain(gather([(table[fold == k], drawn, None) for k in range(3)]), rng)
    assert told["column"] == "g7"
    assert len(told["columns"]) == 20


def test_a_class_is_explained_by_its_own_rows() -> None:
    """Another column differs more, but in the other classes."""
    real, drawn = clusters(1500, 0), clusters(1500, 1)
    is_birch = drawn["kind"] == "birch"
    broken = drawn.assign(
        width=(drawn["width"] + np.where(is_birch, 0.8, 0)).round(3),
        length=(drawn["length"] + np.where(is_birch, 0, 1.5)).round(2),
    )
    assert why(real, broken)["column"] == "length"
    told = explain_class(gather([(real, broken, None)], target="kind"), "birch", np.random.default_rng(0))
    assert told["within"] == "`kind` = `birch`"
    assert told["sentence"].startswith("within `kind` = `birch`: `width` gives it away")
    assert set(broken["kind"].iloc[[each["row"] for each in told["fakes"]]]) == {"birch"}
    assert set(real["kind"].iloc[[each["row"] for each in told["neglected"]]]) == {"birch"}


def test_a_quarter_of_a_numeric_target_is_explained_in_every_fold() -> None:
    table, fold = clusters(900, 0), np.arange(900) % 3
    cut = table["length"].quantile(0.25, interpolation="lower")
    drawn = clusters(900, 1).assign(count=lambda t: t["count"] + 20 * (t["length"] <= cut))
    evidence = gather([(table[fold == k], drawn, None) for k in range(3)], target="length")
    told = explain_class(evidence, f"at most {cut}", np.random.default_rng(0))
    assert told["column"] == "count"
    assert all(drawn["length"].iloc[each["row"] % 900] <= cut for each in told["fakes"])
