"""Pictures of columns together: their associations, and the rows in a plane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.page.ink import FAINT, LESS, MORE, REAL, SYNTHETIC, Drawing, Panel, percent, svg, text
from ganaug.fidelity.wording import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_embedding", "draw_pairs"]

Floats = NDArray[np.float64]

SIDE, NAME_WIDTH, LETTER = 300, 75, 6.4  # in pixels
# with more columns than this the squares are too small for numbers
WRITTEN_COLUMNS = 8
PAIRS_LEAD = (
    "How closely each pair of columns goes together: 0 not at all, 1 one follows from the other, -1 for a number that "
    "falls as another rises. A square stands below the name of one column and left of the name of the other; the "
    "deeper its colour, the farther from 0. "
)
PLANE_LEAD = (
    "Every dot is a row. The axes are those along which the real rows are spread most. Where synthetic rows look like "
    "real ones, both clouds have the same shape."
)


def draw_pairs(pairs: Mapping[str, Any]) -> Drawing:
    """Draw both matrices of association, and what changes between them."""
    names, real, synthetic = pairs["columns"], np.array(pairs["real"]), np.array(pairs["synthetic"])
    change = synthetic - real
    a, b = np.unravel_index(np.argmax(np.abs(np.tril(change, -1))), change.shape)
    title = (
        f"Of all pairs, `{names[b]}` and `{names[a]}` change most: they go together with {_signed(real[a, b])} in the "
        f"real rows, with {_signed(synthetic[a, b])} in the synthetic ones"
    )
    kinds = (
        "Spearman's correlation of two numbers, the correlation ratio with a category, Cramér's V of two categories."
    )
    shown = {"Real rows": real, "Synthetic rows": synthetic, "Synthetic less real": change}
    panels = tuple(
        _matrix(f"pairs-{number}", caption, names, values) for number, (caption, values) in enumerate(shown.items())
    )
    return Drawing("pairs", title, PAIRS_LEAD + kinds, panels)


def draw_embedding(embedding: Mapping[str, Any]) -> Drawing:
    """Draw the rows of either side before those of the other."""
    real, synthetic = np.array(embedding["real"]), np.array(embedding["synthetic"])
    share = percent(embedding["share"], 0)
    title = f"The rows from afar: two directions that hold {share} of the spread of the real rows"
    sides = (("Real rows", real, synthetic, REAL), ("Synthetic rows", synthetic, real, SYNTHETIC))
    panels = tuple(
        Panel(
            svg(f"embedding-{caption[0]}", f"{caption} in a plane", _cloud(points, behind, colour), height=240),
            f"{caption}, in grey the {'synthetic' if colour is REAL else 'real'} ones",
        )
        for caption, points, behind, colour in sides
    )
    return Drawing("embedding", title, PLANE_LEAD, panels)


def _matrix(name: str, caption: str, columns: Sequence[str], values: Floats) -> Panel:
    """Draw the pairs below the diagonal, and the names on it."""
    rows, across = np.tril_indices(len(columns), -1)
    written = len(columns) <= WRITTEN_COLUMNS

    def paint(axes: Axes) -> None:
        from matplotlib.patches import Rectangle

        for i, j in zip(rows, across, strict=True):
            colour, strength = MORE if values[i, j] > 0 else LESS, min(abs(values[i, j]), 1.0)
            axes.add_patch(
                Rectangle((j + 0.03, i + 0.03), 0.94, 0.94, color=colour, alpha=0.04 + 0.51 * strength, lw=0)
            )
            if written:
                axes.text(j + 0.5, i + 0.5, _signed(values[i, j]), ha="center", va="center", fontsize=10.5)
        for place, column in enumerate(columns):
            letters = int((SIDE - place * (SIDE - NAME_WIDTH) / len(columns)) / LETTER)
            axes.text(place + 0.15, place + 0.5, text(column, letters), va="center", fontsize=10.5)
        # the last name needs room beyond the squares
        axes.set(xlim=(0, len(columns) * SIDE / (SIDE - NAME_WIDTH)), ylim=(len(columns), 0.2))
        axes.set_axis_off()

    height = (SIDE - NAME_WIDTH) * (len(columns) - 0.2) / len(columns)
    return Panel(svg(name, f"{caption}: how pairs of columns go together", paint, height=max(height, 60)), caption)


def _signed(value: float) -> str:
    return short(round(value, 2) + 0.0).replace("-", "\N{MINUS SIGN}")


def _cloud(points: Floats, behind: Floats, colour: str) -> Callable[[Axes], None]:
    def paint(axes: Axes) -> None:
        axes.scatter(behind[:, 0], behind[:, 1], s=7, color=FAINT, linewidths=0)
        axes.scatter(points[:, 0], points[:, 1], s=9, color=colour, alpha=0.75, linewidths=0)
        axes.set(xticks=[], yticks=[])
        # both pictures show the same part of the plane
        every = np.concatenate([points, behind])
        low, high = every.min(axis=0), every.max(axis=0)
        room = 0.04 * np.maximum(high - low, 1e-6)
        axes.set(xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - room[1], high[1] + room[1]))

    return paint
