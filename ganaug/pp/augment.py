"""More cells of rare types, if the judge lets them through."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import anndata
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from ganaug import __version__
from ganaug.data.cells import column_of, counts_of
from ganaug.errors import DataError
from ganaug.fidelity.profiles import PROFILES
from ganaug.fidelity.report import FidelityReport
from ganaug.models.cells import CellGAN
from ganaug.pp.asked import TargetCounts, cells_to_add, held_out
from ganaug.pp.drawn import Keys, Sides, drawn_cells, judged_cells, slim
from ganaug.pp.joined import MARK, joined, short_form
from ganaug.progress import OnProgress, Progress
from ganaug.seeding import RandomState, Seeds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anndata import AnnData

__all__ = ["AugmentedCells", "augment", "augment_judged"]


@dataclass(frozen=True)
class AugmentedCells:
    """What `augment_judged` hands over.

    Attributes
    ----------
    data : AnnData
        The real cells followed by the synthetic ones; ``obs["is_synthetic"]`` tells them apart.
    report : FidelityReport or None
        What the judge says; None where nothing was made or judged.
    model : CellGAN or None
        The generator; None where nothing was made.
    """

    data: AnnData
    report: FidelityReport | None
    model: CellGAN | None

    @cached_property
    def synthetic(self) -> AnnData:
        """The synthetic cells alone, without columns of `obs` in which nothing is known of them."""
        made = self.data[self.data.obs[MARK].to_numpy()].copy()
        made.obs = made.obs.dropna(axis=1, how="all")
        return made


def augment(
    adata: AnnData,
    label_key: str,
    *,
    target_counts: TargetCounts = "balance",
    batch_key: str | None = None,
    group_key: str | None = None,
    layer: str | None = None,
    profile: str | None = "standard",
    force: bool = False,
    time_budget: float | None = None,
    model: CellGAN | None = None,
    random_state: RandomState = 0,
    on_progress: OnProgress = None,
) -> AnnData:
    """Add synthetic cells of rare types, if real cells that the generator never saw let them through.

    A fifth of the cells is held out and judges; a `CellGAN` learns the others. Composition is changed on purpose, so
    the synthetic cells that are judged have the held-out cells' composition of types, twice as many of each: they are
    those that are handed over, and of types with too few of these, further cells drawn from the same model.

    Parameters
    ----------
    adata : AnnData, shape (n_cells, n_genes)
        Raw counts in X or in `layer`; a file opened with ``backed="r"`` will do. It stays as it is.
    label_key : str
        Column of `obs` with the types.
    target_counts : "balance", int or mapping
        Every type is given as many cells as the commonest has; or so many in all, if it has fewer; or a mapping of
        types to what each is to have in all.
    batch_key : str, optional
        Column of `obs` with the batch: a type's synthetic cells are spread over batches as its real ones are.
    group_key : str, optional
        Column of `obs` with the donors: none is both learned from and judged by, and the judge counts donors.
    layer : str, optional
        The layer with the counts, instead of X.
    profile : {"strict", "standard", "lenient", "share", "augment"} or None
        What the judge lets through. With None all cells are learned from, and the synthetic ones are not judged.
    force : bool
        Whether types of fewer than 20 cells may be raised as well.
    time_budget : float, optional
        Seconds after which the game is ended; the proposal and the margins take what they take. By default those of
        the model, 240 if none is given.
    model : CellGAN, optional
        An unfitted model whose settings are used; those given here come first.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
    on_progress : callable, optional
        Takes a `ganaug.progress.Progress` now and then.

    Returns
    -------
    AnnData
        The real cells in their order, then the synthetic ones. Counts are in X, and with `layer` in that layer as
        well. In ``obs``, ``"is_synthetic"`` tells them apart; of synthetic cells type and batch are known, all else is
        missing. ``var`` is kept. What was computed from the real cells alone is left out: other layers, ``obsm``,
        ``obsp``, ``varm``, ``uns``. ``uns["ganaug_augment"]`` says what was asked for, where the cells come from and
        what the judge found. With nothing to add all cells are real.

    Raises
    ------
    FidelityError
        If the judge refuses, or there are too few cells to tell; it carries the report.
    DataError
        If there are no raw counts, a key or type is not there, a type has too few cells, or cells are synthetic.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> adata = anndata.AnnData(1.0 + rng.poisson(rng.gamma(2.0, size=(90, 1)) * np.linspace(0.1, 3, 20)))
    >>> adata.obs["type"] = ["T"] * 60 + ["B"] * 30
    >>> more = augment(adata, "type", profile=None, time_budget=1.0)
    >>> more.obs.groupby("is_synthetic")["type"].value_counts().to_dict()
    {(False, 'T'): 60, (False, 'B'): 30, (True, 'B'): 30}
    """
    settings = {} if time_budget is None else {"time_budget": time_budget}
    result = augment_judged(
        adata,
        Keys(label_key, batch_key, group_key, layer),
        clone(CellGAN() if model is None else model).set_params(**settings),
        target_counts=target_counts,
        profile=profile,
        force=force,
        seeds=Seeds(random_state),
        on_progress=on_progress,
    )
    if result.report is not None:
        result.report.raise_for_verdict()
    return result.data


def augment_judged(
    adata: AnnData,
    keys: Keys,
    model: CellGAN,
    *,
    target_counts: TargetCounts = "balance",
    profile: str | None = "standard",
    force: bool = False,
    seeds: Seeds,
    on_progress: OnProgress = None,
) -> AugmentedCells:
    """Fit `model` and do as `augment` does, but hand over whatever the judge says."""
    if profile is not None and profile not in PROFILES:
        raise ValueError(f"profile is one of {sorted(PROFILES)} or None, not {profile!r}")
    table = _table(adata, keys)
    added = cells_to_add(table[keys.label].to_numpy(), target_counts, force=force)
    told: dict[str, Any] = keys.told() | {"ganaug": __version__, "seed": seeds.root, "n_added": sum(added.values())}
    told["verdict"] = "not judged"
    if not added:
        nothing = sparse.csr_matrix(np.empty((0, adata.n_vars), dtype=np.float32))
        return AugmentedCells(joined(adata, nothing, table[:0], layer=keys.layer, told=told), None, None)
    sides = _sides(slim(counts_of(adata, keys.layer), table, adata.var_names), keys, added, seeds, profile)
    model.set_params(random_state=seeds.integer("model"))
    model.fit(sides.train, keys.label, keys.batch, on_progress=on_progress)
    drawn = drawn_cells(model, sides, keys, added, seeds)
    if on_progress is not None and profile is not None:
        on_progress(Progress("judge"))
    report = None if profile is None else judged_cells(drawn, sides, model, keys, profile, seeds)
    told |= {"types": list(added), "added": list(added.values()), "learned_from": sides.train.n_obs}
    if report is not None:
        told |= {"held_out": sides.held_out.n_obs, "verdict": report.verdict.value, "report": short_form(report)}
    data = joined(adata, drawn.counts[drawn.handed], drawn.obs[drawn.handed], layer=keys.layer, told=told)
    return AugmentedCells(data, report, model)


def _sides(cells: AnnData, keys: Keys, added: Mapping[str, int], seeds: Seeds, profile: str | None) -> Sides:
    """Part the cells into those to learn from and those that judge; without a judge, all are learned from."""
    judges = np.zeros(cells.n_obs, dtype=bool)
    if profile is not None:
        seed = seeds.integer("folds")
        judges = held_out(cells.obs, added, label_key=keys.label, group_key=keys.group, random_state=seed)
        if keys.batch is not None and keys.group is None:  # two cells of a batch are the fewest to learn it from
            left = cells.obs.loc[~judges, keys.batch].value_counts()
            judges &= (cells.obs[keys.batch].map(left).fillna(0) >= 2).to_numpy(dtype=bool)
    # a single cell shows nothing of its type; of a type that is wanted, the model says so
    alone = _single(cells.obs[keys.label], judges, [*added])
    if keys.batch is not None and keys.group is not None:  # nor of a batch of which held-out donors have all others
        alone |= _single(cells.obs[keys.batch], judges, [])
    return Sides(cells[~judges & ~alone].copy(), cells[judges].copy())


def _single(names: pd.Series, judges: NDArray[np.bool_], but: list[str]) -> NDArray[np.bool_]:
    """Which cells belong to what has one cell to learn from, leaving out some names ``(n_cells,)``."""
    n = names[~judges].value_counts()
    return np.asarray(names.isin(n.index[n == 1].difference(but)))


def _table(adata: AnnData, keys: Keys) -> pd.DataFrame:
    """Return types, batches and donors as text, once it is clear that all cells are real and have names."""
    if not isinstance(adata, anndata.AnnData):
        raise DataError(f"augment takes an AnnData, not {type(adata).__name__}")
    if not adata.obs_names.is_unique:
        name = adata.obs_names[adata.obs_names.duplicated()][0]
        raise DataError(f"several cells are named {name!r}; adata.obs_names_make_unique() gives each its own name")
    if MARK in adata.obs:
        n = int(adata.obs[MARK].astype(str).str.lower().isin({"true", "1"}).sum())
        if n:
            raise DataError(
                f"adata.obs[{MARK!r}] marks {n:,} cells as synthetic, which would be learned from as if they were "
                f"measured; leave them out: adata[~adata.obs[{MARK!r}]]"
            )
    return pd.DataFrame({key: column_of(adata, key) for key in keys.columns}, index=adata.obs_names)
