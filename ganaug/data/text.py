"""Text as a table, with all that can be wrong with it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from ganaug.data.dialect import DIALECT, MISSING_MARKS, decimal_mark, describe, scan
from ganaug.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["first_line", "parse_text"]

# from 3.1 on, pandas reads floats exactly without being told, and warns when told
EXACT: dict[str, Any] = {"float_precision": "round_trip"} if pd.__version__ < "3.1" else {}

SEPARATOR_LINE = re.compile(rb'"?sep=([,;|\t])"?\r?\n', re.IGNORECASE)


def parse_text(data: bytes, path: str, separator: str | None) -> pd.DataFrame:
    r"""Parse the bytes of a CSV or TSV file.

    Parameters
    ----------
    data : bytes
    path : str
        What messages call the file.
    separator : str, optional
        What the suffix says; without one, it is read off the header.

    Raises
    ------
    DataError
        If it is empty, no UTF-8 text, or has rows of different length or two columns of one name.

    Examples
    --------
    >>> parse_text(b"a;b\n1;x\n", "a.csv", None).to_dict("list")
    {'a': [1], 'b': ['x']}
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    _check_text(data, path)
    data, separator = _without_padding(data, path, separator)
    names = _check_rows(data, path, separator)
    styles = scan(data, separator, names)
    try:
        df: pd.DataFrame = pd.read_csv(
            io.BytesIO(data), sep=separator, header=0, names=names, index_col=False, encoding="utf-8",
            keep_default_na=False, na_values=sorted(MISSING_MARKS), low_memory=False, **EXACT,
            decimal=decimal_mark(separator, styles),
            dtype={name: str for name, style in styles.items() if style.zero_padded},
        )  # fmt: skip
    except (pd.errors.ParserError, ValueError) as error:
        raise DataError(f"{path} cannot be parsed: {first_line(error)}") from error
    df.attrs[DIALECT] = describe(df, separator, styles).to_json()
    return df


def _check_text(data: bytes, path: str) -> None:
    if not data.strip():
        raise DataError(f"{path} is empty")
    if (zero := data.find(b"\0")) >= 0:
        raise DataError(f"{path} is a binary file or UTF-16 text (zero byte at offset {zero}); save it as UTF-8 text")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}; convert it, for example "
            f"with `iconv -f latin1 -t utf-8`"
        ) from error


def _without_padding(data: bytes, path: str, separator: str | None) -> tuple[bytes, str]:
    """Take away what spreadsheets add: a line that names the separator, empty rows and unnamed columns at the end.

    Only what holds neither a name nor a value is no part of the table.
    """
    if said := SEPARATOR_LINE.match(data):
        data, separator = data[said.end() - 1 :], said[1].decode()  # an empty line, so that lines keep their numbers
    else:
        separator = _separator(_header(data).decode(), separator)
    filled = len(data.rstrip(b" \r\n" + separator.encode()))
    if not filled:
        raise DataError(f"{path} is empty")
    data = data[: end + 1] if (end := data.find(b"\n", filled)) >= 0 else data
    if not _header(data).endswith(separator.encode()):
        return data, separator
    rows = [row for _, row in _rows(data, path, separator)]
    width = max(index for row in rows for index, value in enumerate(row, start=1) if value)
    tidy = io.StringIO()
    csv.writer(tidy, delimiter=separator, lineterminator="\n").writerows(row[:width] for row in rows)
    return tidy.getvalue().encode(), separator


def _header(data: bytes) -> bytes:
    return data.lstrip(b"\r\n").split(b"\n", 1)[0].rstrip(b"\r")


def _rows(data: bytes, path: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Values of each row that has any, and the line where it ends."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline=""), delimiter=separator)
    try:
        yield from ((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise DataError(f"{path} cannot be parsed at line {reader.line_num}: {error}") from error


def _check_rows(data: bytes, path: str, separator: str) -> list[str]:
    """Give the names; every row must have as many values as there are names."""
    rows = _rows(data, path, separator)
    n_rows, names = 0, next(rows)[1]
    for n_rows, (line, row) in enumerate(rows, start=1):  # noqa: B007
        if len(row) != len(names):
            widths = f"has {len(row)} values where the header has {len(names)} names"
            raise DataError(f"{path} is ragged: line {line} {widths}")
    if not n_rows:
        raise DataError(f"{path} has a header but no rows")
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise DataError(f"{path} has two columns named {repeated!r}; give each its own name")
    return names


def _separator(header: str, separator: str | None) -> str:
    """What the suffix says; a semicolon, or a tab on standard input, where the header has only those."""
    if separator == "\t" or (separator is None and "\t" in header and "," not in header):
        return "\t"
    return ";" if ";" in header and "," not in header else ","


def first_line(error: BaseException) -> str:
    """Give the first line of another library's message."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
