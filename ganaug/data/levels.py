"""The distinct values of a column as plain arrays and JSON, and back: nothing is ever pickled."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ganaug.data.kinds import dtype_name, dtype_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

__all__ = ["pack", "unpack"]

# Python objects that JSON lacks, by the name of their type: str() writes them, these read them
READERS: Mapping[str, Callable[[str], Any]] = {
    "Decimal": Decimal,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "Timestamp": pd.Timestamp,
    "Timedelta": pd.Timedelta,
    "UUID": uuid.UUID,
}


def pack(values: pd.Series[Any]) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Turn values, none of them missing, into plain arrays and JSON.

    Parameters
    ----------
    values : Series of shape (n_levels,)

    Returns
    -------
    arrays : dict of ndarray
        Numbers and times, or positions among the categories.
    meta : dict
        The dtype, and text and objects as a list.

    Examples
    --------
    >>> arrays, meta = pack(pd.Series(["lo", "hi"], dtype="category"))
    >>> unpack(arrays, meta).to_list()
    ['lo', 'hi']
    """
    dtype: Any = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        arrays, inner = pack(pd.Series(dtype.categories, dtype=dtype.categories.dtype))
        positions = values.cat.codes.to_numpy(dtype=np.int32)
        return {"positions": positions, **arrays}, {"dtype": "category", "ordered": dtype.ordered, "of": inner}
    meta: dict[str, Any] = {"dtype": dtype_name(dtype)}
    if dtype.kind in "iufb":
        return {"values": values.to_numpy(dtype=getattr(dtype, "numpy_dtype", dtype))}, meta
    if dtype.kind in "mM" and not str(dtype).startswith(("date32", "date64")):  # those do not cast to integers
        return {"values": values.astype("int64").to_numpy()}, meta
    return {}, meta | {"values": [_write(value) for value in values]}


def unpack(arrays: Mapping[str, npt.NDArray[Any]], meta: Mapping[str, Any]) -> pd.Series[Any]:
    """Give the values that `pack` took."""
    if meta["dtype"] == "category":
        categories = unpack(arrays, meta["of"])
        index: Any = pd.Index(categories, dtype=categories.dtype)
        dtype = pd.CategoricalDtype(index, ordered=meta["ordered"])
        return pd.Series(pd.Categorical.from_codes(arrays["positions"], dtype=dtype))
    dtype = dtype_of(meta["dtype"])
    if "values" in arrays:
        return pd.Series(arrays["values"]).astype(dtype)
    return pd.Series([_read(value) for value in meta["values"]], dtype=object).astype(dtype)


def _write(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if isinstance(plain, (str, int, float)) else {type(plain).__name__: str(plain)}


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((name, text),) = value.items()
    return READERS[name](text)
