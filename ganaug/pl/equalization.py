"""Batches before and after they were equalised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ganaug.data.checks import nearest
from ganaug.errors import DataError
from ganaug.models.equalizing.annotated import lazy_rows
from ganaug.models.equalizing.matrix import dense
from ganaug.pl.groups import Groups
from ganaug.pl.measures import alike, clusters, flat, mixing_of, movers_of
from ganaug.pl.panels import draw
from ganaug.seeding import RandomState, Seeds
from ganaug.transport.space import Space

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["equalization"]

Floats = NDArray[np.float64]
Embedding = Literal["pca", "umap"] | tuple[str, str]

# cells that are drawn, and among which neighbours are looked for
MOST_CELLS = 3000


def equalization(
    adata: AnnData,
    *,
    batch_key: str | None = None,
    label_key: str | None = None,
    key: str = "ganaug",
    before: str | None = None,
    layer: str | None = None,
    embedding: Embedding = "pca",
    random_state: RandomState = 0,
) -> Figure:
    """Draw what `ganaug.pp.equalize` did: cells before and after, how well batches mix in each state, what moved most.

    Of at most 3,000 cells. Mixing is the entropy of the batches among each cell's 30 nearest, over that of the batches
    of its state: 0 apart, 1 as good as can be. Of a state that a single batch has, it says instead how many of the
    nearest are of that state: as many as before, unless it was merged with others.

    Parameters
    ----------
    adata : AnnData
        Equalised.
    batch_key : str, optional
        Column of `obs`; the one that was equalised by.
    label_key : str, optional
        Column of `obs` with the states; without one, eight clusters of the equalised cells.
    key : str
        The `key_added` of `ganaug.pp.equalize`.
    before : str, optional
        The `obsm` with coordinates of the cells as they were; the principal components of what was equalised.
    layer : str, optional
        The layer with the equalised values; that of `ganaug.pp.equalize`, or what its `equalized_matrix` computes.
        Without either, the features that moved most are not shown.
    embedding : "pca", "umap" or tuple of str
        How cells are drawn: by the first two principal components of their coordinates, by UMAP of these, or by the two
        columns of an `obsm` for before and of one for after. The picture after is turned to lie like the one before.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Returns
    -------
    matplotlib.figure.Figure
        Unknown to pyplot, so nothing has to be closed: ``figure.savefig("batches.png")``, or let a notebook show it.

    Raises
    ------
    DataError
        If the cells have not been equalised, or a key is not there.

    Examples
    --------
    >>> import anndata
    >>> import ganaug
    >>> rng = np.random.default_rng(0)
    >>> adata = anndata.AnnData(rng.normal(size=(200, 8)))
    >>> adata.obs["day"] = ["Monday", "Friday"] * 100
    >>> ganaug.pp.equalize(adata, "day", layer_added="equalized")
    >>> figure = equalization(adata, layer="equalized")
    >>> [axes.get_title() for axes in figure.axes][-2:]
    ['batches among the 30 nearest cells', 'features that moved most']
    """
    told = _told(adata, key)
    batch_key = str(batch_key or told["batch_key"])
    drawn = list(embedding) if isinstance(embedding, tuple) else []
    _check_keys(adata, [batch_key, label_key], [before, *drawn], layer)
    seeds = Seeds(random_state)
    cells = adata[np.sort(seeds.rng("cells").permutation(adata.n_obs)[:MOST_CELLS])].to_memory()
    old, after = _before(cells, told), dense(cells.obsm[f"X_{key}"])
    earlier = _components(old, seeds) if before is None else dense(cells.obsm[before])
    batch = Groups.of(cells.obs[batch_key])
    state = clusters(after, seeds.rng("clusters")) if label_key is None else Groups.of(cells.obs[label_key])
    change = None if "use_rep" in told else _change(cells, old, key, layer or told.get("layer_added"))
    movers = None if change is None else movers_of(old, change, cells.var_names, batch)
    shown = [dense(cells.obsm[name]) for name in drawn]
    shown = shown or [flat(z, str(embedding), seeds.rng("embedding")) for z in (earlier, after)]
    groups, mixing = [(batch_key, batch), (label_key or "cluster", state)], mixing_of(earlier, after, batch, state)
    return draw(f"{batch_key}: {told['way']}", alike(*shown), groups, mixing, movers, seeds.rng("order"))


def _told(adata: AnnData, key: str) -> dict[str, Any]:
    """What `ganaug.pp.equalize` wrote."""
    for name, there, where in ((key, adata.uns, "uns"), (f"X_{key}", adata.obsm, "obsm")):
        if name not in there:
            raise DataError(
                f"these cells have not been equalised: there is no {name!r} in adata.{where}{nearest(name, there)}; "
                f"run ganaug.pp.equalize(adata, batch_key) first, or give its key_added as key"
            )
    return dict(adata.uns[key])


def _check_keys(adata: AnnData, columns: list[str | None], arrays: list[str | None], layer: str | None) -> None:
    asked = [(name, adata.obs.columns, "obs") for name in columns]
    asked += [(name, adata.obsm, "obsm") for name in arrays] + [(layer, adata.layers, "layers")]
    for name, there, where in asked:
        if name is not None and name not in there:
            raise DataError(f"there is no {name!r} in adata.{where}{nearest(name, there)}")


def _before(cells: AnnData, told: dict[str, Any]) -> Any:
    """What was equalised ``(n_cells, n_features)``, sparse or not."""
    if "use_rep" in told:
        return dense(cells.obsm[told["use_rep"]])
    return cells.layers[told["layer"]] if "layer" in told else cells.X


def _components(values: Any, seeds: Seeds) -> Floats:
    """Coordinates of the cells as they were, found as those of the equalised ones are."""
    rows = dense(values)
    return Space.fit(rows, seeds.rng("space")).encode(rows)


def _change(cells: AnnData, old: Any, key: str, layer: str | None) -> Floats | None:
    """How far values moved ``(n_cells, n_features)``; None if nothing says so."""
    if layer in cells.layers:
        return dense(cells.layers[layer] - old)
    return lazy_rows(cells, key, slice(None)) - dense(old) if f"{key}_shift" in cells.obsm else None
