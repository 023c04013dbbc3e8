"""CellGAN: synthetic cells with whole-number counts, by type, in the style of all batches or of any one."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ganaug.adversarial import OBJECTIVES
from ganaug.adversarial.distributed import on_first
from ganaug.data.cells import column_of, counts_of
from ganaug.data.counts import with_room
from ganaug.devices import resolve_device
from ganaug.errors import DataError
from ganaug.models.cellular import state
from ganaug.models.cellular.learning import Learning, Plan
from ganaug.models.cellular.wanted import place, wanted_totals, wanted_types
from ganaug.models.checkpoint import checkpointed
from ganaug.models.equalizing.matrix import drawn
from ganaug.persistence import save_folder
from ganaug.progress import OnProgress
from ganaug.seeding import RandomState, Seeds

if TYPE_CHECKING:
    from anndata import AnnData

    from ganaug.data.counts import Counts

__all__ = ["CellGAN"]

Codes = NDArray[np.intp]


class CellGAN(BaseEstimator):  # type: ignore[misc]
    """Learn cells of raw counts, and draw more of them.

    The proposal is a factor model of log-normal rates, with a negative-binomial draw of every gene. A generator that
    starts as the identity then moves the factors, and what genes make of them, against a critic that is given the
    type; it is kept only if held-out cells say that it helped (`stages_`).

    It learns from 10 million values at most (5,000 cells of 2,000 genes), but not from fewer than 2,000 cells; rare
    types first.

    Parameters
    ----------
    n_factors : int, optional
        Numbers that say where in its type a cell is; by default 40 where the cells put aside to choose are likelier by
        them, else 20.
    refine : bool
        Whether to choose by cells put aside, and try the generator and the genes' margins. Without, or with fewer than
        100 cells, they are drawn from the proposal alone, of 20 factors unless you say how many.
    objective : str
        Name of a recipe in `ganaug.adversarial.OBJECTIVES`.
    max_steps : int, optional
        Most steps of the game; by default 200.
    time_budget : float
        Seconds after which the game is ended; the proposal and the margins take what they take.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        Same seed, same CPU, same cells.
    checkpoint : path, optional
        Folder in which the game is kept while it runs.
    resume : bool
        Go on from that folder.

    Attributes
    ----------
    types_, batches_ : list of str
    n_learned_ : dict of str to int
        Cells of each type that were learned from and chosen by.
    composition_ : dict of str to int
        Cells of each type in all.
    stages_ : tuple of dict
        For each stage that was tried: ``stage, v_auc, near_train, seconds, kept, reason``.
    training_ : tuple of dict
        What was logged of the game.
    notes_ : tuple of str
        What should be known about this fit.

    Examples
    --------
    >>> import anndata
    >>> rng = np.random.default_rng(0)
    >>> kind = np.repeat(["B", "T"], 40)
    >>> rates = np.where((kind == "B")[:, None], [9.0, 1.0, 4.0], [1.0, 9.0, 4.0])
    >>> cells = anndata.AnnData(rng.poisson(rates).astype("float32"))
    >>> cells.obs["type"] = kind
    >>> made = CellGAN(n_factors=1, random_state=0).fit(cells, "type").sample(20, label="T")
    >>> made.shape, bool(made.X[:, 1].mean() > 3 * made.X[:, 0].mean())
    ((20, 3), True)
    """

    def __init__(
        self,
        *,
        n_factors: int | None = None,
        refine: bool = True,
        objective: str = "r3gan",
        max_steps: int | None = None,
        time_budget: float = 240.0,
        device: str = "auto",
        random_state: RandomState = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
    ) -> None:
        self.n_factors = n_factors
        self.refine = refine
        self.objective = objective
        self.max_steps = max_steps
        self.time_budget = time_budget
        self.device = device
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.resume = resume

    def fit(
        self,
        adata: AnnData,
        label_key: str | None = None,
        batch_key: str | None = None,
        layer: str | None = None,
        *,
        on_progress: OnProgress = None,
    ) -> Self:
        """Learn cells ``(n_cells, n_genes)`` of raw counts.

        Parameters
        ----------
        adata : AnnData
            Counts in X or in `layer`; sparse, backed or dense.
        label_key, batch_key : str, optional
            Columns of `obs` with the cells' types, and with the batches (donor, plate) they were measured in.
        layer : str, optional
        on_progress : callable, optional
            Takes a `ganaug.progress.Progress` now and then.

        Raises
        ------
        DataError
            If these are no raw counts, a key is not there, a type or a batch has one cell, or types and batches cannot
            be told apart.
        """
        self._check_asked()
        if adata.n_obs < 2 or adata.n_vars < 2:
            raise DataError(f"adata has {adata.n_obs} cells and {adata.n_vars} genes; at least 2 of each are needed")
        self.types_, type_ = _numbered(adata, label_key)
        self.batches_, batch = _numbered(adata, batch_key)
        _check_told_apart(type_, batch, label_key, batch_key)
        seeds = on_first(lambda: Seeds(self.random_state))  # of several processes all have to learn the same
        rows = drawn(type_ * len(self.batches_) + batch, adata.n_vars, seeds.rng("drawn"))
        rows = _with_two_of_each(rows, type_, batch)
        self.composition_ = dict(zip(self.types_, np.bincount(type_).tolist(), strict=True))
        counts = counts_of(adata, layer, rows=rows)
        if counts.getnnz(axis=0).astype(bool).sum() < 2:
            raise DataError("adata has counts of fewer than two genes; no cell can be told from another by its genes")
        type_, batch = type_[rows], batch[rows]
        plan = self._plan(counts, type_, batch, seeds)
        learning = Learning(counts, type_, batch, plan, seeds, on_progress)
        found = learning.run(), learning.stages, learning.training, learning.notes
        # where processes compute the last digits otherwise, as on cards, they may keep other stages: the first decides
        self.sampler_, stages, training, notes = on_first(lambda: found)
        self.label_key_, self.batch_key_, self.layer_ = label_key, batch_key, layer
        self.genes_ = [str(name) for name in adata.var_names]
        self.dtype_ = str(np.dtype((adata.X if layer is None else adata.layers[layer]).dtype))
        self.n_learned_ = dict(zip(self.types_, np.bincount(type_).tolist(), strict=True))
        few = f"learned from {len(rows):,} of {adata.n_obs:,} cells" if len(rows) < adata.n_obs else None
        self.notes_ = (*([few] if few else []), *notes)
        self.stages_, self.training_ = tuple(stages), tuple(training)
        self.seed_ = seeds.integer("sample")
        return self

    def sample(
        self,
        n: int | Mapping[str, int],
        label: str | Sequence[str] | None = None,
        batch: str | None = None,
        library_size: float | NDArray[Any] | None = None,
        random_state: RandomState = None,
    ) -> AnnData:
        """Draw cells.

        Parameters
        ----------
        n : int or mapping
            How many, or how many of each type: ``{"B": 100, "T": 50}``.
        label : str or sequence of str, optional
            Their type, or the type of each of them; by default types come as often as among the real cells.
        batch : str, optional
            In whose style; by default in the one that all batches have on average.
        library_size : float or ndarray of shape (n,), optional
            Total counts, on average, from 1; by default drawn with the cell's state. A cell that comes out without
            any count is drawn again, so very small totals come out larger.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None
            By default that of the fit: the same cells each time.

        Returns
        -------
        AnnData
            Whole numbers in X, sparse, and also in the layer that was learned from, if one was; ``obs`` has the types
            and, if one was given, the batch.

        Raises
        ------
        ConditionError
            If there is no such type or batch.
        """
        import anndata

        check_is_fitted(self, "sampler_")
        rng = Seeds(self.seed_ if random_state is None else random_state).rng("draw")
        type_ = wanted_types(n, label, self.composition_, self.label_key_, rng)
        style = None
        if batch is not None:
            style = np.full_like(type_, place(batch, self.batches_, "batch", self.batch_key_))
        counts = self.sampler_.draw(type_, rng, style, wanted_totals(library_size, len(type_)))
        obs = pd.DataFrame(index=pd.RangeIndex(len(type_)).astype(str))
        if self.label_key_ is not None:
            obs[self.label_key_] = pd.Categorical(np.array(self.types_)[type_], self.types_)
        if self.batch_key_ is not None and batch is not None:
            obs[self.batch_key_] = pd.Categorical([str(batch)] * len(type_))
        counts = counts.astype(with_room(self.dtype_, counts), copy=False)
        layers = None if self.layer_ is None else {self.layer_: counts.copy()}
        return anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=pd.Index(self.genes_)), layers=layers)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model as a folder of safetensors and JSON; `ganaug.load` brings it back.

        The folder holds where each cell that was learned from lies among the factors, and its total count; and where
        margins were kept, the counts that each gene has in each type or cluster of twenty cells or more, in order: no
        cell's counts, but real ones.
        """
        check_is_fitted(self, "sampler_")
        arrays, meta = state.state_of(self)
        save_folder(path, arrays, meta, kind=state.KIND)

    def _check_asked(self) -> None:
        if self.objective not in OBJECTIVES:
            raise ValueError(f"objective must be one of {list(OBJECTIVES)}, not {self.objective!r}")
        if not self.time_budget > 0:
            raise ValueError(f"time_budget must be more than 0 seconds, not {self.time_budget!r}")
        for name in ("n_factors", "max_steps"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be 1 or more, not {value!r}")

    def _plan(self, counts: Counts, type_: Codes, batch: Codes, seeds: Seeds) -> Plan:
        save = resume_from = None
        if self.checkpoint is not None:
            asked = {k: v for k, v in self.get_params().items() if k not in {"checkpoint", "resume", "random_state"}}
            digest = hashlib.sha256(json.dumps([asked, seeds.root], default=str, sort_keys=True).encode())
            for part in (counts.data, counts.indices, counts.indptr, type_, batch):
                digest.update(part.tobytes())
            save, resume_from = checkpointed(self.checkpoint, digest.hexdigest(), resume=self.resume)
        device = str(resolve_device(self.device))
        return Plan(
            self.n_factors, self.refine, self.objective, self.max_steps, self.time_budget, device, save, resume_from
        )


def _numbered(adata: AnnData, key: str | None) -> tuple[list[str], Codes]:
    """Names of the types or batches, and which each cell ``(n_cells,)`` is of; without a key they are all of one."""
    if key is None:
        return ["all"], np.zeros(adata.n_obs, dtype=np.intp)
    names, codes = np.unique(column_of(adata, key).astype(str), return_inverse=True)
    alone = names[np.bincount(codes) < 2]
    if len(alone):
        raise DataError(f"{str(alone[0])!r} in obs[{key!r}] has a single cell, which shows no variation; leave it out")
    return [str(name) for name in names], codes


def _with_two_of_each(rows: Codes, *kinds: Codes) -> Codes:
    """Add cells of types and batches of which fewer than two are among `rows`: many groups leave some out."""
    for codes in kinds:
        few = np.bincount(codes[rows], minlength=int(codes.max()) + 1) < 2
        place = pd.Series(codes).groupby(codes).cumcount().to_numpy()
        rows = np.union1d(rows, np.flatnonzero(few[codes] & (place < 2)))
    return rows


def _check_told_apart(type_: Codes, batch: Codes, label_key: str | None, batch_key: str | None) -> None:
    """Refuse types and batches of which no offsets can be told apart: those that no chain of shared cells joins."""
    n = int(type_.max()) + 1
    size = n + int(batch.max()) + 1
    joined = sparse.coo_matrix((np.ones(len(type_)), (type_, n + batch)), shape=(size, size))
    if connected_components(joined, directed=False)[0] > 1:
        raise DataError(
            f"obs[{label_key!r}] and obs[{batch_key!r}] cannot be told apart: some types and batches have nothing to "
            "do with the others, so what is type and what is batch nobody can say; leave batch_key out"
        )
