"""How numbers and limits are written for a reader."""

from __future__ import annotations

from ganaug.fidelity.result import Verdict

__all__ = ["limit_text", "short"]


def short(value: float, digits: int = 2) -> str:
    """Write a number as in ".52".

    Examples
    --------
    >>> short(0.518), short(1.0), short(-0.04), short(-0.001)
    ('.52', '1.00', '-.04', '.00')
    """
    text = f"{round(value, digits) + 0.0:.{digits}f}"  # no "-.00"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def limit_text(verdict: Verdict, low: str, high: str) -> str:
    """Name the limit that decided.

    Examples
    --------
    >>> limit_text(Verdict.PASS, ".48", ".56"), limit_text(Verdict.INCONCLUSIVE, ".6", ".7")
    ('at most .56', 'between .6 and .7')
    """
    return {Verdict.PASS: f"at most {high}", Verdict.FAIL: f"at least {low}"}.get(verdict, f"between {low} and {high}")
