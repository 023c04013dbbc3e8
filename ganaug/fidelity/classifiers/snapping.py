"""Synthetic numbers on the grid of the real ones: what is left is a matter of distribution, not of formats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.evidence.gathering import Codes, Evidence

__all__ = ["snapped"]


def snapped(evidence: Evidence) -> Codes:
    """Return the synthetic rows with every number moved to the nearest that a real row has ``(n_rows, n_columns)``.

    Examples
    --------
    >>> import pandas as pd
    >>> from ganaug.fidelity.evidence.gathering import gather
    >>> real, synthetic = pd.DataFrame({"x": [1.0, 2.0, 4.0]}), pd.DataFrame({"x": [1.1, 3.5]})
    >>> evidence = gather([(real, synthetic, None)])
    >>> evidence.levels[0][snapped(evidence).ravel().astype(int)]
    array([1., 4.])
    """
    rows = evidence.synthetic.copy()
    for j in np.flatnonzero(~evidence.categorical):
        seen = np.unique(np.concatenate([evidence.real[:, j], *(train[:, j] for train in evidence.train)]))
        seen, known = seen[~np.isnan(seen)].astype(np.intp), ~np.isnan(rows[:, j])
        if len(seen) and known.any():
            rows[known, j] = _nearest(evidence.levels[j].astype(float), seen)[rows[known, j].astype(np.intp)]
    return rows


def _nearest(levels: NDArray[np.float64], seen: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return, for each level number, that of the nearest level that was seen ``(n_levels,)``."""
    place = np.searchsorted(seen, np.arange(len(levels)))
    below, above = seen[np.maximum(place - 1, 0)], seen[np.minimum(place, len(seen) - 1)]
    with np.errstate(invalid="ignore"):  # infinity less infinity
        is_below = levels - levels[below] < levels[above] - levels
    return np.where(is_below, below, above).astype(float)
