"""Split, fit, draw, judge, hand over."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from ganaug.data.checks import nearest
from ganaug.data.schema import Schema
from ganaug.data.split import folds
from ganaug.data.table import TableCodec
from ganaug.errors import ConditionError, DataError
from ganaug.fidelity.checker import FidelityChecker
from ganaug.fidelity.result import FidelityReport
from ganaug.fidelity.verdict import PROFILES
from ganaug.models.conditions import matching
from ganaug.models.tabular import TabularGAN
from ganaug.persistence import HEAD, remove_folder
from ganaug.progress import OnProgress, Progress
from ganaug.seeding import RandomState, Seeds

__all__ = ["Augmented", "augment", "augment_plan"]

N_FOLDS = 5
SMALL = 400  # rows; a smaller table is cross-fitted, so that each of its rows is held out once
FEWEST = 4
JUDGED = 4  # synthetic rows judged for each held-out one: more make the limits narrower
MOST_JUDGED = 4000  # more than held out: the judge takes no more


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


class Asked(NamedTuple):
    """How many rows of one kind are wanted: all alike, or those that meet conditions."""

    n: int
    conditions: Mapping[Any, Any] | None = None


class Member(NamedTuple):
    """One generator, with the rows it learned from and the rows it is judged by."""

    model: TabularGAN
    train: pd.DataFrame
    held_out: pd.DataFrame


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
    schema = schema if schema is not None else Schema.infer(df, target=target)
    codec = TableCodec(schema).fit(df)
    asked = _asked(df, codec, target=target, group=group, n=n, balance=balance, conditions=conditions)
    seeds = Seeds(random_state)
    settings = {"target": target, "group": group, "schema": schema, "resume": resume}
    base = clone(TabularGAN() if model is None else model).set_params(**settings)
    checker = _checker(schema, profile, target, group, seeds)
    sides = _split(df, base, asked, codec, seeds, by=balance)
    members = _members(sides, base, time_budget, seeds, on_progress, checkpoint)
    if on_progress is not None:
        on_progress(Progress("judge"))
    drawn, judged = _judged_draw(members, asked, codec, seeds, by=balance)
    report = _report(checker.check_folds(judged), members, seeds, by=balance)
    synthetic = codec.fresh_identifiers(drawn, seeds.rng("identifiers"))
    synthetic.attrs = df.attrs
    return Augmented(_together(df, synthetic), synthetic, report, tuple(member.model for member in members))


def augment_plan(
    df: pd.DataFrame,
    wanted: Mapping[Any, int],
    *,
    target: Hashable,
    schema: Schema,
    model: TabularGAN | None,
    profile: str | None,
    random_state: RandomState,
) -> tuple[pd.DataFrame, FidelityReport | None]:
    """Draw the `wanted` rows of each class, and have them judged given the class.

    Returns
    -------
    synthetic : DataFrame
    report : FidelityReport or None
        None where `profile` is None: then one generator learns all rows.
    """
    codec, seeds = TableCodec(schema).fit(df), Seeds(random_state)
    asked = [Asked(count, {target: label}) for label, count in wanted.items()]
    base = clone(TabularGAN() if model is None else model).set_params(target=target, schema=schema)
    if profile is None:
        fitted = base.set_params(random_state=seeds.integer("member", 0)).fit(df)
        drawn = [fitted.sample(plan.n, plan.conditions, seeds.rng("draw", i)) for i, plan in enumerate(asked)]
        return codec.fresh_identifiers(pd.concat(drawn, ignore_index=True), seeds.rng("identifiers")), None
    checker = _checker(schema, profile, target, base.group, seeds)
    sides = _split(df, base, asked, codec, seeds, by=target)
    members = _members(sides, base, base.time_budget, seeds, None, None)
    drawn_rows, judged = _judged_draw(members, asked, codec, seeds, by=target)
    report = checker.check_folds(judged)
    synthetic = codec.fresh_identifiers(drawn_rows, seeds.rng("identifiers"))
    return synthetic, _report(report, members, seeds, by=target)


def _checker(
    schema: Schema, profile: str, target: Hashable | None, group: Hashable | None, seeds: Seeds
) -> FidelityChecker:
    if profile not in PROFILES:
        raise ValueError(f"profile must be one of {sorted(PROFILES)}, not {profile!r}")
    unlearned = [column.name for column in schema.columns if column.kind in {"identifier", "text"}]
    return FidelityChecker(
        profile=profile, target=target, group=group, ignore=unlearned, random_state=seeds.integer("judge")
    )


def _balancing(values: pd.Series[Any]) -> dict[Any, int]:
    """How many rows each level needs to be as frequent as the commonest one."""
    counts = values.value_counts(sort=False)
    return {level: int(counts.max() - count) for level, count in counts.items() if 0 < count < counts.max()}


def _judged_draw(
    members: list[Member], asked: list[Asked], codec: TableCodec, seeds: Seeds, *, by: Hashable | None = None
) -> tuple[pd.DataFrame, list[tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]]]:
    """Draw what is asked for, and what the judge needs to see.

    Rows are compared with real ones of the same kind: with conditions, held-out rows that meet them; where the label
    `by` is balanced on purpose, given that label, with as many rows of each level as are held out.

    Returns
    -------
    drawn : DataFrame
        The rows to hand over; they are among those that are judged.
    folds : list of (held_out, synthetic, train)
        For `FidelityChecker.check_folds`.
    """
    handed: list[pd.DataFrame] = []
    judged: list[tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]] = []
    alike = [[_judged_by(codec, asked[0].conditions, side, by) for side in member[1:]] for member in members]
    n_real = sum(len(held_out) for _, held_out in alike)
    for k, (member, (train, held_out)) in enumerate(zip(members, alike, strict=True)):
        shown = []
        for i, plan in enumerate(asked if by is None else _by_level(asked, held_out[by], by)):
            makers = [j for j, other in enumerate(members) if _met(codec, plan.conditions, other.train).any()]
            if k not in makers:
                continue
            own = _share(plan.n, makers.index(k), len(makers))
            met = int(_met(codec, plan.conditions, held_out).sum())
            seen = max(JUDGED, -(-n_real // max(len(held_out), 1))) * met
            n = max(own, min(seen, met + MOST_JUDGED), 1)
            rows = member.model.sample(n, plan.conditions, seeds.rng("draw", k, i))
            handed.append(rows.iloc[:own])
            shown.append(rows if by is None else rows.iloc[:seen])
        if shown and len(held_out):
            judged.append((held_out, pd.concat(shown, ignore_index=True), train))
    return pd.concat([rows for rows in handed if len(rows)], ignore_index=True), judged


def _share(n: int, place: int, places: int) -> int:
    """How many of `n` fall to one of several."""
    return n * (place + 1) // places - n * place // places


def _judged_by(
    codec: TableCodec, conditions: Mapping[Any, Any] | None, rows: pd.DataFrame, by: Hashable | None
) -> pd.DataFrame:
    """Real rows of the kind that is drawn: those that meet the conditions, or that have a level to balance."""
    return rows[_met(codec, conditions, rows) if by is None else rows[by].notna()]


def _asked(
    df: pd.DataFrame,
    codec: TableCodec,
    *,
    target: Hashable | None,
    group: Hashable | None,
    n: int | None,
    balance: Hashable | None,
    conditions: Mapping[Any, Any] | None,
) -> list[Asked]:
    """Look at everything that was asked before anything is learned."""
    for role, name in (("target", target), ("group", group), ("balance", balance)):
        if name is not None and name not in df.columns:
            raise DataError(f"there is no column {name!r} to be the {role}{nearest(name, df.columns)}")
    if len(df) < FEWEST:
        raise DataError(f"the table has {len(df)} rows; {FEWEST} are the fewest to learn from and to judge by")
    if not codec.names:
        raise DataError("no column varies, so there is nothing to learn: every one is constant, empty or left out")
    if target is not None and df[target].nunique() < 2:
        raise DataError(f"target {target!r} has one class, {df[target].dropna().unique().tolist()}; two are needed")
    if n is not None and n < 1:
        raise DataError(f"n must be 1 or more, not {n}")
    if balance is None:
        if conditions:
            matching(codec, codec.codes(df), conditions)
        return [Asked(len(df) if n is None else n, conditions)]
    if n is not None or conditions:
        raise DataError("balance decides how many rows of which level are drawn: leave n and conditions out")
    if balance not in codec.names or codec.schema[balance].kind in {"continuous", "datetime", "timedelta"}:
        raise DataError(f"column {balance!r} is {codec.schema[balance].kind}; only levels can be balanced")
    if not (wanted := _balancing(df[balance])):
        raise DataError(f"column {balance!r} is balanced already: every level has as many rows")
    return [Asked(count, {balance: level}) for level, count in wanted.items()]


def _split(
    df: pd.DataFrame, base: TabularGAN, asked: list[Asked], codec: TableCodec, seeds: Seeds, *, by: Hashable | None
) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Give the rows to learn from and the rows to judge by, for each generator.

    Raises
    ------
    ConditionError
        If what is asked for is so rare that no generator could both learn it and be judged by it.
    """
    n_folds = N_FOLDS if len(df) >= 2 * N_FOLDS else 2
    strata = base.target if by is None else by
    fold = folds(df, n_folds, target=strata, group=base.group, random_state=seeds.integer("folds"))
    sides = [(df[fold != k], df[fold == k]) for k in range(n_folds if len(df) < SMALL else 1)]
    for plan in asked:
        if not any(all(_met(codec, plan.conditions, rows).any() for rows in side) for side in sides):
            wanted = ", ".join(f"{name}={value}" for name, value in (plan.conditions or {}).items())
            n_met = int(_met(codec, plan.conditions, df).sum())
            raise ConditionError(
                f"{n_met} of {len(df):,} rows have {wanted}: too few to learn from some and to judge by others"
            )
    return sides


def _members(
    sides: list[tuple[pd.DataFrame, pd.DataFrame]],
    base: TabularGAN,
    time_budget: float,
    seeds: Seeds,
    on_progress: OnProgress,
    checkpoint: str | os.PathLike[str] | None,
) -> list[Member]:
    if checkpoint is not None:
        if not base.resume:
            remove_folder(checkpoint)  # what is left of an earlier run must not be taken for this one's
        Path(checkpoint).mkdir(exist_ok=True)
    budget, members = time_budget / len(sides), []
    for k, (train, held_out) in enumerate(sides):
        folder = None if checkpoint is None else Path(checkpoint) / f"generator-{k + 1}"
        model = clone(base).set_params(
            time_budget=budget,
            random_state=seeds.integer("member", k),
            checkpoint=folder,
            resume=base.resume and folder is not None and (folder / HEAD).exists(),
        )
        model.fit(train, on_progress=_named(on_progress, k, len(sides), budget))
        members.append(Member(model.set_params(checkpoint=None, resume=False), train, held_out))
    return members


def _named(on_progress: OnProgress, k: int, n: int, budget: float) -> OnProgress:
    """Say which generator it is, and count the time of those to come."""
    if on_progress is None or n == 1:
        return on_progress

    def tell(progress: Progress) -> None:
        left = None if progress.seconds_left is None else progress.seconds_left + (n - 1 - k) * budget
        on_progress(progress._replace(stage=f"generator {k + 1} of {n}: {progress.stage}", seconds_left=left))

    return tell


def _by_level(asked: list[Asked], held_out: pd.Series[Any], by: Hashable) -> list[Asked]:
    """One plan for every level of a balanced column: also those that are only drawn to be judged."""
    wanted = {plan.conditions[by]: plan.n for plan in asked if plan.conditions}
    levels = dict.fromkeys([*wanted, *held_out.dropna().unique()])
    return [Asked(wanted.get(level, 0), {by: level}) for level in levels]


def _met(codec: TableCodec, conditions: Mapping[Any, Any] | None, rows: pd.DataFrame) -> np.ndarray[Any, Any]:
    if not conditions:
        return np.ones(len(rows), dtype=bool)
    return matching(codec, codec.codes(rows), conditions, some=False)


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
    return replace(report, stages=stages, notes=(*own, *notes, *report.notes), provenance=provenance)


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
