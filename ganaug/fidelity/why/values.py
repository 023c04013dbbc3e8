"""Single values of a column, as a reader knows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from ganaug.fidelity.evidence.gathering import Evidence

__all__ = ["DAY", "is_duration", "two_values", "value_text"]

DAY, SECOND = 86_400_000_000, 1_000_000  # in microseconds


def value_text(evidence: Evidence, j: int, code: float) -> str:
    """Write the value behind a level number as a reader knows it."""
    if np.isnan(code):
        return "missing"
    value = evidence.levels[j][int(code)]
    return str(value) if evidence.kinds[j] == "category" else _number(evidence, j, float(value))


def two_values(evidence: Evidence, j: int, a: float, b: float, *, wide: bool = False) -> tuple[str, str]:
    """Write two values with as many digits as show their difference; `wide` means a duration, not a date."""
    if evidence.kinds[j] == "time":
        step = DAY if abs(a - b) > 2 * DAY else 1
        a, b = (step * round(value / step) for value in (a, b))
        return _time(evidence, j, a, duration=wide), _time(evidence, j, b, duration=wide)
    digits = 2 if a == b else max(0, 1 - int(np.floor(np.log10(abs(a - b)))))
    if digits >= 8:
        return f"{a:.4g}", f"{b:.4g}"
    a, b = (round(value, digits) + 0.0 for value in (a, b))  # no "-0.0"
    return f"{a:.{digits}f}", f"{b:.{digits}f}"


def is_duration(evidence: Evidence, j: int) -> bool:
    """Whether the values of a column of times are durations, not dates."""
    column: pd.Series[Any] = evidence.folds[0][0][evidence.names[j]]
    return types.infer_dtype(column, skipna=True).startswith("timedelta")


def _number(evidence: Evidence, j: int, value: float) -> str:
    if evidence.kinds[j] == "time":
        return _time(evidence, j, value)
    return f"{value:.0f}" if abs(value) < 1e15 and value == round(value) else f"{value:.6g}"


def _time(evidence: Evidence, j: int, value: float, *, duration: bool = False) -> str:
    whole = round(value)
    if duration or is_duration(evidence, j):
        return str(pd.Timedelta(np.timedelta64(whole, "us")).round("s"))
    # pandas' own moments may end in 2262
    when = np.datetime64(whole // DAY, "D") if whole % DAY == 0 else np.datetime64(round(whole / SECOND), "s")
    return str(when).replace("T", " ")
