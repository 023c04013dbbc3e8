"""The report of an equalisation as one page of HTML, in the manner of the judge's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ganaug.fidelity.page.ink import (
    LESS,
    MORE,
    NAMES,
    REAL,
    SOFT,
    SYNTHETIC,
    Drawing,
    Panel,
    percent,
    share_axis,
    svg,
    text,
)
from ganaug.fidelity.page.render import environment
from ganaug.transport.style import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ganaug.models.equalizing.verdict import Equalization

__all__ = ["render"]

# the largest batches have colours of their own
COLOURS = (REAL, SYNTHETIC, MORE, LESS)
DRAWN_COLUMNS, LISTED = 12, 20
DONE = {
    "identity": "Nothing was moved.",
    "quantiles": "The values of each column were mapped to the mean of all batches' distributions.",
    "centring": "Location and spread of each column were equalised, then what was left within groups of like rows.",
    "states": "What differs between batches within groups of like rows was equalised.",
    "mixed states": "What differs between batches within groups of like rows that hold all batches was equalised.",
}
LEAD = "Where batches hold different samples, some of the variance between them is biology, and is to stay."
PLANE_LEAD = "Every dot is a row. The axes are those along which the rows were spread most before."


def render(report: Equalization) -> str:
    """Return the report as one self-contained page.

    Examples
    --------
    >>> from ganaug.fidelity.result import Verdict
    >>> from ganaug.models.equalizing.verdict import Equalization
    >>> from ganaug.transport.guard import Kept
    >>> page = render(Equalization(Verdict.PASS, "<b>", 90, "identity", {"identity": Kept(1.0, 1.0, 0.9)}))
    >>> "<b>Nothing was changed:</b> trees can hardly tell <code>&lt;b&gt;</code>" in page, "<script" in page
    (True, False)
    """
    opening, _, reason = report.headline.partition(": ")
    drawings = [_plane(report.plane, changed=report.changed)] if report.plane else []
    drawings += [_columns(report.columns[:DRAWN_COLUMNS], changed=report.changed)] if report.columns else []
    few = len(report.batches) <= LISTED
    page = environment().get_template("equalize.html.j2")
    return page.render(
        report=report,
        opening=opening,
        reason=reason,
        done=_done(report),
        columns=report.columns[:LISTED],
        batches=report.batches if few else sorted(report.batches, key=lambda one: -one["moved"])[:LISTED],
        drawings=drawings,
        keys=_keys(report.plane),
    )


def _done(report: Equalization) -> str:
    if not report.changed:
        return DONE["identity"]
    way = report.way.removesuffix(", student")
    base, _, directions = way.partition(" of ")
    said = [DONE.get(base, "")]
    if directions:
        said.append("Rows were compared by direction.")
    if report.way != way:
        said.append("A generator then moved them on, against a critic that looked for what still tells the batch.")
    return " ".join(said)


def _keys(plane: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and colour of each batch that has its own, and of the others."""
    if not plane:
        return []
    colours = _colours(plane)
    others = [name for b, name in enumerate(plane["batches"]) if b not in colours]
    rest = others if len(others) < 2 else [f"{len(others)} others"]
    named = [(plane["batches"][b], NAMES[colour]) for b, colour in colours.items()]
    return named + [(name, NAMES[SOFT]) for name in rest]


def _colours(plane: Mapping[str, Any]) -> dict[int, str]:
    largest = np.argsort(-np.bincount(plane["batch"], minlength=len(plane["batches"])), kind="stable")
    return dict(zip(sorted(largest[: len(COLOURS)].tolist()), COLOURS, strict=False))


def _plane(plane: Mapping[str, Any], *, changed: bool) -> Drawing:
    every = np.concatenate([plane["before"], plane["after"]])
    low, high = every.min(axis=0), every.max(axis=0)
    room = 0.04 * np.maximum(high - low, 1e-6)
    colours = _colours(plane)
    of_rows = [colours.get(b, SOFT) for b in plane["batch"]]

    def paint(points: Floats, axes: Axes) -> None:
        axes.scatter(points[:, 0], points[:, 1], s=9, c=of_rows, alpha=0.75, linewidths=0)
        axes.set(xticks=[], yticks=[], xlim=(low[0] - room[0], high[0] + room[0]))
        axes.set(ylim=(low[1] - room[1], high[1] + room[1]))

    panels = tuple(
        Panel(
            svg(side, f"Rows {side}, by batch", partial(paint, np.array(plane[side])), height=240),
            side.capitalize(),
        )
        for side in (("before", "after") if changed else ("before",))
    )
    title = f"The rows from afar: two directions that held {percent(plane['share'], 0)} of their spread"
    return Drawing("embedding", title, PLANE_LEAD, panels)


def _columns(columns: Sequence[Mapping[str, Any]], *, changed: bool) -> Drawing:
    sides: dict[str, tuple[str, ...]] = {"Variance between batches": ("before",)}
    if changed:
        sides = {
            "Variance between batches: grey before, blue after": ("before", "after"),
            "Size of the change, in standard deviations of the column": ("moved",),
        }
    panels = tuple(
        Panel(svg(shown[-1], caption, partial(_bars, columns, shown), height=30 + 24 * len(columns)), caption)
        for caption, shown in sides.items()
    )
    title = f"What the batch explains of each column{', and how much it was changed' * changed}"
    return Drawing("columns", title, LEAD, panels)


def _bars(columns: Sequence[Mapping[str, Any]], shown: Sequence[str], axes: Axes) -> None:
    place, height = np.arange(len(columns)), 0.72 / len(shown)
    for k, name in enumerate(shown):
        colour = SOFT if name == "before" else REAL
        middle = place + (k - (len(shown) - 1) / 2) * height
        axes.barh(middle, [column[name] for column in columns], 0.9 * height, color=colour)
    axes.set_yticks(place, [text(column["column"]) for column in columns])
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(0, max(0.05, *(column[name] for column in columns for name in shown))))
    axes.set_ylim(len(place) - 0.45, -0.55)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=4)
    if "before" in shown:
        share_axis(axes.xaxis)
