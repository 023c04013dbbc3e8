"""Real cells followed by synthetic ones, as one AnnData that a file can hold."""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING, Any

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from ganaug.data.counts import with_room
from ganaug.fidelity.report import FidelityReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anndata import AnnData

    from ganaug.data.counts import Counts

__all__ = ["MARK", "joined", "short_form"]

MARK = "is_synthetic"
OF_CHECK = ("effect", "low", "high", "margin", "verdict", "blocking", "reason")


def joined(adata: AnnData, counts: Counts, obs: pd.DataFrame, *, layer: str | None, told: Mapping[str, Any]) -> AnnData:
    """Put synthetic cells after the real ones.

    Parameters
    ----------
    adata : AnnData, shape (n_real, n_genes)
        Stays as it is; names of its cells are unique.
    counts : scipy.sparse.csr_matrix, shape (n_synthetic, n_genes)
    obs : DataFrame, shape (n_synthetic, n_columns)
        What is known of the synthetic cells, as text; columns of ``adata.obs``.
    layer : str, optional
        Where the real counts are, instead of X.
    told : mapping
        What ``uns["ganaug_augment"]`` is to hold.
    """
    source = adata.X if layer is None else adata.layers[layer]
    X = _stacked(source[:] if adata.isbacked else source, counts)
    layers = {} if layer is None else {layer: X.copy()}
    uns = {"ganaug_augment": dict(told)}
    return anndata.AnnData(X, obs=_obs(adata.obs, obs), var=adata.var.copy(), layers=layers, uns=uns)


def short_form(report: FidelityReport) -> dict[str, Any]:
    """Return the verdict and what was measured, in plain types that an h5ad file can hold: nothing is None.

    Examples
    --------
    >>> from ganaug.fidelity.result import CheckResult, Verdict
    >>> check = CheckResult("c2st", 0.52, 0.48, 0.56, 0.65, Verdict.PASS, True, "C2ST AUC .52", rows_needed=9)
    >>> told = short_form(FidelityReport(Verdict.PASS, (check,), "standard", 500, 1000, {}))
    >>> told["verdict"], told["checks"]["c2st"]["effect"], "rows_needed" in told["checks"]["c2st"]
    ('pass', 0.52, False)
    """
    said = report.to_dict()
    wanted = ("verdict", "headline", "profile", "n_real", "n_synthetic", "notes", "hashes", "provenance")
    checks = {check["name"]: {name: check[name] for name in OF_CHECK} for check in said["checks"]}
    return _filled({**{name: said[name] for name in wanted}, "checks": checks})


def _filled(value: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not known."""
    inner = {name: _filled(item) if isinstance(item, dict) else item for name, item in value.items()}
    return {name: item for name, item in inner.items() if item is not None and item != [] and item != {}}


def _stacked(real: Any, made: Counts) -> Any:
    """Return both as the real counts are: sparse or not, and of their dtype unless a count is too large for it."""
    dtype = with_room(real.dtype, made) if made.nnz else real.dtype
    if not sparse.issparse(real):
        return np.concatenate([np.asarray(real), made.toarray()]).astype(dtype, copy=False)
    both: list[Any] = [real, made.astype(dtype)]
    return sparse.vstack(both, format=both[0].format, dtype=dtype)


def _obs(real: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each cell; what is not known of synthetic cells is missing."""
    taken = set(real.index)
    free = (new for i in count(1) if (new := f"synthetic-{i}") not in taken)
    names = list(islice(free, len(made)))
    index = pd.Index([*real.index, *names], name=real.index.name)
    columns: dict[Any, Any] = {}
    name: Any
    for name, column in real.drop(columns=MARK, errors="ignore").items():
        if name in made:
            columns[name] = _continued(column, made[name], index)
        else:  # a file has no room for booleans of which some are missing, unless they are of this dtype
            known = column.astype("boolean") if column.dtype == bool and len(made) else column
            columns[name] = known.reindex(index)
    return pd.DataFrame(columns, index=index).assign(**{MARK: np.arange(len(index)) >= len(real)})


def _continued(column: pd.Series[Any], made: pd.Series[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    """Go on with values that are given as text, in the column's own."""
    own = {str(value): value for value in column.astype(object).unique()}
    values = [*column.astype(object), *made.astype(object).map(own)]
    return pd.Series(values, index=index, dtype=column.dtype)
