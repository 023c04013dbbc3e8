"""What people hand to an estimator, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d, validate_data

from ganaug.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sklearn.base import BaseEstimator

__all__ = ["as_table"]


def as_table(estimator: BaseEstimator, X: Any, y: Any = None) -> tuple[pd.DataFrame, Hashable | None]:
    """Give the rows as a table, and the label of its target column.

    A separate `y` becomes the last column, under its own name or ``"target"``.

    Raises
    ------
    DataError
        If `X` already has a column of the name of `y`.
    """
    table = _table(estimator, X)
    if y is None:
        return table, estimator.target
    check_consistent_length(table, y)
    values = y.reset_index(drop=True) if isinstance(y, pd.Series) else pd.Series(column_or_1d(y, warn=True))
    name: Hashable = estimator.target if estimator.target is not None else getattr(y, "name", None)
    name = "target" if name is None else name
    if name in table.columns:
        raise DataError(f"X already has a column {name!r}: rename y, or leave it out and give target={name!r}")
    attrs, index = table.attrs, table.index
    table = table.assign(**{"\0": values.set_axis(index)}).rename(columns={"\0": name})
    table.attrs = attrs
    return table, name


def _table(estimator: BaseEstimator, X: Any) -> pd.DataFrame:
    if isinstance(X, pd.DataFrame):
        if X.columns.map(lambda name: isinstance(name, str)).all():
            validate_data(estimator, X, skip_check_array=True)
        else:
            estimator.n_features_in_ = X.shape[1]
        return X
    rows = check_array(X, dtype=None, ensure_all_finite="allow-nan", ensure_min_samples=2, estimator=estimator)
    estimator.n_features_in_ = rows.shape[1]
    return pd.DataFrame(np.asarray(rows), columns=[f"x{j}" for j in range(rows.shape[1])]).infer_objects()
