from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ganaug.fidelity import CheckResult, FidelityReport, Verdict
from ganaug.fidelity.page.render import bar


def page(verdict: Verdict = Verdict.FAIL) -> str:
    check = CheckResult("c2st", 0.9, 0.85, 0.95, 0.65, verdict, True, "C2ST AUC .90: `a<script>` tells", 700)
    flag = CheckResult("marginals", 0.2, 0.1, None, 0.1, Verdict.PASS, False, "12 % off")
    rows = CheckResult("rows", None, None, None, None, Verdict.PASS, True, "enough")
    stages = ({"stage": "trees", "v_auc": 0.563, "near_train": None, "seconds": 1.4, "kept": True, "reason": "best"},)
    report = FidelityReport(
        verdict,
        (check, flag, rows),
        "standard",
        1234,
        5678,
        {"synthetic": "abc"},
        stages,
        ("`id` left out",),
        {"seed": 1},
    )
    return report.to_html()


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_page_says_the_verdict_first(verdict: Verdict) -> None:
    words = {"fail": "Refused", "pass": "Passed", "inconclusive": "Undecided", "warn": "Passed with flags"}
    headline = re.search(r"<h1>(.*?)</h1>", page(verdict), re.DOTALL)
    assert headline is not None
    assert headline[1].startswith(f"<b>{words[verdict]}:</b>")


def test_the_page_is_self_contained_and_escaped() -> None:
    html = page()
    assert not re.search(r"https?:|<script|<link|<img|src=|@import|url\(", html)
    assert "<code>a&lt;script&gt;</code>" in html
    assert "5,678 synthetic rows, judged on 1,234 real rows" in html


def test_the_page_shows_intervals_stages_notes_and_hashes() -> None:
    html = page()
    assert html.count("<svg") == 2
    assert html.count('class="interval"') == 1
    for piece in ("0.563", "trees", "<code>id</code> left out", "sha256 abc", "seed", "about 700 held-out rows"):
        assert piece in html


def test_the_page_says_why_and_that_it_shows_real_rows(refused: FidelityReport) -> None:
    html, why = refused.to_html(), refused.why
    for title in ("What gives the rows away", "Columns, the most telling first", "The most obvious fakes"):
        assert title in html
    for row in why["neglected"]:
        assert f"row {row['row']}<" in html
    warning = "These are single real rows"
    assert warning in html
    assert warning not in replace(refused, why={**why, "neglected": []}).to_html()
    assert "What gives" not in replace(refused, why={}).to_html()


def test_of_the_reasons_any_may_be_missing(refused: FidelityReport) -> None:
    for name in refused.why:
        assert replace(refused, why={name: refused.why[name]}).to_html()
    only = {"columns": [{"column": "<b>"}], "pairs": [{"a": "x", "b": "y", "real": 0.5, "synthetic": None}]}
    assert "&lt;b&gt;" in replace(refused, why=only).to_html()


def test_the_page_counts_attempts_and_shows_the_limits_that_follow(refused: FidelityReport) -> None:
    assert "first look at these held-out rows" in refused.to_html()
    checks = tuple(replace(check, alpha=0.025) for check in refused.checks)
    again = replace(refused, attempt=2, checks=checks).to_html()
    assert "attempt 2 on these held-out rows" in again
    assert "97.5\N{NO-BREAK SPACE}% limits" in again


def test_every_tag_is_closed() -> None:
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag != "meta":
                self.open.append(tag)

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    tags = Tags()
    tags.feed(page())
    assert tags.open == []


@pytest.mark.parametrize("name", ["c2st", "within", "membership"])
def test_an_auc_is_drawn_from_a_guess_on(name: str) -> None:
    drawn = bar(CheckResult(name, 0.5, 0.48, 0.55, 0.65, Verdict.PASS, True, ""))
    assert drawn is not None
    assert drawn.effect == drawn.low < drawn.high < drawn.margin


def test_rows_may_be_called_cells(refused: FidelityReport) -> None:
    report = refused.told_of("cells")
    assert report["c2st"].effect == refused["c2st"].effect
    assert not re.search(r"\brows?\b", f"{report.headline} {' '.join(report.notes)}", re.IGNORECASE)
    html = report.to_html()
    assert "400 synthetic cells, judged on 150 real cells held out" in html
    assert f"cell {report.why['neglected'][0]['row']}<" in html
    said = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", html, flags=re.DOTALL)
    assert re.findall(r"\brows?\b", said, re.IGNORECASE) == ["rows"]  # the name of the check
    assert refused.told_of("rows") == refused
