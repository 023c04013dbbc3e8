"""What a column of a data frame is to the judge, whatever its dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from ganaug.errors import DataError

__all__ = ["Kind", "column_kind", "common_kind", "level_numbers", "plain_values", "row_name_kind"]

Kind = Literal["number", "time", "category"]

_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}
_TIMES = {"datetime64", "datetime", "date", "timedelta64", "timedelta"}


def column_kind(series: pd.Series[Any]) -> Kind:
    """Tell whether a column holds numbers, times (datetimes and durations), or categories (text and booleans too).

    Examples
    --------
    >>> column_kind(pd.Series([1, 2, None], dtype="Int64")), column_kind(pd.Series([True, None]))
    ('number', 'category')
    """
    if types.is_bool_dtype(series.dtype) or isinstance(series.dtype, pd.CategoricalDtype):
        return "category"
    if types.is_numeric_dtype(series.dtype):
        return "number"
    if types.is_datetime64_any_dtype(series.dtype) or types.is_timedelta64_dtype(series.dtype):
        return "time"
    found = types.infer_dtype(series, skipna=True) if series.dtype == object else "string"
    return "number" if found in _NUMBERS else "time" if found in _TIMES else "category"


def common_kind(parts: Sequence[pd.Series[Any]]) -> Kind:
    """Return the kind of the first part in which anything is known: an empty one says nothing."""
    return column_kind(next((part for part in parts if part.notna().any()), parts[0]))


def plain_values(series: pd.Series[Any], kind: Kind) -> NDArray[Any]:
    """Return ``(n_rows,)`` floats (times in microseconds, NaN where missing), or text with None where missing.

    Values that cannot be of this kind count as missing.
    """
    if kind == "category":
        text = series.astype(object).map(_text, na_action="ignore").to_numpy(object, copy=True)
        text[series.isna().to_numpy()] = None
        return np.asarray(text)
    if kind == "number":
        plain = series.astype(object) if column_kind(series) == "category" else series
        numbers = pd.to_numeric(plain, errors="coerce")
        if types.is_complex_dtype(numbers.dtype):
            raise DataError(f"`{series.name}` holds complex numbers; make two columns of their parts, or leave it out")
        return np.asarray(numbers.to_numpy(float, na_value=np.nan))
    if column_kind(series) != "time":
        return np.full(len(series), np.nan)
    # pandas reads objects as nanoseconds, which end in 2262, unless it is told
    if types.infer_dtype(series, skipna=True).startswith("timedelta"):
        spans = series.astype(object).where(series.notna(), None).to_numpy().astype("timedelta64[us]")
    else:
        utc = series.astype("datetime64[us, UTC]") if series.dtype == object else pd.to_datetime(series, utc=True)
        spans = pd.DatetimeIndex(utc).as_unit("us").tz_localize(None).to_numpy() - np.datetime64(0, "us")
    return np.asarray(spans / np.timedelta64(1, "us"), dtype=float)


def level_numbers(values: NDArray[Any], kind: Kind) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Return the number of each value's level ``(n_rows,)``, NaN where it is missing, and the levels.

    Numbers are levelled in ascending order, so that a monotone change of a column leaves the judge unmoved;
    categories by falling frequency, so that cutting off a tail cuts the rare ones.

    Examples
    --------
    >>> level_numbers(np.array([2.5, np.nan, 0.5]), "number")
    (array([ 1., nan,  0.]), array([0.5, 2.5]))
    """
    known = ~pd.isna(values)
    codes = np.full(len(values), np.nan)
    levels, inverse, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    if kind != "category":
        codes[known] = inverse
        return codes, levels
    order = np.argsort(-counts, kind="stable")
    codes[known] = np.argsort(order)[inverse]
    return codes, levels[order]


def row_name_kind(values: NDArray[Any], *, is_text: bool) -> str | None:
    """Say whether real values name their rows rather than describe them: "running number", "free text" or None."""
    known = values[~pd.isna(values)]
    n_levels = len(np.unique(known))
    if len(known) < 20:
        return None
    if values.dtype == object:
        return "free text" if is_text and n_levels > len(known) / 2 else None
    if n_levels < len(known) or not np.all(np.isfinite(known)) or np.any(known != np.round(known)):
        return None
    # birthday problem: n draws from a range this narrow are all different with chance exp(-n^2 / (2 range))
    with np.errstate(over="ignore"):
        return "running number" if n_levels**2 / (2 * (np.ptp(known) + 1)) > 7 else None


def _text(value: Any) -> str:
    """Write a level; levels 0, 1, 2 are the same ones where a missing value has made floats of them."""
    is_whole = isinstance(value, (float, np.floating)) and value.is_integer()
    return str(int(value)) if is_whole else str(value)
