"""What each column of a code matrix and of an encoded tensor means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Block", "Layout", "Levels"]

BlockKind = Literal["rank", "levels", "embedding"]


@dataclass(frozen=True)
class Block:
    """A run of tensor columns that belongs to one table column.

    Attributes
    ----------
    name : str
        Name of the block: the table column, or ``"column is missing"`` for its missing mark.
    kind : {"rank", "levels", "embedding"}
        One normal score, a one-hot group, or the coordinates of a level.
    start, stop : int
        ``tensor[:, start:stop]``.
    """

    name: str
    kind: BlockKind
    start: int
    stop: int

    @property
    def width(self) -> int:
        """Number of tensor columns."""
        return self.stop - self.start


@dataclass(frozen=True)
class Layout:
    """The blocks of an encoded tensor ``(n_rows, width)``, left to right.

    Examples
    --------
    >>> layout = Layout.of([("age", "rank", 1), ("sex", "levels", 2)])
    >>> layout.width
    3
    >>> layout.blocks[1]
    Block(name='sex', kind='levels', start=1, stop=3)
    """

    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, parts: list[tuple[str, BlockKind, int]]) -> Layout:
        """Lay blocks of the given names, kinds and widths side by side."""
        blocks, start = [], 0
        for name, kind, width in parts:
            blocks.append(Block(name, kind, start, start + width))
            start += width
        return cls(tuple(blocks))

    @property
    def width(self) -> int:
        """Number of columns of the tensor."""
        return self.blocks[-1].stop if self.blocks else 0


@dataclass(frozen=True, eq=False)
class Levels:
    """What the columns of a code matrix ``(n_rows, n_columns)`` mean.

    Attributes
    ----------
    cardinality : ndarray of int, shape (n_columns,)
        Levels of each column; codes run from 0 to one less.
    ordered : ndarray of bool, shape (n_columns,)
        True where the levels lie on a line (numbers, times), False for categories.

    Examples
    --------
    >>> Levels(np.array([3, 2]), np.array([True, False])).n_columns
    2
    """

    cardinality: npt.NDArray[np.int64]
    ordered: npt.NDArray[np.bool_]

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self.cardinality)
