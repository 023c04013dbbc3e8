"""A training run as curves."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, SymmetricalLogLocator

from ganaug.adversarial.alarms import Alarm, alarms
from ganaug.adversarial.history import History

__all__ = ["training"]

FEW = 12  # points that are marked as well
SMOOTH = 50  # a running median is over one in so many of the rows
FOOTER = 135  # characters a line


class Curve(NamedTuple):
    """A column of the history, as it is drawn."""

    column: str
    label: str
    colour: str


class Panel(NamedTuple):
    """Curves on one pair of axes; those that are shares have a level to compare them with, and its meaning."""

    title: str
    curves: tuple[Curve, ...]
    level: tuple[float, str] | None = None


GREY = "#56606b"
SCORE = "score on V"
# colours that the colour-blind tell apart too (Okabe and Ito 2008, https://jfly.uni-koeln.de/color)
PANELS = (
    Panel("loss", (Curve("critic_loss", "critic", "#d55e00"), Curve("generator_loss", "generator", "#0072b2"))),
    Panel(
        "critic accuracy",
        (Curve("real_accuracy", "on real rows", "#009e73"), Curve("fake_accuracy", "on fake rows", "#cc79a7")),
        (0.5, "a guess"),
    ),
    Panel("modes reached", (Curve("modes", "share of the real ones", GREY),), (1.0, "all")),
    Panel(SCORE, (Curve("score", "lower is better", GREY),)),
)
ALARM = "#b00020"


def training(history: History) -> Figure:
    """Draw a run: both losses, the critic's accuracy on either side, the modes, the score on V, and the alarms.

    Thin lines are what was measured, thick ones their running median.

    Parameters
    ----------
    history : History
        As `train` returns it, or ``TrainingDiverged.history``.

    Returns
    -------
    matplotlib.figure.Figure
        Unknown to pyplot, so nothing has to be closed: ``figure.savefig("run.png")``, or let a notebook show it.

    Raises
    ------
    ValueError
        If nothing was logged.

    Examples
    --------
    >>> row = {"critic_loss": 1.4, "generator_loss": 0.7, "real_accuracy": 0.6, "fake_accuracy": 0.5}
    >>> figure = training(History([{"step": step, **row} for step in (50, 100, 150)]))
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss', 'critic accuracy']
    """
    if not history.rows:
        raise ValueError("the history is empty, so there is nothing to draw: train until a step is logged")
    panels = [
        panel for panel in PANELS if panel is PANELS[0] or any(_known(history, c.column)[0] for c in panel.curves)
    ]
    found = alarms(history)
    footer = _footer(found)
    figure = Figure(figsize=(8, 0.9 + 1.55 * len(panels) + 0.16 * len(footer)), layout="constrained")
    every = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for axes, panel in zip(every, panels, strict=True):
        _draw(axes, panel, history)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)
        for alarm in found:
            axes.axvline(alarm.step, color=ALARM, linewidth=1, linestyle=(0, (4, 2)), zorder=1)
    for place, alarm in enumerate(reversed(found)):
        _name(every[0], place, f"{len(found) - place} {alarm.name}", alarm.step)
    every[-1].set_xlabel("step")
    figure.align_ylabels()
    if footer:
        figure.supxlabel("\n".join(footer), x=0.01, horizontalalignment="left", fontsize=8)
    return figure


def _draw(axes: Axes, panel: Panel, history: History) -> None:
    for curve in panel.curves:
        steps, values = _known(history, curve.column)
        axes.plot(steps, values, color=curve.colour, linewidth=0.8, alpha=0.35)
        marker = None if len(steps) > FEW else "."
        axes.plot(steps, _running_median(values), marker=marker, color=curve.colour, linewidth=1.8, label=curve.label)
    if panel.level is not None:
        axes.axhline(panel.level[0], color="#9aa3ab", linewidth=1, zorder=1, label=panel.level[1])
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylim(-0.03, max(1.05, axes.get_ylim()[1]))
    elif np.ptp(axes.get_ylim()) > 100:
        axes.set_yscale("symlog", linthresh=10)
        ticks = SymmetricalLogLocator(base=10, linthresh=10)
        ticks.set_params(numticks=5)
        axes.yaxis.set_major_locator(ticks)
        axes.autoscale()
    if panel.title == SCORE and history.best is not None:
        step, score = history.best["step"] or 0, history.best["score"] or 0
        axes.plot(step, score, "o", color=GREY, label=f"kept: step {step}")
    axes.set_ylabel(panel.title)
    axes.spines[["top", "right"]].set_visible(False)


def _known(history: History, column: str) -> tuple[list[float], list[float]]:
    """Steps and values where there is a finite one."""
    rows = [(row["step"] or 0, row.get(column)) for row in history.rows]
    known = [(step, value) for step, value in rows if value is not None and math.isfinite(value)]
    return [step for step, _ in known], [value for _, value in known]


def _running_median(values: list[float]) -> list[float]:
    half = len(values) // SMOOTH // 2
    return [median(values[max(0, at - half) : at + half + 1]) for at in range(len(values))]


def _name(axes: Axes, place: int, name: str, step: int) -> None:
    """Write an alarm's name above the axes, each on a line of its own, since several may begin at one step."""
    axes.annotate(
        name, (step, 1), (3, 3 + 10 * place), ("data", "axes fraction"), "offset points", color=ALARM, fontsize=8
    )


def _footer(found: Sequence[Alarm]) -> list[str]:
    said = [
        f"{place} {alarm.name} at step {alarm.step}: {alarm.why}; {alarm.fix}." for place, alarm in enumerate(found, 1)
    ]
    return [line for text in said for line in textwrap.wrap(text, FOOTER, subsequent_indent="   ")]
