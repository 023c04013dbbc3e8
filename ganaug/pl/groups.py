"""A colour and a shape for each of several groups, and how those that are too many are summed up."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

__all__ = ["Groups", "short"]

# colours that the colour-blind tell apart too (Okabe and Ito 2008, https://jfly.uni-koeln.de/color), yellow darkened
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#b5a400", "#000000")
# the eight colours come again in another shape
SHAPES = ("o", "^", "s")
REST = "#b4bac0"
UNKNOWN = "not known"
LONGEST = 22


class Groups(NamedTuple):
    """Which group each row is of.

    Parameters
    ----------
    names : list of str
        In their order.
    codes : ndarray of int, shape (n_rows,)

    Examples
    --------
    >>> groups = Groups.of(pd.Series(["T cell", None, "B cell"]))
    >>> groups.names, groups.codes.tolist()
    (['B cell', 'T cell', 'not known'], [1, 2, 0])
    """

    names: list[str]
    codes: NDArray[np.intp]

    @classmethod
    def of(cls, column: pd.Series[Any]) -> Groups:
        """Read a column of labels, of which some may be missing; levels that no row has are left out."""
        levels = column.astype("category").cat.remove_unused_categories().cat
        codes = np.array(levels.codes, dtype=np.intp)
        names = [str(level) for level in levels.categories]
        if not (codes < 0).any():
            return cls(names, codes)
        codes[codes < 0] = len(names)
        return cls([*names, UNKNOWN], codes)

    @property
    def marked(self) -> list[int]:
        """Those with a mark of their own, as there are only so many marks: the largest."""
        largest = np.argsort(-np.bincount(self.codes, minlength=len(self.names)), kind="stable")
        return sorted(largest[: len(COLOURS) * len(SHAPES)].tolist())

    def marks(self) -> list[tuple[str, str]]:
        """Colour and shape of each group."""
        own = {group: place for place, group in enumerate(self.marked)}
        return [
            (COLOURS[own[k] % len(COLOURS)], SHAPES[own[k] // len(COLOURS)]) if k in own else (REST, ".")
            for k in range(len(self.names))
        ]

    def scatter(self, axes: Axes, xy: NDArray[np.float64], order: NDArray[np.intp]) -> None:
        """Draw points ``(n_rows, 2)`` in this order, so that no group lies on top of another."""
        marks = self.marks()
        size = float(np.clip(9000 / len(xy), 3, 25))
        colour = np.array([colour for colour, _ in marks])[self.codes[order]]
        shape = np.array([shape for _, shape in marks])[self.codes[order]]
        for each in dict.fromkeys(shape):
            here = shape == each
            axes.scatter(
                xy[order[here], 0],
                xy[order[here], 1],
                s=size,
                c=colour[here],
                marker=each,
                linewidths=0,
                alpha=0.7,
                rasterized=True,
            )

    def legend(self, axes: Axes, title: str) -> None:
        """Name the marks to the right of the axes."""
        marks = self.marks()
        handles = [
            Line2D([], [], color=marks[k][0], marker=marks[k][1], linestyle="", label=short(self.names[k]))
            for k in self.marked
        ]
        rest = len(self.names) - len(handles)
        if rest:
            handles.append(Line2D([], [], color=REST, marker=".", linestyle="", label=f"{rest} others"))
        axes.legend(
            handles=handles, title=short(title), loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=8,
            title_fontsize=8, alignment="left", ncols=1 + len(handles) // 14,
        )  # fmt: skip


def short(name: str) -> str:
    """Return a name that fits beside axes.

    Examples
    --------
    >>> short("CD14+ monocytes, stimulated with interferon")
    'CD14+ monocytes, stim…'
    """
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
