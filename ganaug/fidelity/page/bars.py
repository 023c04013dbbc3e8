"""Pictures of single columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ganaug.fidelity.page.ink import REAL, SYNTHETIC, Drawing, Panel, percent, share_axis, svg, text
from ganaug.fidelity.wording import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_marginals"]

LEAD = (
    "How the values of each column are spread over the rows; the column that differs most comes first. A distance of 0 "
    "means equal columns, 1 that they share no value. The outermost bins hold all values beyond them."
)


def draw_marginals(columns: Sequence[Mapping[str, Any]]) -> Drawing:
    """Draw every column: bins with the real shares as an area and the synthetic ones as a line, levels as two bars."""
    worst = columns[0]
    title = f"On its own, `{worst['column']}` differs most: distance {short(worst['distance'])} of 1"
    if worst["distance"] == 0:
        title = "No column differs on its own"
    return Drawing("marginals", title, LEAD, tuple(_panel(number, column) for number, column in enumerate(columns)))


def _panel(number: int, column: Mapping[str, Any]) -> Panel:
    real, synthetic = (percent(round(share, 3)) for share in column["missing"])
    missing = f"; missing: {real} real, {synthetic} synthetic" if any(column["missing"]) else ""
    caption = f"`{text(column['column'], 40)}`: distance {short(column['distance'])}{missing}"
    alt = f"Shares of real and synthetic rows over the values of {column['column']}"
    paint, height = (_levels, 30 + 20 * len(column["levels"])) if "levels" in column else (_bins, 140)
    return Panel(svg(f"marginal-{number}", alt, lambda axes: paint(axes, column), height=height), caption)


def _bins(axes: Axes, column: Mapping[str, Any]) -> None:
    axes.stairs(column["real"], column["edges"], fill=True, color=REAL, alpha=0.45, linewidth=0)
    axes.stairs(column["synthetic"], column["edges"], color=SYNTHETIC, linewidth=1.8)
    axes.margins(x=0.01)
    axes.set_ylim(bottom=0)
    share_axis(axes.yaxis)
    axes.locator_params(axis="x", nbins=5)
    if column["kind"] == "date":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        # matplotlib knows the years 1 to 9999, and no margin beyond
        axes.set_xlim(*np.clip([column["edges"][0], column["edges"][-1]], -719_162, 2_932_895))
        dates = AutoDateLocator(minticks=3, maxticks=5)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(dates)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(dates))  # type: ignore[no-untyped-call]
    elif column["kind"] == "days":
        axes.set_xlabel("days")


def _levels(axes: Axes, column: Mapping[str, Any]) -> None:
    place = np.arange(len(column["levels"]))
    axes.barh(place - 0.19, column["real"], 0.34, color=REAL)
    axes.barh(place + 0.19, column["synthetic"], 0.34, color=SYNTHETIC)
    axes.set_yticks(place, [text(level) for level in column["levels"]])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(place) - 0.45, -0.55)
    axes.spines["left"].set_visible(False)
    share_axis(axes.xaxis)
