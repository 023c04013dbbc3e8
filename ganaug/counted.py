"""Counts, types and donors, from whatever has the parts of an AnnData."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.data.cells import column_of, counts_of
from ganaug.data.checks import nearest
from ganaug.data.counts import log_normalized
from ganaug.errors import DataError
from ganaug.fidelity.cells.evidence import Side

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["read_sides"]

N_NAMED = 5


def read_sides(
    sides: Mapping[str, AnnData],
    *,
    layer: str | None = None,
    label_key: str | None = None,
    group_key: str | None = None,
) -> dict[str, Side]:
    """Take out what is judged of each object, genes in the order of the first.

    Parameters
    ----------
    sides : mapping of str to AnnData
        By what messages call them: ``"real"``, ``"synthetic"``, ``"train"``.
    layer, label_key, group_key : str, optional
        The layer with the counts instead of X; columns of `obs` with types and donors.

    Raises
    ------
    DataError
        If there are no raw counts, the genes are not the same, or a key is not there.
    """
    genes = [str(name) for name in next(iter(sides.values())).var_names]
    read = {}
    for role, adata in sides.items():
        counts = _counts(adata, role, genes, layer)
        columns = (None if key is None else column_of(adata, key, what=role) for key in (label_key, group_key))
        read[role] = Side(counts, log_normalized(counts), *columns)
    return read


def _counts(adata: AnnData, role: str, genes: list[str], layer: str | None) -> Any:
    own = [str(name) for name in adata.var_names]
    counts = counts_of(adata, layer, what=role)
    return counts if own == genes else counts[:, _order(own, genes, role)].sorted_indices()


def _order(own: list[str], genes: list[str], role: str) -> NDArray[np.intp]:
    """Find the genes of the real cells among others."""
    lacking, extra = (pd.Index(a).difference(pd.Index(b), sort=False).tolist() for a, b in ((genes, own), (own, genes)))
    for names, says in ((lacking, "lacks"), (extra, "has")):
        if names:
            named = ", ".join(map(repr, names[:N_NAMED])) + (", ..." if len(names) > N_NAMED else "")
            rest = "genes of the real cells" if says == "lacks" else "genes that the real cells do not have"
            hint = nearest(names[0], own) if says == "lacks" and len(names) == 1 else ""
            raise DataError(f"{role} {says} {len(names):,} {rest}: {named}{hint}")
    return np.asarray(pd.Index(own).get_indexer(pd.Index(genes)), dtype=np.intp)
