"""Data of the pictures of single columns: how often their values occur."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.checks.marginals import column_distance
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.why.values import DAY, is_duration, value_text

__all__ = ["measure_marginals"]

Floats = NDArray[np.float64]

MOST_COLUMNS = 12
FEWEST_BINS, MOST_BINS = 8, 24
MOST_LEVELS = 8
# a column of numbers with at most this many values is shown value by value
FEW_VALUES = 8


def measure_marginals(evidence: Evidence, distances: Mapping[str, float]) -> list[dict[str, Any]]:
    """Count the values of the columns that differ most.

    Parameters
    ----------
    evidence : Evidence
        The rows.
    distances : mapping of str to float
        How far each column is from its real distribution, where that is known already.

    Returns
    -------
    list of dict
        ``column``, ``kind`` ("number", "date", "days" or "category"), ``distance``, the shares of rows where it is
        ``missing`` (real, synthetic), and the shares of all rows, ``real`` and ``synthetic``, either at each of
        ``levels`` or between ``edges``; dates are in days since 1970.

    Examples
    --------
    >>> import pandas as pd
    >>> from ganaug.fidelity.evidence.gathering import gather
    >>> tables = pd.DataFrame({"sex": ["f", "f", "m", "m"]}), pd.DataFrame({"sex": ["f", "f", "f", None]})
    >>> (column,) = measure_marginals(gather([(*tables, None)]), {})
    >>> column["levels"], column["real"], column["synthetic"], column["missing"]
    (['f', 'm'], [0.5, 0.5], [0.75, 0.0], [0.0, 0.25])
    """
    names = [str(name) for name in evidence.names]
    far = [distances[name] if name in distances else _distance(evidence, j) for j, name in enumerate(names)]
    farthest = np.argsort(-np.array(far), kind="stable")[:MOST_COLUMNS]
    return [{"column": names[j], "distance": far[j], **_counted(evidence, int(j))} for j in farthest]


def _distance(evidence: Evidence, j: int) -> float:
    real, synthetic = (np.nan_to_num(side[:, j], nan=-1.0) for side in (evidence.real, evidence.synthetic))
    return column_distance(real, synthetic, ordered=not evidence.categorical[j])[0]


def _counted(evidence: Evidence, j: int) -> dict[str, Any]:
    kind, values = _kind(evidence, j), evidence.levels[j]
    columns = evidence.real[:, j], evidence.synthetic[:, j]
    real, synthetic = (np.bincount(side[~np.isnan(side)].astype(int), minlength=len(values)) for side in columns)
    missing = [float(np.isnan(side).mean()) for side in columns]
    shares = np.stack([real / len(columns[0]), synthetic / len(columns[1])])
    seen = shares.any(axis=0)
    if kind == "category" or seen.sum() <= FEW_VALUES:
        name = partial(value_text, evidence, j)
        return {"kind": kind, "missing": missing, **_by_level(np.flatnonzero(seen), shares[:, seen], kind, name)}
    n_bins = int(np.clip(min(len(side) for side in columns) ** 0.5, FEWEST_BINS, MOST_BINS))
    return {"kind": kind, "missing": missing, **_by_bin(values[seen], shares[:, seen], kind, n_bins)}


def _kind(evidence: Evidence, j: int) -> str:
    if evidence.kinds[j] != "time":
        return str(evidence.kinds[j])
    return "days" if is_duration(evidence, j) else "date"


def _by_level(codes: NDArray[np.intp], shares: Floats, kind: str, name: Callable[[float], str]) -> dict[str, Any]:
    """Numbers and times in their order, categories by how many real rows have them, the rest together."""
    order = np.lexsort((-shares[1], -shares[0])) if kind == "category" else np.arange(len(codes))
    top, rest = order[:MOST_LEVELS], order[MOST_LEVELS:]
    if len(rest) < 2:
        return {"levels": [name(code) for code in codes[order]], **_sides(shares[:, order])}
    shares = np.column_stack([shares[:, top], shares[:, rest].sum(axis=1)])
    return {"levels": [*map(name, codes[top]), f"{len(rest)} others"], **_sides(shares)}


def _by_bin(values: Floats, shares: Floats, kind: str, n_bins: int) -> dict[str, Any]:
    finite, scaled = np.isfinite(values), values if kind == "number" else values / DAY
    edges = _edges(scaled[finite], shares[:, finite].sum(axis=0), n_bins)
    bins = np.clip(np.searchsorted(edges, scaled, side="right") - 1, 0, len(edges) - 2)
    counts = np.array([np.bincount(bins, side, minlength=len(edges) - 1) for side in shares], dtype=float)
    return {"edges": edges.tolist(), **_sides(counts)}


def _edges(values: Floats, weights: Floats, n_bins: int) -> Floats:
    """Bins over nearly all rows; of whole numbers each bin holds equally many."""
    below = np.cumsum(weights) / weights.sum()
    low, high = values[np.searchsorted(below, [0.005, 0.995])]
    low, high = (values[0], values[-1]) if low == high else (low, high)
    if np.all(values == np.round(values)):
        width = np.ceil((high - low + 1) / n_bins)
        return np.asarray(np.arange(low - 0.5, high + width, width))
    return np.linspace(low, high, n_bins + 1)


def _sides(shares: Floats) -> dict[str, list[float]]:
    return {"real": shares[0].round(5).tolist(), "synthetic": shares[1].round(5).tolist()}
