"""The panels of the figure that shows what equalising did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from ganaug.pl.groups import COLOURS, REST, Groups, short
from ganaug.pl.measures import N_MOVERS, Mixing, Movers

__all__ = ["draw"]

Floats = NDArray[np.float64]
GREY = "#56606b"
MOST_STATES = 24


def draw(
    title: str,
    clouds: tuple[Floats, Floats],
    groups: Sequence[tuple[str, Groups]],
    mixing: Mixing,
    movers: Movers | None,
    rng: np.random.Generator,
) -> Figure:
    """Put all panels on one figure.

    Parameters
    ----------
    title : str
    clouds : tuple of ndarray, shape (n_cells, 2)
        Where cells are before and after.
    groups : list of (str, Groups)
        The batch of each cell, then its state, and what they are called.
    mixing : Mixing
    movers : Movers or None
    rng : numpy.random.Generator
        Shuffles the cells, so that no group lies on top of another.
    """
    (_, batch), (_, state) = groups
    height = 0.22 * max(min(len(state.names), MOST_STATES) + 1, N_MOVERS) + 1
    figure = Figure(figsize=(10, 8 + height), layout="constrained")
    figure.suptitle(title)
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=[8, height])[:, 0]
    _draw_clouds(upper, clouds, groups, rng)
    axes = lower.subplots(1, 1 if movers is None else 2, squeeze=False)[0]
    _draw_mixing(axes[0], mixing, batch, state)
    if movers is not None:
        _draw_movers(axes[1], movers, batch)
    return figure


def _draw_clouds(
    figure: SubFigure, both: tuple[Floats, Floats], groups: Sequence[tuple[str, Groups]], rng: np.random.Generator
) -> None:
    """Draw cells ``(n_cells, 2)`` before and after, coloured by each kind of group."""
    order = rng.permutation(len(both[0]))
    for line, (title, group) in zip(figure.subplots(len(groups), 2), groups, strict=True):
        for axes, xy, when in zip(line, both, ("before", "after"), strict=True):
            group.scatter(axes, xy, order)
            axes.set(title=f"{when}, by {short(title)}", xticks=[], yticks=[])
            axes.spines[["top", "right"]].set_visible(False)
        group.legend(line[1], title)


def _draw_mixing(axes: Axes, mixing: Mixing, batch: Groups, state: Groups) -> None:
    """Draw a dot before and one after for each state; of those of a single batch, say which, and whether it is kept."""
    largest = np.sort(np.argsort(-mixing.cells.sum(axis=1), kind="stable")[:MOST_STATES])
    place = np.arange(len(largest))
    before, after = (each[largest] for each in mixing.mixed)
    axes.hlines(place, before, after, color=REST, linewidth=2, zorder=1)
    axes.plot(before, place, "o", color=GREY, markerfacecolor="white", label="before")
    axes.plot(after, place, "o", color=COLOURS[0], label="after")
    for at in np.flatnonzero(np.isnan(after)).tolist():
        k = largest[at]
        own = " → ".join(f"{each[k]:.0%}" for each in mixing.own)
        said = f"only {short(batch.names[mixing.cells[k].argmax()])}; nearest of the same {own}"
        axes.text(0, at, said, color=GREY, fontsize=8, verticalalignment="center")
    names = [f"{short(state.names[k])} ({mixing.cells[k].sum():,})" for k in largest]
    axes.set(yticks=place, yticklabels=names, xlim=(-0.03, max(1.05, np.nanmax([0, *before, *after]) + 0.03)))
    axes.set(
        title="batches among the 30 nearest cells", xlabel="entropy, relative to the state's own: 0 apart, 1 mixed"
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.2), ncols=2)
    _plain(axes, len(largest))


def _draw_movers(axes: Axes, movers: Movers, batch: Groups) -> None:
    """Draw each batch's mean change of the features that moved most."""
    place = np.arange(len(movers.names))
    axes.axvline(0, color=REST, linewidth=1, zorder=1)
    axes.hlines(place, movers.change.min(axis=1), movers.change.max(axis=1), color=REST, linewidth=2, zorder=1)
    for k, (colour, shape) in enumerate(batch.marks()):
        axes.plot(movers.change[:, k], place, shape, color=colour, markersize=5)
    axes.set(yticks=place, yticklabels=[short(name) for name in movers.names])
    axes.set(title="features that moved most", xlabel="mean change of each batch, in SDs of the feature")
    _plain(axes, len(place))


def _plain(axes: Axes, n_lines: int) -> None:
    axes.set_ylim(n_lines - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
