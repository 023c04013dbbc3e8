"""How numbers, shares and limits are written for a reader."""

from __future__ import annotations

import re

from ganaug.fidelity.result import Verdict

__all__ = ["in_unit", "limit_text", "percent", "share_text", "short"]


def short(value: float, digits: int = 2) -> str:
    """Write a number as in ".52".

    Examples
    --------
    >>> short(0.518), short(1.0), short(-0.04), short(-0.001)
    ('.52', '1.00', '-.04', '.00')
    """
    text = f"{round(value, digits) + 0.0:.{digits}f}"  # no "-.00"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def percent(share: float, digits: int | None = 0) -> str:
    """Write a share in per cent: with so many decimals, or in the three figures that it has at most.

    Examples
    --------
    >>> percent(0.914), percent(0.5, 1), percent(0.5, None), percent(0.975, None)
    ('91 %', '50.0 %', '50 %', '97.5 %')
    """
    return f"{100 * share:.3g} %" if digits is None else f"{100 * share:.{digits}f} %"


def share_text(value: float) -> str:
    """Write a share in per cent, with a decimal where few rows have it or lack it, and in words where none or all do.

    Examples
    --------
    >>> share_text(0.914), share_text(0.0042), share_text(0.0), share_text(1.0)
    ('91 %', '0.4 %', 'none', 'all')
    """
    if value in (0.0, 1.0):
        return "all" if value else "none"
    return percent(value, 1 if min(value, 1 - value) < 0.0495 else 0)


def limit_text(verdict: Verdict, low: str, high: str) -> str:
    """Name the limit that decided.

    Examples
    --------
    >>> limit_text(Verdict.PASS, ".48", ".56"), limit_text(Verdict.INCONCLUSIVE, ".6", ".7")
    ('at most .56', 'between .6 and .7')
    """
    return {Verdict.PASS: f"at most {high}", Verdict.FAIL: f"at least {low}"}.get(verdict, f"between {low} and {high}")


def in_unit(text: str, unit: str) -> str:
    """Call rows what they are, say cells; names, which are in backticks, stay as they are.

    Examples
    --------
    >>> in_unit("Rows of `rows` are too near to a training row", "cells")
    'Cells of `rows` are too near to a training cell'
    """

    def called(found: re.Match[str]) -> str:
        word = unit if found["many"] else unit.removesuffix("s")
        return word.capitalize() if found["first"] == "R" else word

    parts = re.split(r"(`[^`]*`)", text)
    parts[::2] = [re.sub(r"\b(?P<first>[Rr])ow(?P<many>s)?\b", called, part) for part in parts[::2]]
    return "".join(parts)
