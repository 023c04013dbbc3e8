"""Data of the pictures of single columns: how often their values occur."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas.api import types

from ganaug.fidelity.checks.marginals import column_distance
from ganaug.fidelity.evidence.gathering import Evidence

__all__ = ["measure_marginals"]

Floats = NDArray[np.float64]

MOST_COLUMNS = 12
FEWEST_BINS, MOST_BINS = 8, 24
MOST_LEVELS = 8
# a column of numbers with at most this many values is shown value by value
FEW_VALUES = 8
MICROSECONDS_A_DAY = 86_400_000_000


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
        return {"kind": kind, "missing": missing, **_by_level(values[seen], shares[:, seen], kind)}
    n_bins = int(np.clip(min(len(side) for side in columns) ** 0.5, FEWEST_BINS, MOST_BINS))
    return {"kind": kind, "missing": missing, **_by_bin(values[seen], shares[:, seen], kind, n_bins)}


def _kind(evidence: Evidence, j: int) -> str:
    if evidence.kinds[j] != "time":
        return str(evidence.kinds[j])
    series = evidence.folds[0][0][evidence.names[j]]
    return "days" if types.infer_dtype(series, skipna=True).startswith("timedelta") else "date"


def _by_level(values: NDArray[Any], shares: Floats, kind: str) -> dict[str, Any]:
    """Numbers and times in their order, categories by how many real rows have them, the rest together."""
    if kind != "category":
        return {"levels": [_written(value, kind) for value in values], **_sides(shares)}
    order = np.lexsort((-shares[1], -shares[0]))
    top, rest = order[:MOST_LEVELS], order[MOST_LEVELS:]
    if len(rest) < 2:
        return {"levels": [str(value) for value in values[order]], **_sides(shares[:, order])}
    shares = np.column_stack([shares[:, top], shares[:, rest].sum(axis=1)])
    return {"levels": [*(str(value) for value in values[top]), f"{len(rest)} others"], **_sides(shares)}


def _by_bin(values: Floats, shares: Floats, kind: str, n_bins: int) -> dict[str, Any]:
    finite, scaled = np.isfinite(values), values if kind == "number" else values / MICROSECONDS_A_DAY
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


def _written(value: float, kind: str) -> str:
    if kind == "number":
        return f"{value:.6g}"
    if kind == "days":
        return f"{value / MICROSECONDS_A_DAY:.4g} days"
    return str(np.datetime64(int(value), "us").astype("datetime64[s]")).replace("T00:00:00", "")
