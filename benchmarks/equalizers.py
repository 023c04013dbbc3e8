"""ganaug's equaliser, its ways one by one, and other people's, each as ``(adata, batch_key) -> coordinates``.

Cells come log-normalised in X; what needs counts takes them from ``layers["counts"]``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import anndata
import numpy as np
import numpy.typing as npt
import scanpy as sc
from scipy import sparse
from sklearn.decomposition import PCA

import ganaug
from ganaug.models.equalizing.student import Settings, refined
from ganaug.transport.chain import UNIT, WAYS, Chain
from ganaug.transport.choice import best_chain
from ganaug.transport.style import Roles

Floats = npt.NDArray[np.float64]
Equalize = Callable[[anndata.AnnData, str], Floats]

COMPONENTS = 30


class Method(NamedTuple):
    """What it does, and the package that it needs."""

    run: Equalize
    package: str = "ganaug"


def dense(X: Any) -> Floats:
    return np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=np.float64)


def components(X: Any) -> Floats:
    return np.asarray(PCA(min(COMPONENTS, X.shape[1]), svd_solver="randomized", random_state=0).fit_transform(dense(X)))


def harmony(z: Floats, adata: anndata.AnnData, batch: str) -> Floats:
    """Korsunsky et al. 2019, doi:10.1038/s41592-019-0619-0."""
    import harmonypy

    found = np.asarray(harmonypy.run_harmony(z, adata.obs, batch, verbose=False).Z_corr)
    return found if found.shape == z.shape else found.T


def combat(adata: anndata.AnnData, batch: str) -> Floats:
    """Johnson, Li and Rabinovic 2007, doi:10.1093/biostatistics/kxj037; constant features stay out of it."""
    X = dense(adata.X)
    plain = anndata.AnnData(X[:, X.std(axis=0) > 0], obs=adata.obs[[batch]])
    return components(sc.pp.combat(plain, batch, inplace=False))


def scanorama(adata: anndata.AnnData, batch: str) -> Floats:
    """Hie, Bryson and Berger 2019, doi:10.1038/s41587-019-0113-3."""
    import scanorama

    parts = [np.flatnonzero(adata.obs[batch] == name) for name in adata.obs[batch].unique()]
    matrices = [sparse.csr_matrix(adata.X[rows]) for rows in parts]
    found, _ = scanorama.integrate(matrices, [adata.var_names.to_numpy()] * len(parts), verbose=False, seed=0)
    z = np.empty((adata.n_obs, found[0].shape[1]))
    z[np.concatenate(parts)] = np.concatenate(found)
    return z


def scvi(adata: anndata.AnnData, batch: str) -> Floats:
    """Lopez et al. 2018, doi:10.1038/s41592-018-0229-2, with its defaults."""
    import scvi

    scvi.settings.seed = 0
    counted = anndata.AnnData(adata.layers["counts"].copy(), obs=adata.obs[[batch]])
    scvi.model.SCVI.setup_anndata(counted, batch_key=batch)
    model = scvi.model.SCVI(counted)
    model.train(enable_progress_bar=False, logger=False)
    return np.asarray(model.get_latent_representation(), dtype=np.float64)


def ours(adata: anndata.AnnData, batch: str) -> Floats:
    return dense(ganaug.pp.equalize(adata, batch, certify=False, copy=True).obsm["X_ganaug"])


def our_matrix(adata: anndata.AnnData, batch: str) -> Floats:
    return components(
        ganaug.pp.equalize(adata, batch, layer_added="equalized", certify=False, copy=True).layers["equalized"]
    )


METHODS: Mapping[str, Method] = {
    "as measured": Method(lambda adata, _: components(adata.X)),
    "ganaug": Method(ours),
    "ganaug, matrix": Method(our_matrix),
    "Harmony": Method(lambda adata, batch: harmony(components(adata.X), adata, batch), "harmonypy"),
    "ComBat": Method(combat, "scanpy"),
    "ComBat, then Harmony": Method(lambda adata, batch: harmony(combat(adata, batch), adata, batch), "harmonypy"),
    "Scanorama": Method(scanorama, "scanorama"),
    "scVI": Method(scvi, "scvi"),
}


def way(name: str | None, *, student: bool = False) -> Method:
    """One of the ways, learned from all cells; without a name, that which the guard takes."""

    def run(adata: anndata.AnnData, batch: str) -> Floats:
        X, codes = dense(adata.X), np.unique(adata.obs[batch], return_inverse=True)[1]
        rng, roles, refine = np.random.default_rng(0), Roles.common(codes), refined(Settings())
        chain = best_chain(X, roles, rng) if name is None else Chain.fit(name, X, roles, rng)
        if student and chain.second is not None:
            chain = refine(chain, X, roles)
        print(f"{name or 'the best way'}: {chain.way}", file=sys.stderr)
        return chain.move(X, codes)[1]

    return Method(run)


def ablation() -> Mapping[str, Method]:
    """Every stage that can be taken or left. Without its critic a student stays where the best way leaves it."""
    ways = {name: way(name) for name in WAYS if name != UNIT}
    return {
        **ways,
        "the best way": way(None),
        "and a student": way(None, student=True),
        "the guard's choice": Method(ours),
    }
