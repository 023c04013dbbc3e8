"""Preprocessing of AnnData: batches in one style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from ganaug.data.checks import nearest
from ganaug.errors import DataError
from ganaug.models.batches import Reference
from ganaug.models.equalizer import BatchEqualizer
from ganaug.seeding import RandomState

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["equalize"]


def equalize(
    adata: AnnData,
    batch_key: str,
    *,
    layer: str | None = None,
    reference: Reference = "common",
    key_added: str = "ganaug",
    layer_added: str | None = None,
    overwrite: bool = False,
    copy: bool = False,
    random_state: RandomState = 0,
) -> AnnData | None:
    """Carry the cells of every batch into one style; see `BatchEqualizer`.

    X is never changed, nor is the order of the cells. Tests for differential expression belong on the raw values, with
    the batch in the design, not on equalised ones.

    Parameters
    ----------
    adata : AnnData
        Log-normalised expression, or transformed markers.
    batch_key : str
        Column of `obs` with the batch.
    layer : str, optional
        The layer to equalise instead of X.
    reference
        As in `BatchEqualizer`.
    key_added : str
        ``obsm["X_" + key_added]`` holds the equalised components, ``uns[key_added]`` what was done.
    layer_added : str, optional
        A layer for the equalised matrix; sparse, if the input is.
    overwrite : bool
        Whether keys that are there already may be written over.
    copy : bool
        Return a new object instead of writing into `adata`.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Raises
    ------
    DataError
        If a key is not there, or is and would be written over.

    Examples
    --------
    >>> import anndata
    >>> rng = np.random.default_rng(0)
    >>> adata = anndata.AnnData(rng.poisson(1.0, size=(60, 8)).astype(float))
    >>> adata.obs["plate"] = ["P1"] * 30 + ["P2"] * 30
    >>> equalize(adata, "plate")
    >>> adata.obsm["X_ganaug"].shape
    (60, 8)
    """
    adata = adata.copy() if copy else adata
    _check_keys(adata, batch_key, layer, key_added, layer_added, overwrite=overwrite)
    X = adata.X if layer is None else adata.layers[layer]
    labels = adata.obs[batch_key]
    model = BatchEqualizer(reference=reference, random_state=random_state)
    values, components = model.fit(X, batch=labels).equalized(X, batch=labels)
    adata.obsm[f"X_{key_added}"] = components.astype(np.float32)
    if layer_added is not None:
        moved = values.astype(np.float32)
        adata.layers[layer_added] = sparse.csr_matrix(moved) if sparse.issparse(X) else moved
    adata.uns[key_added] = _told(model, batch_key)
    return adata if copy else None


def _told(model: BatchEqualizer, batch_key: str) -> dict[str, Any]:
    """What was done, as an h5ad file can hold it."""
    guard = {way: kept._asdict() for way, kept in model.guard_.items()}
    note = "Test for differences on the raw values, with the batch in the design."
    return {
        "batch_key": batch_key,
        "batches": [str(b) for b in model.batches_],
        "way": model.way_,
        "guard": guard,
        "note": note,
    }


def _check_keys(
    adata: AnnData, batch_key: str, layer: str | None, key_added: str, layer_added: str | None, *, overwrite: bool
) -> None:
    for key, there, where in ((batch_key, adata.obs.columns, "obs"), (layer, adata.layers, "layers")):
        if key is not None and key not in there:
            raise DataError(f"there is no {key!r} in adata.{where}{nearest(key, there)}")
    written = [
        (f"X_{key_added}", adata.obsm, "obsm"),
        (key_added, adata.uns, "uns"),
        (layer_added, adata.layers, "layers"),
    ]
    for key, there, where in written:
        if key is not None and key in there and not overwrite:
            raise DataError(f"adata.{where} has {key!r} already; choose another name, or give overwrite=True")
