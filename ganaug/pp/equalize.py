"""Preprocessing of AnnData: batches in one style."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.models.equalizer import BatchEqualizer
from ganaug.models.equalizing.annotated import (
    aligned,
    check_free,
    equalized_keys,
    lazy_rows,
    matrix_of,
    told_of,
    warn_of_counts,
    write,
)
from ganaug.models.equalizing.batches import Reference, check_covariates, labels_of
from ganaug.models.equalizing.trust import trust_between
from ganaug.models.folders import load
from ganaug.seeding import RandomState, Seeds

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["equalize", "equalize_new", "equalized_matrix"]

# with fewer cells than this, a batch shows hardly any style
FEW_CELLS = 5


def equalize(
    adata: AnnData,
    batch_key: str,
    *,
    layer: str | None = None,
    use_rep: str | None = None,
    reference: Reference | pd.Series[bool] = "common",
    covariates: Sequence[str] | None = None,
    labels_key: str | None = None,
    allow_confounded: bool = False,
    certify: bool = True,
    steps: int = 400,
    key_added: str = "ganaug",
    layer_added: str | None = None,
    overwrite: bool = False,
    copy: bool = False,
    return_model: bool = False,
    random_state: RandomState = 0,
    device: str = "auto",
) -> Any:
    """Carry the cells of every batch into one style; see `BatchEqualizer`.

    X is never changed, nor is the order of the cells. What is kept in a file or by dask is read in chunks, and a sparse
    matrix is never made dense as a whole. Tests for differential expression belong on the raw values, with the batch in
    the design, not on equalised ones.

    Parameters
    ----------
    adata : AnnData
        Log-normalised expression, or transformed markers; a file opened with ``backed="r"`` will do.
    batch_key : str
        Column of `obs` with the batch.
    layer, use_rep : str, optional
        The layer, or the entry of `obsm`, to equalise instead of X.
    reference
        As in `BatchEqualizer`; a boolean column of `obs`, or its name, says which cells are controls.
    covariates : list of str, optional
        Columns of `obs` that have to survive: what they explain is no batch effect.
    labels_key : str, optional
        Column of `obs` with what is known of the cells, which may be missing in some: it is used to protect alone.
    allow_confounded : bool
        Whether to go on where a covariate cannot be told from the batches.
    certify : bool
        Whether to measure what harm may be done as well, which takes longer than equalising; see
        ``uns["ganaug"]["certificate"]``.
    steps : int
        How long the student plays; 0 for none.
    key_added : str
        What all that is written is called after.
    layer_added : str, optional
        A layer for the equalised matrix; sparse, if the input is.
    overwrite : bool
        Whether keys that are there already may be written over.
    copy : bool
        Return a new object instead of writing into `adata`.
    return_model : bool
        Return the fitted `BatchEqualizer` as well, for `equalize_new`, or to be saved. An h5ad file could not hold it.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
    device : str
        Where the student plays: ``"auto"``, ``"cpu"``, ``"cuda"``.

    Returns
    -------
    None, AnnData with `copy`, BatchEqualizer with `return_model`, or with both (AnnData, BatchEqualizer)
        With ``key_added="ganaug"``, written are

        ``obsm["X_ganaug"]``
            Equalised components; where there are 50 features or fewer, these about their means, a missing value being 0
            and none being held within the range that was seen.
        ``obs["ganaug_trust"]``
            Whether a cell has its like in other batches: 0 not, 1 as most have.
        ``obsm["ganaug_shift"]``, ``varm["ganaug_loadings"]``, ``varm["ganaug_scale"]``, ``obs["ganaug_factor"]``
            The equalised matrix, not written out: a cell x of batch b is
            ``x * factor * scale[:, b] + shift @ loadings.T``, b being its place in ``uns["ganaug"]["batches"]``, and
            is then held within ``varm["ganaug_range"]``; `equalized_matrix` does so. A factor or scale that is 1
            throughout is left out, and all of it where there is no such form (``uns["ganaug"]["way"]`` is
            ``"quantiles"``), and with `use_rep`.
        ``uns["ganaug"]``
            What was asked for, which way was taken, and what the guard saw.

    Raises
    ------
    DataError
        If a key is not there, or is and would be written over; or there is a single batch.

    Examples
    --------
    >>> import anndata
    >>> rng = np.random.default_rng(0)
    >>> adata = anndata.AnnData(np.log1p(rng.poisson(1.0, size=(60, 8))))
    >>> adata.obs["plate"] = ["P1"] * 30 + ["P2"] * 30
    >>> equalize(adata, "plate")
    >>> adata.obsm["X_ganaug"].shape
    (60, 8)
    """
    check_covariates(covariates)
    covariates = None if covariates is None else list(covariates)
    columns = [batch_key, *(covariates or []), *([] if labels_key is None else [labels_key])]
    matrix = matrix_of(adata, layer=layer, use_rep=use_rep, obs=columns)
    for source, made, name in ((layer, layer_added, "layer_added"), (use_rep, f"X_{key_added}", "key_added")):
        if source is not None and source == made:
            raise DataError(f"what is made of {source!r} would be written over it; choose another {name}")
    adata = _ready(adata, use_rep, key_added, layer_added, overwrite=overwrite, copy=copy)
    labels = labels_of(adata.obs[batch_key], adata.n_obs)
    _check_batches(labels, batch_key)
    if use_rep is None:
        warn_of_counts(matrix, "adata.X" if layer is None else f"adata.layers[{layer!r}]")
    model = BatchEqualizer(
        batch=batch_key,
        reference=_reference(adata.obs, labels, reference),
        covariates=covariates,
        labels=labels_key,
        allow_confounded=allow_confounded,
        certify=certify,
        steps=steps,
        device=device,
        random_state=random_state,
    )
    found = equalized_keys(model.fit(matrix), matrix, None, key_added, layer_added, adata.n_vars)
    z, codes = found["obsm", f"X_{key_added}"], np.unique(labels, return_inverse=True)[1]
    found["obs", f"{key_added}_trust"] = trust_between(z, codes, Seeds(random_state).rng("trust"))
    asked = {"batch_key": batch_key, "layer": layer, "use_rep": use_rep, "layer_added": layer_added}
    found["uns", key_added] = told_of(model, asked)
    write(adata, found, key_added, layer_added)
    returned = [each for each, wanted in ((adata, copy), (model, return_model)) if wanted]
    return tuple(returned) if len(returned) > 1 else returned[0] if returned else None


def equalize_new(
    adata: AnnData,
    model: BatchEqualizer | str | os.PathLike[str],
    *,
    batch_key: str | None = None,
    layer: str | None = None,
    use_rep: str | None = None,
    adapt: bool = False,
    key_added: str = "ganaug",
    layer_added: str | None = None,
    overwrite: bool = False,
    copy: bool = False,
) -> AnnData | None:
    """Carry later cells into the style that a model has learned.

    Parameters
    ----------
    adata : AnnData
        Later cells, measured in the same features; their order may be another one, and others may be there too.
    model : BatchEqualizer, or a path
        As `equalize` returns it, or the folder that it was saved in.
    batch_key : str, optional
        Column of `obs` with the batch; as it was called when the model was fitted.
    adapt : bool
        Whether batches that the model has not seen are learned first, of which the model then knows as well. A batch
        should hold a fair sample of what the others do.
    layer, use_rep, key_added, layer_added, overwrite, copy
        As for `equalize`, which says what is written. ``obs["ganaug_trust"]`` says whether a cell has its like among
        those that the model has learned from. The lazy matrix is not written if `adata` has other features besides.

    Raises
    ------
    DataError
        If features that the model knows are not there, or a batch is new and `adapt` is not given.

    Examples
    --------
    >>> import anndata
    >>> rng = np.random.default_rng(0)
    >>> adata = anndata.AnnData(rng.normal(size=(90, 8)), obs={"plate": np.repeat(["P1", "P2", "P3"], 30)})
    >>> model = equalize(adata[:60].copy(), "plate", return_model=True)
    >>> later = adata[60:].copy()
    >>> equalize_new(later, model, adapt=True)
    >>> later.obsm["X_ganaug"].shape
    (30, 8)
    """
    model = model if isinstance(model, BatchEqualizer) else _loaded(model)
    batch_key = model.batch if batch_key is None else batch_key  # type: ignore[assignment]
    if batch_key is None:
        raise DataError("the model was fitted with labels of no name; say in batch_key which column of obs has them")
    matrix = aligned(matrix_of(adata, layer=layer, use_rep=use_rep, obs=[batch_key]), model)
    adata = _ready(adata, use_rep, key_added, layer_added, overwrite=overwrite, copy=copy)
    if layer_added is not None and matrix.shape[1] < adata.n_vars:
        raise DataError(
            f"the model knows {matrix.shape[1]} of the {adata.n_vars} features, so they fill no layer; "
            "give it adata[:, model.feature_names_in_]"
        )
    labels = labels_of(adata.obs[batch_key], adata.n_obs)
    for name in model.unknown(labels) if adapt else []:
        model.adapt(matrix.part(np.flatnonzero(labels == name), Seeds(model.random_state).rng("drawn")), name)
    found = equalized_keys(model, matrix, labels, key_added, layer_added, adata.n_vars)
    found["obs", f"{key_added}_trust"] = model.trust(found["obsm", f"X_{key_added}"])
    asked = {"batch_key": batch_key, "layer": layer, "use_rep": use_rep, "layer_added": layer_added}
    found["uns", key_added] = told_of(model, asked)
    write(adata, found, key_added, layer_added)
    return adata if copy else None


def equalized_matrix(adata: AnnData, key: str = "ganaug", rows: slice = slice(None)) -> NDArray[np.float64]:
    """Compute rows of the equalised matrix ``(n_rows, n_features)`` from what `equalize` has written.

    Raises
    ------
    DataError
        If something that `equalize` writes is not there, or a cell is of another batch than it was then.

    Examples
    --------
    >>> import anndata
    >>> rng = np.random.default_rng(0)
    >>> adata = anndata.AnnData(rng.normal(size=(90, 60)), obs={"plate": np.repeat(["P1", "P2"], 45)})
    >>> equalize(adata, "plate", layer_added="equalized")
    >>> bool(np.allclose(equalized_matrix(adata, rows=slice(50, 60)), adata.layers["equalized"][50:60], atol=1e-5))
    True
    """
    return lazy_rows(adata, key, rows)


def _ready(
    adata: AnnData, use_rep: str | None, key_added: str, layer_added: str | None, *, overwrite: bool, copy: bool
) -> AnnData:
    """The object to be written into, once there is room."""
    check_free(adata, key_added, layer_added, overwrite=overwrite)
    if use_rep is not None and layer_added is not None:
        raise DataError(f"the equalised {use_rep!r} is no layer; leave out layer_added={layer_added!r}")
    if copy and adata.isbacked:
        raise DataError("adata is kept in a file; a copy of it needs adata.to_memory() first, or leave out copy=True")
    return adata.copy() if copy else adata


def _check_batches(labels: NDArray[Any], batch_key: str) -> None:
    names, n = np.unique(labels, return_counts=True)
    if len(names) < 2:
        raise DataError(f"adata.obs[{batch_key!r}] has a single batch, {str(names[0])!r}; there is nothing to equalise")
    few = int((n < FEW_CELLS).sum())
    if 2 * few > len(n):
        warnings.warn(
            f"{few} of the {len(n)} batches of adata.obs[{batch_key!r}] have fewer than {FEW_CELLS} cells, which show "
            "hardly any style; a coarser column may be what sets the cells apart",
            UserWarning,
            stacklevel=3,
        )


def _reference(obs: pd.DataFrame, labels: NDArray[Any], reference: Any) -> Any:
    """The column of obs that a reference names, if it says which cells are controls; else the reference."""
    named = isinstance(reference, str) and reference in obs and reference not in ["common", *np.unique(labels).tolist()]
    return obs[reference].to_numpy() if named and pd.api.types.is_bool_dtype(obs[reference].dtype) else reference


def _loaded(path: str | os.PathLike[str]) -> BatchEqualizer:
    model = load(path)
    if not isinstance(model, BatchEqualizer):
        raise DataError(f"{os.fspath(path)!r} holds a {type(model).__name__}, not a BatchEqualizer")
    return model
