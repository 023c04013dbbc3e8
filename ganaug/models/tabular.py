"""TabularGAN: the whole machine as one estimator."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ganaug.adversarial import OBJECTIVES
from ganaug.adversarial.distributed import on_first
from ganaug.data.checks import nearest
from ganaug.data.encoder import TableEncoder
from ganaug.data.schema import Schema
from ganaug.data.split import folds
from ganaug.data.table import TableCodec
from ganaug.devices import resolve_device
from ganaug.errors import DataError, ModelFileError
from ganaug.layout import Levels
from ganaug.models.checkpoint import checkpointed
from ganaug.models.conditions import complete, given_codes
from ganaug.models.learning import Learning, Plan
from ganaug.models.rows import as_table
from ganaug.models.sampler import PROPOSALS
from ganaug.models.state import restored, state_of
from ganaug.persistence import load_folder, save_folder
from ganaug.proposals.proposal import FREE, Codes
from ganaug.seeding import RandomState, Seeds

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from ganaug.progress import OnProgress

__all__ = ["TabularGAN", "load"]

KIND = "TabularGAN"
HELD_OUT = 5  # one row in five chooses
FEWEST_TO_CHOOSE = 60  # rows; with fewer, V could not tell the stages apart


class TabularGAN(BaseEstimator):  # type: ignore[misc]
    """Learn a table, and draw rows that look like it.

    A *proposal* draws rows, a *refiner* (a residual generator against a critic) moves them, a *corrector* keeps those
    that look real. Of the rows given, one in five (V) decides which of these stages are kept.

    Parameters
    ----------
    target : hashable, optional
        Column of classes or of the outcome: it comes first in the chain, and usefulness for it counts on V.
    group : hashable, optional
        Column of units that belong together (donor, plate); V takes whole groups.
    conditions : sequence of hashable, optional
        Columns on which rows will be asked for. Trees can be asked for any column; a noise GAN only for these.
    proposal : {"auto", "trees", "independent", "noise"}
        ``"auto"`` tries trees of small and of larger leaves. ``"noise"`` makes the refiner a GAN from noise.
    refine, correct : bool
        Whether to try the refiner and the corrector.
    objective : str
        Name of a recipe in `ganaug.adversarial.OBJECTIVES`.
    time_budget : float
        Seconds that the fit may take, about.
    max_steps : int, optional
        Most steps of the refiner; by default 600, or 3,000 from noise.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        Same seed, same CPU, same rows.
    schema : Schema, optional
        What the columns are; by default inferred.
    checkpoint : path, optional
        Folder in which the refiner's training is kept while it runs.
    resume : bool
        Go on from that folder; ends with the same bytes as if nothing had stopped.

    Attributes
    ----------
    schema_ : Schema
    stages_ : tuple of dict
        For each stage that was tried: ``stage, v_auc, near_train, gap, seconds, kept, reason``.
    training_ : tuple of dict
        What was logged of the refiner's training, a row a logged step; empty without one.
    notes_ : tuple of str
        What should be known about this fit.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"dose": rng.integers(5, size=80), "cured": rng.choice(["yes", "no"], size=80)})
    >>> model = TabularGAN(target="cured", refine=False, random_state=0).fit(df)
    >>> model.sample(3, conditions={"cured": "yes"}, random_state=0)["cured"].tolist()
    ['yes', 'yes', 'yes']
    """

    def __init__(
        self,
        *,
        target: Hashable | None = None,
        group: Hashable | None = None,
        conditions: Sequence[Hashable] | None = None,
        proposal: str = "auto",
        refine: bool = True,
        correct: bool = True,
        objective: str = "r3gan",
        time_budget: float = 120.0,
        max_steps: int | None = None,
        device: str = "auto",
        random_state: RandomState = None,
        schema: Schema | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
    ) -> None:
        self.target = target
        self.group = group
        self.conditions = conditions
        self.proposal = proposal
        self.refine = refine
        self.correct = correct
        self.objective = objective
        self.time_budget = time_budget
        self.max_steps = max_steps
        self.device = device
        self.random_state = random_state
        self.schema = schema
        self.checkpoint = checkpoint
        self.resume = resume

    def fit(self, X: Any, y: Any = None, *, on_progress: OnProgress = None) -> Self:
        """Learn rows.

        Parameters
        ----------
        X : DataFrame or array, shape (n_rows, n_columns)
            Missing values are learned like any other.
        y : array-like of shape (n_rows,), optional
            The target, if it is not a column of `X`.
        on_progress : callable, optional
            Takes a `ganaug.progress.Progress` now and then.

        Raises
        ------
        DataError
            If the table cannot be learned; the message names column, row and value.
        TrainingDiverged
            If the game leaves the finite numbers.
        """
        self._check_parameters()
        df, target = as_table(self, X, y)
        seeds = on_first(lambda: Seeds(self.random_state))  # of several processes all have to learn the same
        self.schema_ = self.schema if self.schema is not None else Schema.infer(df, target=target)
        self.codec_ = TableCodec(self.schema_).fit(df)
        if not self.codec_.names:
            raise DataError("no column varies, so there is nothing to learn: every one is constant, empty or left out")
        first = [self._learned(name) for name in dict.fromkeys([target, *(self.conditions or ())]) if name is not None]
        self.codes_ = self.codec_.codes(df)
        self.levels_ = Levels(self.codec_.cardinality, self.codec_.ordered)
        held_out = self._held_out(df, target, seeds)
        encoder = self._encoder().fit(self.codes_[~held_out], seeds.rng("encoder"))
        plan = self._plan(first, None if target is None else self._learned(target), seeds)
        learning = Learning(self.codes_, held_out, self.levels_, encoder, plan, seeds, on_progress)
        self.sampler_ = learning.run()
        self.stages_ = tuple(learning.stages)
        self.training_ = tuple(learning.training)
        self.notes_ = (*self.schema_.notes, *learning.notes)
        self.seed_ = seeds.integer("sample")
        return self

    def sample(
        self,
        n: int | None = None,
        conditions: Mapping[Any, Any] | pd.DataFrame | None = None,
        random_state: RandomState = None,
    ) -> pd.DataFrame:
        """Draw rows.

        Parameters
        ----------
        n : int, optional
            How many; by default as many as were learned, or one for each row to complete.
        conditions : mapping or DataFrame, optional
            ``{"sex": "female", "species": ["Adelie", "Gentoo"]}``: rows with one of these values, as often as real
            rows have them. A DataFrame: rows to complete, with missing values where something is to be drawn.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None
            By default that of the fit: the same rows each time.

        Raises
        ------
        ConditionError
            If no real row supports a condition.
        """
        check_is_fitted(self, "sampler_")
        seeds = Seeds(self.seed_ if random_state is None else random_state)
        given, n = given_codes(self.codec_, self.codes_, n, conditions, seeds.rng("given"))
        if given is not None:
            self._refuse_undeclared(given)
        codes = self.sampler_.draw(n, seeds.rng("draw"), given) if n else self.codes_[:0]
        drawn = self.codec_.frame(codes, seeds.rng("identifiers"))
        return complete(drawn, conditions) if isinstance(conditions, pd.DataFrame) else drawn

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model as a folder of safetensors and JSON; `ganaug.load` brings it back.

        The folder holds the training rows: the proposal draws its values from them.
        """
        check_is_fitted(self, "sampler_")
        arrays, meta = state_of(self)
        save_folder(path, arrays, meta, kind=KIND)

    def __sklearn_tags__(self) -> Any:
        """Missing values, text and categories are all welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.non_deterministic = False
        return tags

    def _check_parameters(self) -> None:
        for name, known in (("proposal", ["auto", *PROPOSALS]), ("objective", list(OBJECTIVES))):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known}, not {getattr(self, name)!r}")
        if not self.time_budget > 0:
            raise ValueError(f"time_budget must be more than 0 seconds, not {self.time_budget!r}")
        if self.max_steps is not None and self.max_steps < 1:
            raise ValueError(f"max_steps must be 1 or more, not {self.max_steps!r}")

    def _learned(self, name: Hashable) -> int:
        if name not in self.codec_.names:
            if name in self.schema_.names:
                raise DataError(f"column {name!r} is {self.schema_[name].kind}: no rows can be conditioned on it")
            raise DataError(f"there is no column {name!r} to condition on")
        return self.codec_.names.index(name)

    def _held_out(self, df: pd.DataFrame, target: Hashable | None, seeds: Seeds) -> np.ndarray[Any, np.dtype[np.bool_]]:
        if self.group is not None and self.group not in df.columns:
            raise DataError(f"there is no column {self.group!r} to be the group{nearest(self.group, df.columns)}")
        units = len(df) if self.group is None else df[self.group].nunique(dropna=False)
        if len(df) < FEWEST_TO_CHOOSE or units < 2:
            return np.zeros(len(df), dtype=bool)
        n_folds, seed = min(HELD_OUT, units), seeds.integer("split")
        return np.asarray(folds(df, n_folds, target=target, group=self.group, random_state=seed) == 0)

    def _encoder(self) -> TableEncoder:
        codec = self.codec_
        return TableEncoder(codec.cardinality, codec.ordered, codec.has_missing, codec.names)

    def _plan(self, first: list[int], target: int | None, seeds: Seeds) -> Plan:
        save = resume_from = None
        if self.checkpoint is not None:
            save, resume_from = checkpointed(self.checkpoint, self._fingerprint(seeds), resume=self.resume)
        return Plan(
            proposal=self.proposal,
            refine=self.refine,
            correct=self.correct,
            objective=self.objective,
            time_budget=self.time_budget,
            max_steps=self.max_steps,
            device=str(resolve_device(self.device)),
            first=tuple(first),
            target=target,
            save=save,
            resume_from=resume_from,
        )

    def _fingerprint(self, seeds: Seeds) -> str:
        other = {"checkpoint", "resume", "schema", "device", "random_state"}
        settings = {k: v for k, v in self.get_params().items() if k not in other}
        digest = hashlib.sha256(json.dumps([settings, seeds.root], default=str, sort_keys=True).encode())
        digest.update(self.codes_.tobytes())
        return digest.hexdigest()

    def _refuse_undeclared(self, given: Codes) -> None:
        """A noise GAN learned to be given its declared columns, and no others."""
        if self.sampler_.kind != "noise" or self.sampler_.refiner is None:
            return
        held = self.sampler_.refiner.columns_held
        for place in np.flatnonzero((given != FREE).any(axis=0)):
            if place not in held:
                name = self.codec_.names[place]
                raise DataError(f"a noise GAN must know its conditions when it learns: fit with conditions=[{name!r}]")


def load(path: str | os.PathLike[str]) -> TabularGAN:
    """Load a model that was saved; no code of the folder is run.

    Raises
    ------
    ModelFileError
        If the folder is of an unknown version, truncated or changed.
    """
    arrays, meta = load_folder(path, kind=KIND)
    try:
        return restored(TabularGAN(**meta["settings"], **meta["names"]), arrays, meta)
    except (AttributeError, LookupError, TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise ModelFileError(f"{path} does not hold what a model holds: {' '.join(str(error).split())}") from error
