"""More cells of a rare type, from counts: drawn, judged by cells that the generator never saw, and only then used.

    python examples/scanpy_augment.py [CELLS]

The counts are simulated, so the truth is known: the marker genes of the rare type. Writes rare.png: all real cells
and the synthetic ones in one UMAP, their markers side by side, and how genes vary.
"""

import sys

import anndata
import numpy as np
import pandas as pd
import scanpy as sc
from scipy import sparse

import ganaug

n_cells, n_genes = int(sys.argv[1]) if len(sys.argv) > 1 else 1500, 150
rng = np.random.default_rng(0)
kind = rng.choice(["B", "T", "pDC"], n_cells, p=[0.5, 0.4, 0.1])

# every type has ten genes of its own, cells lie along one common programme, and are measured more or less deeply
rate = rng.gamma(1.0, 1.0, n_genes) * np.exp(0.5 * rng.standard_normal((n_cells, 1)) * rng.standard_normal(n_genes))
for k, name in enumerate(["B", "T", "pDC"]):
    rate[np.ix_(kind == name, np.arange(10 * k, 10 * k + 10))] *= 5
depth = rng.lognormal(sigma=0.3, size=(n_cells, 1))
counts = sparse.csr_matrix(rng.poisson(4 * depth * rate).astype(np.float32))
obs = pd.DataFrame({"type": pd.Categorical(kind)}, index=[f"cell {i}" for i in range(n_cells)])
adata = anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=[f"gene {j}" for j in range(n_genes)]))

wanted = {"pDC": 2 * int((kind == "pDC").sum())}
more = ganaug.pp.augment(adata, "type", target_counts=wanted, force=True)
synthetic = more[more.obs["is_synthetic"]].copy()
print(
    f"{len(adata):,} real cells, {len(synthetic):,} synthetic ones of type pDC: {more.uns['ganaug_augment']['verdict']}"
)

sc.pp.normalize_total(more)
sc.pp.log1p(more)
rare = more[more.obs["type"] == "pDC"]
for mark, name in ((False, "real"), (True, "synthetic")):
    means = np.asarray(rare[rare.obs["is_synthetic"] == mark].X.mean(axis=0)).ravel()
    found = np.isin(np.argsort(-means / (np.asarray(more.X.mean(axis=0)).ravel() + 0.05))[:10], np.arange(20, 30)).sum()
    print(f"of the ten genes that set {name} pDC apart most, {found} are its markers")

ganaug.pl.cells(adata, synthetic, label_key="type").savefig("rare.png", dpi=150)
