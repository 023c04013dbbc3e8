from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ganaug.fidelity.result import Verdict
from ganaug.models.equalizing.changes import column_changes, explained, plane
from ganaug.models.equalizing.verdict import Equalization, verdict_of
from ganaug.transport.guard import Kept

NONE = Kept(0.3, 0.1, 0.8)


def report(after: Kept = NONE, way: str = "centring", moved: float = 1.0, **told: Any) -> Equalization:
    rng = np.random.default_rng(0)
    labels, X = np.repeat(["P1", "P2", "P3", "P4", "P5", "P6"], 20), rng.normal(size=(120, 3))
    X[::7, 1] = np.nan
    guard = {"identity": NONE, way: after} if way != "identity" else {"identity": NONE}
    names, moves = ["a", "<b>", "c"], moved * np.array([0.0, 1.0, 2.0])
    return Equalization.of(X, X + moves, labels, names, batch="plate", way=way, guard=guard, rng=rng, **told)


@pytest.mark.parametrize(
    ("after", "verdict", "opening"),
    [
        (Kept(0.9, 0.95, 0.8), Verdict.PASS, "equalised: "),
        (Kept(0.9, 0.5, 0.8), Verdict.WARN, "equalised, but the batch can still be told: "),
        (Kept(0.9, 0.95, 0.7), Verdict.WARN, "equalised, but structure was lost: "),
        (Kept(0.9, 0.5, 0.7), Verdict.WARN, "equalised, but the batch can still be told and structure was lost: "),
        (Kept(0.9, 0.95, 0.1), Verdict.FAIL, "refused, worse than leaving the rows alone: "),
    ],
)
def test_the_headline_tells_the_verdict_and_what_was_seen(after: Kept, verdict: Verdict, opening: str) -> None:
    found = report(after)
    assert found.verdict is verdict
    assert found.headline.startswith(opening)
    assert "(90 % before)" in found.headline


def test_rows_left_alone_are_told_as_such_and_flagged_if_batches_can_be_told() -> None:
    found = report(way="identity", moved=0.0)
    assert found.verdict is Verdict.WARN
    assert found.headline.startswith("nothing was changed: trees guess 90 %")
    assert found.headline.endswith("but no way of equalising was better than leaving the rows alone")
    assert report(Kept(0.9, 0.95, 0.8), moved=0.0).headline.endswith(
        "difference between its batches was found beyond chance"
    )


def test_without_rows_held_out_nothing_can_be_told() -> None:
    assert verdict_of("centring", {}) is Verdict.INCONCLUSIVE


def test_shares_of_variance_are_those_of_an_analysis_of_variance() -> None:
    rng = np.random.default_rng(0)
    codes, noise = np.repeat([0, 1], 5000), rng.normal(size=(10_000, 1))
    X = np.hstack([2.0 * codes[:, None] + noise, noise, np.ones_like(noise)])
    assert explained(X, codes) == pytest.approx([0.5, 0.0, 0.0], abs=0.02)
    X[::3, 0] = np.nan
    assert explained(X, codes)[0] == pytest.approx(0.5, abs=0.02)


def test_the_column_that_changed_most_comes_first_in_its_own_unit() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 2)) * np.array([1.0, 100.0])
    columns, moved = column_changes(X, X + np.array([2.0, 100.0]), np.repeat([0, 1], 500), ["a", "b"])
    assert [column["column"] for column in columns] == ["a", "b"]
    assert [column["moved"] for column in columns] == pytest.approx([2.0, 1.0], rel=0.1)
    assert moved.shape == X.shape


def test_the_plane_is_one_for_both_sides() -> None:
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(50, 4)), np.repeat([0, 1], 25)
    shown = plane(X, X, ["P1", "P2"], codes, rng)
    assert shown["before"] == shown["after"]
    assert plane(X[:, :1], X[:, :1], ["P1", "P2"], codes, rng) == {}


def test_few_rows_can_stand_for_many() -> None:
    rng = np.random.default_rng(0)
    labels, X, rows = np.repeat(["P1", "P2"], 50), rng.normal(size=(10, 3)), np.arange(10)
    found = Equalization.of(X, X, labels, list("abc"), batch="b", way="identity", guard={}, rng=rng, rows=rows)
    assert [(batch["batch"], batch["rows"]) for batch in found.batches] == [("P1", 50), ("P2", 50)]
    assert found.n_rows == 100


def test_the_page_is_whole_and_says_it_all() -> None:
    told = {"notes": ("`well` is no number",), "certificate": {"sentences": ["No harm `was` done."]}}
    found = report(Kept(0.9, 0.5, 0.8), **told, provenance={"seed": 3})
    page = found.to_html()
    for words in ("2 others", "&lt;b&gt;", "<code>well</code> is no number", "No harm <code>was</code>", "<dd>3</dd>"):
        assert words in page
    assert "<script" not in page
    assert "<b>c" not in page
    assert page == report(Kept(0.9, 0.5, 0.8), **told, provenance={"seed": 3}).to_html()


def test_the_report_is_plain_json() -> None:
    told = json.loads(report(Kept(0.9, 0.95, 0.8)).to_json())
    assert told["guard"]["centring"]["score"] == pytest.approx(0.50653)
    assert {"version", "verdict", "headline", "columns", "batches", "plane", "way"} <= set(told)


def test_a_page_of_nothing_changed_shows_no_after() -> None:
    page = report(way="identity", moved=0.0).to_html()
    assert "Nothing was moved." in page
    assert "After" not in page
    assert "how much it was changed" not in page


def test_a_page_of_rows_that_were_not_written_says_so() -> None:
    for found in (report(Kept(0.9, 0.95, 0.1)), Equalization(Verdict.INCONCLUSIVE, "plate", 60, "centring", {})):
        assert "No rows were written" in found.to_html()


def test_of_many_batches_those_that_were_changed_most_are_listed() -> None:
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(120, 2)), np.repeat([f"B{k:02}" for k in range(60)], 2)
    guard = {"identity": NONE, "centring": Kept(0.9, 0.95, 0.8)}
    moved = X + (labels == "B41")[:, None]
    page = Equalization.of(X, moved, labels, ["a", "b"], batch="b", way="centring", guard=guard, rng=rng).to_html()
    assert "the 20 that were changed most of 60" in page
    assert '<th scope="row" class="name">B41</th>' in page
    assert "56 others" in page


def test_what_changed_is_the_same_in_any_unit() -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 200)
    X = np.column_stack([rng.normal(size=400) + 2.0 * codes, rng.normal(size=400), np.ones(400)])
    moved = X - np.column_stack([2.0 * codes, np.zeros((400, 2))])
    found = [column_changes(unit * X, unit * moved, codes, list("abc")) for unit in (1.0, 1e-9, 1e9)]
    shown = [plane(unit * X, unit * moved, ["P1", "P2"], codes, np.random.default_rng(0)) for unit in (1.0, 1e-9, 1e9)]
    assert found[0][0][0]["before"] == pytest.approx(0.5, abs=0.05)
    assert found[0][0][0]["moved"] == pytest.approx(1.0, abs=0.1)
    assert found[0][0][2] == {"column": "c", "before": 0.0, "after": 0.0, "moved": 0.0}
    for (columns, squares), drawn in zip(found[1:], shown[1:], strict=True):
        for one, other in zip(columns, found[0][0], strict=True):
            assert one.pop("column") == other["column"]
            assert one == pytest.approx({name: value for name, value in other.items() if name != "column"}, rel=1e-6)
        np.testing.assert_allclose(squares, found[0][1], rtol=1e-6)
        np.testing.assert_allclose(np.abs(drawn["after"]), np.abs(shown[0]["after"]), atol=0.002)
