"""Generators that each learn from some of the rows, and what they draw to be handed over and judged by the others."""

from __future__ import annotations

import os
from collections.abc import Hashable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from sklearn.base import clone

from ganaug.data.split import folds
from ganaug.data.table import TableCodec
from ganaug.errors import ConditionError
from ganaug.models.tabular import TabularGAN
from ganaug.persistence import HEAD, remove_folder
from ganaug.progress import OnProgress, Progress
from ganaug.seeding import Seeds
from ganaug.wanted import Wanted, alike, each_level, met

__all__ = ["Member", "draw_for_judge", "fit_members", "split_sides"]

N_FOLDS = 5
SMALL = 400  # rows; a smaller table is cross-fitted, so that each of its rows is held out once
JUDGED = 4  # synthetic rows judged for each held-out one: more make the limits narrower
MOST_JUDGED = 4000  # more than held out: the judge takes no more


class Member(NamedTuple):
    """One generator, with the rows it learned from and the rows it is judged by."""

    model: TabularGAN
    train: pd.DataFrame
    held_out: pd.DataFrame


def split_sides(
    df: pd.DataFrame, base: TabularGAN, wanted: list[Wanted], codec: TableCodec, seeds: Seeds, *, by: Hashable | None
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
    for plan in wanted:
        if not any(all(met(codec, plan.conditions, rows).any() for rows in side) for side in sides):
            kind = ", ".join(f"{name}={value}" for name, value in (plan.conditions or {}).items())
            n_met = int(met(codec, plan.conditions, df).sum())
            raise ConditionError(
                f"{n_met} of {len(df):,} rows have {kind}: too few to learn from some and to judge by others"
            )
    return sides


def fit_members(
    sides: list[tuple[pd.DataFrame, pd.DataFrame]],
    base: TabularGAN,
    seeds: Seeds,
    on_progress: OnProgress,
    checkpoint: str | os.PathLike[str] | None,
) -> list[Member]:
    """Fit one generator for each pair of sides, in equal parts of the time budget."""
    if checkpoint is not None:
        if not base.resume:
            remove_folder(checkpoint)  # what is left of an earlier run must not be taken for this one's
        Path(checkpoint).mkdir(exist_ok=True)
    budget, members = base.time_budget / len(sides), []
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


def draw_for_judge(
    members: list[Member], wanted: list[Wanted], codec: TableCodec, seeds: Seeds, *, by: Hashable | None = None
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
    sides = [[alike(codec, wanted[0].conditions, side, by) for side in member[1:]] for member in members]
    n_real = sum(len(held_out) for _, held_out in sides)
    for k, (member, (train, held_out)) in enumerate(zip(members, sides, strict=True)):
        shown = []
        for i, plan in enumerate(wanted if by is None else each_level(wanted, held_out[by], by)):
            makers = [j for j, other in enumerate(members) if met(codec, plan.conditions, other.train).any()]
            if k not in makers:
                continue
            own = _share(plan.n, makers.index(k), len(makers))
            n_met = int(met(codec, plan.conditions, held_out).sum())
            seen = max(JUDGED, -(-n_real // max(len(held_out), 1))) * n_met
            n = max(own, min(seen, n_met + MOST_JUDGED), 1)
            rows = member.model.sample(n, plan.conditions, seeds.rng("draw", k, i))
            handed.append(rows.iloc[:own])
            shown.append(rows if by is None else rows.iloc[:seen])
        if shown and len(held_out):
            judged.append((held_out, pd.concat(shown, ignore_index=True), train))
    return pd.concat([rows for rows in handed if len(rows)], ignore_index=True), judged


def _share(n: int, place: int, places: int) -> int:
    """How many of `n` fall to one of several."""
    return n * (place + 1) // places - n * place // places


def _named(on_progress: OnProgress, k: int, n: int, budget: float) -> OnProgress:
    """Say which generator it is, and count the time of those to come."""
    if on_progress is None or n == 1:
        return on_progress

    def tell(progress: Progress) -> None:
        left = None if progress.seconds_left is None else progress.seconds_left + (n - 1 - k) * budget
        on_progress(progress._replace(stage=f"generator {k + 1} of {n}: {progress.stage}", seconds_left=left))

    return tell
