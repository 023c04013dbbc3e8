"""What is asked for, as codes: conditions on columns, or rows to complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ganaug.data.checks import nearest
from ganaug.data.table import TableCodec
from ganaug.errors import ConditionError
from ganaug.proposals.proposal import FREE, Codes

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import numpy.typing as npt

__all__ = ["complete", "given_codes", "matching", "partial_codes"]


def given_codes(
    codec: TableCodec,
    codes: Codes,
    n: int | None,
    conditions: Mapping[Any, Any] | pd.DataFrame | None,
    rng: np.random.Generator,
) -> tuple[Codes | None, int]:
    """Give what stands in each row to draw ``(n, n_columns)``, `FREE` elsewhere, and how many rows that is.

    Conditions of several values are met as often as real rows meet them.

    Raises
    ------
    ConditionError
        If no real row supports a condition.
    """
    if n is not None and n < 0:
        raise ValueError(f"n must be 0 or more, not {n}")
    if isinstance(conditions, pd.DataFrame):
        if n not in {None, len(conditions)}:
            raise ValueError(f"{len(conditions)} rows are to be completed, so n cannot be {n}")
        return partial_codes(codec, codes, conditions), len(conditions)
    n = len(codes) if n is None else n
    if not conditions:
        return None, n
    met = np.flatnonzero(matching(codec, codes, conditions))
    places = [codec.names.index(name) for name in conditions]
    given = np.full((n, len(codec.names)), FREE, dtype=np.int32)
    given[:, places] = codes[rng.choice(met, size=n)][:, places]
    return given, n


def matching(
    codec: TableCodec, codes: Codes, conditions: Mapping[Any, Any], *, some: bool = True
) -> npt.NDArray[np.bool_]:
    """Which rows of `codes` ``(n_rows, n_columns)`` meet all conditions; `some` of them have to.

    Raises
    ------
    ConditionError
        If a column does not exist or is not learned, or no row meets them; it says how many meet each.
    """
    met = np.ones(len(codes), dtype=bool)
    counts = []
    for name, wanted in conditions.items():
        values = list(wanted) if pd.api.types.is_list_like(wanted) else [wanted]
        place, levels = _levels(codec, name, values)
        hit = np.isin(codes[:, place], levels)
        counts.append(f"{name}={_listed(values)}: {int(hit.sum()):,}")
        met &= hit
    if some and not met.any():
        raise ConditionError(
            f"no real row meets the condition ({'; '.join(counts)}; together 0 of {len(codes):,} rows): "
            "ask for what occurs"
        )
    return met


def partial_codes(codec: TableCodec, codes: Codes, rows: pd.DataFrame) -> Codes:
    """Give the codes ``(n_rows, n_columns)`` of rows to complete: `FREE` where a value is missing or its column absent.

    Raises
    ------
    ConditionError
        If a column or a category does not exist, or no real row has the categories of a row.
    """
    for column in rows.columns:
        _place(codec, column)
    given = codec.codes(rows, unknown="free")
    for column in rows.columns:
        strange = np.flatnonzero((given[:, _place(codec, column)] == FREE) & rows[column].notna().to_numpy())
        if len(strange):
            _levels(codec, column, [rows[column].iloc[strange[0]]])
    categories = np.flatnonzero(~codec.ordered)
    wanted, row = np.unique(given[:, categories], axis=0, return_index=True)
    for pattern, first in zip(wanted, row, strict=True):
        fixed = pattern != FREE
        if fixed.any() and not (codes[:, categories[fixed]] == pattern[fixed]).all(axis=1).any():
            values = {str(codec.names[j]): rows[codec.names[j]].iloc[first] for j in categories[fixed]}
            raise ConditionError(f"row {first} to complete has {values}, which 0 of {len(codes):,} real rows have")
    return given


def complete(drawn: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Put back the given values themselves: a number that never occurred was drawn for by its nearest neighbour."""
    for name in rows.columns:
        given = rows[name].astype(object).set_axis(drawn.index)
        known = given.notna()
        if known.any():
            drawn[name] = _as_before(drawn[name].astype(object).where(~known, given), drawn[name].dtype)
    return drawn


def _as_before(values: pd.Series[Any], dtype: Any) -> pd.Series[Any]:
    """The values in the dtype of their column, unless that changes one: a half among integers."""
    try:
        cast = values.astype(dtype)
    except (TypeError, ValueError):
        return values.infer_objects()
    there = values.notna()
    same = cast.dtype.kind == "f" or bool((cast[there].astype(object) == values[there]).all())
    return cast if same else values.infer_objects()


def _levels(codec: TableCodec, name: Hashable, values: list[Any]) -> tuple[int, list[int]]:
    """The place of a column, and the levels that the values are; refuses a value that does not occur."""
    place, coder, levels = _place(codec, name), codec.coder(name), []
    for value in values:
        if pd.isna(value):
            if not codec.has_missing[place]:
                raise ConditionError(f"column {name!r} has no missing values: 0 real rows to learn them from")
            levels.append(int(codec.cardinality[place]) - 1)
            continue
        code = int(codec.codes(pd.DataFrame({name: pd.Series([value])}), unknown="free")[0, place])
        if code == FREE or (codec.ordered[place] and not _same(coder.values(np.array([code]))[0], value)):
            known = [str(level) for level in np.asarray(coder.levels, dtype=object)]
            shown = f"; it has {known}" if len(known) <= 12 else ""
            raise ConditionError(
                f"column {name!r} never has the value {value!r} (0 real rows){nearest(str(value), known) or shown}"
            )
        levels.append(code)
    return place, levels


def _same(level: Any, value: Any) -> bool:
    try:
        if isinstance(level, (pd.Timestamp, pd.Timedelta)):
            return bool(level == type(level)(value))
        # a value is as exact as the coarser of the two types: 0.1 of float32 is meant where 0.1 is asked for
        precision = max(np.finfo(type(x)).eps if isinstance(x, np.floating) else 0 for x in (level, value))
        return bool(level == value or np.isclose(float(level), float(value), rtol=max(precision, 1e-12), atol=0))
    except (TypeError, ValueError):
        return str(level) == str(value)


def _place(codec: TableCodec, name: Hashable) -> int:
    if name in codec.names:
        return codec.names.index(name)
    if name in codec.schema.names:
        raise ConditionError(f"column {name!r} is {codec.schema[name].kind}, which is not learned: no condition on it")
    raise ConditionError(f"there is no column {name!r}{nearest(name, codec.names)}")


def _listed(values: list[Any]) -> str:
    return "|".join("missing" if pd.isna(value) else str(value) for value in values)
