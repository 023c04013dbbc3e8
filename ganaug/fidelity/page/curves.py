"""Pictures of how well the classifier of C2ST told the rows apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from scipy.optimize import brentq
from scipy.stats import norm

from ganaug.fidelity.page.ink import FAINT, INK, LESS, Drawing, Panel, percent, svg
from ganaug.fidelity.wording import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_curve", "draw_roc", "shifted"]

Floats = NDArray[np.float64]

ROC_LEAD = (
    "From the row that looks most real to the one that looks least so: the share of real rows found, against the share "
    "of synthetic rows taken for real by then. A classifier that can only guess stays on the diagonal. The line "
    "is of one split, the band of the limits over all splits."
)
CURVE_LEAD = (
    "The AUC on rows that the classifier has not seen; .50 is a guess. A line that still rises has more to find."
)


def draw_roc(roc: Mapping[str, Any]) -> Drawing:
    """Draw the curve, and the band of those whose areas are within the limits."""
    level = percent(roc["confidence"])
    title = (
        f"Shown a real and a synthetic row, the classifier tells which is which {percent(roc['auc'], 0)} of the time"
    )
    alt = f"ROC curve with an area of {short(roc['auc'])}, limits {short(roc['low'])} and {short(roc['high'])}"
    caption = f"AUC {short(roc['auc'])}, one-sided {level} limits {short(roc['low'])} and {short(roc['high'])}"

    def paint(axes: Axes) -> None:
        fpr, tpr = np.array(roc["fpr"]), np.array(roc["tpr"])
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
        low, high = (shifted(fpr, tpr, roc[side]) for side in ("low", "high"))
        axes.fill_between(fpr, low, high, color=INK, alpha=0.15, linewidth=0)
        axes.plot(fpr, shifted(fpr, fpr, roc["limit"]), color=LESS, linewidth=1.4, linestyle=(0, (4, 3)))
        axes.plot(fpr, tpr, color=INK, linewidth=2)
        axes.text(0.98, 0.1, "\N{EM DASH} this classifier", color=INK, ha="right")
        axes.text(0.98, 0.03, f"- - - at the limit, {short(roc['limit'])}", color=LESS, ha="right")
        axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="synthetic rows taken for real", ylabel="real rows found")
        ticks = [0, 0.5, 1]
        axes.set_xticks(ticks, [percent(tick) for tick in ticks])
        axes.set_yticks(ticks, [percent(tick) for tick in ticks])

    return Drawing("roc", title, ROC_LEAD, (Panel(svg("roc", alt, paint, height=270), caption),))


def draw_curve(curve: Mapping[str, Any]) -> Drawing:
    """Draw the AUC over the number of rows that the classifier learned from."""
    rows, auc = curve["rows"], curve["auc"]
    title = f"Learning from {rows[-1]:,} rows of each side the classifier reaches AUC {short(auc[-1])}"
    if len(rows) > 1:
        title += f", from {rows[0]:,} it reaches {short(auc[0])}"

    def paint(axes: Axes) -> None:
        axes.axhline(0.5, color=FAINT, linewidth=1)
        axes.plot(rows, auc, marker="o", color=INK, linewidth=2, markersize=5)
        for n, value in zip(rows, auc, strict=True):
            axes.annotate(short(value), (n, value), (0, 7), textcoords="offset points", ha="center")
        if curve.get("limit") is not None:
            axes.axhline(curve["limit"], color=LESS, linewidth=1.4, linestyle=(0, (4, 3)))
            axes.annotate(
                "limit", (1, curve["limit"]), (0, 3), ("axes fraction", "data"), "offset points", color=LESS, ha="right"
            )
        axes.set_xscale("log")
        axes.set_xticks(rows, [f"{n:,}" for n in rows])
        axes.set_xticks([], minor=True)
        axes.set(xlabel="rows of each side to learn from", ylabel="AUC")
        axes.set_ylim(min(0.45, *auc), max(0.75, max(auc) + 0.06))
        axes.margins(x=0.08)
        axes.locator_params(axis="y", nbins=5)

    alt = "AUC of the classifier over the number of rows that it learned from"
    return Drawing("curve", title, CURVE_LEAD, (Panel(svg("curve", alt, paint, height=230)),))


def shifted(fpr: Floats, tpr: Floats, area: float) -> Floats:
    """Move a ROC curve up or down on the normal scale until it has that area under it.

    Examples
    --------
    >>> fpr = np.linspace(0, 1, 101)
    >>> float(trapezoid(shifted(fpr, fpr, 0.8), fpr).round(3))
    0.8
    """
    z = norm.ppf(np.clip(tpr, 1e-4, 1 - 1e-4))

    def moved(by: float) -> Floats:
        return np.asarray(norm.cdf(z + by))

    def surplus(by: float) -> float:
        return float(trapezoid(moved(by), fpr)) - min(max(area, 0.01), 0.99)

    return moved(float(brentq(surplus, -9, 9)))
