"""Principal components of cells, fitted on all that are compared with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.utils.sparsefuncs import mean_variance_axis
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from ganaug.data.counts import Counts

__all__ = ["Components", "pooled_components", "variable_genes"]

MOST_COMPONENTS = 50
CELLS_PER_COMPONENT = 10
MOST_GENES = 2000
# a cell that is copied has the same numbers, whatever the order in which they were added up
DECIMALS = 4


class Components(NamedTuple):
    """Coordinates of several sets of cells, and what they are made of.

    Attributes
    ----------
    parts : list of ndarray, shape (n_cells, n_components)
    genes : ndarray of int, shape (n_variable_genes,)
    loadings : ndarray, shape (n_components, n_variable_genes)
    """

    parts: list[NDArray[np.float64]]
    genes: NDArray[np.intp]
    loadings: NDArray[np.float64]


def pooled_components(logged: Sequence[Counts], seed: int) -> Components:
    """Return at most fifty principal components of sets of log-normalised cells, fitted on all of them together.

    Components fitted on a thousand cells remember these very cells: others lie nearer to the middle. For fresh real
    cells against held-out ones a classifier then has an AUC of .84 to .89 where one of the two took part in the fit,
    and .48 to .54 where both did. So no set that is compared with another may be left out, or be there alone.

    Parameters
    ----------
    logged : sequence of scipy.sparse.csr_matrix, shape (n_cells, n_genes)
    seed : int

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sets = [sparse.csr_matrix(rng.poisson(1.0, size=(100, 30)).astype(np.float32)) for _ in range(2)]
    >>> [part.shape for part in pooled_components(sets, 0).parts]
    [(100, 20), (100, 20)]
    """
    pooled = sparse.vstack(logged, format="csr")
    genes = variable_genes(pooled)
    pooled = pooled[:, genes]
    n = max(1, min(MOST_COMPONENTS, pooled.shape[0] // CELLS_PER_COMPONENT, min(pooled.shape) - 1))
    with threadpool_limits(limits=1):
        model = PCA(n, svd_solver="arpack", random_state=seed)
        points = np.asarray(model.fit_transform(pooled.astype(np.float64)), dtype=np.float64).round(DECIMALS)
    ends = np.cumsum([part.shape[0] for part in logged])[:-1]
    return Components(np.split(points, ends), genes, np.asarray(model.components_))


def variable_genes(logged: Counts, most: int = MOST_GENES) -> NDArray[np.intp]:
    """Return the genes whose log-normalised expression varies most.

    Variance is not held against what is usual for a mean: in shallow data such a ratio would favour genes that a few
    cells have, and hide the rest from the judge (Poisson noise on every count of the worm_embryo cells: AUC .71, and
    .85 by these).

    Examples
    --------
    >>> variable_genes(sparse.csr_matrix([[0.0, 1.0, 5.0], [0.0, 2.0, 1.0]], dtype=np.float32), most=1)
    array([2])
    """
    variance = np.asarray(mean_variance_axis(logged, axis=0)[1])
    largest = np.argsort(-variance, kind="stable")[:most]
    return np.asarray(np.sort(largest[variance[largest] > 0]))
