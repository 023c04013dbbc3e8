"""Shares that were changed on purpose."""

from __future__ import annotations

from collections.abc import Collection, Hashable

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.fidelity.evidence.columns import common_kind, level_numbers, plain_values
from ganaug.fidelity.evidence.gathering import Fold, gather

__all__ = ["rows_given_label"]

MOST_LABELS = 100


def rows_given_label(
    fold: Fold, label: Hashable, rng: np.random.Generator, ignore: Collection[Hashable] = ()
) -> NDArray[np.bool_]:
    """Choose synthetic rows ``(n_rows,)`` so that their labels have the shares of the held-out rows.

    A table whose classes were balanced differs from the real rows by intention; what is left to judge is each class.
    As many rows are kept as these shares allow. A label that no synthetic row has stays missing, and rows of a label
    that no real row has all stay: they are no change of shares.

    Parameters
    ----------
    fold : (real_holdout, synthetic, train or None)
        The tables.
    label : hashable
        The column whose shares were changed.
    rng : numpy.random.Generator
        Draws the rows that are kept, whatever order they come in.
    ignore : collection of hashable
        Columns that are not judged.

    Raises
    ------
    DataError
        When the column holds more than 100 different values, or real and synthetic rows share none.

    Examples
    --------
    >>> import pandas as pd
    >>> real, even = pd.DataFrame({"sick": [0, 0, 0, 1]}), pd.DataFrame({"sick": [0, 1] * 30})
    >>> kept = rows_given_label((real, even, None), "sick", np.random.default_rng(0))
    >>> even["sick"][kept].value_counts().to_dict()
    {0: 30, 1: 10}
    """
    real, synthetic, _ = fold
    kind = common_kind([real[label]])
    values = np.concatenate([plain_values(table[label], kind) for table in (real, synthetic)])
    codes = level_numbers(values, kind)[0]
    codes = np.where(np.isnan(codes), np.nanmax(codes, initial=-1) + 1, codes).astype(np.intp)
    a, b = (np.bincount(side, minlength=codes.max() + 1) for side in np.split(codes, [len(real)]))
    if len(a) > MOST_LABELS:
        raise DataError(f"`{label}` holds {len(a)} different values: shares can be given for at most {MOST_LABELS}")
    there = (a > 0) & (b > 0)
    if not there.any():
        raise DataError(f"held-out and synthetic rows have no value of `{label}` in common")
    wanted = np.where(a > 0, np.floor((b[there] / a[there]).min() * a), b)
    drawn_order = gather([(real, synthetic, None)], ignore=ignore).places[len(real) :]
    drawn = codes[len(real) :][drawn_order]
    # the place of each row among those of its label, in random order
    order = np.lexsort((rng.random(len(drawn)), drawn))
    place = np.empty(len(drawn), dtype=np.intp)
    place[order] = np.arange(len(drawn)) - (np.cumsum(b) - b)[drawn[order]]
    kept = np.empty(len(drawn), dtype=np.bool_)
    kept[drawn_order] = place < wanted[drawn]
    return kept
