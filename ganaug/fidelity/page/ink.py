"""Pictures as inline SVG: small, the same bytes every time, in the colours of the page around them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple

from ganaug.fidelity import wording

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = [
    "FAINT",
    "INK",
    "LESS",
    "MORE",
    "REAL",
    "SOFT",
    "SYNTHETIC",
    "Drawing",
    "Panel",
    "percent",
    "share_axis",
    "svg",
    "text",
]

# What is drawn in one of these takes the page's colour of that name, light or dark. Either pair is told apart by the
# colour-blind, too (Okabe and Ito 2008, https://jfly.uni-koeln.de/color)
INK, SOFT, FAINT = "#22262b", "#6b7178", "#c9c6be"
REAL, SYNTHETIC = "#0072b2", "#c65200"
MORE, LESS = "#00846b", "#b04a8a"
NAMES = {INK: "ink", SOFT: "soft", FAINT: "faint", REAL: "real", SYNTHETIC: "synthetic", MORE: "more", LESS: "less"}

STYLE: dict[str, Any] = {
    "axes.edgecolor": FAINT,
    "axes.labelcolor": SOFT,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11.5,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,  # columns may be named `$`
    "xtick.color": FAINT,
    "xtick.labelcolor": SOFT,
    "ytick.color": FAINT,
    "ytick.labelcolor": SOFT,
}
DOTS_PER_INCH = 72  # one unit of the picture is one pixel of the page


class Panel(NamedTuple):
    """One picture and the line above it; `columns` in backticks."""

    svg: str
    caption: str = ""


class Drawing(NamedTuple):
    """Pictures that tell one thing: what they show as a sentence, and how to read them."""

    name: str
    title: str
    lead: str
    panels: tuple[Panel, ...]


def svg(name: str, alt: str, paint: Callable[[Axes], None], *, width: float = 300, height: float = 170) -> str:
    """Return one pair of axes as an ``<svg>`` element.

    Parameters
    ----------
    name : str
        Unlike that of any other picture on the page.
    alt : str
        What is to be seen, for those who do not see it.
    paint : callable
        Draws on the axes.
    width, height : float
        In pixels; the page makes it smaller where it has to.

    Examples
    --------
    >>> picture = svg("line", "a line", lambda axes: axes.plot([0, 1], color=REAL))
    >>> picture[:40], "var(--real)" in picture
    ('<svg role="img" aria-label="a line" view', True)
    """
    import numpy as np
    from matplotlib import style
    from matplotlib.figure import Figure

    file = StringIO()
    with style.context(["default", {**STYLE, "svg.hashsalt": name}]), warnings.catch_warnings():
        # the browser has the letters that matplotlib's own font lacks
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure = Figure(figsize=(width / DOTS_PER_INCH, height / DOTS_PER_INCH), layout="constrained")
        paint(figure.subplots())
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        with np.errstate(over="ignore"):  # matplotlib looks for round ticks beyond the largest number
            figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    return _inline(file.getvalue(), alt)


def share_axis(axis: Axis) -> None:
    """Write shares as percentages, few of them."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda share, _: percent(share))


def percent(share: float, digits: int | None = None) -> str:
    r"""Write a share in per cent, number and sign on one line.

    Examples
    --------
    >>> percent(0.5), percent(0.025)
    ('50\xa0%', '2.5\xa0%')
    """
    return wording.percent(share, digits).replace(" ", "\N{NO-BREAK SPACE}")


def text(value: object, most: int = 18) -> str:
    """Bring a name to one line of at most so many letters.

    Examples
    --------
    >>> text("a rather long name of a column")
    'a rather long nam…'
    """
    line = " ".join(str(value).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _inline(page: str, alt: str) -> str:
    """Make an element of a file: no namespaces, no ids but those that are referred to, colours by their names."""
    opening, body = re.split(r"(?<=>)", page[page.index("<svg") :], maxsplit=1)
    box = re.search(r'viewBox="[^"]+"', opening)
    body = re.sub(r'<defs>\s*<style type="text/css">.*?</style>\s*</defs>', "", body, count=1, flags=re.DOTALL)
    body = re.sub(r' id="[A-Za-z_.0-9]*_\d+"', "", body).replace("xlink:href", "href")
    body = body.replace("'DejaVu Sans', sans-serif", "system-ui, sans-serif")
    body = re.sub(r"\s*\n\s*", " ", body)
    for colour, name in NAMES.items():
        body = body.replace(colour, f"var(--{name})")
    return f'<svg role="img" aria-label="{escape(alt)}" {box[0] if box else ""}>{body}'.strip()
