"""Where an AnnData's rows are read from, and what an equaliser writes beside them."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from ganaug.data.checks import nearest
from ganaug.errors import DataError
from ganaug.models.equalizing.batches import labels_of, mask_of
from ganaug.models.equalizing.lowrank import LowRank, Thin
from ganaug.models.equalizing.matrix import Matrix

if TYPE_CHECKING:
    from anndata import AnnData

    from ganaug.models.equalizer import BatchEqualizer

__all__ = ["aligned", "check_free", "equalized_keys", "lazy_rows", "matrix_of", "told_of", "warn_of_counts", "write"]

Floats = NDArray[np.float64]
Key = tuple[str, str]

NAMED = 5  # features that a message names


def matrix_of(adata: AnnData, *, layer: str | None, use_rep: str | None, obs: Sequence[Hashable]) -> Matrix:
    """Read X, a layer or a representation, and columns of obs, wherever they are kept; nothing is loaded."""
    asked = [
        (layer, adata.layers, "layers"),
        (use_rep, adata.obsm, "obsm"),
        *((k, adata.obs.columns, "obs") for k in obs),
    ]
    for key, there, where in asked:
        if key is not None and key not in there:
            raise DataError(f"there is no {key!r} in adata.{where}{nearest(key, there)}")
    if layer is not None and use_rep is not None:
        raise DataError(f"give layer={layer!r} or use_rep={use_rep!r}, not both")
    if adata.is_view and adata.isbacked:
        raise DataError("adata is a part of a file, to which nothing can be added; load it with adata.to_memory()")
    if 0 in adata.shape:
        raise DataError(f"adata has {adata.n_obs} cells and {adata.n_vars} features; there is nothing to equalise")
    source: Any = adata.obsm[use_rep] if use_rep else adata.layers[layer] if layer else adata.X
    if source is None:
        raise DataError("adata has no X; name a layer, or a representation in use_rep")
    if isinstance(source, pd.DataFrame):
        source = source.to_numpy(dtype=float)
    if getattr(source, "format", "csr") == "csc" and not sparse.issparse(source):
        raise DataError("the matrix lies column by column in its file (CSC); write it row by row (CSR), or load it")
    if sparse.issparse(source):
        source = source.tocsr()  # type: ignore[attr-defined]
    names = None if use_rep else adata.var_names.to_numpy(dtype=object)
    return Matrix(source, names, adata.obs[[*dict.fromkeys(obs)]])


def aligned(matrix: Matrix, model: BatchEqualizer) -> Matrix:
    """Return the features that a model knows, in its order; raise `DataError` if some are not there."""
    known, names = getattr(model, "feature_names_in_", None), matrix.names
    if known is None or names is None or np.array_equal(known, names):
        return matrix
    there = pd.Index(names)
    missing = pd.Index(known).difference(there, sort=False).tolist()
    if missing:
        more = ", ..." if len(missing) > NAMED else ""
        raise DataError(
            f"adata lacks {len(missing)} of the {len(known)} features that the model knows: "
            f"{', '.join(map(repr, missing[:NAMED]))}{more}{nearest(missing[0], names) if len(missing) == 1 else ''}"
        )
    if not (there.is_unique and pd.Index(known).is_unique):
        raise DataError("features are in another order and some share a name; adata.var_names_make_unique() helps")
    return Matrix(matrix.source, known, matrix.table, there.get_indexer(pd.Index(known)))


def warn_of_counts(matrix: Matrix, where: str) -> None:
    """Warn where values are whole numbers, none negative: how deep a cell was measured would be equalised."""
    some = matrix.read(matrix.chunks()[0])
    some = some[~np.isnan(some)]
    if len(some) and some.min() >= 0 and some.max() > 1 and (some == np.round(some)).all():
        warnings.warn(
            f"{where} looks like raw counts, in which how deep a cell was measured passes for style; normalise first, "
            "as with scanpy.pp.normalize_total and scanpy.pp.log1p",
            UserWarning,
            stacklevel=3,
        )


def equalized_keys(
    model: BatchEqualizer, matrix: Matrix, batch: Any, key: str, layer: str | None, n_features: int
) -> dict[Key, Any]:
    """Equalise chunk by chunk, and say what is to be written where; see `ganaug.pp.equalize`.

    Parameters
    ----------
    model : BatchEqualizer
    matrix : Matrix
        Of which features have names if there is a row of varm for each.
    batch : array-like of shape (n_rows,), optional
        If no column of the matrix' table says so.
    key : str
    layer : str, optional
    n_features : int
        Those of the AnnData, of which some may not be in the matrix.
    """
    low = LowRank.of(model) if matrix.names is not None and matrix.shape[1] == n_features else None
    order = slice(None) if matrix.columns is None else np.argsort(matrix.columns)
    dtype = np.dtype(matrix.source.dtype)
    dtype = dtype if dtype.kind == "f" else np.dtype(float)  # whole numbers that are moved have decimals
    parts: dict[Key, list[Any]] = {}
    for part in model.equalized_parts(matrix, batch):
        found: dict[Key, Any] = {("obsm", f"X_{key}"): part.coordinates.astype(np.float32)}
        if layer is not None:
            values = part.values[:, order].astype(dtype)
            found["layers", layer] = sparse.csr_matrix(values) if matrix.sparse else values
        if low is not None:
            found |= _lazy(low.thin(part.before, part.labels, part.coordinates), key)
        for at, value in found.items():
            parts.setdefault(at, []).append(value)
    stacked = {
        at: sparse.vstack(all_, "csr") if sparse.issparse(all_[0]) else np.concatenate(all_)
        for at, all_ in parts.items()
    }
    if low is None:
        return stacked
    varm = {"loadings": low.loadings, "scale": low.scale, "range": np.column_stack([model.lowest_, model.highest_])}
    stacked |= {("varm", f"{key}_{name}"): value[order] for name, value in varm.items()}
    plain = [at for at in (("varm", f"{key}_scale"), ("obs", f"{key}_factor")) if (stacked[at] == 1).all()]
    return {at: value for at, value in stacked.items() if at not in plain}


def lazy_rows(adata: AnnData, key: str, rows: slice) -> Floats:
    """Compute rows of the equalised matrix; see `ganaug.pp.equalized_matrix`."""
    told = adata.uns.get(key, {})
    for name, there, where in _lazy_keys(adata, key):
        if name not in there:
            raise DataError(f"adata.{where} has no {name!r}: not equalised, or in a way that has no lazy matrix")
    matrix = matrix_of(adata, layer=told.get("layer"), use_rep=None, obs=[told["batch_key"]])
    labels = labels_of(adata.obs[told["batch_key"]], adata.n_obs)[rows].astype(str)
    batch = pd.Index(told["batches"]).get_indexer(labels)
    if (batch < 0).any():
        name = str(labels[int(np.argmin(batch))])
        raise DataError(
            f"adata.obs[{told['batch_key']!r}] says {name!r}, which was no batch when these cells were equalised"
            f"{nearest(name, told['batches'])}; equalise them again"
        )
    factor = adata.obs[f"{key}_factor"].to_numpy()[rows, None] if f"{key}_factor" in adata.obs else 1.0
    scale = adata.varm[f"{key}_scale"].T[batch] if f"{key}_scale" in adata.varm else 1.0
    shift = adata.obsm[f"{key}_shift"][rows] @ adata.varm[f"{key}_loadings"].T
    return np.asarray(np.clip(matrix.read(rows) * factor * scale + shift, *adata.varm[f"{key}_range"].T))


def keys_of(key: str, layer: str | None) -> list[Key]:
    """Return all that may be written."""
    obsm, varm, obs = ("_shift",), ("_loadings", "_scale", "_range"), ("_factor", "_trust")
    beside = {"obsm": obsm, "varm": varm, "obs": obs, "uns": ("",)}
    found = [("obsm", f"X_{key}"), *((where, key + end) for where, ends in beside.items() for end in ends)]
    return [*found, *([] if layer is None else [("layers", layer)])]


def check_free(adata: AnnData, key: str, layer: str | None, *, overwrite: bool) -> None:
    """Raise `DataError` if something would be written over, or could not be written into a file."""
    for name in (key, layer or ""):
        if "/" in name:
            raise DataError(f"what is written cannot be called {name!r}: in an h5ad file / is a folder; leave it out")
    taken = [f"adata.{where}[{name!r}]" for where, name in keys_of(key, layer) if name in getattr(adata, where)]
    if taken and not overwrite:
        raise DataError(f"there is {', '.join(taken)} already; choose another name, or give overwrite=True")


def write(adata: AnnData, found: Mapping[Key, Any], key: str, layer: str | None) -> None:
    """Write what was found, and take away what an earlier run has left."""
    for where, name in keys_of(key, layer):
        place = getattr(adata, where)
        if (where, name) in found:
            place[name] = found[where, name]
        elif name in place:
            del place[name]


def _lazy_keys(adata: AnnData, key: str) -> list[tuple[str, Any, str]]:
    """What the lazy matrix needs, and where it should be."""
    varm = [(f"{key}_{name}", adata.varm, "varm") for name in ("loadings", "range")]
    told = [(name, adata.uns.get(key, {}), f"uns[{key!r}]") for name in ("batch_key", "batches")]
    return [(f"{key}_shift", adata.obsm, "obsm"), *varm, (key, adata.uns, "uns"), *told]


def _lazy(thin: Thin, key: str) -> dict[Key, Any]:
    return {("obs", f"{key}_factor"): thin.factor[:, 0], ("obsm", f"{key}_shift"): thin.shift.astype(np.float32)}


def told_of(model: BatchEqualizer, asked: dict[str, Any]) -> dict[str, Any]:
    """What was done, as an h5ad file can hold it."""
    wanted: Any = mask_of(model.reference)
    reference = wanted if isinstance(wanted, (str, np.ndarray)) else [str(name) for name in np.atleast_1d(wanted)]
    covariates = [] if model.covariates is None else list(model.covariates)
    asked |= {"reference": reference, "covariates": covariates or None, "labels_key": model.labels}
    asked |= {"random_state": model.random_state if isinstance(model.random_state, int) else None}
    certificate, found = getattr(model, "certificate_", None), {}
    if model.association_:  # not by name, in which a file has no room for a "/"
        names, values = map(str, model.association_), np.array(list(model.association_.values()))
        found = {"covariates": list(names), "cramers_v": values}
    told = {
        "batches": [str(name) for name in [*model.batches_, *model.adapted_]],
        "way": model.way_,
        "guard": {way: kept._asdict() for way, kept in model.guard_.items()},
        "association": found or None,
        "certificate": None if certificate is None else certificate.to_dict(),
        "note": "Test for differences on the raw values, with the batch in the design.",
    }
    return {name: value for name, value in (asked | told).items() if value is not None}
