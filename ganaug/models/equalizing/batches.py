"""Which batch a row is from, what covariates say of it, and which rows set the style."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_consistent_length, column_or_1d

from ganaug.data.checks import nearest
from ganaug.errors import DataError
from ganaug.transport.style import Roles

__all__ = [
    "Reference",
    "check_covariates",
    "check_order",
    "check_spelling",
    "effects_of",
    "is_amount",
    "labels_of",
    "levels_of",
    "mask_of",
    "roles_of",
    "unseen",
]

Floats = NDArray[np.float64]
# a column with no more levels than this has kinds in it, however few rows there are
SURELY_KINDS = 10
# rows that each value of a number has, on the whole, if its values are taken for levels, and how many those may be
ROWS_OF_A_DOSE, MOST_DOSES = 10, 20
Reference = str | Hashable | Sequence[Hashable] | NDArray[np.bool_]
# what a reference of several batches, or of controls, comes as
LISTED = (list, tuple, np.ndarray, pd.Series, pd.Index, pd.api.extensions.ExtensionArray)


def roles_of(codes: NDArray[np.intp], batches: NDArray[Any], reference: Reference) -> Roles:
    """Say what each row is for, by what the user wants for a reference.

    Raises
    ------
    DataError
        If the reference is no batch, does not say of every row whether it is a control, or names fewer than two
        controls of a batch.

    Examples
    --------
    >>> roles_of(np.array([0, 0, 1]), np.array(["P1", "P2"]), "P2").reference.tolist()
    [False, False, True]
    """
    roles, reference = Roles.common(codes), mask_of(reference)
    if isinstance(reference, str) and reference == "common" and "common" not in batches:
        return roles
    if isinstance(reference, np.ndarray) and reference.dtype == bool:
        check_consistent_length(codes, reference)
        few = batches[np.bincount(codes[reference], minlength=len(batches)) < 2]
        if len(few):
            raise DataError(f"the batch {str(few[0])!r} has fewer than two controls, which show no style")
        return roles._replace(learn=reference, reference=reference)
    asked = [_spelled(name) for name in (reference if isinstance(reference, LISTED) else [reference])]
    if not asked:
        raise DataError('the reference is an empty list; name a batch, or leave it at "common"')
    for name in asked:
        # True equals 1, which may be a batch
        if (isinstance(name, (bool, np.bool_)) and batches.dtype != bool) or name not in batches:
            raise DataError(f"the reference {name!r} is no batch{nearest(name, [*batches.tolist(), 'common'])}")
    return roles._replace(reference=np.isin(batches, np.array(asked))[codes])


def mask_of(reference: Any) -> Any:
    """Controls as an array of bool, however they are said; any other reference as it is.

    Examples
    --------
    >>> mask_of([True, False]), mask_of("P1")
    (array([ True, False]), 'P1')
    """
    if not isinstance(reference, LISTED):
        return reference
    said = np.asarray(reference, dtype=object)
    missing = pd.isna(said)
    if missing.all() or not all(isinstance(each, (bool, np.bool_)) for each in said[~missing]):
        return reference
    if missing.any():
        raise DataError(
            f"the reference does not say whether row {int(np.flatnonzero(missing)[0])} is a control; "
            "give True or False for every row"
        )
    return said.astype(bool)


def check_covariates(covariates: Any) -> None:
    """Raise `DataError` if a text is given for a list of them, of which every letter would be one."""
    if isinstance(covariates, str):
        raise DataError(f"covariates is a list of columns: give [{covariates!r}]")


def check_order(reference: Any, rows: pd.Index[Any]) -> None:
    """Raise `DataError` if controls are a Series of other rows, or in another order, so that places mislead."""
    controls = isinstance(reference, pd.Series) and mask_of(reference) is not reference
    if controls and not reference.index.equals(rows):
        raise DataError(
            "the reference is a Series whose index is not that of the rows, so which are controls is not certain; give "
            "reference.loc[] of the rows' index, or reference.to_numpy() if it is in order"
        )


def _spelled(name: Any) -> Any:
    """A date as `labels_of` writes it; any other name as it is."""
    dated = isinstance(name, (date, timedelta, np.datetime64, np.timedelta64))
    return labels_of([name], 1).tolist()[0] if dated else name


def labels_of(batch: Any, n: int) -> NDArray[Any]:
    """Return the batch of each of so many rows ``(n_rows,)``; raise `DataError` where one has none.

    A date is a text, whatever its unit, and one of midnight has no time.

    Examples
    --------
    >>> labels_of([pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-01 18:30")], 2).tolist()
    ['2026-01-01', '2026-01-01 18:30:00']
    """
    # a list of texts with a gap would be all texts as an array
    whole = np.asarray(batch, dtype=object) if isinstance(batch, (list, tuple)) else batch
    named = isinstance(whole, (pd.Series, pd.Index))
    labels = pd.Series(whole if named else column_or_1d(whole, warn=True)).infer_objects()
    if len(labels) != n:
        raise DataError(f"there are {n} rows and {len(labels)} batch labels")
    if labels.isna().any():
        raise DataError(f"row {int(np.flatnonzero(labels.isna())[0])} has no batch label; give it one or leave it out")
    found = labels.to_numpy()
    if found.dtype.kind in "mM":
        # one by one: pandas writes a column of dates by what all of them have in common
        found = pd.Series(found).map(lambda each: str(each).removesuffix(" 00:00:00")).to_numpy()
    return found if found.dtype.kind in "iufb" else found.astype(str)


def unseen(name: Any, known: Sequence[Any]) -> str:
    """Say that a batch is none of those that are known.

    Examples
    --------
    >>> unseen("P8", ["P1", "P2"])
    "fit has not seen the batch 'P8'; adapt learns a new one; there are 'P1', 'P2'"
    >>> unseen("1", [1, 2])
    "the batch '1' is a text, and fit saw the number 1; give both the same type, as with .astype(int)"
    """
    alike = next((other for other in known if _reads_like(name, other)), None)
    if alike is None:
        return f"fit has not seen the batch {name!r}; adapt learns a new one{nearest(name, known)}"
    one, other = _kind(name), _kind(alike)
    return (
        f"the batch {name!r} is a {one}, and fit saw the {other} {alike!r}; give both the same type, "
        f"as with .astype({type(alike).__name__})"
    )


def check_spelling(name: Any, known: Sequence[Any]) -> None:
    """Raise `DataError` if a new batch reads like one that is known, and differs from it by its type alone."""
    if any(_reads_like(name, other) for other in known):
        raise DataError(unseen(name, known))


def _reads_like(one: Any, other: Any) -> bool:
    """Whether a text is what a number, with or without decimals, or a truth value is written as."""
    spelled = [str(name).removesuffix(".0") for name in (one, other)]
    return isinstance(one, str) != isinstance(other, str) and spelled[0] == spelled[1]


def _kind(name: Any) -> str:
    return "truth value" if isinstance(name, bool) else "number" if isinstance(name, (int, float)) else "text"


def is_amount(column: pd.Series[Any]) -> bool:
    """Whether a column holds numbers, and not truth values, which pandas counts among them."""
    return bool(pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype))


def effects_of(column: pd.Series[Any], name: Hashable, batch: NDArray[np.intp]) -> Floats:
    """Dummies of a category's levels but one, or the numbers themselves ``(n_rows, n_effects)``.

    Doses are levels, too: what they do is seldom a straight line.
    """
    if column.isna().any():
        raise DataError(f"the covariate {name!r} is missing in some rows; fill it or leave the rows out")
    if not is_amount(column):
        _check_kinds(column, f"the covariate {name!r}")
    elif not _are_doses(column, batch):
        return column.to_numpy(dtype=float)[:, None]
    # levels that no row has are none
    return pd.get_dummies(column.astype(object), drop_first=True).to_numpy(dtype=float)


def _are_doses(column: pd.Series[Any], batch: NDArray[np.intp]) -> bool:
    """Whether numbers are few enough to be seen one by one, and so shared that batches tell none of them apart."""
    doses = column.unique()
    if len(doses) > MOST_DOSES or len(column) < ROWS_OF_A_DOSE * len(doses):
        return False
    both = pd.crosstab(batch, column.to_numpy()).to_numpy() > 0
    # in one piece, every dose can be set against every other, whichever batches they are in
    first, second = np.nonzero(both)
    pairs = np.hstack([np.eye(len(both))[first], np.eye(len(doses))[second]])
    in_one_piece = np.linalg.matrix_rank(pairs) == pairs.shape[1] - 1
    return bool((both.sum(axis=0) > 1).all() and in_one_piece)


def levels_of(column: pd.Series[Any], name: Hashable) -> Floats:
    """Dummies of all that labels say ``(n_rows, n_levels)``; not known in rows without one."""
    _check_kinds(column, f"the column of labels {name!r}")
    dummies = pd.get_dummies(column.astype(object)).to_numpy(dtype=float)
    return np.where(column.isna().to_numpy()[:, None], np.nan, dummies)


def _check_kinds(column: pd.Series[Any], what: str) -> None:
    """Refuse names of single rows: they explain all there is, and nothing would be left to be a batch effect."""
    n_levels, n_rows = column.nunique(), column.count()
    if n_levels > max(SURELY_KINDS, n_rows / 2):
        raise DataError(
            f"{what} has {n_levels} values in {n_rows} rows, so most have one of their own; "
            "name a column of kinds that rows share, such as a type or a dose, or leave it out"
        )
