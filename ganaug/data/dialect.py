"""How a text file writes its values, so that they can be written the same way again."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from pandas.api import types

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DIALECT", "MISSING_MARKS", "Dialect", "decimal_mark", "describe", "scan"]

DIALECT = "text_dialect"  # the key in DataFrame.attrs
# what pandas.read_csv takes as missing
MISSING_MARKS = frozenset(
    {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"}
    | {"", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"}
)
NUMBER = re.compile(r"[-+]?(\d*)([.,]?)(\d*)([eE][-+]?\d+)?")
THOUSANDS = re.compile(r"[1-9]\d{0,2}")
ZERO_PADDED = re.compile(r"[-+]?0\d+")
MOST_DECIMALS = 15  # float64 holds no more
CHUNK = 20_000


@dataclass(frozen=True)
class Dialect:
    """How a text file was written.

    Kept in ``df.attrs`` as one JSON string: pandas copies attributes at every step, and a string is not copied.

    Attributes
    ----------
    separator : str
    missing : dict
        The missing mark of a column, by name; ``default_missing`` for the others.
    decimals : dict
        Digits after the point where all values of a column have as many; -1 where whole numbers have no point.
    booleans : dict
        The words for false and true where they are not ``False`` and ``True``.
    decimal_mark : str
        What decimals come after: a point, or a comma.

    Examples
    --------
    >>> df = pd.DataFrame({"x": [1.5, None]})
    >>> Dialect(missing={"x": "NA"}, decimals={"x": 2}).texts(df)["x"].to_list()
    ['1.50', 'NA']
    """

    separator: str = ","
    default_missing: str = ""
    missing: dict[str, str] = field(default_factory=dict)
    decimals: dict[str, int] = field(default_factory=dict)
    booleans: dict[str, tuple[str, str]] = field(default_factory=dict)
    decimal_mark: str = "."

    @classmethod
    def of(cls, df: pd.DataFrame | pd.Series[Any]) -> Self:
        """The dialect in which `df`, or a column, was read; the default one for what is from elsewhere."""
        kept = df.attrs.get(DIALECT)
        return cls(**json.loads(kept)) if isinstance(kept, str) else cls()

    def to_json(self) -> str:
        """Give the dialect as it is kept in ``df.attrs``."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def texts(self, df: pd.DataFrame) -> pd.DataFrame:
        """Give the table with each column that needs it as text."""
        columns = {position: self._text(df.iloc[:, position]) for position in range(df.shape[1])}
        return pd.DataFrame(columns, index=df.index).set_axis(df.columns, axis=1)

    def _text(self, values: pd.Series[Any]) -> pd.Series[Any]:
        name = str(values.name)
        missing = values.isna().to_numpy()
        words = self.booleans.get(name)
        decimals = self.decimals.get(name)
        if words is not None and set(values[~missing].unique()) <= {False, True}:
            values = values.map({False: words[0], True: words[1]}).astype(object)
        elif (decimals is not None or self.decimal_mark != ".") and types.is_float_dtype(values.dtype):
            values = _decimal(values, decimals, self.decimal_mark)
        mark = self.missing.get(name, self.default_missing)
        return values.astype(object).mask(missing, mark) if mark and missing.any() else values


class ColumnStyle:
    """What the texts of one column have shown so far."""

    def __init__(self) -> None:
        self.marks: Counter[str] = Counter()
        self.decimals: set[int] | None = set()
        self.words: set[str] | None = set()
        self.points: set[str] | None = set()
        self.zero_padded = False

    def see(self, counts: pd.Series[Any]) -> None:
        """Take in the distinct texts of a chunk and how often each occurs."""
        texts = counts.index.tolist()
        for mark in MISSING_MARKS.intersection(texts):
            self.marks[mark] += int(counts[mark])
        present = [text for text in texts if text not in MISSING_MARKS]
        self.zero_padded = self.zero_padded or any(map(ZERO_PADDED.fullmatch, present))
        self._see_words(present)
        if self.points is not None:
            self._see_numbers([NUMBER.fullmatch(text) for text in present])

    def _see_numbers(self, numbers: Sequence[re.Match[str] | None]) -> None:
        found = [match for match in numbers if match]
        if self.points is None or len(found) < len(numbers):
            self.points = self.decimals = None
            return
        # 1,250 may be a thousand and some
        self.points |= {match[2] for match in found if not (len(match[3]) == 3 and THOUSANDS.fullmatch(match[1]))}
        if self.decimals is not None:
            plain = not any(match[4] for match in found)
            self.decimals = self.decimals | {len(match[3]) for match in found} if plain else None

    def _see_words(self, present: Iterable[str]) -> None:
        if self.words is not None:
            for text in present:
                if text.lower() not in ("false", "true"):
                    self.words = None
                    return
                self.words.add(text)


def scan(data: bytes, separator: str, names: Sequence[str]) -> dict[str, ColumnStyle]:
    """See how each column of a text file is written, a chunk of rows at a time."""
    styles = {name: ColumnStyle() for name in names}
    chunks = pd.read_csv(
        io.BytesIO(data), sep=separator, header=0, names=list(names), dtype=str, encoding="utf-8",
        keep_default_na=False, na_values=[], index_col=False, chunksize=CHUNK,
    )  # fmt: skip
    for chunk in chunks:
        for name in names:
            styles[name].see(chunk[name].value_counts(sort=False))
    return styles


def decimal_mark(separator: str, styles: dict[str, ColumnStyle]) -> str:
    r"""A comma, if more columns of numbers are written with one than with a point, and it does not part columns.

    Examples
    --------
    >>> decimal_mark(";", scan(b"a;b\n0,5;1.5\n2;3\n", ";", ["a", "b"]))
    '.'
    >>> decimal_mark(";", scan(b"a;b\n0,5;oak\n2;3\n", ";", ["a", "b"]))
    ','
    """
    found = Counter(point for style in styles.values() for point in style.points or ())
    return "," if found[","] > found["."] and separator != "," else "."


def describe(df: pd.DataFrame, separator: str, styles: dict[str, ColumnStyle]) -> Dialect:
    """Keep of the styles what pandas would write otherwise."""
    missing = {name: style.marks.most_common(1)[0][0] for name, style in styles.items() if style.marks}
    total: Counter[str] = sum((style.marks for style in styles.values()), Counter())
    decimals, booleans = {}, {}
    for name, style in styles.items():
        dtype = df[name].dtype
        if types.is_float_dtype(dtype) and style.decimals and max(style.decimals) <= MOST_DECIMALS:
            if len(style.decimals) == 1:
                decimals[name] = next(iter(style.decimals))
            elif 0 in style.decimals:
                decimals[name] = -1
        if (words := _booleans(style.words or set())) is not None:
            booleans[name] = words
    mark = decimal_mark(separator, styles)
    return Dialect(separator, total.most_common(1)[0][0] if total else "", missing, decimals, booleans, mark)


def _booleans(words: set[str]) -> tuple[str, str] | None:
    """The words for false and true, if they are not pandas's own: where one is never used, it is like the other."""
    for spelled in (str.lower, str.upper):
        if words and words <= {spelled("false"), spelled("true")}:
            return spelled("false"), spelled("true")
    return None


def _decimal(values: pd.Series[Any], decimals: int | None, mark: str) -> pd.Series[Any]:
    """Write floats as text, each distinct one once."""
    codes, distinct = pd.factorize(values.to_numpy(dtype=np.float64, na_value=np.nan))
    texts = (text.replace(".", mark) for text in _digits(distinct.tolist(), decimals))
    written = np.array([*texts, None], dtype=object)
    return pd.Series(written[codes], index=values.index, name=values.name, dtype=object)


def _digits(numbers: list[float], decimals: int | None) -> list[str]:
    """Write numbers with so many decimals, unless that would lose digits; -1 writes whole ones without a point."""
    if decimals is not None and decimals >= 0:
        texts = [f"{number:.{decimals}f}" for number in numbers]
        if all(float(text) == number for text, number in zip(texts, numbers, strict=True)):
            return texts
    exact = [repr(number) for number in numbers]
    return [text.removesuffix(".0") for text in exact] if decimals == -1 else exact
