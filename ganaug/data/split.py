"""Real rows for learning and real rows for judging: stratified on the target, never across a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold

from ganaug.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt

__all__ = ["folds"]

MOST_CLASSES = 20  # a number with more distinct values is stratified by its fifths


def folds(
    df: pd.DataFrame, n_folds: int, *, target: Hashable | None = None, group: Hashable | None = None, random_state: int
) -> npt.NDArray[np.int64]:
    """Give the fold ``(n_rows,)`` of every row.

    Parameters
    ----------
    df : DataFrame
    n_folds : int
    target : hashable, optional
        Column whose values are spread evenly over the folds; numbers by their fifths.
    group : hashable, optional
        Column whose rows of one value stay together.
    random_state : int

    Raises
    ------
    DataError
        If there are fewer groups than folds.

    Examples
    --------
    >>> df = pd.DataFrame({"y": ["a", "a", "b", "b"]})
    >>> sorted(folds(df, 2, target="y", random_state=0).tolist())
    [0, 0, 1, 1]
    """
    strata = np.zeros(len(df), dtype=np.int64) if target is None else _strata(df[target], n_folds)
    if group is None:
        several = bool(strata.any())
        splitter: Any = (StratifiedKFold if several else KFold)(n_folds, shuffle=True, random_state=random_state)
        parts = splitter.split(strata, strata)
    else:
        groups = pd.factorize(df[group], use_na_sentinel=False)[0]
        if len(np.unique(groups)) < n_folds:
            raise DataError(
                f"column {group!r} has {len(np.unique(groups))} groups; {n_folds} are needed, because a group must not "
                "be both learned from and judged by: leave --group out, or bring more groups"
            )
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=random_state)
        parts = splitter.split(strata, strata, groups)
    fold = np.empty(len(df), dtype=np.int64)
    for k, (_, rows) in enumerate(parts):
        fold[rows] = k
    return fold


def _strata(values: pd.Series[Any], n_folds: int) -> npt.NDArray[np.int64]:
    codes, levels = pd.factorize(values, use_na_sentinel=False)
    if len(levels) > MOST_CLASSES and pd.api.types.is_numeric_dtype(values):
        # missing values are a class of their own, after the fifths
        fifths = pd.qcut(values.rank(method="first"), 5, labels=False)
        codes = fifths.fillna(5).to_numpy(dtype=np.int64)
    # a class with fewer rows than folds cannot be in each of them: such classes share one
    rare = np.bincount(codes)[codes] < n_folds
    if rare.any() and rare.sum() < n_folds and not rare.all():
        rare |= codes == np.bincount(codes).argmax()
    return np.where(rare, codes.max() + 1, codes).astype(np.int64)
