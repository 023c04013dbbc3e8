"""Columns and their kinds, and pandas dtypes by a name that gives them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["KINDS", "LEFT_OUT", "ORDERED", "Column", "Kind", "dtype_name", "dtype_of", "is_text"]

Kind = Literal[
    "continuous", "integer", "boolean", "category", "datetime", "timedelta", "constant", "identifier", "text"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
ORDERED: frozenset[Kind] = frozenset({"continuous", "integer", "datetime", "timedelta"})
LEFT_OUT: frozenset[Kind] = frozenset({"constant", "identifier", "text"})


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : Hashable
        Its label: text or a number.
    kind : str
        ``continuous``, ``integer``, ``datetime`` and ``timedelta`` lie on a line; ``boolean`` and ``category``
        have levels; ``constant``, ``identifier`` and (free) ``text`` are not learned.
    dtype : str
        Name of the pandas dtype.
    remark : str
        What should be said aloud: a sentence that goes on with column names.
    """

    name: Hashable
    kind: Kind
    dtype: str
    remark: str = ""

    @property
    def learned(self) -> bool:
        """Whether the models see this column."""
        return self.kind not in LEFT_OUT

    @property
    def ordered(self) -> bool:
        """Whether its values lie on a line."""
        return self.kind in ORDERED

    def to_dict(self) -> dict[str, Any]:
        """Give the entry of this column in the schema's JSON."""
        entry: dict[str, Any] = {} if isinstance(self.name, str) else {"name": self.name}
        entry |= {"kind": self.kind, "dtype": self.dtype}
        return entry | ({"remark": self.remark} if self.remark else {})


def dtype_name(dtype: Any) -> str:
    """Name a dtype so that `dtype_of` gives it back; the category dtype loses its categories.

    Examples
    --------
    >>> dtype_name(pd.Series([1, None], dtype="Int64").dtype)
    'Int64'
    """
    if isinstance(dtype, pd.StringDtype):
        return f"string[{dtype.storage}]" if dtype.na_value is pd.NA else "str"
    return str(dtype)


def dtype_of(name: str) -> Any:
    """Give the dtype of a name that `dtype_name` made.

    Raises
    ------
    TypeError, ValueError
        If pandas knows no such name (a pyarrow decimal, say).
    """
    if name == "str":  # NaN-marked text, the default of pandas 3; pandas 2 reads the name as object
        return pd.StringDtype(na_value=np.nan)
    try:
        return pd.api.types.pandas_dtype(name)
    except NotImplementedError as error:
        raise TypeError(str(error)) from error


def is_text(dtype: Any) -> bool:
    """Whether a dtype holds Python objects or strings rather than numbers, times or categories."""
    return bool(pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype))
