"""Cells x genes of whole numbers: what may be learned from, and the usual transformation of it; arrays alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from ganaug.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    # of float32, with sorted indices
    Counts = sparse.csr_matrix[np.float32]

__all__ = ["checked_counts", "log_normalized", "with_room"]

BLOCK = 2**22  # values looked at in one go: no copy as large as the matrix
LARGEST_LOG = 20.0  # no logarithm of a count or of a share of 10,000 is larger
SHOWN = 5


def checked_counts(X: Any, names: Sequence[str], *, what: str = "X") -> Counts:
    """Return counts as a sparse matrix, or say what is wrong with them.

    Genes that are zero in all cells are kept.

    Parameters
    ----------
    X : array-like or sparse matrix or array (n_cells, n_genes)
        Stays as it is; the result may share its memory.
    names : sequence of str
        Of the genes.
    what : str
        What the messages call it, such as ``"layers['counts']"``.

    Returns
    -------
    scipy.sparse.csr_matrix (n_cells, n_genes)
        Of float32.

    Raises
    ------
    DataError
        If a value is not a whole number of 0 or more, a cell has no counts, a name comes twice, or nothing is there.

    Examples
    --------
    >>> checked_counts(np.eye(3), ["CD3E", "LYZ", "MS4A1"]).toarray().sum()
    np.float32(3.0)
    >>> checked_counts([[0.0, 1.1], [2.4, 0.7]], ["CD3E", "LYZ"])
    Traceback (most recent call last):
    ...
    ganaug.errors.DataError: X holds 1.1 of gene 'LYZ' in row 0, not a whole number; it looks log-normalised: give the
    layer that holds the counts, e.g. layer='counts'
    """
    X = X if sparse.issparse(X) else np.asarray(X)
    _check_names(X, names, what)
    if X.dtype.kind not in "buif":
        raise DataError(f"{what} holds {X.dtype}, not numbers; give raw counts")
    counts = _rows(X)
    _refuse(counts, names, what, lambda values: ~np.isfinite(values), "which is no count; leave that cell or gene out")
    _refuse(counts, names, what, lambda values: values < 0, f"and counts are not negative; {_hint(counts, what)}")
    _refuse(counts, names, what, lambda values: values % 1 != 0, f"not a whole number; {_hint(counts, what)}")
    counted: Counts = counts.astype(np.float32, copy=False)
    _check_cells(counted, what)
    return counted


def log_normalized(counts: Counts, total: float = 1e4) -> Counts:
    """Scale every cell to the same total and take ``log(1 + x)``, as ``scanpy.pp.normalize_total`` and ``log1p`` do.

    Parameters
    ----------
    counts : scipy.sparse.csr_matrix (n_cells, n_genes)
        Stays as it is; a cell without counts stays without.
    total : float
        Counts of each cell after scaling.

    Examples
    --------
    >>> log_normalized(sparse.csr_matrix([[1, 3], [0, 0]], dtype=np.float32), total=4).expm1().toarray().round(3)
    array([[1., 3.],
           [0., 0.]], dtype=float32)
    """
    found = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel()
    scale = np.divide(total, found, out=np.zeros_like(found), where=found > 0).astype(np.float32)
    values = counts.data * np.repeat(scale, np.diff(counts.indptr))
    return sparse.csr_matrix((np.log1p(values, out=values), counts.indices, counts.indptr), counts.shape, copy=True)


def with_room(dtype: npt.DTypeLike, counts: Counts) -> np.dtype[Any]:
    """Return the dtype, or the next one that has room for the largest of the counts.

    Examples
    --------
    >>> with_room("uint8", sparse.csr_matrix([[300]]))
    dtype('uint16')
    """
    wanted, largest = np.dtype(dtype), int(counts.data.max(initial=0))
    if wanted.kind == "f" and wanted.itemsize < 4:
        return np.dtype(np.float32)  # of whole numbers, half precision ends at 2,048
    return np.promote_types(wanted, np.min_scalar_type(largest)) if wanted.kind in "iub" else wanted


def _check_names(X: Any, names: Sequence[str], what: str) -> None:
    if X.ndim != 2 or 0 in X.shape:
        raise DataError(f"{what} has shape {X.shape}; expected cells x genes, and at least one of each")
    if len(names) != X.shape[1]:
        raise DataError(f"{what} has {X.shape[1]:,} genes and {len(names):,} names; give one name for each gene")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise DataError(f"{times} genes are named {name!r}; give each its own name, e.g. adata.var_names_make_unique()")


def _rows(X: Any) -> sparse.csr_matrix[Any]:
    """The same numbers as sorted rows; a dense matrix is gone through in blocks."""
    if not sparse.issparse(X):
        step = max(1, BLOCK // X.shape[1])
        X = sparse.vstack([sparse.csr_matrix(X[start : start + step]) for start in range(0, len(X), step)], "csr")
    rows: sparse.csr_matrix[Any] = sparse.csr_matrix(X)
    if not rows.has_canonical_format or not rows.data.all():
        rows = rows.copy()
        rows.sum_duplicates()
        rows.eliminate_zeros()
    return rows


def _refuse(
    counts: sparse.csr_matrix[Any],
    names: Sequence[str],
    what: str,
    bad: Callable[[npt.NDArray[Any]], npt.NDArray[np.bool_]],
    why: str,
) -> None:
    """Name the first bad value, with its gene and its row."""
    for start in range(0, len(counts.data), BLOCK):
        found = np.flatnonzero(bad(counts.data[start : start + BLOCK]))
        if len(found):
            at = start + int(found[0])
            gene, row = names[counts.indices[at]], int(np.searchsorted(counts.indptr, at, side="right")) - 1
            raise DataError(f"{what} holds {counts.data[at].item():.4g} of gene {gene!r} in row {row}, {why}")


def _hint(counts: sparse.csr_matrix[Any], what: str) -> str:
    """Say what the values look like: only logarithms and scaled values are all this small."""
    small = counts.data.max(initial=0) < LARGEST_LOG
    looks = "normalised"
    if small:
        looks = "scaled" if counts.data.min(initial=0) < 0 else "log-normalised"
    if "layers[" in what:
        return f"it looks {looks}: this layer does not hold raw counts; give one that does"
    return f"it looks {looks}: give the layer that holds the counts, e.g. layer='counts'"


def _check_cells(counts: Counts, what: str) -> None:
    empty = np.flatnonzero(np.asarray(counts.sum(axis=1)).ravel() == 0)
    if len(empty):
        shown = ", ".join(map(str, empty[:SHOWN])) + (", ..." if len(empty) > SHOWN else "")
        cells = f"{len(empty):,} cells have" if len(empty) > 1 else "a cell has"
        raise DataError(
            f"{cells} no counts at all in {what}: row{'s' * (len(empty) > 1)} {shown}; "
            "leave them out first, e.g. scanpy.pp.filter_cells(adata, min_counts=1)"
        )
