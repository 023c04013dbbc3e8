"""Of very many columns, those that are worth a closer look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["widest"]

SCREENED = 100


def widest(rows: NDArray[np.float64], is_real: NDArray[np.bool_], most: int = SCREENED) -> list[int]:
    """Return the columns whose mean level number or share of missing values differs most, at most `most`."""
    if rows.shape[1] <= most:
        return list(range(rows.shape[1]))
    parts = [np.nan_to_num(rows, nan=-1.0), np.isnan(rows).astype(float)]
    apart = [
        np.abs(part[is_real].mean(axis=0) - part[~is_real].mean(axis=0)) / (part.std(axis=0) + 1e-9) for part in parts
    ]
    return sorted(np.argsort(-np.maximum(*apart), kind="stable")[:most].tolist())
