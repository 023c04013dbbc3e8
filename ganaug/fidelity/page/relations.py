"""Data of the pictures of columns together: how pairs of them hang together, and all of them from afar."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from ganaug.fidelity.evidence.encoding import for_distances
from ganaug.fidelity.evidence.gathering import Codes, Evidence

__all__ = ["association", "measure_embedding", "measure_pairs"]

Floats = NDArray[np.float64]

MOST_COLUMNS = 15
MOST_LEVELS = 20
PAIR_ROWS = 2000
FEWEST_ROWS = 10
# of many columns those to be shown are chosen by so many rows
COMPARED_ROWS = 500
POINTS = 400
FITTED_ROWS = 1000


def association(codes: Codes, categorical: NDArray[np.bool_]) -> Floats:
    """Tell how closely every pair of columns goes together, from 0 to 1, or from -1 for two numbers.

    Spearman's correlation of two numbers, the correlation ratio of a number's ranks given a category, Cramer's V of two
    categories: all three are the root mean square of the canonical correlations between the columns' spans.

    Parameters
    ----------
    codes : ndarray, shape (n_rows, n_columns)
        Level numbers. A missing number has the middle rank, a missing category is a level of its own.
    categorical : ndarray, shape (n_columns,)
        Which columns are categories.

    Returns
    -------
    ndarray, shape (n_columns, n_columns)

    Examples
    --------
    >>> rows = np.array([[0.0, 3.0, 0.0], [1.0, 2.0, 0.0], [2.0, 1.0, 1.0], [3.0, 0.0, 1.0]])
    >>> association(rows, np.array([False, False, True])).round(2).tolist()
    [[1.0, -1.0, 0.89], [-1.0, 1.0, 0.89], [0.89, 0.89, 1.0]]
    """
    spans = [
        (_indicators if is_category else _ranks)(column)
        for column, is_category in zip(codes.T, categorical, strict=True)
    ]
    first = np.cumsum([0, *(span.shape[1] for span in spans[:-1])])
    every = np.concatenate(spans, axis=1)  # (n_rows, n_axes), each span orthonormal but for its mean
    every -= every.mean(axis=0)
    gram = every.T @ every
    squared = np.add.reduceat(np.add.reduceat(gram**2, first, axis=0), first, axis=1)
    freedom = np.array([max(span.shape[1] - is_cat, 1) for span, is_cat in zip(spans, categorical, strict=True)])
    strength = np.sqrt(np.clip(squared / np.minimum.outer(freedom, freedom), 0, 1))
    signed = ~np.logical_or.outer(categorical, categorical)
    return np.asarray(np.where(signed, np.sign(gram[np.ix_(first, first)]) * strength, strength))


def measure_pairs(evidence: Evidence, rng: np.random.Generator) -> dict[str, Any] | None:
    """Return ``columns`` and their association, ``real`` and ``synthetic``, in equally many rows of either side."""
    n = min(len(evidence.real), len(evidence.synthetic), PAIR_ROWS)
    if len(evidence.names) < 2 or n < FEWEST_ROWS:
        return None
    sides = [_some(side, n, rng) for side in (evidence.real, evidence.synthetic)]
    shown = _changing_most(*sides)
    real, synthetic = (association(side[:, shown], evidence.categorical[shown]).round(3) for side in sides)
    columns = [str(evidence.names[j]) for j in shown]
    return {"columns": columns, "real": real.tolist(), "synthetic": synthetic.tolist(), "rows": n}


def measure_embedding(evidence: Evidence, rng: np.random.Generator) -> dict[str, Any] | None:
    """Return points of both sides in the plane in which the real rows are most spread, and that plane's share of it."""
    if min(len(evidence.real), len(evidence.synthetic)) < FEWEST_ROWS:
        return None
    real, synthetic = (_some(side, FITTED_ROWS, rng) for side in (evidence.real, evidence.synthetic))
    points = for_distances(np.concatenate([real, synthetic]), evidence.categorical).astype(float)
    if points.shape[1] < 2 or not np.ptp(points[: len(real)], axis=0).any():
        return None
    with threadpool_limits(limits=1):
        plane = PCA(2, svd_solver="randomized", random_state=int(rng.integers(2**31))).fit(points[: len(real)])
        places = plane.transform(points).round(3)
    return {
        "real": places[: len(real)][:POINTS].tolist(),
        "synthetic": places[len(real) :][:POINTS].tolist(),
        "share": float(plane.explained_variance_ratio_.sum()),
    }


def _some(codes: Codes, most: int, rng: np.random.Generator) -> Codes:
    return codes[rng.permutation(len(codes))[:most]]


def _changing_most(real: Codes, synthetic: Codes) -> NDArray[np.intp]:
    """Of many columns take those whose rank correlations change most, whatever their kinds."""
    if real.shape[1] <= MOST_COLUMNS:
        return np.arange(real.shape[1])
    as_numbers = np.zeros(real.shape[1], dtype=bool)
    before, after = (association(side[:COMPARED_ROWS], as_numbers) for side in (real, synthetic))
    change = np.abs(after - before).max(axis=0)
    return np.sort(np.argsort(-change, kind="stable")[:MOST_COLUMNS])


def _ranks(codes: Floats) -> Floats:
    ranks, known = np.zeros(len(codes)), ~np.isnan(codes)
    ranks[known] = rankdata(codes[known]) - (known.sum() + 1) / 2
    return np.asarray(ranks / max(float(np.linalg.norm(ranks)), 1.0))[:, None]


def _indicators(codes: Floats) -> Floats:
    """Return an orthonormal column for each level; the rarer ones share one."""
    level = np.where(np.isnan(codes), MOST_LEVELS, np.minimum(codes, MOST_LEVELS - 1)).astype(np.intp)
    _, inverse, counts = np.unique(level, return_inverse=True, return_counts=True)
    hot = np.zeros((len(codes), len(counts)))
    hot[np.arange(len(codes)), inverse] = 1 / np.sqrt(counts[inverse])
    return hot
