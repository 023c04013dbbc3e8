"""Whether what names the rows still names one row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.fidelity.evidence.columns import Kind, row_name_kind

__all__ = ["repeated_keys"]

# that many rows without one repetition are no chance: were they drawn from so few values that one pair in
# n (n - 1) / 6 is equal, there would be a repetition with a chance of 95 %
PAIRS = 3
FEWEST_VALUES = 20


def repeated_keys(real: NDArray[Any], synthetic: Sequence[NDArray[Any]], kind: Kind) -> float:
    """Share of synthetic rows whose key another one has too, beyond chance; 0 for a column that is no key.

    A key is text, or a running number, that no two real rows share.

    Parameters
    ----------
    real : ndarray, shape (n_rows,)
        Values as of `plain_values`.
    synthetic : sequence of ndarray
        Those of each draw: two draws may use a key both.
    kind : {"number", "time", "category"}
        Of the column.

    Examples
    --------
    >>> real = np.array([f"P{i}" for i in range(300)], dtype=object)
    >>> round(repeated_keys(real, [real[[0, 0, 1, 2]]], "category"), 2), repeated_keys(real, [real], "category")
    (0.5, 0.0)
    """
    known = real[~pd.isna(real)]
    unique = len(known) >= FEWEST_VALUES and not _shared(known).any()
    if not unique or not _names_rows(known, kind):
        return 0.0
    parts = [part[~pd.isna(part)] for part in synthetic]
    n_rows, largest = sum(map(len, parts)), max(map(len, parts))
    if not n_rows:
        return 0.0
    repeated = sum(int(_shared(part).sum()) for part in parts)
    chance = 2 * PAIRS * largest / (len(known) * (len(known) - 1)) if kind == "category" else 0.0
    return max(0.0, repeated / n_rows - chance)


def _shared(values: NDArray[Any]) -> NDArray[np.bool_]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse] > 1)


def _names_rows(unique: NDArray[Any], kind: Kind) -> bool:
    return kind == "category" or (kind == "number" and row_name_kind(unique, is_text=False) is not None)
