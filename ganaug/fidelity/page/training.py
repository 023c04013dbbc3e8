"""The picture of how the generator was trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ganaug.fidelity.page.ink import INK, LESS, MORE, REAL, SYNTHETIC, Drawing, Panel, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_training"]

LEAD = "What was logged while the generator learned, before any held-out row was looked at."


class Line(NamedTuple):
    """A column of the history, as it is drawn."""

    column: str
    label: str
    colour: str


PANELS = {
    "Loss": (Line("critic_loss", "critic", LESS), Line("generator_loss", "generator", MORE)),
    "Accuracy of the critic (.5 is a guess)": (
        Line("real_accuracy", "real rows", REAL),
        Line("fake_accuracy", "fake rows", SYNTHETIC),
    ),
    "Modes reached (1 is all)": (Line("modes", "modes", INK),),
    "Score on the rows for choosing (lower is better)": (Line("score", "score", INK),),
}


def draw_training(rows: Sequence[Mapping[str, Any]]) -> Drawing | None:
    """Draw what of the history was measured; None where nothing was.

    Parameters
    ----------
    rows : sequence of mappings
        The rows of a `History`, each with its ``step``.
    """
    panels = []
    for number, (caption, lines) in enumerate(PANELS.items()):
        known = [(line, points) for line in lines if (points := _known(rows, line.column))]
        if known:
            panels.append(Panel(svg(f"training-{number}", f"{caption}, over the steps", _painted(known)), caption))
    last = max((row["step"] for row in rows), default=0)
    title = f"The generator was trained for {last:,.0f} steps"
    return Drawing("training", title, LEAD, tuple(panels)) if panels else None


def _known(rows: Sequence[Mapping[str, Any]], column: str) -> list[tuple[float, float]]:
    pairs = [(row["step"], row.get(column)) for row in rows]
    return [(step, value) for step, value in pairs if value is not None and math.isfinite(value)]


def _painted(known: Sequence[tuple[Line, Sequence[tuple[float, float]]]]) -> Callable[[Axes], None]:
    def paint(axes: Axes) -> None:
        for place, (line, points) in enumerate(known):
            axes.plot(
                *zip(*points, strict=True), color=line.colour, linewidth=1.6, marker="." if len(points) < 9 else ""
            )
            axes.text(
                0.98, 0.97 - 0.11 * place, line.label, color=line.colour, ha="right", va="top", transform=axes.transAxes
            )
        # room for the names above the lines
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.25 * (high - low))
        axes.locator_params(nbins=4)
        axes.set_xlabel("step")

    return paint
