"""Batches with a known truth, and how well they are mixed and types kept, for `equalize.py`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import anndata
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from ganaug.transport.guard import mixing

Floats = npt.NDArray[np.float64]

N_TYPES = 10
CHUNK = 1000
# nearest cells: as the guard has them, and three times scib-metrics' perplexity
NEIGHBOURS, LISI_NEIGHBOURS = 30, 90


def markers(n: int, p: int = 20, n_batches: int = 8) -> anndata.AnnData:
    """Simulate transformed markers: every batch shifts and stretches each of them, by its own."""
    rng = np.random.default_rng(0)
    kind, batch = rng.integers(N_TYPES, size=n), rng.integers(n_batches, size=n)
    stretch, shift = np.exp(0.2 * rng.normal(size=(n_batches, p))), rng.normal(size=(n_batches, p))
    X = 3 * rng.normal(size=(N_TYPES, p))[kind] + rng.normal(size=(n, p))
    return _annotated(X * stretch[batch] + shift[batch], batch, kind)


def counts(n: int, p: int = 2000, n_batches: int = 4) -> anndata.AnnData:
    """Simulate sparse counts, log-normalised: batches change what is caught of each gene, and cells differ in depth.

    The last type is in the first batch alone. The counts are a layer. Made in chunks, as a dense matrix would hide how
    much memory equalising takes.
    """
    rng = np.random.default_rng(0)
    kind, batch = rng.integers(N_TYPES, size=n), rng.integers(n_batches, size=n)
    batch[kind == N_TYPES - 1] = 0
    of_kind = rng.gamma(0.3, 1.0, size=p) * np.exp(0.25 * rng.normal(size=(N_TYPES, 1, p)))
    # what a batch does to a gene is not quite the same in all types
    of_batch = np.exp(0.25 * rng.normal(size=(n_batches, p)) + 0.15 * rng.normal(size=(N_TYPES, n_batches, p)))
    rate = of_kind * of_batch
    parts = []
    for rows in np.array_split(np.arange(n), max(1, n // CHUNK)):
        depth = rng.lognormal(sigma=0.4, size=(len(rows), 1))
        drawn = rng.poisson(depth * rate[kind[rows], batch[rows]])
        parts.append(sparse.csr_matrix(drawn.astype(np.float32)))
    counted = sparse.vstack(parts, "csr")
    depth = np.maximum(np.asarray(counted.sum(axis=1)).ravel(), 1)
    adata = _annotated((sparse.diags_array(1e4 / depth) @ counted).tocsr().log1p().astype(np.float32), batch, kind)
    adata.layers["counts"] = counted
    return adata


def measures(z: Floats, batch: npt.NDArray[np.intp], kind: npt.NDArray[np.intp]) -> dict[str, float]:
    """Say how well batches are mixed and types are kept among cells ``(n_cells, n_components)``.

    Mixing and purity by the 30 nearest; iLISI and cLISI (scaled: 1 is best) if scib-metrics is installed.
    """
    distance, near = NearestNeighbors(n_neighbors=LISI_NEIGHBOURS).fit(z).kneighbors(z)
    same = (kind[near[:, 1 : NEIGHBOURS + 1]] == kind[:, None]).mean(axis=1)
    alone = (pd.crosstab(kind, batch) > 0).sum(axis=1).to_numpy()[kind] == 1
    found = {"mixing": mixing(z, batch), "purity": float(same.mean())}
    found["purity, one batch's"] = float(same[alone].mean()) if alone.any() else np.nan
    if find_spec("scib_metrics"):
        from scib_metrics import clisi_knn, ilisi_knn
        from scib_metrics.nearest_neighbors import NeighborsResults

        neighbours = NeighborsResults(indices=near, distances=distance)
        found |= {"iLISI": float(ilisi_knn(neighbours, batch)), "cLISI": float(clisi_knn(neighbours, kind))}
    return found


def _annotated(X: Any, batch: npt.NDArray[np.intp], kind: npt.NDArray[np.intp]) -> anndata.AnnData:
    obs = pd.DataFrame({"batch": pd.Categorical(batch.astype(str)), "type": pd.Categorical(kind.astype(str))})
    return anndata.AnnData(X, obs=obs.set_axis([f"cell {i}" for i in range(len(obs))]))
