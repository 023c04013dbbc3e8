"""From counts to UMAP with scanpy: two donors in one style, and a cell type that only one of them has kept apart.

    python examples/scanpy_equalize.py [CELLS]

The counts are simulated, so the truth is known. Writes donors.png: cells before and after, how well the donors mix in
each type, and the genes that moved most.
"""

import sys

import anndata
import numpy as np
import pandas as pd
import scanpy as sc
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

import ganaug

n_cells, n_genes = int(sys.argv[1]) if len(sys.argv) > 1 else 600, 200
rng = np.random.default_rng(0)
kind, donor = rng.choice(["B", "T", "erythroid"], n_cells), rng.choice(["donor 1", "donor 2"], n_cells)
donor[kind == "erythroid"] = "donor 1"

# every type has its genes, every donor changes some of them, and cells are measured more or less deeply
of_kind = {name: rng.gamma(0.5, 4, n_genes) for name in np.unique(kind)}
of_donor = {name: np.exp(0.6 * rng.normal(size=n_genes)) for name in np.unique(donor)}
rate = np.array([of_kind[k] * of_donor[d] for k, d in zip(kind, donor, strict=True)])
counts = rng.poisson(rate * rng.lognormal(sigma=0.3, size=(n_cells, 1)))
obs = pd.DataFrame({"donor": donor, "type": kind}, index=[f"cell {i}" for i in range(n_cells)])
genes = pd.DataFrame(index=[f"gene {j}" for j in range(n_genes)])
adata = anndata.AnnData(sparse.csr_matrix(counts.astype(np.float32)), obs=obs, var=genes)

sc.pp.normalize_total(adata)
sc.pp.log1p(adata)
sc.pp.highly_variable_genes(adata, n_top_genes=120, batch_key="donor")
adata = adata[:, adata.var["highly_variable"]].copy()
sc.pp.pca(adata, n_comps=20)

ganaug.pp.equalize(adata, "donor", layer_added="equalized")

for name, components in (("before", "X_pca"), ("after", "X_ganaug")):
    sc.pp.neighbors(adata, use_rep=components)
    sc.tl.umap(adata)
    adata.obsm[f"X_umap_{name}"] = adata.obsm["X_umap"]

    z = adata.obsm[components]
    near = NearestNeighbors(n_neighbors=20).fit(z).kneighbors(return_distance=False)
    shared = kind != "erythroid"
    other = (donor[near] != donor[:, None])[shared].mean()
    apart = (kind[near] == "erythroid")[~shared].mean()
    print(f"{name}: of the nearest cells of erythroid ones {apart:.0%} are erythroid;", end=" ")
    print(f"of those of B and T {other:.0%} are the other donor's")

umaps = ("X_umap_before", "X_umap_after")
figure = ganaug.pl.equalization(adata, label_key="type", before="X_pca", layer="equalized", embedding=umaps)
figure.savefig("donors.png", dpi=150)
