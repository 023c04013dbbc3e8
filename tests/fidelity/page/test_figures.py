from __future__ import annotations

import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy.integrate import trapezoid

from ganaug.fidelity import FidelityReport
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.page.collect import collect
from ganaug.fidelity.page.curves import shifted
from ganaug.fidelity.page.figures import DRAWN, drawings


def test_everything_that_is_gathered_is_drawn(refused: FidelityReport) -> None:
    assert [drawing.name for drawing in drawings(refused.pictures)] == list(DRAWN)
    assert drawings({}) == []


def test_a_picture_says_what_it_shows_and_takes_the_colours_of_the_page(refused: FidelityReport) -> None:
    for drawing in drawings(refused.pictures):
        for panel in drawing.panels:
            assert re.match(r'<svg role="img" aria-label="[^"]{10,}" viewBox=', panel.svg)
            assert not re.search(r"#[0-9a-f]{6}\b|https?:|xlink|<style|DejaVu", panel.svg)
            assert "var(--" in panel.svg


def test_the_same_report_gives_the_same_bytes_whatever_the_users_own_style(refused: FidelityReport) -> None:
    page = refused.to_html()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert refused.to_html() == page
    assert len(page) < 1_500_000


def test_names_may_hold_anything() -> None:
    names = ["$x_1$ < 5 & \n more", "重量", "<script>", "a" * 300, "%", "  "]
    rng = np.random.default_rng(0)
    tables = [pd.DataFrame(rng.choice(names, (50, 6)), columns=names) for _ in range(2)]
    evidence = gather([(*tables, None)])
    pictures = collect(evidence, [], rng)
    text = "".join(panel.svg + panel.caption for drawing in drawings(pictures) for panel in drawing.panels)
    assert "重量" in text
    assert "<script>" not in re.sub("`<script>`", "", text)


def test_a_roc_curve_is_moved_to_an_area_and_stays_one() -> None:
    fpr = np.linspace(0, 1, 101)
    for area in (0.3, 0.5, 0.9, 1.0):
        curve = shifted(fpr, np.sqrt(fpr), area)
        assert trapezoid(curve, fpr) == pytest.approx(min(area, 0.99), abs=1e-6)
        assert np.all(np.diff(curve) >= 0)


def test_the_last_day_there_is_and_the_largest_numbers_are_drawn() -> None:
    rng = np.random.default_rng(0)
    days = pd.Series(pd.Timestamp("2020-01-01").date() for _ in range(100)).astype(object)
    days[::3] = pd.Timestamp("2262-01-01").date().replace(year=9999)
    table = pd.DataFrame({"when": days, "big": 1e307 * rng.standard_normal(100)})
    pictures = collect(gather([(table, table.iloc[::-1], None)]), [], rng)
    assert "marginals" in [drawing.name for drawing in drawings(pictures)]
