"""Real and synthetic cells side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.utils.sparsefuncs import mean_variance_axis

from ganaug.counted import read_sides
from ganaug.data.checks import nearest
from ganaug.errors import DataError
from ganaug.fidelity.cells.evidence import Side
from ganaug.fidelity.cells.space import pooled_components
from ganaug.pl.cell_panels import Cloud, draw_cells
from ganaug.pl.groups import Groups
from ganaug.pl.measures import flat
from ganaug.seeding import RandomState, Seeds

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["cells"]

# cells of either side that are drawn
MOST_CELLS = 3000
MOST_MARKERS = 24
MOST_TYPES = 16
# a marker is seen in so many cells of its type
LEAST_SHARE = 0.1


def cells(
    real: AnnData,
    synthetic: AnnData,
    *,
    label_key: str | None = None,
    layer: str | None = None,
    markers: Sequence[str] | None = None,
    embedding: Literal["umap", "pca"] = "umap",
    random_state: RandomState = 0,
) -> Figure:
    """Draw real and synthetic cells in one UMAP, their markers side by side, and what their genes' counts are like.

    Of at most 3,000 cells of either side. UMAP is of principal components of both sides together, as in
    `ganaug.tl.fidelity`.

    Parameters
    ----------
    real, synthetic : AnnData
        Raw counts of the same genes, in any order.
    label_key : str, optional
        Column of `obs` with the types; without one there are no markers to be shown.
    layer : str, optional
        The layer with the counts, instead of X.
    markers : list of str, optional
        Genes to show; those that tell the real types apart best.
    embedding : {"umap", "pca"}
        How cells are drawn: by UMAP of their components, or by the first two of these.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Returns
    -------
    matplotlib.figure.Figure
        Unknown to pyplot, so nothing has to be closed: ``figure.savefig("cells.png")``, or let a notebook show it.

    Raises
    ------
    DataError
        If there are no raw counts, the genes are not the same, or a key or a marker is not there.

    Examples
    --------
    >>> import anndata
    >>> rng = np.random.default_rng(0)
    >>> def draw():
    ...     return anndata.AnnData(1.0 + rng.poisson(2.0, size=(60, 20)))
    >>> [axes.get_title() for axes in cells(draw(), draw(), embedding="pca").axes][:3]
    ['joint PCA', 'real cells', 'synthetic cells']
    """
    seeds, genes = Seeds(random_state), [str(name) for name in real.var_names]
    read = read_sides({"real": real, "synthetic": synthetic}, layer=layer, label_key=label_key)
    sides = [_some(side, seeds.rng("cells", role)) for role, side in read.items()]
    space = pooled_components([side.logged for side in sides], seeds.integer("components"))
    xy = flat(np.concatenate(space.parts), embedding, seeds.rng("embedding"))
    of_side = np.repeat([0, 1], [len(side) for side in sides])
    types, shown = None, [] if markers is None else _places(markers, genes)
    if label_key is not None:
        types = Groups.of(pd.Series(np.concatenate([side.labels for side in sides if side.labels is not None])))
        shown = shown or _markers(sides[0])
    cloud = Cloud(embedding.upper(), xy, of_side, types, seeds.rng("order").permutation(len(xy)))
    return draw_cells((sides[0], sides[1]), cloud, label_key, [(j, genes[j]) for j in shown], MOST_TYPES)


def _some(side: Side, rng: np.random.Generator) -> Side:
    rows = np.sort(rng.permutation(len(side))[:MOST_CELLS])
    return Side(side.counts[rows], side.logged[rows], None if side.labels is None else side.labels[rows])


def _places(markers: Sequence[str], genes: list[str]) -> list[int]:
    for name in markers:
        if name not in genes:
            raise DataError(f"the marker {name!r} is not a gene of these cells{nearest(name, genes)}")
    return [genes.index(name) for name in markers]


def _markers(real: Side) -> list[int]:
    """Find, type after type, the genes that are most above the other types, each once; a type alone has none."""
    names, sizes = np.unique(np.asarray(real.labels, dtype=str), return_counts=True)
    if len(names) < 2:
        return []
    names = names[np.sort(np.argsort(-sizes, kind="stable")[:MOST_TYPES])]
    each, found = max(1, MOST_MARKERS // len(names)), list[int]()
    spread = np.sqrt(np.maximum(mean_variance_axis(real.logged, axis=0)[1], 1e-12))
    for name in names:
        here = np.asarray(real.labels == name)
        inside, outside = (np.asarray(real.logged[rows].mean(axis=0)).ravel() for rows in (here, ~here))
        share = np.asarray(real.counts[here].getnnz(axis=0)) / here.sum()
        above = np.where(share >= LEAST_SHARE, np.nan_to_num(inside - outside) / spread, -np.inf)
        above[found] = -np.inf
        found += np.argsort(-above, kind="stable")[:each].tolist()
    return found
