"""What the checks of cells look at: counts, types and donors of held-out and of synthetic cells."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ganaug.data.counts import Counts

__all__ = ["Cells", "Side", "digest"]

FEWEST_CELLS = 20
MOST_TYPES = 20


@dataclass(frozen=True)
class Side:
    """Cells of one kind.

    Attributes
    ----------
    counts, logged : scipy.sparse.csr_matrix, shape (n_cells, n_genes)
        As they are, and log-normalised.
    labels, groups : ndarray of object, shape (n_cells,), or None
        Type and donor of each cell as text.
    """

    counts: Counts
    logged: Counts
    labels: NDArray[Any] | None = None
    groups: NDArray[Any] | None = None

    @cached_property
    def library(self) -> NDArray[np.float64]:
        """Counts of each cell ``(n_cells,)``."""
        return np.asarray(self.counts.sum(axis=1, dtype=np.float64)).ravel()

    def __len__(self) -> int:
        """Return the number of cells."""
        return int(self.counts.shape[0])


@dataclass(frozen=True)
class Cells:
    """Held-out and synthetic cells over the same genes.

    Attributes
    ----------
    real, synthetic : Side
    genes : sequence of str
    """

    real: Side
    synthetic: Side
    genes: Sequence[str]

    @property
    def groups(self) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """Donors of either side, where they are known."""
        both = self.real.groups, self.synthetic.groups
        return None if both[0] is None or both[1] is None else (both[0], both[1])

    @property
    def labels(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Types of either side; nobody's where they are not known."""
        sides = self.real, self.synthetic
        real, synthetic = (np.full(len(side), None) if side.labels is None else side.labels for side in sides)
        return real, synthetic

    @cached_property
    def types(self) -> list[str]:
        """The largest types that have twenty cells on either side."""
        if self.real.labels is None or self.synthetic.labels is None:
            return []
        real, synthetic = (pd.Series(side).value_counts() for side in (self.real.labels, self.synthetic.labels))
        return [str(name) for name, n in real.items() if min(n, synthetic.get(name, 0)) >= FEWEST_CELLS][:MOST_TYPES]


def digest(side: Side, genes: Sequence[str]) -> str:
    """Return the SHA-256 of cells, whatever their order and that of the genes.

    Examples
    --------
    >>> from scipy import sparse
    >>> counts = sparse.csr_matrix(np.array([[1, 0], [2, 3]], dtype=np.float32))
    >>> turned = counts[::-1, ::-1].tocsr()
    >>> digest(Side(counts, counts), ["CD3E", "LYZ"]) == digest(Side(turned, turned), ["LYZ", "CD3E"])
    True
    """
    gene = pd.util.hash_array(np.asarray(genes, dtype=object))
    counts = side.counts
    with np.errstate(over="ignore"):
        values = pd.util.hash_array(gene[counts.indices] ^ pd.util.hash_array(counts.data))
        rows = np.add.reduceat(values, counts.indptr[:-1])  # no cell is empty
        for column in (side.labels, side.groups):
            if column is not None:
                rows = rows * np.uint64(31) + pd.util.hash_array(column)
    return hashlib.sha256(np.sort(gene).tobytes() + np.sort(rows).tobytes()).hexdigest()
