"""What is asked for: how many rows of which kind, checked before anything is learned."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ganaug.data.checks import nearest
from ganaug.data.table import TableCodec
from ganaug.errors import DataError
from ganaug.models.conditions import matching

__all__ = ["Wanted", "alike", "each_level", "met", "wanted_rows"]

FEWEST = 4


class Wanted(NamedTuple):
    """How many rows of one kind are wanted: all alike, or those that meet conditions."""

    n: int
    conditions: Mapping[Any, Any] | None = None


def wanted_rows(
    df: pd.DataFrame,
    codec: TableCodec,
    *,
    target: Hashable | None,
    group: Hashable | None,
    n: int | None,
    balance: Hashable | None,
    conditions: Mapping[Any, Any] | None,
) -> list[Wanted]:
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
        return [Wanted(len(df) if n is None else n, conditions)]
    if n is not None or conditions:
        raise DataError("balance decides how many rows of which level are drawn: leave n and conditions out")
    if balance not in codec.names or codec.schema[balance].kind in {"continuous", "datetime", "timedelta"}:
        raise DataError(f"column {balance!r} is {codec.schema[balance].kind}; only levels can be balanced")
    if not (counts := _balancing(df[balance])):
        raise DataError(f"column {balance!r} is balanced already: every level has as many rows")
    return [Wanted(count, {balance: level}) for level, count in counts.items()]


def _balancing(values: pd.Series[Any]) -> dict[Any, int]:
    """How many rows each level needs to be as frequent as the commonest one."""
    counts = values.value_counts(sort=False)
    return {level: int(counts.max() - count) for level, count in counts.items() if 0 < count < counts.max()}


def each_level(wanted: list[Wanted], held_out: pd.Series[Any], by: Hashable) -> list[Wanted]:
    """One plan for every level of a balanced column: also those that are only drawn to be judged."""
    counts = {plan.conditions[by]: plan.n for plan in wanted if plan.conditions}
    levels = dict.fromkeys([*counts, *held_out.dropna().unique()])
    return [Wanted(counts.get(level, 0), {by: level}) for level in levels]


def alike(
    codec: TableCodec, conditions: Mapping[Any, Any] | None, rows: pd.DataFrame, by: Hashable | None
) -> pd.DataFrame:
    """Real rows of the kind that is drawn: those that meet the conditions, or that have a level to balance."""
    return rows[met(codec, conditions, rows) if by is None else rows[by].notna()]


def met(codec: TableCodec, conditions: Mapping[Any, Any] | None, rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which rows meet the conditions ``(n_rows,)``; all, where there are none."""
    if not conditions:
        return np.ones(len(rows), dtype=bool)
    return matching(codec, codec.codes(rows), conditions, some=False)
