"""The report as one page of HTML: no script, no network, light and dark, screen and paper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Undefined
from markupsafe import Markup, escape

from ganaug.fidelity.page.figures import drawings
from ganaug.fidelity.page.ink import percent
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.wording import in_unit

if TYPE_CHECKING:
    from ganaug.fidelity.report import FidelityReport

__all__ = ["environment", "render"]

WIDTH = 180
EDGE = 5
# these start from a guess, not from nothing
AREAS = {"c2st", "within", "membership"}


class Bar(NamedTuple):
    """Where effect, limits and margin of a check are drawn, in pixels."""

    low: float | None
    high: float | None
    effect: float
    margin: float


def render(report: FidelityReport) -> str:
    """Return the report as one self-contained page.

    Examples
    --------
    >>> from ganaug.fidelity.report import FidelityReport
    >>> from ganaug.fidelity.result import Verdict
    >>> check = CheckResult("c2st", 0.9, 0.8, 0.95, 0.65, Verdict.FAIL, True, "C2ST AUC .90: `<b>` gives most away")
    >>> page = render(FidelityReport(Verdict.FAIL, (check,), "standard", 100, 100, {}))
    >>> "<b>Refused:</b> C2ST AUC .90" in page, "&lt;b&gt;" in page, "<script" in page
    (True, True, False)
    """
    opening, _, reason = report.headline.partition(": ")
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            opening=opening,
            reason=reason,
            level=percent(1 - min(check.alpha for check in report.checks)),
            checks=[(check, bar(check)) for check in report.checks],
            drawings=drawings(report.pictures),
        )
    )


def environment() -> Environment:
    """Return where the templates lie, and how they write numbers and prose."""
    pages = Environment(
        loader=PackageLoader("ganaug.fidelity.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pages.filters |= {
        "chance": _chance,
        "in_unit": in_unit,
        "number": _number,
        "percent": partial(percent, digits=1),
        "plain": _plain,
        "prose": _prose,
    }
    return pages


def bar(check: CheckResult) -> Bar | None:
    """Lay a check out on its own scale, from no effect (or chance level) to whatever has to be seen."""
    if check.effect is None or check.margin is None:
        return None
    start, end = (0.5, 1.0) if check.name in AREAS else (0.0, max(check.effect, 2 * check.margin, 1e-9))

    def place(value: float) -> float:
        share = min(max((value - start) / (end - start), 0.0), 1.0)
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)

    low = None if check.low is None else place(check.low)
    high = None if check.high is None else place(check.high)
    return Bar(low, high, place(check.effect), place(check.margin))


def _prose(text: str) -> Markup:
    """Set column names as code, and keep a number and its percent sign on one line."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)).replace(" %", "\N{NO-BREAK SPACE}%")))


def _number(value: Any, digits: int = 2) -> str:
    # plus zero, so that nothing is written as "-0.00"
    return "" if value is None or isinstance(value, Undefined) else f"{round(float(value), digits) + 0.0:.{digits}f}"


def _chance(p: Any) -> str:
    return "" if p is None or isinstance(p, Undefined) else f"{p:.3f}" if p >= 0.001 else "< 0.001"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    return ", ".join(_plain(item) for item in value) if isinstance(value, (list, tuple)) else str(value)
