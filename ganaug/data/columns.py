"""One column of a table and the numbers of its levels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd

from ganaug.data.checks import nearest, where
from ganaug.data.kinds import is_text
from ganaug.data.levels import pack, unpack
from ganaug.errors import DataError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from ganaug.data.kinds import Column

__all__ = ["LevelCoder", "Unknown", "points"]

Unknown = Literal["raise", "free"]
SUGGESTED = 1000  # comparing a word with many more levels is slow
MARKS = {"None": None, "nan": np.nan, "<NA>": pd.NA, "NaT": pd.NaT}


@dataclass(frozen=True)
class LevelCoder:
    """The distinct values of one column in order, and the missing one as an extra last level.

    Attributes
    ----------
    column : Column
    levels : Series of shape (n_levels,)
        Sorted numbers and times; categories in their declared order, else sorted. None is missing.
    has_missing : bool
        Whether missing values were seen.
    mark : str
        How an object column writes a missing value: ``None``, ``nan``, ``<NA>`` or ``NaT``.
    """

    column: Column
    levels: pd.Series[Any]
    has_missing: bool
    mark: str = "nan"

    @classmethod
    def fit(cls, values: pd.Series[Any], column: Column) -> Self:
        """Learn the levels of `values`, shape (n_rows,); raises DataError if they are not of the column's kind."""
        missing = values.isna().to_numpy()
        mark = str(values[missing].iloc[0]) if missing.any() else "nan"
        if column.kind == "text":
            return cls(column, values.iloc[:0].reset_index(drop=True), True, mark)
        present = values[~missing]
        if column.ordered:
            points(present, column)  # names the first row that is no number or time
        distinct = present.drop_duplicates()
        levels = distinct.iloc[_order(distinct, column)].reset_index(drop=True)
        if column.kind == "constant" and len(levels) + missing.any() > 1:
            raise SchemaError(f"column {column.name!r} is declared constant but holds {len(levels)} different values")
        return cls(column, levels, bool(missing.any()), mark)

    @property
    def cardinality(self) -> int:
        """Number of levels, the missing one included."""
        return len(self.levels) + self.has_missing

    def codes(self, values: pd.Series[Any], unknown: Unknown = "raise") -> npt.NDArray[np.int32]:
        """Give the level numbers of `values`, shape (n_rows,).

        A number or time that was never seen goes to the nearest level. Other unseen values, and missing ones where
        none were seen, raise DataError. With ``unknown="free"`` these, and every missing value, are -1.
        """
        if values.dtype == np.float16:  # which pandas does not index
            values = values.astype(np.float32)
        codes = self._index.get_indexer(pd.Index(values, dtype=values.dtype)).astype(np.int32)
        missing = values.isna().to_numpy()
        unseen = (codes < 0) & ~missing
        if unseen.any() and self.column.ordered and len(self.levels):
            codes[unseen] = self._nearest(values[unseen])
        elif unseen.any() and unknown == "raise":
            raise DataError(f"{where(values, unseen)}, which was never seen{self._suggest(values[unseen].iloc[0])}")
        if unknown == "raise" and missing.any():
            if not self.has_missing:
                raise DataError(f"{where(values, missing)}, but no missing value was seen in this column")
            codes[missing] = len(self.levels)
        return codes

    def values(self, codes: npt.NDArray[np.integer[Any]]) -> pd.Series[Any]:
        """Give the values of level numbers, shape (n_rows,), in the column's dtype."""
        taken = self._lookup.array.take(codes)
        plain = np.asarray(taken) if isinstance(taken, pd.arrays.NumpyExtensionArray) else taken
        return pd.Series(plain, dtype=self._lookup.dtype, name=self.column.name, copy=False)

    def state(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Give all that was learned, as arrays and JSON."""
        arrays, meta = pack(self.levels)
        return arrays, {"levels": meta, "has_missing": self.has_missing, "mark": self.mark}

    @classmethod
    def from_state(cls, column: Column, arrays: Mapping[str, npt.NDArray[Any]], meta: Mapping[str, Any]) -> Self:
        """Build the coder that gave this state."""
        return cls(column, unpack(arrays, meta["levels"]), meta["has_missing"], meta["mark"])

    @cached_property
    def _index(self) -> pd.Index[Any]:
        dtype: Any = self.levels.dtype
        index: pd.Index[Any] = pd.Index(self.levels, dtype=np.float32 if dtype == np.float16 else dtype)
        return index

    @cached_property
    def _lookup(self) -> pd.Series[Any]:
        """The levels, and the missing one after them."""
        if not self.has_missing:
            return self.levels
        if self.levels.dtype == object:
            return pd.Series([*self.levels, MARKS[self.mark]], dtype=object)
        return self.levels.reindex(range(len(self.levels) + 1))

    @cached_property
    def _points(self) -> npt.NDArray[np.float64]:
        return points(self.levels, self.column)

    def _nearest(self, values: pd.Series[Any]) -> npt.NDArray[np.intp]:
        known, wanted = self._points, points(values, self.column)
        right = np.searchsorted(known, wanted).clip(0, len(known) - 1)
        left = (right - 1).clip(0)
        return np.where(wanted - known[left] < known[right] - wanted, left, right)

    def _suggest(self, value: Any) -> str:
        return nearest(value, self.levels.iloc[:SUGGESTED].tolist())


def points(values: pd.Series[Any], column: Column) -> npt.NDArray[np.float64]:
    """Give where the values of an ordered column lie on a line: numbers, or microseconds.

    Parameters
    ----------
    values : Series of shape (n_rows,)
        Without missing values.
    column : Column
        Of an ordered kind.

    Raises
    ------
    DataError
        For the first value that is no number or time.
    """
    line: Any
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if column.kind == "datetime":
        options: Any = {"format": "ISO8601"} if is_text(values.dtype) else {}
        line = pd.to_datetime(values, utc=True, errors="coerce", **options)
    elif column.kind == "timedelta":
        line = pd.to_timedelta(values, errors="coerce")
    else:
        line = pd.to_numeric(values, errors="coerce")
    bad = line.isna().to_numpy()
    if bad.any():
        raise DataError(f"{where(values, bad)}, which is no {column.kind} value; declare the column a category")
    if column.kind in ("datetime", "timedelta"):
        line = line.astype("datetime64[us, UTC]" if column.kind == "datetime" else "timedelta64[us]").astype("int64")
    return np.asarray(line.to_numpy(dtype=np.float64))


def _order(levels: pd.Series[Any], column: Column) -> npt.NDArray[np.intp]:
    """Give the order of the levels: native for numbers, times and categories, along the line for text of those."""
    category = isinstance(levels.dtype, pd.CategoricalDtype)
    if not is_text(levels.dtype) and not (category and column.ordered):
        return np.asarray(levels.array.argsort(kind="stable"))
    if column.ordered:
        return np.argsort(points(levels, column), kind="stable")
    keys = [(type(value).__name__, str(value)) for value in levels]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)
