"""What a table is: the kind of each column, inferred, printed, edited and kept as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from ganaug.data.checks import check_column, check_overrides, check_table, nearest
from ganaug.data.dialect import DIALECT, Dialect
from ganaug.data.infer import infer_kind
from ganaug.data.kinds import Column, Kind, dtype_name
from ganaug.errors import DataError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

__all__ = ["Column", "Schema"]

REMARKS: dict[Kind, str] = {
    "constant": "Kept as it is, because it never changes",
    "identifier": "Not learned but made afresh, because it identifies rows",
    "text": "Left out, because it is free text (missing in synthetic rows)",
}
NAMED = 10  # a note names so many columns and counts the rest


@dataclass(frozen=True)
class Schema:
    """What a table is.

    Attributes
    ----------
    columns : tuple of Column
        In the order of the table.
    index_name, columns_name : Hashable
        Names of the two axes.

    Examples
    --------
    >>> schema = Schema.infer(pd.DataFrame({"age": [31, 45], "sex": ["f", "m"], "site": "A"}))
    >>> [column.kind for column in schema.columns]
    ['integer', 'category', 'constant']
    >>> schema.notes
    ("Kept as it is, because it never changes: 'site'.",)
    >>> schema.override({"columns": {"age": {"kind": "category"}}})["age"].kind
    'category'
    """

    columns: tuple[Column, ...]
    index_name: Hashable = None
    columns_name: Hashable = None

    @classmethod
    def infer(
        cls, df: pd.DataFrame, *, target: Hashable | None = None, override: Mapping[str, Any] | None = None
    ) -> Self:
        """Infer what a table is.

        Parameters
        ----------
        df : DataFrame of shape (n_rows, n_columns)
        target : Hashable, optional
            The column to predict; it is always learned.
        override : mapping, optional
            ``{"columns": {"age": {"kind": "integer"}}}``: these columns are taken at their word, not inferred.

        Raises
        ------
        DataError
            If the table cannot be learned from; the message names column, row and value.
        SchemaError
            If `override` names a column or a kind that does not exist.
        """
        check_table(df)
        if target is not None and target not in df.columns:
            raise DataError(f"there is no column {target!r} to be the target{nearest(target, df.columns)}")
        declared = {} if override is None else check_overrides(override, df.columns)
        plain = df.copy(deep=False)
        # no more of them than is asked for, as pandas copies them at every step
        plain.attrs = {DIALECT: Dialect(decimal_mark=Dialect.of(df).decimal_mark).to_json()}
        columns = (plain.iloc[:, position] for position in range(plain.shape[1]))
        return cls(
            tuple(_column(values, declared.get(values.name), is_target=values.name == target) for values in columns),
            df.index.name,
            df.columns.name,
        )

    def __getitem__(self, name: Hashable) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> list[Hashable]:
        """Labels of all columns, in order."""
        return [column.name for column in self.columns]

    @property
    def learned(self) -> tuple[Column, ...]:
        """The columns that the models see."""
        return tuple(column for column in self.columns if column.learned)

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said aloud, one sentence each."""
        remarks: dict[str, list[str]] = {}
        for column in self.columns:
            remark = column.remark or REMARKS.get(column.kind)
            if remark:
                remarks.setdefault(remark, []).append(repr(column.name))
        return tuple(f"{remark}: {_listed(names)}." for remark, names in remarks.items())

    def override(self, override: Mapping[str, Any]) -> Schema:
        """Give the schema with some kinds replaced; raises SchemaError for an unknown column or kind."""
        declared = check_overrides(override, self.names)
        return replace(
            self,
            columns=tuple(
                replace(column, kind=declared[column.name], remark="") if column.name in declared else column
                for column in self.columns
            ),
        )

    def check(self, df: pd.DataFrame) -> None:
        """Raise DataError unless `df` has every column of the schema, once; others may be there too."""
        for name in self.names:
            if name not in df.columns:
                raise DataError(f"the table has no column {name!r}{nearest(name, df.columns)}")
        if df.columns.has_duplicates:
            raise DataError(f"two columns are named {df.columns[df.columns.duplicated()][0]!r}; give each its own name")

    def to_dict(self) -> dict[str, Any]:
        """Give plain data for JSON: columns by name, then the names of the axes, then the notes."""
        axes = {"index_name": self.index_name, "columns_name": self.columns_name}
        columns = {str(column.name): column.to_dict() for column in self.columns}
        return {
            "columns": columns,
            **{key: name for key, name in axes.items() if name is not None},
            "notes": self.notes,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave; raises SchemaError where it is malformed."""
        kinds = check_overrides(data, data.get("columns", ()))
        entries = data["columns"]
        columns = tuple(
            Column(
                entries[key].get("name", key), kind, entries[key].get("dtype", "object"), entries[key].get("remark", "")
            )
            for key, kind in kinds.items()
        )
        return cls(columns, data.get("index_name"), data.get("columns_name"))

    def to_json(self) -> str:
        """Give the schema as text to print, edit and pass back."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` gave; raises SchemaError where it is malformed."""
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise SchemaError(f"the schema is no JSON: {error}") from error


def _column(values: pd.Series[Any], declared: Kind | None, *, is_target: bool) -> Column:
    check_column(values)
    name = values.name.item() if isinstance(values.name, np.generic) else values.name
    kind, remark = infer_kind(values, is_target=is_target) if declared is None else (declared, "")
    return Column(name, kind, dtype_name(values.dtype), remark)


def _listed(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
