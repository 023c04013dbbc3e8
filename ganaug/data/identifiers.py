"""Fresh identifiers that look like the real ones and collide with none of them."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd

from ganaug.data.kinds import dtype_of, is_text
from ganaug.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ganaug.data.kinds import Column

__all__ = ["IdentifierMaker"]

COUNTED = re.compile(r"(.*?)(\d{1,18})(\D*)", re.DOTALL)
UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class IdentifierMaker:
    """How to go on after the identifiers that were seen.

    Attributes
    ----------
    column : Column
    form : {"number", "text", "uuid"}
    prefix, suffix : str
        What stands around the running number of a text.
    width : int
        Digits of that number, zero padded.
    first : int
        The first number that is free: one more than the largest seen. Of UUIDs, a digest of those seen.

    Examples
    --------
    >>> from ganaug.data.kinds import Column
    >>> maker = IdentifierMaker.fit(pd.Series(["P0012", "P0344"]), Column("id", "identifier", "object"))
    >>> maker.make(2, np.random.default_rng(0)).to_list()
    ['P0345', 'P0346']
    """

    column: Column
    form: Literal["number", "text", "uuid"]
    prefix: str = ""
    suffix: str = ""
    width: int = 1
    first: int = 0

    @classmethod
    def fit(cls, values: pd.Series[Any], column: Column) -> Self:
        """Learn the pattern of the identifiers in `values`, shape (n_rows,)."""
        if not (is_text(values.dtype) or values.dtype.kind in "iuf" or isinstance(values.dtype, pd.CategoricalDtype)):
            raise SchemaError(f"column {column.name!r} of dtype {values.dtype} cannot be an identifier")
        present = values.dropna()
        if pd.api.types.infer_dtype(present) in ("integer", "floating"):
            return cls(column, "number", first=int(present.max()) + 1 if len(present) else 0)
        texts = [str(value) for value in present]
        if texts and all(map(UUID.fullmatch, texts)):
            return cls(column, "uuid", first=_digest(texts))
        parts = [match.groups() if (match := COUNTED.fullmatch(text)) else None for text in texts]
        if not parts or None in parts or len({(part[0], part[2]) for part in parts if part}) > 1:
            # an augmented table that is augmented again holds some of these already
            return cls(column, "text", "synthetic-", "", 6, _after(texts, "synthetic-", ""))
        prefix, _, suffix = parts[0] or ("", "", "")
        widths = {len(part[1]) for part in parts if part}
        padded = len(widths) == 1 or any(part[1].startswith("0") for part in parts if part)
        return cls(column, "text", prefix, suffix, max(widths) if padded else 1, _after(texts, prefix, suffix))

    def make(self, n_rows: int, rng: np.random.Generator, start: int = 0) -> pd.Series[Any]:
        """Make `n_rows` identifiers; `start` is how many were made before."""
        numbers = np.arange(self.first + start, self.first + start + n_rows)
        dtype = dtype_of(self.column.dtype)
        if self.form == "number":
            limit = np.iinfo(getattr(dtype, "numpy_dtype", dtype)).max if dtype.kind in "iu" else np.inf
            fits = self.first + start + n_rows - 1 <= limit
            return pd.Series(numbers, name=self.column.name).astype(dtype if fits else np.int64)
        if self.form == "uuid":
            # the same seed on a table that holds its former output must not give that output again
            fresh = np.random.default_rng([int(rng.integers(2**63)), self.first, start])
            made = [str(uuid.UUID(bytes=fresh.bytes(16), version=4)) for _ in range(n_rows)]
        else:
            made = [f"{self.prefix}{number:0{self.width}d}{self.suffix}" for number in numbers]
        return pd.Series(made, name=self.column.name, dtype=object).astype("object" if dtype == "category" else dtype)

    def state(self) -> dict[str, Any]:
        """Give all that was learned, as JSON."""
        return {key: getattr(self, key) for key in ("form", "prefix", "suffix", "width", "first")}

    @classmethod
    def from_state(cls, column: Column, meta: Mapping[str, Any]) -> Self:
        """Build the maker that gave this state."""
        return cls(column, **meta)


def _digest(texts: list[str]) -> int:
    return int.from_bytes(hashlib.sha256("".join(sorted(texts)).encode()).digest()[:8], "big")


def _after(texts: list[str], prefix: str, suffix: str) -> int:
    """One more than the largest number between `prefix` and `suffix`."""
    pattern = re.compile(re.escape(prefix) + r"(\d{1,18})" + re.escape(suffix))
    return 1 + max((int(match[1]) for text in texts if (match := pattern.fullmatch(text))), default=0)
