"""What a table, a column and an override must be; each refusal is one line that says what to do."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from pandas.api import types

from ganaug.data.kinds import KINDS, Kind, dtype_name, dtype_of
from ganaug.errors import DataError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    import numpy.typing as npt

__all__ = ["check_column", "check_overrides", "check_table", "nearest", "refuse_infinity", "where"]

RESERVED = "is_synthetic"
LEARNABLE = (
    types.is_bool_dtype,
    types.is_numeric_dtype,
    types.is_datetime64_any_dtype,
    types.is_timedelta64_dtype,
    types.is_string_dtype,
    types.is_object_dtype,
)
ENTRY = ("kind", "dtype", "name", "remark")


def nearest(name: Any, names: Iterable[Any]) -> str:
    """Suggest the nearest of `names`, as the end of a message.

    Examples
    --------
    >>> nearest("speceis", ["species", "sex"])
    "; did you mean 'species'?"
    """
    known = {str(other): other for other in names}
    lower = {text.lower(): text for text in known}
    close = difflib.get_close_matches(str(name).lower(), lower, n=1)
    if close:
        return f"; did you mean {known[lower[close[0]]]!r}?"
    shown = ", ".join(map(repr, list(known.values())[:8]))
    return f"; there are {shown}{', ...' if len(known) > 8 else ''}" if known else ""


def where(values: pd.Series[Any], mask: npt.NDArray[np.bool_]) -> str:
    """Say where the first marked value of a column is: ``column 'weight' holds '12 kg' at row 17``."""
    first = int(np.flatnonzero(mask)[0])
    value = values.iloc[first]
    shown = value.item() if isinstance(value, np.generic) else value
    return f"column {values.name!r} holds {shown!r} at row {values.index[first]}"


def check_table(df: pd.DataFrame) -> None:
    """Refuse a table that has nothing to learn from, or whose columns cannot be told apart."""
    if df.shape[1] == 0:
        raise DataError("the table has no columns")
    if len(df) < 2:
        raise DataError(f"the table has {('no rows', 'one row')[len(df)]}; at least two are needed")
    if df.columns.nlevels > 1:
        raise DataError(f"the columns have {df.columns.nlevels} levels of names; flatten them into one")
    repeated = df.columns.map(str).duplicated()
    if repeated.any():
        raise DataError(f"two columns are named {df.columns[repeated][0]!r}; give each its own name")
    if RESERVED in df.columns:
        raise DataError(f"the column name {RESERVED!r} is kept for marking synthetic rows; rename or drop that column")
    for name in df.columns:
        if not isinstance(name, (str, int, float, np.number)):
            raise DataError(f"the column name {name!r} is neither text nor a number; rename that column")


def check_column(values: pd.Series[Any]) -> None:
    """Refuse infinite numbers, and a dtype that cannot be learned and given back."""
    dtype = values.dtype
    known = isinstance(dtype, pd.CategoricalDtype) or any(test(dtype) for test in LEARNABLE)
    known = known or str(dtype).startswith(("date32", "date64", "duration"))
    known = known and not types.is_complex_dtype(dtype)
    try:
        known = known and not isinstance(dtype, pd.SparseDtype) and dtype_of(dtype_name(dtype)) is not None
    except (TypeError, ValueError):
        known = False
    if not known:
        raise DataError(f"column {values.name!r} has dtype {dtype}, which is not learned; convert it or drop it")
    if types.is_float_dtype(dtype):
        refuse_infinity(values)


def refuse_infinity(values: pd.Series[Any]) -> None:
    """Refuse infinite numbers in a column of floats."""
    infinite = np.isinf(values.to_numpy(dtype=np.float64, na_value=np.nan))
    if infinite.any():
        raise DataError(f"{where(values, infinite)}; replace infinities by a number or a missing value")


def check_overrides(override: Mapping[str, Any], names: Iterable[Hashable]) -> dict[Hashable, Kind]:
    """Read ``{"columns": {name: {"kind": kind}}}`` into ``{name: kind}``, refusing what does not exist."""
    columns = override.get("columns") if isinstance(override, dict) else None
    if not isinstance(columns, dict):
        raise SchemaError('a schema is {"columns": {"<name>": {"kind": "<kind>"}}}')
    labels = {str(name): name for name in names}
    return {labels.get(str(key), key): _kind(str(key), entry, labels) for key, entry in columns.items()}


def _kind(key: str, entry: Any, labels: Mapping[str, Hashable]) -> Kind:
    if key not in labels:
        raise SchemaError(f"the schema names a column {key!r} that the table does not have{nearest(key, labels)}")
    if not isinstance(entry, dict) or "kind" not in entry:
        raise SchemaError(f'the schema has to say {{"kind": "<kind>"}} for column {key!r}, not {entry!r}')
    for word in entry:
        if word not in ENTRY:
            raise SchemaError(f"the schema says {word!r} of column {key!r}{nearest(word, ENTRY)}")
    if entry["kind"] not in KINDS:
        raise SchemaError(f"column {key!r} cannot be of kind {entry['kind']!r}{nearest(entry['kind'], KINDS)}")
    return cast("Kind", entry["kind"])
