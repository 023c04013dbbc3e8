"""Kernels between rows, summed over units of rows, and the maximum mean discrepancy of such sums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics.pairwise import euclidean_distances
from threadpoolctl import threadpool_limits

__all__ = ["KERNELS", "WIDTHS", "Medians", "Pulls", "Sums", "exact_sums", "median_distances", "mmd2", "pulls"]

Floats = NDArray[np.float64]
Points = NDArray[np.float32]

# bandwidths, in median distances; each half the next, which `features` makes use of
WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
KERNELS = tuple((shape, width) for shape in ("gaussian", "laplace") for width in WIDTHS)
MEDIAN_ROWS = 1000


class Sums(NamedTuple):
    """A kernel, summed over units of rows.

    Attributes
    ----------
    between : ndarray, shape (n_units, n_units)
        Sum of the kernel over all pairs of rows of two units.
    own : ndarray, shape (n_units,)
        Sum over the rows of a unit of the kernel of a row with itself.
    size : ndarray, shape (n_units,)
        Rows of a unit.
    """

    between: Floats
    own: Floats
    size: Floats


class Pulls(NamedTuple):
    """How far chance moves a difference of two means in feature space.

    Attributes
    ----------
    along : ndarray, shape (n_permutations,)
        Permuted differences, times the one that was found.
    squared : float
        Squared length of the one that was found.
    """

    along: Floats
    squared: float


class Medians(NamedTuple):
    """Median distances between two rows: the Euclidean one, and the sum over axes."""

    gaussian: float
    laplace: float


def median_distances(points: Points) -> Medians:
    """Median Euclidean and city-block distance of the first thousand rows, to be given in random order.

    Examples
    --------
    >>> median_distances(np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0]], dtype=np.float32))
    Medians(gaussian=5.0, laplace=7.0)
    """
    found = []
    for metric in ("euclidean", "cityblock"):
        distances = pdist(points[:MEDIAN_ROWS], metric)
        # where most rows are equal, the average has to do
        found.append(float(np.median(distances)) or float(distances.mean()) or 1.0)
    return Medians(*found)


def exact_sums(points: Points, unit: NDArray[np.intp], medians: Medians, n_kernels: int) -> Iterator[Sums]:
    """Sum the first kernels of `KERNELS` over units, one at a time; exact, at a cost quadratic in rows.

    Parameters
    ----------
    points : ndarray, shape (n_rows, n_axes)
        Rows in any order.
    unit : ndarray, shape (n_rows,)
        Unit of each row.
    medians : Medians
        What the widths are multiples of.
    n_kernels : int
        Five for the Gaussian ones alone.
    """
    of_unit = csr_array((np.ones(len(unit), dtype=np.float32), (unit, np.arange(len(unit)))))
    size = np.bincount(unit).astype(np.float64)
    distances = np.empty(0, dtype=np.float32)
    for shape, width in KERNELS[:n_kernels]:
        if width == WIDTHS[0]:
            distances = _distances(points, shape, getattr(medians, shape))
        kernel = np.multiply(distances, np.float32(-1 / (2 * width**2 if shape == "gaussian" else width)))
        np.exp(kernel, out=kernel)
        # a few rows in single precision, the rest in double; the kernel of a row with itself is 1
        yield Sums(np.asarray(of_unit @ (of_unit @ kernel).T.astype(np.float64)), size, size)


def _distances(points: Points, shape: str, median: float) -> Points:
    """Distances in medians, squared for the Gaussian kernel ``(n_rows, n_rows)``."""
    if shape == "laplace":
        return np.asarray(squareform((pdist(points, "cityblock") / median).astype(np.float32)))
    with threadpool_limits(limits=1):
        return np.asarray(euclidean_distances(points, squared=True) / np.float32(median**2))


def mmd2(sums: Sums, is_real: Floats) -> Floats:
    """Unbiased MMD² for every column of labels (Gretton et al. 2012, JMLR 13, lemma 6).

    Parameters
    ----------
    sums : Sums
        Of the pooled rows.
    is_real : ndarray, shape (n_units, n_labellings)
        1.0 for units of real rows and 0.0 for those of synthetic ones.

    Examples
    --------
    >>> x = np.array([0.0, 0.0, 1.0, 1.0])
    >>> kernel = np.exp(-0.5 * (x[:, None] - x) ** 2)
    >>> mmd2(Sums(kernel, np.ones(4), np.ones(4)), np.array([[1.0, 1.0, 0.0, 0.0]]).T).round(4)
    array([0.7869])
    """
    n, m = sums.size @ is_real, sums.size @ (1 - is_real)
    to_real = sums.between @ is_real
    real = (is_real * to_real).sum(axis=0)
    across = to_real.sum(axis=0) - real
    synthetic = sums.between.sum() - real - 2 * across
    pairs = (np.maximum(side * (side - 1), 1) for side in (n, m))  # a single row has no pair, and no sum over pairs
    own = sums.own @ is_real, sums.own @ (1 - is_real)
    within = [(total - alone) / of for total, alone, of in zip((real, synthetic), own, pairs, strict=True)]
    return np.asarray(within[0] + within[1] - 2 * across / (n * m))


def pulls(sums: Sums, is_real: Floats, cluster: NDArray[np.intp]) -> Pulls:
    """Project differences of means under permuted labels onto the one that was found.

    Clusters (donors whose rows trade places among themselves) make it wider, if their means vary more than their rows
    let expect.

    Parameters
    ----------
    sums : Sums
        Of the pooled rows.
    is_real : ndarray, shape (n_units, 1 + n_permutations)
        As for `mmd2`, the true labels first.
    cluster : ndarray, shape (n_units,)
        Units that are not independent of each other.
    """
    weights = is_real / (sums.size @ is_real) - (1 - is_real) / (sums.size @ (1 - is_real))
    found = weights[:, 0]
    pull = sums.between @ found
    return Pulls(_wider(pull, sums.size, found, cluster) * (pull @ weights[:, 1:]), float(found @ pull))


def _wider(pull: Floats, size: Floats, weights: Floats, cluster: NDArray[np.intp]) -> float:
    """Standard error between clusters over that between units, at least 1 (doi:10.1093/biomet/73.1.13)."""
    if len(np.unique(cluster)) == len(cluster):
        return 1.0
    off = np.zeros_like(weights)
    for side in (weights > 0, weights < 0):
        off[side] = weights[side] * (pull[side] - size[side] * (pull[side].sum() / size[side].sum()))
    of_clusters = np.bincount(cluster, weights=off)
    return float(np.sqrt(np.maximum(1.0, of_clusters @ of_clusters / ((off @ off) or np.inf))))
