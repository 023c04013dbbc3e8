"""How near made cells are to held-out ones, and whether they are copies of training cells, for `cells.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from cell_peers import COMPONENTS, Cells
from scipy import sparse
from sklearn.base import ClassifierMixin
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors

from ganaug.data.counts import log_normalized

Floats = npt.NDArray[np.float64]

MARKERS = 20  # of each type
LEVEL = 0.05  # of the held-out cells lie as near to a training cell as this


class Column(NamedTuple):
    """What is measured, and how far from perfect a value is."""

    title: str
    off: Any  # a value to a number, 0 being best; None where it is not ranked
    form: str = ".3f"


COLUMNS: Mapping[str, Column] = {
    "forest": Column("forest AUROC", lambda value: abs(value - 0.5)),
    "boosted": Column("boosted AUROC", lambda value: abs(value - 0.5)),
    "means": Column("means", lambda value: 1 - value, ".4f"),
    "variances": Column("variances", lambda value: 1 - value, ".4f"),
    "zeros": Column("zeros", lambda value: 1 - value, ".4f"),
    "correlations": Column("marker correlations", lambda value: 1 - value),
    "slope": Column("fold-change slope", lambda value: abs(value - 1)),
    "near": Column("near a training cell", lambda value: max(value - LEVEL, 0)),
    "member": Column("membership AUC", lambda value: max(value - 0.5, 0)),
    "seconds": Column("seconds", None, ".1f"),
}
LEGEND = f"""\
AUROC: a random forest, and boosted trees, between held-out cells and as many made ones of the same types, on
{COMPONENTS} components of log-normalised counts fitted on both; .5 is best. Means, variances (log1p), shares of zeros:
correlation over genes with those of held-out cells. Marker correlations: of the entries of the two correlation
matrices of the types' markers. Slope: of the markers' log-fold changes, made on held-out; 1 is best. Near: share of
made cells as near to a training cell as the nearest {LEVEL:.0%} of held-out cells are. Membership AUC: training against
held-out cells by their distance to the nearest made one; .5 is best. Means over the draws; the first row is one draw.
Mean rank: over all columns but the seconds."""


def likeness(train: Cells, held_out: Cells, made: Cells, trees: int, jobs: int, seed: int) -> dict[str, float]:
    """Say how far made cells can be told from held-out ones, and what is off."""
    z, side = _components([held_out.counts, made.counts], seed)
    forest = RandomForestClassifier(trees, random_state=seed, n_jobs=jobs)
    columns = _markers(train)
    return {
        "forest": _auroc(forest, z, side, seed),
        "boosted": _auroc(HistGradientBoostingClassifier(random_state=seed), z, side, seed),
        **{name: _alike(of_gene(held_out.counts), of_gene(made.counts)) for name, of_gene in OF_GENE.items()},
        "correlations": _alike(*(_correlations(cells, columns) for cells in (held_out, made))),
        "slope": float(np.polyfit(*(_fold_changes(cells, columns) for cells in (held_out, made)), 1)[0]),
    }


def copies(train: Cells, held_out: Cells, made: Cells, seed: int) -> dict[str, float]:
    """Say whether made cells are nearer to training cells than held-out ones are.

    The components are fitted on all three, so that none is described better than the others.
    """
    z, side = _components([train.counts, held_out.counts, made.counts], seed)
    trained, unseen, new = (z[side == number] for number in range(3))
    level = np.quantile(_nearest(trained, unseen), LEVEL)
    real, is_train = np.concatenate([trained, unseen]), np.repeat([True, False], [len(trained), len(unseen)])
    return {
        "near": float((_nearest(trained, new) < level).mean()),
        "member": float(roc_auc_score(is_train, -_nearest(new, real))),
    }


OF_GENE: Mapping[str, Any] = {
    "means": lambda counts: np.log1p(counts.mean(axis=0)),
    "variances": lambda counts: np.log1p(counts.power(2).mean(axis=0) - np.square(counts.mean(axis=0))),
    "zeros": lambda counts: 1 - counts.getnnz(axis=0) / counts.shape[0],
}


def _components(sides: list[sparse.csr_matrix], seed: int) -> tuple[Floats, npt.NDArray[np.intp]]:
    logged = log_normalized(sparse.csr_matrix(sparse.vstack(sides)))
    z = PCA(COMPONENTS, svd_solver="randomized", random_state=seed).fit_transform(logged.toarray())
    return z, np.repeat(np.arange(len(sides)), [part.shape[0] for part in sides])


def _auroc(classifier: ClassifierMixin, z: Floats, side: npt.NDArray[np.intp], seed: int) -> float:
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    return float(roc_auc_score(side, cross_val_predict(classifier, z, side, cv=folds, method="predict_proba")[:, 1]))


def _alike(first: Any, second: Any) -> float:
    return float(np.corrcoef(np.ravel(first), np.ravel(second))[0, 1])


def _changes(cells: Cells) -> Floats:
    """Mean log-normalised expression of each type less that of all other cells, ``(n_types, n_genes)``."""
    names, code, size = np.unique(cells.label, return_inverse=True, return_counts=True)
    of_type = sparse.csr_matrix((np.ones(len(code)), (code, np.arange(len(code)))), (len(names), len(code)))
    total = (of_type @ log_normalized(cells.counts)).toarray()
    rest = (total.sum(axis=0) - total) / (len(code) - size)[:, None]
    return np.asarray(total / size[:, None] - rest)


def _markers(train: Cells) -> npt.NDArray[np.intp]:
    """The genes that a type's training cells have more of than the others, ``(n_types, MARKERS)``."""
    return np.argsort(-_changes(train), axis=1)[:, :MARKERS]


def _fold_changes(cells: Cells, columns: npt.NDArray[np.intp]) -> Floats:
    """Of all markers in all types: among a type's own alone they differ by little more than noise."""
    return _changes(cells)[:, np.unique(columns)].ravel()


def _correlations(cells: Cells, columns: npt.NDArray[np.intp]) -> Floats:
    logged = log_normalized(cells.counts)[:, np.unique(columns)].toarray().astype(np.float64)
    spread = logged.std(axis=0)
    scaled = (logged - logged.mean(axis=0)) / np.where(spread > 0, spread, 1)
    above = np.triu_indices(scaled.shape[1], 1)
    return np.asarray((scaled.T @ scaled / len(scaled))[above])


def _nearest(of: Floats, rows: Floats) -> Floats:
    return np.asarray(NearestNeighbors(n_neighbors=1).fit(of).kneighbors(rows)[0][:, 0])
