"""Counts and annotations, from whatever has the parts of an AnnData."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganaug.data.checks import nearest
from ganaug.data.counts import checked_counts
from ganaug.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData

    from ganaug.data.counts import Counts

__all__ = ["column_of", "counts_of"]


def counts_of(
    adata: AnnData, layer: str | None = None, *, what: str = "adata", rows: NDArray[np.intp] | None = None
) -> Counts:
    """Return the counts ``(n_cells, n_genes)`` of X or of a layer, in the order of the genes.

    Parameters
    ----------
    adata : AnnData
        May be backed: only the `rows` that are asked for are read.
    layer : str, optional
    what : str
        What the messages call it.
    rows : ndarray of int, optional
        Sorted; by default all.

    Raises
    ------
    DataError
        If there is no such layer, or what it holds are no counts.
    """
    if layer is not None and layer not in adata.layers:
        raise DataError(f"there is no {layer!r} in {what}.layers{nearest(layer, adata.layers)}")
    source = adata.X if layer is None else adata.layers[layer]
    if source is None:
        raise DataError(f"{what} has no X; name the layer that holds the counts, e.g. layer='counts'")
    told = f"{what}.X" if layer is None else f"{what}.layers[{layer!r}]"
    if rows is not None and len(rows) < adata.n_obs:
        source = source[rows]
    elif adata.isbacked:
        source = source[:]
    return checked_counts(source, [str(name) for name in adata.var_names], what=told)


def column_of(adata: AnnData, key: str, *, what: str = "adata") -> NDArray[Any]:
    """Return a column of `obs` as text ``(n_cells,)``.

    Raises
    ------
    DataError
        If it is not there, or missing in some cells.
    """
    if key not in adata.obs:
        raise DataError(f"there is no {key!r} in {what}.obs{nearest(key, adata.obs)}")
    column = adata.obs[key].astype(object)
    if column.isna().any():
        raise DataError(f"{what}.obs[{key!r}] is missing in {int(column.isna().sum()):,} cells; leave them out first")
    return np.asarray(column.map(str).to_numpy(dtype=object))
