"""How many cells of which type are wanted, and which cells are set apart to judge them by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.data.checks import nearest
from ganaug.data.split import folds
from ganaug.errors import DataError

__all__ = ["TargetCounts", "cells_to_add", "held_out"]

TargetCounts = Literal["balance"] | int | Mapping[Any, int]

# a type of fewer cells is refused
FEWEST_OF_TYPE = 20
# fewer cells cannot be parted into those to learn from and those to judge by
FEWEST_CELLS = 10
N_FOLDS = 5


def cells_to_add(labels: NDArray[Any], target_counts: TargetCounts, *, force: bool = False) -> dict[str, int]:
    """Return how many cells are to be made of each type that is given any.

    Parameters
    ----------
    labels : ndarray of object, shape (n_cells,)
        Types as text.
    target_counts : "balance", int or mapping
        As in `ganaug.pp.augment`.
    force : bool
        Whether types of fewer than 20 cells may be raised as well.

    Raises
    ------
    DataError
        If a total is none or is below what is there, a type is unknown, or has too few cells.

    Examples
    --------
    >>> cells_to_add(np.repeat(["T", "B"], [50, 30]), "balance")
    {'B': 20}
    >>> cells_to_add(np.repeat(["T", "B"], [50, 30]), {"T": 60})
    {'T': 10}
    """
    n = {str(name): int(count) for name, count in pd.Series(labels).value_counts(sort=False).items()}
    added = {name: total - n[name] for name, total in _totals(n, target_counts).items() if total > n[name]}
    few = [name for name in added if n[name] < FEWEST_OF_TYPE]
    if few and not force:
        named = ", ".join(f"{name!r} has {n[name]}" for name in few)
        raise DataError(
            f"types of fewer than {FEWEST_OF_TYPE} cells are not raised, and {named}: all that is known of such a "
            "type is those few cells, and what is drawn around them is their noise; measure more of them, name other "
            "types in target_counts, or give force=True"
        )
    return added


def held_out(
    table: pd.DataFrame, added: Mapping[str, int], *, label_key: str, group_key: str | None, random_state: int
) -> NDArray[np.bool_]:
    """Choose the fifth of the cells that judges ``(n_cells,)``: every type in it, and no donor on both sides.

    Of five such fifths that one is taken which leaves the most types to both sides.

    Parameters
    ----------
    table : DataFrame, shape (n_cells, n_columns)
        Types, and donors.
    added : mapping of str to int
        The types that have to be learned.
    label_key, group_key : str
        Columns of `table`.
    random_state : int

    Raises
    ------
    DataError
        If there are too few cells or donors, or nothing is left of a type to learn it from.
    """
    if len(table) < FEWEST_CELLS:
        raise DataError(f"adata has {len(table)} cells; {FEWEST_CELLS} are the fewest to learn from and to judge by")
    n_folds = N_FOLDS if group_key is None else int(np.clip(table[group_key].nunique(), 2, N_FOLDS))
    fold = folds(table, n_folds, target=label_key, group=group_key, random_state=random_state)
    n = pd.crosstab(table[label_key], fold)  # types x folds
    lost, wanted = n.rsub(n.sum(axis=1), axis=0) < 2, n.index.isin(list(added))
    k = min(n.columns, key=lambda k: (int(lost.loc[wanted, k].sum()), int((n.loc[wanted, k] == 0).sum())))
    judges = np.asarray(fold == k)
    gone = list(n.index[lost[k] & wanted])
    if group_key is None:  # a type that would be lost has next to no cells: they are learned from
        judges &= ~table[label_key].isin(n.index[lost[k]]).to_numpy()
    elif gone:
        raise DataError(
            f"type {gone[0]!r} is measured in so few of {group_key!r} that not two cells of it are left to learn from; "
            "leave it out of target_counts, or leave group_key out"
        )
    return judges


def _totals(n: Mapping[str, int], target_counts: TargetCounts) -> dict[str, int]:
    """What each type is to have in the end."""
    if isinstance(target_counts, str):
        if target_counts != "balance":
            raise DataError(f"target_counts is 'balance', a number or {{type: total}}, not {target_counts!r}")
        return dict.fromkeys(n, max(n.values()))
    if not isinstance(target_counts, Mapping):
        total = _total(target_counts, "target_counts")
        return {name: max(total, count) for name, count in n.items()}
    totals = {str(name): _total(total, f"target_counts[{name!r}]") for name, total in target_counts.items()}
    for name, total in totals.items():
        if name not in n:
            raise DataError(f"target_counts names the type {name!r}, of which there are no cells{nearest(name, n)}")
        if total < n[name]:
            raise DataError(f"target_counts wants {total:,} cells of {name!r}, which has {n[name]:,}; none is removed")
    return totals


def _total(value: Any, what: str) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise DataError(f"{what} is a number of cells, 1 or more, not {value!r}")
    return int(value)
