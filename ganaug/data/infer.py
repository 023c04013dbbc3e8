"""What kind of column a pandas Series is."""

from __future__ import annotations

import re
import uuid
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

from ganaug.data.checks import refuse_infinity, where
from ganaug.data.dialect import Dialect
from ganaug.data.kinds import Kind
from ganaug.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["infer_kind"]

PLAIN = (str, int, float, np.generic, Decimal, date, time, pd.Timedelta, uuid.UUID)  # datetime is a date, bool an int
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|[+-]\d{2}:?(\d{2})?))?)?")
UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
ZERO_PADDED = re.compile(r"\s*[-+]?0\d")
# "12 kg", "3.5mm", "5%", "$ 12", but not the code "4a", the range "3-5" or the thousands of "1,234"
WITH_UNIT = re.compile(
    r"\s*[-+]?\d+([.,]\d+)?(\s+[^\d\s/:-]\S{0,9}|[^\W\d_]{2,9}\S{0,4}|[%°$€£]\S{0,3})\s*|\s*[$€£]\s*\d\S*"
)

# "31.01.2026 18:30" or "1/31/26", but not the code "12-34-5678"
DAY_FIRST = re.compile(r"[0-3]?\d([./])[0-3]?\d\1(\d{2}|\d{4})(\D.*)?")
SWAPPED = str.maketrans(",.", ".,")

IDENTIFIER_ROWS = 20  # in so few rows, distinct text says nothing
RUNNING_ROWS = 10
SHUFFLED_ROWS = 100
LONG_TEXT = 25  # characters, on average
FEW_LEVELS = 64
MANY_LEVELS = 1000

MIXED = "Treated as categories, although values of different types are mixed"
NUMBERS_AS_TEXT = "Learned as numbers and written back as text"
COMMAS = "Treated as categories, although these may be numbers: points and commas are not used as in numbers elsewhere"
DATES = "Treated as categories: dates are learned as dates if they are written as in 2026-01-31"
MANY = f"Categories with more than {MANY_LEVELS} levels, many of them rare"
OPAQUE = "Left out, because the values are not plain numbers, text or times (missing in synthetic rows)"


def infer_kind(values: pd.Series[Any], *, is_target: bool = False) -> tuple[Kind, str]:
    """Infer the kind of a column, and what should be said aloud about it.

    Parameters
    ----------
    values : Series of shape (n_rows,)
    is_target : bool
        A target is always learned: it is never an identifier or free text.

    Returns
    -------
    kind : str
    remark : str
        The beginning of a sentence that ends in the column's name; empty where there is nothing to say.

    Raises
    ------
    DataError
        For a number with a stray unit, naming the row.

    Examples
    --------
    >>> infer_kind(pd.Series([1.0, None, 3.0]))
    ('integer', '')
    >>> infer_kind(pd.Series(["b", "a", "b"]))
    ('category', '')
    """
    if types.infer_dtype(values, skipna=True).startswith("mixed") and not _plain(values):
        return "text", OPAQUE
    if values.nunique(dropna=False) <= 1:
        return "constant", ""
    kind, remark = _varying(values)
    if is_target and kind in ("identifier", "text"):
        return ("integer" if types.is_integer_dtype(values.dtype) else "category"), ""
    return kind, remark


def _plain(values: pd.Series[Any]) -> bool:
    return all(isinstance(value, PLAIN) for value in values.dropna())


def _varying(values: pd.Series[Any]) -> tuple[Kind, str]:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "category", MANY if len(dtype.categories) > MANY_LEVELS else ""
    if types.is_bool_dtype(dtype):
        return "boolean", ""
    if types.is_numeric_dtype(dtype):
        return _number(values), ""
    if types.is_timedelta64_dtype(dtype) or str(dtype).startswith("duration"):
        return "timedelta", ""
    if types.is_object_dtype(dtype):
        return _objects(values)
    return _text(values) if types.is_string_dtype(dtype) else ("datetime", "")


def _objects(values: pd.Series[Any]) -> tuple[Kind, str]:
    content = types.infer_dtype(values, skipna=True)
    if content == "string":
        return _text(values)
    if content in ("integer", "floating", "mixed-integer-float", "decimal"):
        numbers = pd.to_numeric(values, errors="coerce")
        refuse_infinity(numbers)
        return _number(numbers), ""
    kinds: dict[str, Kind] = {"boolean": "boolean", "timedelta": "timedelta"}
    kinds |= {"date": "datetime", "datetime": "datetime", "datetime64": "datetime", "time": "category"}
    if content in kinds:
        return kinds[content], ""
    return ("category", MIXED) if _plain(values) else ("text", OPAQUE)


def _number(values: pd.Series[Any]) -> Kind:
    if types.is_integer_dtype(values.dtype):
        return "identifier" if not values.hasnans and _running(values.to_numpy()) else "integer"
    numbers = values.dropna().to_numpy(dtype=np.float64)
    return "integer" if bool((numbers == np.floor(numbers)).all()) else "continuous"


def _running(numbers: npt.NDArray[Any]) -> bool:
    """Whether integers count the rows: one by one, or shuffled and with some rows taken out."""
    n, low, high = len(numbers), int(numbers.min()), int(numbers.max())
    if high - low >= 1.5 * n:
        return False
    if n > RUNNING_ROWS and high - low == n - 1 and bool((numbers[1:] > numbers[:-1]).all()):
        return True
    return n > SHUFFLED_ROWS and len(np.unique(numbers)) == n


def _text(values: pd.Series[Any]) -> tuple[Kind, str]:
    codes, distinct = pd.factorize(values)
    texts = [str(text) for text in distinct]
    present = codes[codes >= 0]
    if _dates(texts):
        return "datetime", ""
    swapped = [text.translate(SWAPPED) for text in texts]
    points, commas = (
        pd.to_numeric(pd.Series(each, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
        for each in (texts, swapped)
    )
    with_comma = Dialect.of(values).decimal_mark == ","
    numbers = commas if with_comma else points
    numeric = np.isfinite(numbers)
    mostly = bool(numeric[present].mean() >= 0.8)
    if mostly and not numeric.all():
        return _stray(values, texts, numeric)
    if not mostly and np.isfinite(points if with_comma else commas)[present].mean() >= 0.8:
        return "category", COMMAS
    if all(map(DAY_FIRST.fullmatch, texts)):
        return "category", DATES
    unique = len(texts) == len(present)
    whole = bool((numbers == np.floor(numbers)).all())
    if mostly and len(texts) > FEW_LEVELS and not (unique and whole) and not any(map(ZERO_PADDED.match, texts)):
        return ("integer" if whole else "continuous"), NUMBERS_AS_TEXT
    return _words(texts, len(present), unique)


def _words(texts: list[str], n_present: int, unique: bool) -> tuple[Kind, str]:
    long = sum(map(len, texts)) > LONG_TEXT * len(texts)
    prose = long and sum(text.count(" ") for text in texts) >= 2 * len(texts)  # a long file name is none
    if unique and ((n_present > IDENTIFIER_ROWS and not prose) or all(map(UUID.fullmatch, texts))):
        return "identifier", ""
    if long and len(texts) > max(IDENTIFIER_ROWS, n_present / 2):
        return "text", ""
    return "category", MANY if len(texts) > MANY_LEVELS else ""


def _dates(texts: list[str]) -> bool:
    if not all(map(ISO_DATE.fullmatch, texts)):
        return False
    parsed = pd.to_datetime(pd.Series(texts), format="ISO8601", utc=True, errors="coerce")
    return bool(parsed.notna().all())


def _stray(values: pd.Series[Any], texts: list[str], numeric: npt.NDArray[np.bool_]) -> tuple[Kind, str]:
    """Most values are numbers; the others are refused if they carry a unit, else all become categories."""
    stray = {
        text for text, is_number in zip(texts, numeric, strict=True) if not is_number and WITH_UNIT.fullmatch(text)
    }
    if stray:
        at = where(values, values.isin(stray).to_numpy(dtype=bool))
        raise DataError(
            f"{at} where most values are plain numbers: take the unit out, or declare the column a category"
        )
    return "category", MIXED
