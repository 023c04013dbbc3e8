"""Ways to make cells, each as ``(training cells, {type: how many}, seed) -> cells``, for `cells.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple, Self

import anndata
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse, special, stats
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

import ganaug
from ganaug.data.counts import log_normalized

Floats = npt.NDArray[np.float64]
Wanted = Mapping[str, int]
OfType = Callable[["Cells", int, np.random.Generator], Any]

COMPONENTS, NEIGHBOURS = 50, 5
TOTAL = 1e4  # to which a cell is scaled


class Cells(NamedTuple):
    """Counts ``(n_cells, n_genes)``, the type of each cell, and its batch, where there are several."""

    counts: sparse.csr_matrix
    label: npt.NDArray[Any]
    batch: npt.NDArray[Any] | None = None

    def take(self, rows: npt.NDArray[Any]) -> Self:
        """Some of the cells."""
        return self._replace(
            counts=self.counts[rows],
            label=self.label[rows],
            batch=None if self.batch is None else self.batch[rows],
        )

    def like(self, wanted: Wanted, rng: np.random.Generator) -> npt.NDArray[np.intp]:
        """Rows of so many cells of each type; none comes twice while there are enough."""
        of_type = {name: np.flatnonzero(self.label == name) for name in wanted}
        return np.concatenate(
            [rng.choice(of_type[name], n, replace=n > len(of_type[name])) for name, n in wanted.items()]
        )

    def annotated(self) -> anndata.AnnData:
        """The same for other packages."""
        obs = pd.DataFrame({"label": pd.Categorical(self.label)})
        if self.batch is not None:
            obs["batch"] = pd.Categorical(self.batch)
        return anndata.AnnData(self.counts.copy(), obs=obs.set_axis([f"cell {i}" for i in range(len(obs))]))


Make = Callable[[Cells, Wanted, int], Cells]


def by_type(make: OfType) -> Make:
    """A method that knows one type at a time."""

    def run(train: Cells, wanted: Wanted, seed: int) -> Cells:
        rng = np.random.default_rng(seed)
        parts = [make(train.take(train.label == name), n, rng) for name, n in wanted.items()]
        label = np.repeat(list(wanted), list(wanted.values()))
        return Cells(sparse.vstack([sparse.csr_matrix(part, dtype=np.float32) for part in parts], "csr"), label)

    return run


def copula(cells: Cells, n: int, rng: np.random.Generator) -> Floats:
    """Gaussian copula with empirical margins: a type's rank correlations (Nelsen 2006, doi:10.1007/0-387-28678-0).

    Sums of its rows of normal scores, weighted by normal numbers, have just their covariance: no matrix of genes by
    genes.
    """
    X = cells.counts.toarray()
    scores = special.ndtri((stats.rankdata(X, axis=0) - 0.5) / len(X))
    scores -= scores.mean(axis=0)
    spread = scores.std(axis=0)
    scores /= np.where(spread > 0, spread, 1)
    z = rng.standard_normal((n, len(X))) @ scores / np.sqrt(len(X))
    rank = np.floor(special.ndtr(z) * len(X)).astype(np.intp).clip(0, len(X) - 1)
    return np.take_along_axis(np.sort(X, axis=0), rank, axis=0)


def poisson(cells: Cells, n: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    """Training cells again, each count a Poisson draw around itself."""
    return rng.poisson(cells.counts[rng.integers(len(cells.label), size=n)].toarray())


def smote(train: Cells, wanted: Wanted, seed: int) -> Cells:
    """SMOTE (doi:10.1613/jair.953) between components of log-normalised cells, decoded and rounded to counts."""
    pca = PCA(COMPONENTS, svd_solver="randomized", random_state=seed)
    z = pca.fit_transform(log_normalized(train.counts, TOTAL).toarray())
    library = np.log(np.asarray(train.counts.sum(axis=1)).ravel())

    def between(cells: Cells, n: int, rng: np.random.Generator) -> Floats:
        rows = np.flatnonzero(train.label == cells.label[0])
        near = NearestNeighbors(n_neighbors=min(NEIGHBOURS + 1, len(rows))).fit(z[rows]).kneighbors(z[rows])[1]
        first = rng.integers(len(rows), size=n)
        second = near[first, rng.integers(1, near.shape[1], size=n)]
        share = rng.random((n, 1))
        mixed, total = ((1 - share) * of[rows[first]] + share * of[rows[second]] for of in (z, library[:, None]))
        share_of_gene = np.expm1(pca.inverse_transform(mixed).clip(min=0))
        share_of_gene /= np.maximum(share_of_gene.sum(axis=1, keepdims=True), 1e-9)
        return np.round(share_of_gene * np.exp(total))

    return by_type(between)(train, wanted, seed)


def scvi(train: Cells, wanted: Wanted, seed: int) -> Cells:
    """The posterior predictive of scVI with its defaults (doi:10.1038/s41592-018-0229-2), for training cells."""
    import scvi

    scvi.settings.seed = seed
    adata = train.annotated()
    scvi.model.SCVI.setup_anndata(adata, batch_key="batch" if "batch" in adata.obs else None)
    model = scvi.model.SCVI(adata)
    model.train(enable_progress_bar=False, logger=False)
    rows = train.like(wanted, np.random.default_rng(seed))
    drawn = model.posterior_predictive_sample(adata, indices=rows, n_samples=1)
    drawn = drawn.todense() if hasattr(drawn, "todense") else drawn
    return Cells(sparse.csr_matrix(np.asarray(drawn).reshape(len(rows), -1), dtype=np.float32), train.label[rows])


def cell_gan(train: Cells, wanted: Wanted, seed: int) -> Cells:
    """Ours; where batches are given, each type in the batches that its training cells are of."""
    adata = train.annotated()
    batched = train.batch is not None
    model = ganaug.CellGAN(random_state=seed).fit(adata, label_key="label", batch_key="batch" if batched else None)
    if batched:
        drawn = train.take(train.like(wanted, np.random.default_rng(seed)))
        of_batch = pd.crosstab(drawn.batch, drawn.label)
        made = [model.sample(dict(n[n > 0]), batch=name) for name, n in of_batch.iterrows()]
    else:
        made = [model.sample(dict(wanted))]
    counts = sparse.vstack([sparse.csr_matrix(part[:, adata.var_names].X) for part in made], "csr")
    return Cells(counts, np.concatenate([part.obs["label"].astype(str) for part in made]))


def missing(name: str) -> str:
    """Say why a method cannot run here, or nothing."""
    if name == "CellGAN" and getattr(ganaug, "CellGAN", None) is None:
        return "this ganaug has none"
    return "scvi-tools is not installed" if name == "scVI" and find_spec("scvi") is None else ""


METHODS: Mapping[str, Make] = {
    "CellGAN": cell_gan,
    "copula": by_type(copula),
    "Poisson": by_type(poisson),
    "SMOTE": smote,
    "scVI": scvi,
}
