"""How much equalising changed each column, and where it moved the rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.transport.centring import rounding
from ganaug.transport.style import Floats, batch_means

__all__ = ["column_changes", "explained", "plane"]

MOST_COLUMNS = 500
MOST_DOTS = 400


def explained(X: Floats, codes: NDArray[np.intp]) -> Floats:
    """Share of each column's variance that is between batches (eta squared) ``(n_columns,)``.

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_columns)
        Missing values are left out.
    codes : ndarray of int, shape (n_rows,)

    Examples
    --------
    >>> explained(np.array([[0.0, 1.0], [0.0, 2.0], [1.0, 1.0], [1.0, 2.0]]), np.array([0, 0, 1, 1]))
    array([1., 0.])
    """
    means, counts = batch_means(X, np.eye(codes.max() + 1)[codes])
    n = np.maximum(counts.sum(axis=0), 1)
    centre = (counts * means).sum(axis=0) / n
    between, total = (counts * (means - centre) ** 2).sum(axis=0), np.nansum((X - centre) ** 2, axis=0)
    return np.asarray(between / np.where(total > n * rounding(X), total, np.inf))


def column_changes(
    before: Floats, after: Floats, codes: NDArray[np.intp], names: Sequence[Hashable]
) -> tuple[list[dict[str, Any]], Floats]:
    """Say what changed of each column, the most first, and the squared changes in its variances, ``before.shape``."""
    centre, _ = batch_means(before, np.ones((len(before), 1)))
    variance = batch_means((before - centre) ** 2, np.ones((len(before), 1)))[0]
    # a column that is constant has no unit to be moved in
    moved = (after - before) ** 2 / np.where(variance > rounding(before), variance, np.inf)
    size = np.sqrt(batch_means(moved, np.ones((len(before), 1)))[0][0])
    shares = explained(before, codes), explained(after, codes)
    return [
        {"column": str(names[j]), "before": shares[0][j], "after": shares[1][j], "moved": size[j]}
        for j in np.lexsort((-shares[0], -size))[:MOST_COLUMNS]
    ], moved


def plane(
    before: Floats, after: Floats, batches: Sequence[str], codes: NDArray[np.intp], rng: np.random.Generator
) -> dict[str, Any]:
    """Give some rows before and after, in the plane in which all rows were spread most before."""
    rows = rng.permutation(len(before))[:MOST_DOTS]
    known = ~np.isnan(before).all(axis=0)
    one, other = (side[:, known] for side in (before, after))
    centre, spread = np.nanmean(one, axis=0), np.nanstd(one, axis=0)
    spread = np.where(spread**2 > rounding(one), spread, np.inf)
    one, other = (np.nan_to_num((side[rows] - centre) / spread) for side in (one, other))
    if one.shape[1] < 2:
        return {}
    _, singular, axes = np.linalg.svd(one - one.mean(axis=0), full_matrices=False)
    share = float((singular[:2] ** 2).sum() / max((singular**2).sum(), np.finfo(float).tiny))
    points = {side: (z @ axes[:2].T).round(3).tolist() for side, z in (("before", one), ("after", other))}
    return {**points, "batch": codes[rows].tolist(), "batches": list(batches), "share": share}
