"""Which batch a row is from, what covariates say of it, and which rows set the style."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_consistent_length, column_or_1d

from ganaug.errors import DataError
from ganaug.transport.style import Roles

__all__ = ["Reference", "effects_of", "labels_of", "levels_of", "roles_of"]

Floats = NDArray[np.float64]
Reference = str | Hashable | Sequence[Hashable] | NDArray[np.bool_]


def roles_of(codes: NDArray[np.intp], batches: NDArray[Any], reference: Reference) -> Roles:
    """Say what each row is for, by what the user wants for a reference.

    Raises
    ------
    DataError
        If the reference is no batch, or a batch has fewer than two controls.

    Examples
    --------
    >>> roles_of(np.array([0, 0, 1]), np.array(["P1", "P2"]), "P2").reference.tolist()
    [False, False, True]
    """
    roles, reference = Roles.common(codes), _plain(reference)
    if isinstance(reference, str) and reference == "common" and "common" not in batches:
        return roles
    if isinstance(reference, np.ndarray) and reference.dtype == bool:
        check_consistent_length(codes, reference)
        few = batches[np.bincount(codes[reference], minlength=len(batches)) < 2]
        if len(few):
            raise DataError(f"the batch {str(few[0])!r} has fewer than two controls, which show no style")
        return roles._replace(learn=reference, reference=reference)
    asked = list(reference) if isinstance(reference, (list, tuple, np.ndarray)) else [reference]
    if not asked:
        raise DataError('the reference is an empty list; name a batch, or leave it at "common"')
    for name in asked:
        if isinstance(name, (bool, np.bool_)) or name not in batches:
            raise DataError(f"the reference {name!r} is no batch; there are {batches.tolist()}")
    return roles._replace(reference=np.isin(batches, np.array(asked))[codes])


def _plain(reference: Any) -> Any:
    """Controls as an array of bool, however they are said."""
    if isinstance(reference, (pd.Series, list, tuple, np.ndarray)) and len(reference):
        array = np.asarray(reference)
        if array.dtype == bool or (array.dtype == object and all(isinstance(each, (bool, np.bool_)) for each in array)):
            return array.astype(bool)
    return reference


def labels_of(batch: Any, n: int) -> NDArray[Any]:
    """Return the batch of each of so many rows ``(n_rows,)``; raise `DataError` where one has none."""
    # a list of texts with a gap would be all texts as an array
    whole = np.asarray(batch, dtype=object) if isinstance(batch, (list, tuple)) else batch
    labels = batch if isinstance(batch, pd.Series) else pd.Series(column_or_1d(whole, warn=True)).infer_objects()
    if len(labels) != n:
        raise DataError(f"there are {n} rows and {len(labels)} batch labels")
    if labels.isna().any():
        raise DataError(f"row {int(np.flatnonzero(labels.isna())[0])} has no batch label; give it one or leave it out")
    found = labels.to_numpy()
    return found if found.dtype.kind in "iufb" else found.astype(str)


def effects_of(column: pd.Series[Any], name: Hashable) -> Floats:
    """Dummies of a category's levels but one, or the numbers themselves ``(n_rows, n_effects)``."""
    if column.isna().any():
        raise DataError(f"the covariate {name!r} is missing in some rows; fill it or leave the rows out")
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=float)[:, None]
    # levels that no row has are none
    return pd.get_dummies(column.astype(object), drop_first=True).to_numpy(dtype=float)


def levels_of(column: pd.Series[Any]) -> Floats:
    """Dummies of all that labels say ``(n_rows, n_levels)``; rows without one are alike."""
    return pd.get_dummies(column.astype(object), dummy_na=bool(column.isna().any())).to_numpy(dtype=float)
