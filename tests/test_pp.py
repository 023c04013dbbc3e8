from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import ganaug
from ganaug import DataError


def cells(n: int = 300, p: int = 120) -> anndata.AnnData:
    """Log-normalised counts of three types in two batches, one of which measures deeper."""
    rng = np.random.default_rng(0)
    kind, batch = rng.integers(3, size=n), rng.integers(2, size=n)
    rate = np.exp(rng.normal(size=(3, p)))[kind] * np.exp(0.7 * rng.normal(size=(2, p)))[batch]
    counts = rng.poisson(rate)
    X = sparse.csr_matrix(np.log1p(1e3 * counts / counts.sum(axis=1, keepdims=True)))
    obs = pd.DataFrame({"batch": pd.Categorical.from_codes(batch, ["b1", "b2"]), "kind": kind.astype(str)})
    return anndata.AnnData(X, obs=obs.set_axis([f"c{i}" for i in range(n)]))


def apart(z: np.ndarray, adata: anndata.AnnData) -> float:
    """Distance of the batches' means within types, over the spread of all cells."""
    means = pd.DataFrame(z).groupby([adata.obs["kind"].to_numpy(), adata.obs["batch"].to_numpy()]).mean().to_numpy()
    return float(np.linalg.norm(means[::2] - means[1::2], axis=1).mean() / np.linalg.norm(z - z.mean(0), axis=1).mean())


def test_batches_come_together_and_x_stays(tmp_path: Path) -> None:
    adata = cells()
    before = adata.X.copy()
    assert ganaug.pp.equalize(adata, "batch", layer_added="equalized") is None
    assert (before != adata.X).nnz == 0
    assert sparse.issparse(adata.layers["equalized"])
    assert adata.layers["equalized"].min() >= 0
    assert apart(adata.obsm["X_ganaug"], adata) < 0.3 * apart(before.toarray(), adata)
    assert apart(adata.layers["equalized"].toarray(), adata) < 0.5 * apart(before.toarray(), adata)
    adata.write_h5ad(tmp_path / "cells.h5ad")
    assert anndata.read_h5ad(tmp_path / "cells.h5ad").uns["ganaug"]["batch_key"] == "batch"


def test_a_copy_leaves_the_original_alone() -> None:
    adata = cells()
    new = ganaug.pp.equalize(adata, "batch", copy=True)
    assert new is not None
    assert "X_ganaug" in new.obsm
    assert "X_ganaug" not in adata.obsm


def test_absent_and_taken_keys_are_told() -> None:
    adata = cells()
    with pytest.raises(DataError, match=r"there is no 'batsh' in adata\.obs; did you mean 'batch'"):
        ganaug.pp.equalize(adata, "batsh")
    adata.obsm["X_ganaug"] = np.zeros((adata.n_obs, 2))
    with pytest.raises(DataError, match=r"adata.obsm has 'X_ganaug' already.*overwrite=True"):
        ganaug.pp.equalize(adata, "batch")
    ganaug.pp.equalize(adata, "batch", overwrite=True)
    assert adata.obsm["X_ganaug"].any()
