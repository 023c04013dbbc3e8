"""Split, fit, draw, judge, hand over."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from ganaug.crossfit import Member, draw_for_judge, fit_members, split_sides
from ganaug.data.schema import Schema
from ganaug.data.table import TableCodec
from ganaug.errors import DataError
from ganaug.fidelity.checker import FidelityChecker
from ganaug.fidelity.profiles import PROFILES
from ganaug.fidelity.report import FidelityReport
from ganaug.models.tabular import TabularGAN
from ganaug.progress import OnProgress, Progress
from ganaug.seeding import RandomState, Seeds
from ganaug.wanted import Wanted, wanted_rows

__all__ = ["Augmented", "augment", "augment_plan"]


@dataclass(frozen=True)
class Augmented:
    """What `augment` hands over.

    Attributes
    ----------
    data : DataFrame
        The real rows followed by the synthetic ones; the last column, ``is_synthetic``, tells them apart.
    synthetic : DataFrame
        The synthetic rows alone.
    report : FidelityReport
        What the judge says; look at ``report.verdict``, or call ``report.raise_for_verdict()``, before using the rows.
    models : tuple of TabularGAN
        One, or one for each fold of a cross-fitted table.
    """

    data: pd.DataFrame
    synthetic: pd.DataFrame
    report: FidelityReport
    models: tuple[TabularGAN, ...]

    @property
    def model(self) -> TabularGAN:
        """The generator; of a cross-fitted table the first of them."""
        return self.models[0]


def augment(
    df: pd.DataFrame,
    *,
    target: Hashable | None = None,
    group: Hashable | None = None,
    n: int | None = None,
    balance: Hashable | None = None,
    conditions: Mapping[Any, Any] | None = None,
    profile: str = "standard",
    time_budget: float = 120.0,
    random_state: RandomState = 0,
    model: TabularGAN | None = None,
    schema: Schema | None = None,
    on_progress: OnProgress = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
) -> Augmented:
    """Learn a table, draw synthetic rows, and have them judged by rows that the generator never saw.

    A table of under 400 rows is cross-fitted: five generators, each judged by the fifth of the rows it did not see,
    and each of them draws a fifth of the synthetic rows.

    Parameters
    ----------
    df : DataFrame, shape (n_rows, n_columns)
    target : hashable, optional
        Column of classes or of the outcome.
    group : hashable, optional
        Column of units that belong together (donor, plate): no unit is both learned from and judged by.
    n : int, optional
        How many synthetic rows; by default as many as there are real ones.
    balance : hashable, optional
        Column whose levels are all raised to the commonest one; excludes `n` and `conditions`.
    conditions : mapping, optional
        ``{"sex": "female", "species": ["Adelie", "Gentoo"]}``: only such rows are drawn, and judged.
    profile : {"strict", "standard", "lenient"}
        What the judge lets through.
    time_budget : float
        Seconds for learning, about.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
    model : TabularGAN, optional
        An unfitted model whose settings are used; those given here come first.
    schema : Schema, optional
        What the columns are; by default inferred.
    on_progress : callable, optional
        Takes a `ganaug.progress.Progress` now and then.
    checkpoint : path, optional
        Folder in which training is kept while it runs.
    resume : bool
        Go on from that folder.

    Returns
    -------
    Augmented
        Also when the judge refuses: the report says so.

    Raises
    ------
    DataError
        If the table, a column or a value cannot be used.
    ConditionError
        If no real row meets the conditions.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"dose": rng.integers(5, size=20), "cured": rng.choice(["yes", "no"], size=20)})
    >>> result = augment(df, target="cured", time_budget=1)
    >>> result.report.verdict
    <Verdict.INCONCLUSIVE: 'inconclusive'>
    >>> result.data["is_synthetic"].sum()
    np.int64(20)
    """
    if not isinstance(df, pd.DataFrame):
        raise DataError(f"augment takes a pandas DataFrame, not {type(df).__name__}")
    schema = schema if schema is not None else Schema.infer(df, target=target)
    codec, seeds = TableCodec(schema).fit(df), Seeds(random_state)
    wanted = wanted_rows(df, codec, target=target, group=group, n=n, balance=balance, conditions=conditions)
    settings = {"target": target, "group": group, "schema": schema, "resume": resume, "time_budget": time_budget}
    base = clone(TabularGAN() if model is None else model).set_params(**settings)
    checker = _checker(codec.schema, base, profile, seeds)
    synthetic, report, members = _judged(df, wanted, base, codec, checker, seeds, balance, on_progress, checkpoint)
    synthetic.attrs = df.attrs
    return Augmented(_together(df, synthetic), synthetic, report, tuple(member.model for member in members))


def augment_plan(
    df: pd.DataFrame,
    by_class: Mapping[Any, int],
    *,
    target: Hashable,
    schema: Schema,
    model: TabularGAN | None,
    profile: str | None,
    random_state: RandomState,
) -> tuple[pd.DataFrame, FidelityReport | None]:
    """Draw the rows wanted of each class, and have them judged given the class.

    Returns
    -------
    synthetic : DataFrame
    report : FidelityReport or None
        None where `profile` is None: then one generator learns all rows.
    """
    codec, seeds = TableCodec(schema).fit(df), Seeds(random_state)
    wanted = [Wanted(count, {target: label}) for label, count in by_class.items()]
    base = clone(TabularGAN() if model is None else model).set_params(target=target, schema=schema)
    if profile is None:
        fitted = base.set_params(random_state=seeds.integer("member", 0)).fit(df)
        drawn = [fitted.sample(plan.n, plan.conditions, seeds.rng("draw", i)) for i, plan in enumerate(wanted)]
        return codec.fresh_identifiers(pd.concat(drawn, ignore_index=True), seeds.rng("identifiers")), None
    synthetic, report, _ = _judged(df, wanted, base, codec, _checker(codec.schema, base, profile, seeds), seeds, target)
    return synthetic, report


def _checker(schema: Schema, base: TabularGAN, profile: str, seeds: Seeds) -> FidelityChecker:
    if profile not in PROFILES:
        raise ValueError(f"profile must be one of {sorted(PROFILES)}, not {profile!r}")
    unlearned = [column.name for column in schema.columns if column.kind in {"identifier", "text"}]
    return FidelityChecker(
        profile=profile, target=base.target, group=base.group, ignore=unlearned, random_state=seeds.integer("judge")
    )


def _judged(
    df: pd.DataFrame,
    wanted: list[Wanted],
    base: TabularGAN,
    codec: TableCodec,
    checker: FidelityChecker,
    seeds: Seeds,
    by: Hashable | None,
    on_progress: OnProgress = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> tuple[pd.DataFrame, FidelityReport, list[Member]]:
    """Split, fit, draw, judge."""
    sides = split_sides(df, base, wanted, codec, seeds, by=by)
    members = fit_members(sides, base, seeds, on_progress, checkpoint)
    if on_progress is not None:
        on_progress(Progress("judge"))
    drawn, folds = draw_for_judge(members, wanted, codec, seeds, by=by)
    report = _report(checker.check_folds(folds), members, seeds, by=by)
    return codec.fresh_identifiers(drawn, seeds.rng("identifiers")), report, members


def _report(report: FidelityReport, members: list[Member], seeds: Seeds, *, by: Hashable | None) -> FidelityReport:
    """Add what was learned on the way: the ablation, the notes, and where the rows come from."""
    notes = dict.fromkeys(note for member in members for note in member.model.notes_)
    own = []
    if len(members) > 1:
        own.append(f"cross-fitted: {len(members)} generators, each judged by the real rows it did not see")
    if by is not None:
        own.append(f"balanced on {by!r}: rows were judged given that label, since its shares are changed on purpose")
    roles = {"learned_from": len(members[0].train), "held_out": report.n_real, "generators": len(members)}
    provenance = {**report.provenance, "seed": seeds.root, **roles}
    stages = _ablation([member.model.stages_ for member in members])
    training = next((list(member.model.training_) for member in members if member.model.training_), [])
    pictures = {**report.pictures, "training": training} if training else report.pictures
    return replace(report, stages=stages, pictures=pictures, notes=(*own, *notes, *report.notes), provenance=provenance)


def _ablation(runs: list[tuple[dict[str, Any], ...]]) -> tuple[dict[str, Any], ...]:
    """The stages of one generator, or their means over several."""
    if len(runs) == 1:
        return runs[0]
    names = dict.fromkeys(stage["stage"] for run in runs for stage in run)
    table = []
    for name in names:
        tries = [stage for run in runs for stage in run if stage["stage"] == name]
        means = {key: float(np.mean([stage[key] for stage in tries])) for key in ("v_auc", "near_train", "gap")}
        kept = sum(stage["kept"] for stage in tries)
        seconds = float(sum(stage["seconds"] for stage in tries))
        reason = f"kept by {kept} of {len(runs)} generators"
        table.append({"stage": name, **means, "seconds": seconds, "kept": kept > 0, "reason": reason})
    return tuple(table)


def _together(df: pd.DataFrame, synthetic: pd.DataFrame) -> pd.DataFrame:
    """Real rows, then synthetic ones, and the column that tells them apart."""
    columns = {name: pd.concat([df[name], synthetic[name]], ignore_index=True) for name in df.columns}
    columns["is_synthetic"] = pd.Series(np.arange(len(df) + len(synthetic)) >= len(df))
    whole = pd.DataFrame(columns, copy=False)
    whole.columns = pd.Index([*df.columns, "is_synthetic"], name=df.columns.name)
    whole.index = _index(df.index, len(synthetic))
    whole.attrs = df.attrs
    return whole


def _index(real: pd.Index[Any], n: int) -> Any:
    if isinstance(real, pd.RangeIndex):
        return pd.RangeIndex(real.start, real.start + (len(real) + n) * real.step, real.step, name=real.name)
    if pd.api.types.is_integer_dtype(real.dtype):
        return pd.Index([*real, *range(int(real.max()) + 1, int(real.max()) + 1 + n)], name=real.name)
    return pd.Index([*real, *(f"synthetic-{i + 1}" for i in range(n))], name=real.name)
