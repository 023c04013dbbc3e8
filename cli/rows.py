"""How many rows, and which: what `--rows`, `--times`, `--balance` and `--where` ask for."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from ganaug.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ganaug.data.schema import Column, Schema


def wanted_rows(n_real: int, rows: int | None, times: float | None, balance: str | None) -> int | None:
    """Return how many rows are asked for; None leaves it to the library."""
    asked = {"--rows": rows, "--times": times, "--balance": balance}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) > 1:
        raise DataError(f"{' and '.join(given)} exclude each other; give one of them")
    if rows is not None and rows < 1:
        raise DataError(f"--rows must be 1 or more, not {rows}")
    if times is not None and not 0 < times < float("inf"):
        raise DataError(f"--times must be more than 0, not {times:g}")
    return max(1, round(times * n_real)) if times is not None else rows


def parse_conditions(where: Sequence[str] | None, schema: Schema) -> dict[Any, list[Any]] | None:
    """Turn ``sex=female`` and ``species=Adelie,Gentoo`` into the columns and values they mean.

    A value with a comma in it is quoted, as in CSV: ``city="Paris, TX",Lyon``. No value,
    as in ``sex=``, stands for a missing one.
    """
    if not where:
        return None
    columns = {str(column.name): column for column in schema.columns}
    conditions: dict[Any, list[Any]] = {}
    for text in where:
        name, parts = split_condition(text, columns)
        column = columns[name]
        conditions.setdefault(column.name, []).extend(_value(part, column, text) for part in parts)
    return conditions


def split_condition(text: str, known: Iterable[str]) -> tuple[str, list[str]]:
    """Split what `--where` says into the name of a known column and the values.

    >>> split_condition('city="Paris, TX",Lyon', ["city", "sex"])
    ('city', ['Paris, TX', 'Lyon'])
    """
    from ganaug.data.checks import nearest

    known = list(known)
    name, equals, values = text.partition("=")
    if not equals or not name:
        raise DataError(f"--where {text!r} is not of the form COLUMN=VALUE")
    if name not in known:
        raise DataError(f"--where {text!r}: there is no column {name!r}{nearest(name, known)}")
    return name, next(csv.reader([values])) or [""]


def _value(text: str, column: Column, where: str) -> object:
    import numpy as np
    import pandas as pd

    read: dict[str, Callable[[str], object]] = {
        "boolean": lambda text: {"true": True, "false": False}[text.lower()],
        "datetime": pd.Timestamp,
        "timedelta": pd.Timedelta,
    }
    is_number = column.kind in {"integer", "continuous"} or column.dtype.lower().startswith(("int", "uint", "float"))
    if not text:
        return None
    try:
        if is_number:
            return np.asarray(pd.to_numeric(text)).item()
        return read.get(column.kind, str)(text)
    except (KeyError, ValueError) as error:
        raise DataError(f"--where {where!r}: {text!r} is not a value of a column of kind {column.kind}") from error
