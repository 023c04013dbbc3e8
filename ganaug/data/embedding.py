"""Coordinates for the levels of a column that has too many of them for one-hot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["WIDTH", "embed_levels"]

WIDTH = 8
JITTER = 0.05  # levels seen in the same company would coincide
COMPANY = 64  # so many other columns tell enough
BINS = 16
SHRINKAGE = 4.0  # a level seen less often than this is drawn towards the origin


def embed_levels(
    codes: npt.NDArray[np.integer[Any]],
    position: int,
    cardinality: npt.NDArray[np.int64],
    ordered: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """Place levels that keep the same company near each other.

    A truncated singular value decomposition of how often each level meets the (binned) values of the other columns,
    scaled as in correspondence analysis (Greenacre 1984, Theory and Applications of Correspondence Analysis).

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows, n_columns)
    position : int
        The column whose levels are placed.
    cardinality, ordered : ndarray, shape (n_columns,)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (n_levels, WIDTH)
        Of unit variance, no two rows the same.

    Examples
    --------
    >>> codes = np.array([[0, 0], [1, 0], [2, 1], [3, 1]])
    >>> embed_levels(codes, 0, np.array([4, 2]), np.array([False, False]), np.random.default_rng(0)).shape
    (4, 8)
    """
    company = [other for other in range(codes.shape[1]) if other != position]
    if len(company) > COMPANY:
        company = sorted(rng.choice(company, COMPANY, replace=False).tolist())
    bins = [_bins(codes[:, other], int(cardinality[other]), bool(ordered[other])) for other in company]
    n_levels = int(cardinality[position])
    coordinates = np.zeros((n_levels, WIDTH))
    if bins and len(codes):
        meetings = _meetings(codes[:, position], bins, n_levels)
        width = min(WIDTH, meetings.shape[1] - 1, n_levels - 1)
        if width > 0:
            svd = TruncatedSVD(width, random_state=int(rng.integers(2**31)))
            coordinates[:, :width] = svd.fit_transform(meetings)
    coordinates -= coordinates.mean(axis=0)
    scale = coordinates.std(axis=0)
    empty = scale < 1e-9
    coordinates[:, ~empty] /= scale[~empty]
    coordinates[:, empty] = rng.standard_normal((n_levels, int(empty.sum())))
    return (coordinates + JITTER * rng.standard_normal(coordinates.shape)).astype(np.float32)


def _bins(codes: npt.NDArray[np.integer[Any]], cardinality: int, ordered: bool) -> npt.NDArray[np.int64]:
    """At most BINS groups of levels: quantiles of an ordered column, otherwise the commonest levels and the rest."""
    counts = np.bincount(codes, minlength=cardinality)
    if ordered:
        group = (np.cumsum(counts) - counts) * BINS // max(len(codes), 1)
    else:
        group = np.minimum(np.argsort(np.argsort(-counts, kind="stable"), kind="stable"), BINS - 1)
    return np.asarray(group[codes], dtype=np.int64)


def _meetings(
    levels: npt.NDArray[np.integer[Any]], bins: list[npt.NDArray[np.int64]], n_levels: int
) -> sparse.csr_array:
    """How often each level meets each bin, shape (n_levels, n_bins), by row share and scaled by the bin's rarity."""
    columns = np.concatenate([group + BINS * other for other, group in enumerate(bins)])
    rows = np.tile(levels, len(bins))
    shape = (n_levels, BINS * len(bins))
    counts = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()
    seen = np.bincount(levels, minlength=n_levels)
    rarity = 1 / np.sqrt(np.maximum(np.asarray(counts.sum(axis=0)).ravel(), 1) / len(levels))
    return sparse.csr_array(sparse.diags_array(1 / (seen + SHRINKAGE)) @ counts @ sparse.diags_array(rarity))
