"""Rows of a table as level numbers, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from ganaug.data.columns import LevelCoder, Unknown
from ganaug.data.dialect import DIALECT
from ganaug.data.identifiers import IdentifierMaker
from ganaug.data.schema import Schema
from ganaug.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import numpy.typing as npt

__all__ = ["TableCodec"]


class TableCodec:
    """Turn a table into codes, an int32 matrix (n_rows, n_columns) of level numbers, and codes into a table.

    Parameters
    ----------
    schema : Schema
        Its learned columns are the columns of the codes; the others are refilled.

    Attributes
    ----------
    names : list
        Labels of the learned columns.
    cardinality : ndarray of int, shape (n_columns,)
        Levels of each learned column, the missing one (always the last) included.
    ordered, has_missing : ndarray of bool, shape (n_columns,)
        Whether the levels lie on a line, and whether the last one is the missing value.

    Examples
    --------
    >>> df = pd.DataFrame({"age": [31, 45, 31], "sex": ["f", "m", None]})
    >>> codec = TableCodec(Schema.infer(df)).fit(df)
    >>> codes = codec.codes(df)
    >>> codes.tolist()
    [[0, 0], [1, 1], [0, 2]]
    >>> codec.frame(codes, np.random.default_rng(0)).equals(df)
    True
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def fit(self, df: pd.DataFrame) -> Self:
        """Learn the levels of every column from `df`; raises DataError if it does not fit the schema."""
        self.schema.check(df)
        dialect = df.attrs.get(DIALECT)
        df = _bare(df)
        coders: list[LevelCoder | IdentifierMaker] = [
            (IdentifierMaker if column.kind == "identifier" else LevelCoder).fit(df[column.name], column)
            for column in self.schema.columns
        ]
        return self._build(coders, dialect)

    def codes(self, df: pd.DataFrame, *, unknown: Unknown = "raise") -> npt.NDArray[np.int32]:
        """Give the level numbers of the rows of `df`, shape (n_rows, n_columns).

        A number or time that was never seen goes to the nearest level.

        Parameters
        ----------
        df : DataFrame
            With the learned columns, in any order; others are ignored.
        unknown : {"raise", "free"}
            ``"free"`` gives -1 for an absent column, a missing value and a category that was never seen.

        Raises
        ------
        DataError
            With ``unknown="raise"``, for these three, naming column, row and value.
        """
        df = _bare(df)
        if unknown == "raise":
            self._demand(df)
        codes = np.full((len(df), len(self.names)), -1, dtype=np.int32, order="F")
        for position, name in enumerate(self.names):
            if name in df.columns:
                codes[:, position] = self.coder(name).codes(df[name], unknown)
        return np.ascontiguousarray(codes)

    def frame(self, codes: npt.NDArray[np.integer[Any]], rng: np.random.Generator, start: int = 0) -> pd.DataFrame:
        """Give the rows of `codes`, shape (n_rows, n_columns), as a table like the one that was learned.

        Parameters
        ----------
        codes : ndarray of int, shape (n_rows, n_columns)
        rng : numpy.random.Generator
            For fresh random identifiers.
        start : int
            How many rows were made before these: running identifiers go on after them.

        Raises
        ------
        ValueError
            If a code is not that of a level.
        """
        if codes.size and ((codes < 0).any() or (codes >= self.cardinality).any()):
            raise ValueError("codes must lie between 0 and the cardinality of their column")
        learned = {name: codes[:, position] for position, name in enumerate(self.names)}
        zeros = np.zeros(len(codes), dtype=np.int32)
        columns = {
            position: coder.make(len(codes), rng, start)
            if isinstance(coder, IdentifierMaker)
            else coder.values(learned.get(coder.column.name, zeros))
            for position, coder in enumerate(self._coders.values())
        }
        # a narrow table is not copied into one block; a wide one is, since pandas warns of many blocks later
        index = pd.RangeIndex(len(codes), name=self.schema.index_name)
        df = pd.DataFrame(columns, index=index, copy=len(columns) > 90)
        df.columns = pd.Index(self.schema.names, name=self.schema.columns_name)
        if self.dialect is not None:
            df.attrs[DIALECT] = self.dialect
        return df

    def fresh_identifiers(self, df: pd.DataFrame, rng: np.random.Generator, start: int = 0) -> pd.DataFrame:
        """Give the rows of `df` with identifiers that no fitted row has; see `frame`."""
        makers = [coder for coder in self._coders.values() if isinstance(coder, IdentifierMaker)]
        return _with(df, {m.column.name: m.make(len(df), rng, start) for m in makers})

    def coder(self, name: Hashable) -> LevelCoder:
        """Give the coder of one learned column: its ``levels``, ``codes(values)`` and ``values(codes)``."""
        coder = self._coders[name]
        assert isinstance(coder, LevelCoder)
        return coder

    def state(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Give all that was learned, as arrays and JSON."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        columns = []
        for position, coder in enumerate(self._coders.values()):
            if isinstance(coder, LevelCoder):
                own, meta = coder.state()
                arrays |= {f"{position}.{key}": array for key, array in own.items()}
            else:
                meta = coder.state()
            columns.append(meta)
        return arrays, {"schema": self.schema.to_dict(), "columns": columns, "dialect": self.dialect}

    @classmethod
    def from_state(cls, arrays: Mapping[str, npt.NDArray[Any]], meta: Mapping[str, Any]) -> Self:
        """Build the codec that gave this state."""
        codec = cls(Schema.from_dict(meta["schema"]))
        own: list[dict[str, npt.NDArray[Any]]] = [{} for _ in codec.schema.columns]
        for key, array in arrays.items():
            position, name = key.split(".")
            own[int(position)][name] = array
        coders: list[LevelCoder | IdentifierMaker] = [
            IdentifierMaker.from_state(column, learned)
            if column.kind == "identifier"
            else LevelCoder.from_state(column, own[position], learned)
            for position, (column, learned) in enumerate(zip(codec.schema.columns, meta["columns"], strict=True))
        ]
        return codec._build(coders, meta["dialect"])

    def _build(self, coders: list[LevelCoder | IdentifierMaker], dialect: str | None) -> Self:
        self._coders = {coder.column.name: coder for coder in coders}
        self.dialect = dialect
        learned = [coder for coder in coders if isinstance(coder, LevelCoder) and coder.column.learned]
        self.names = [coder.column.name for coder in learned]
        self.cardinality = np.array([coder.cardinality for coder in learned], dtype=np.int64)
        self.ordered = np.array([coder.column.ordered for coder in learned], dtype=bool)
        self.has_missing = np.array([coder.has_missing for coder in learned], dtype=bool)
        return self

    def _demand(self, df: pd.DataFrame) -> None:
        for name in self.names:
            if name not in df.columns:
                raise DataError(f"the table has no column {name!r}, which was learned")


def _with(df: pd.DataFrame, columns: dict[Hashable, pd.Series[Any]]) -> pd.DataFrame:
    changed = df.copy(deep=False)
    for name, values in columns.items():
        changed[name] = values.set_axis(df.index)
    return changed


def _bare(df: pd.DataFrame) -> pd.DataFrame:
    """The table without its attributes, which pandas would copy with every column."""
    bare = df.copy(deep=False)
    bare.attrs = {}
    return bare
