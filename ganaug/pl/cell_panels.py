"""The panels of the figure that shows real and synthetic cells side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter
from numpy.typing import NDArray

from ganaug.fidelity.cells.evidence import Side
from ganaug.pl.groups import COLOURS, REST, Groups, short

__all__ = ["Cloud", "draw_cells"]

Floats = NDArray[np.float64]

NAMES = ("real", "synthetic")
PAIR = (COLOURS[0], COLOURS[1])
GREY = "#9aa3ab"
SHADES = "YlGnBu"
LARGEST = 70.0  # of a dot, in points²
N_BINS = 25
FEWEST_GENES = 5
LONGEST = 12  # name of a gene


class Cloud(NamedTuple):
    """Where cells are drawn.

    Parameters
    ----------
    name : str
        Of the embedding.
    xy : ndarray, shape (n_cells, 2)
        Real cells, then synthetic ones.
    side : ndarray of int, shape (n_cells,)
        0 for real cells, 1 for synthetic ones.
    types : Groups or None
    order : ndarray of int, shape (n_cells,)
        Shuffled, so that no group lies on top of another.
    """

    name: str
    xy: Floats
    side: NDArray[np.intp]
    types: Groups | None
    order: NDArray[np.intp]


def draw_cells(
    sides: tuple[Side, Side], cloud: Cloud, label_key: str | None, markers: list[tuple[int, str]], most_types: int
) -> Figure:
    """Put all panels on one figure.

    Parameters
    ----------
    sides : tuple of Side
        Real and synthetic cells.
    cloud : Cloud
    label_key : str or None
    markers : list of (int, str)
        Place and name of each gene whose expression by type is shown.
    most_types : int
        Types that have a line; the largest.
    """
    names = _largest(sides[0], most_types) if markers and cloud.types else []
    heights = [4.2, *([2.2 + 0.26 * len(names)] if names else []), 3.4]
    figure = Figure(figsize=(13, sum(heights)), layout="constrained")
    figure.suptitle(" and ".join(f"{len(side):,} {name} cells" for side, name in zip(sides, NAMES, strict=True)))
    rows = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    _draw_clouds(rows[0], cloud, label_key)
    if names:
        _draw_markers(rows[1], sides, names, markers)
    left, middle, right = rows[-1].subplots(1, 3)
    _draw_genes(left, middle, sides)
    _draw_library(right, sides)
    return figure


def _draw_clouds(figure: SubFigure, cloud: Cloud, label_key: str | None) -> None:
    """Draw both sides together, then each on its own, in the same place."""
    axes = figure.subplots(1, 3, sharex=True, sharey=True)
    both = Groups(list(NAMES), cloud.side)
    both.scatter(axes[0], cloud.xy, cloud.order)
    axes[0].set_title(f"joint {cloud.name}")
    handles = [Line2D([], [], color=colour, marker="o", linestyle="") for colour in PAIR]
    axes[0].legend(handles, NAMES, frameon=False, fontsize=8, loc="best", handletextpad=0.2)
    groups = cloud.types or both
    for k, (panel, name) in enumerate(zip(axes[1:], NAMES, strict=True)):
        panel.scatter(*cloud.xy[cloud.side != k].T, s=3, c="#e8eaec", linewidths=0, rasterized=True)
        groups.scatter(panel, cloud.xy, cloud.order[cloud.side[cloud.order] == k])
        panel.set_title(f"{name} cells")
    if cloud.types is not None:
        groups.legend(axes[2], str(label_key))
    for panel in axes:
        panel.set(xticks=[], yticks=[])
        panel.spines[["top", "right"]].set_visible(False)


def _draw_markers(
    figure: SubFigure, sides: tuple[Side, Side], names: list[str], markers: list[tuple[int, str]]
) -> None:
    """Draw a dot for each type and marker: how many cells express it, and how much on average."""
    axes = figure.subplots(1, 2, sharey=True)
    genes = [place for place, _ in markers]
    told = [_expression(side, names, genes) for side in sides]
    most = np.maximum(told[0][1].max(axis=0), 1e-9)
    x, y = np.meshgrid(np.arange(len(genes)), np.arange(len(names)))
    for panel, (share, mean), name in zip(axes, told, NAMES, strict=True):
        panel.scatter(
            x.ravel(), y.ravel(), s=LARGEST * share.ravel(), c=np.clip(mean / most, 0, 1).ravel(), cmap=SHADES,
            vmin=0, vmax=1, edgecolors=GREY, linewidths=0.4,
        )  # fmt: skip
        panel.set_xticks(
            x[0],
            [gene if len(gene) <= LONGEST else f"{gene[: LONGEST - 1]}…" for _, gene in markers],
            rotation=90,
            fontsize=7,
        )
        panel.set_yticks(y[:, 0], [short(each) for each in names], fontsize=8)
        panel.set(title=f"markers in {name} cells", xlim=(-0.8, len(genes) - 0.2), ylim=(len(names) - 0.3, -0.7))
        panel.tick_params(length=0)
        panel.spines[["top", "right"]].set_visible(False)
    bar = figure.colorbar(ScalarMappable(cmap=SHADES), ax=axes, shrink=0.85, pad=0.01, aspect=14)
    bar.set_label("mean, of the highest\nreal type's", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    handles = [
        Line2D([], [], marker="o", linestyle="", color=GREY, markersize=(LARGEST * share) ** 0.5, label=f"{share:.0%}")
        for share in (0.1, 0.5, 1)
    ]
    figure.legend(
        handles=handles, title="cells expressing", loc="outside lower center", ncols=3, frameon=False, fontsize=8,
        title_fontsize=8,
    )  # fmt: skip


def _draw_genes(left: Axes, right: Axes, sides: tuple[Side, Side]) -> None:
    """Draw variance and share of zeros of genes over their mean, and a line through the middle of each."""
    for side, name, colour in zip(sides, NAMES, PAIR, strict=True):
        mean = np.asarray(side.counts.mean(axis=0, dtype=np.float64)).ravel()
        square = np.asarray(side.counts.multiply(side.counts).mean(axis=0, dtype=np.float64)).ravel()
        zeros = 1 - np.asarray(side.counts.getnnz(axis=0)) / len(side)
        seen = mean > 0
        for axes, values in ((left, square - mean**2), (right, zeros)):
            axes.scatter(mean[seen], values[seen], s=3, color=colour, alpha=0.25, linewidths=0, rasterized=True)
            axes.plot(*_middle(mean[seen], values[seen]), color=colour, linewidth=2, label=name)
    grid = _spread(sides)
    left.plot(grid, grid, color=REST, linewidth=1, linestyle="--", label="Poisson")
    right.plot(grid, np.exp(-grid), color=REST, linewidth=1, linestyle="--", label="Poisson")
    left.set(xscale="log", yscale="log", xlabel="mean count of a gene", ylabel="variance", title="variance of genes")
    right.set(xscale="log", xlabel="mean count of a gene", ylabel="share of cells", title="cells without the gene")
    for axes in (left, right):
        axes.legend(frameon=False, fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)


def _draw_library(axes: Axes, sides: tuple[Side, Side]) -> None:
    """Draw how many cells have fewer counts than so many."""
    for side, name, colour in zip(sides, NAMES, PAIR, strict=True):
        axes.step(np.sort(side.library), np.arange(1, len(side) + 1) / len(side), color=colour, linewidth=2, label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="counts of a cell", ylabel="share of cells with fewer", title="library sizes")
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _largest(real: Side, most: int) -> list[str]:
    sizes = pd.Series(real.labels).value_counts()
    return sorted(str(name) for name in sizes.index[:most])


def _expression(side: Side, names: list[str], genes: list[int]) -> tuple[Floats, Floats]:
    """Share of the cells of each type that express a gene, and the mean ``(n_types, n_genes)``."""
    values = np.asarray(side.logged[:, genes].toarray(), dtype=np.float64)
    parts = [values[np.asarray(side.labels == name)] for name in names]
    share, mean = (
        [np.asarray(each.mean(axis=0)) if len(each) else np.zeros(len(genes)) for each in some]
        for some in ([part > 0 for part in parts], parts)
    )
    return np.array(share), np.array(mean)


def _middle(mean: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Medians of like genes."""
    bins = pd.cut(pd.Series(np.log(mean)), N_BINS, labels=False)
    frame = pd.DataFrame({"mean": mean, "value": values, "bin": bins}).groupby("bin")
    middle = frame.median()[frame.size() >= FEWEST_GENES]
    return middle["mean"].to_numpy(), middle["value"].to_numpy()


def _spread(sides: tuple[Side, Side]) -> Floats:
    means = np.concatenate([np.asarray(side.counts.mean(axis=0, dtype=np.float64)).ravel() for side in sides])
    return np.geomspace(means[means > 0].min(), means.max(), 50)
