"""What all checks look at: held-out, synthetic and training rows as level numbers."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.fidelity.evidence.columns import Kind, common_kind, level_numbers, plain_values, row_name_kind
from ganaug.fidelity.evidence.order import once_each, row_order, row_weights, settled

__all__ = ["Codes", "Evidence", "Fold", "check_names", "gather", "same_columns"]

Codes = NDArray[np.float64]
Fold = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]


@dataclass(frozen=True)
class Evidence:
    """Rows of all folds as level numbers, with the fold and the group that each row belongs to.

    Within a table of a fold rows come in an order of their own (`row_order`), so that what is drawn at random does not
    hang on the caller's.

    Attributes
    ----------
    names : tuple
        The columns that are judged.
    kinds : tuple of str
        ``"number"``, ``"time"`` or ``"category"`` for each.
    levels : tuple of ndarray
        The values behind the level numbers, for each column.
    real, synthetic : ndarray, shape (n_rows, n_columns)
        Level numbers, NaN where a value is missing.
    real_fold, synthetic_fold : ndarray, shape (n_rows,)
        All zero unless the table was cross-fitted.
    places : ndarray, shape (n_real + n_synthetic,)
        Place of each row in the caller's table, real rows first; of a cross-fitted one in all folds together.
    train : tuple of ndarray
        The training rows of each fold; empty when they are not known.
    groups : ndarray, shape (n_real + n_synthetic,), or None
        Number of the group (donor, plate) of each row, real rows first.
    notes : tuple of str
        Columns that are left out, and why.
    folds : sequence of (real_holdout, synthetic, train or None)
        The tables themselves.
    target : int or None
        Place of the column of classes or of the outcome in `names`.
    """

    names: tuple[Hashable, ...]
    kinds: tuple[Kind, ...]
    levels: tuple[NDArray[Any], ...]
    real: Codes
    synthetic: Codes
    real_fold: NDArray[np.intp]
    synthetic_fold: NDArray[np.intp]
    places: NDArray[np.intp]
    train: tuple[Codes, ...] = ()
    groups: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()
    folds: Sequence[Fold] = ()
    target: int | None = None

    @property
    def categorical(self) -> NDArray[np.bool_]:
        """Which columns are categories ``(n_columns,)``."""
        return np.array([kind == "category" for kind in self.kinds], dtype=bool)

    @property
    def n_folds(self) -> int:
        """Number of folds, 1 for a plain hold-out."""
        return int(self.real_fold.max()) + 1

    @property
    def rows_that_count(self) -> int | None:
        """Number of held-out rows, if more of them would tell more; None where groups are what is scarce."""
        return len(self.real) if self.groups is None else None

    @property
    def pooled(self) -> Codes:
        """Real rows, then synthetic rows."""
        return np.concatenate([self.real, self.synthetic])

    @property
    def is_real(self) -> NDArray[np.bool_]:
        """Which rows of `pooled` are real."""
        return np.arange(len(self.real) + len(self.synthetic)) < len(self.real)

    @property
    def fold(self) -> NDArray[np.intp]:
        """Fold of each row of `pooled`."""
        return np.concatenate([self.real_fold, self.synthetic_fold])


def gather(
    folds: Sequence[Fold],
    *,
    target: Hashable | None = None,
    group: Hashable | None = None,
    ignore: Collection[Hashable] = (),
) -> Evidence:
    """Bring the tables of all folds to level numbers over their pooled values.

    Examples
    --------
    >>> real, synthetic = pd.DataFrame({"x": [0.5, 2.0, None]}), pd.DataFrame({"x": [1.0, 2.0]})
    >>> evidence = gather([(real, synthetic, None)])
    >>> evidence.real.ravel().tolist(), evidence.synthetic.ravel().tolist()
    ([nan, 0.0, 2.0], [1.0, 2.0])
    """
    held_out, synthetic, train = ([fold[role] for fold in folds if fold[role] is not None] for role in range(3))
    tables = [table for table in [*held_out, *synthetic, *train] if table is not None]
    kinds: dict[Hashable, Kind] = {name: common_kind([table[name] for table in held_out]) for name in tables[0]}  # type: ignore[index]
    left_out = {name: why for name in kinds if (why := _left_out(name, folds, kinds[name], group, ignore))}
    names = tuple(name for name in kinds if name not in left_out)
    notes = tuple(f"`{name}` is not judged: {why}." for name, why in left_out.items())
    if not names:
        raise DataError(f"there is no column left to judge: {' '.join(notes)}")
    coded = [_coded(tables, name, kinds[name]) for name in names]
    codes, sizes = np.column_stack([each for each, _ in coded]), [len(table) for table in tables]
    categorical = np.array([kinds[name] == "category" for name in names])
    of_table, levels = np.repeat(np.arange(len(tables)), sizes), [values for _, values in coded]
    weights = row_weights(codes, categorical, of_table)
    for j in np.flatnonzero(categorical):
        codes[:, j], levels[j] = settled(codes[:, j], levels[j], weights)
    n = len(folds)
    n_real, n_judged = sum(sizes[:n]), sum(sizes[: 2 * n])
    belongs = np.full(len(codes), np.nan)
    if group is not None:
        belongs[:n_judged] = settled(*_coded(tables[: 2 * n], group, "category"), weights[:n_judged])[0]
    order = row_order(codes, weights, of_table, belongs)
    if group is None:
        order, sizes, repeated = _once(order, codes, sizes, n)
        n_judged, notes = sum(sizes[: 2 * n]), notes + repeated
    codes = codes[order]
    parts = np.split(codes, np.cumsum(sizes)[:-1])
    return Evidence(
        names=names,
        kinds=tuple(kinds[name] for name in names),
        levels=tuple(levels),
        real=codes[:n_real],
        synthetic=codes[n_real:n_judged],
        real_fold=np.repeat(np.arange(n), sizes[:n]),
        synthetic_fold=np.repeat(np.arange(n), sizes[n : 2 * n]),
        places=order[:n_judged] - np.where(np.arange(n_judged) < n_real, 0, n_real),
        train=tuple(parts[2 * n :]) if len(parts) == 3 * n else (),
        groups=None if group is None else belongs[order[:n_judged]],
        notes=notes,
        folds=[_without(fold, ignore) for fold in folds],
        target=names.index(target) if target in names else None,
    )


def _once(
    order: NDArray[np.intp], codes: Codes, sizes: list[int], n: int
) -> tuple[NDArray[np.intp], list[int], tuple[str, ...]]:
    """Leave out what only repeats a fold's synthetic rows: the order that is left, the sizes, and a note."""
    tables = np.split(order, np.cumsum(sizes)[:-1])
    kept, times = zip(*(once_each(codes[rows]) for rows in tables[n : 2 * n]), strict=True)
    tables[n : 2 * n] = [rows[here] for rows, here in zip(tables[n : 2 * n], kept, strict=True)]
    most = max(times)
    note = (f"Every synthetic row comes {most} times; it was judged once.",) if most > 1 else ()
    return np.concatenate(tables), [len(rows) for rows in tables], note


def check_names(table: pd.DataFrame, **roles: Hashable | None) -> None:
    """Raise `DataError` for the first role whose column the table does not have."""
    for role, name in roles.items():
        if name is not None and name not in table.columns:
            near = difflib.get_close_matches(str(name), [str(column) for column in table.columns], n=1)
            hint = f"; did you mean `{near[0]}`?" if near else f"; there are {[str(c) for c in table.columns[:20]]}"
            raise DataError(f"the {role.replace('_', ' ')} `{name}` is not a column{hint}")


def same_columns(fold: Fold) -> Fold:
    """Check one fold's tables, and put their columns into one order."""
    real, *others = fold
    for role, table in zip(("held-out", "synthetic", "training"), fold, strict=True):
        if table is None:
            continue
        if not len(table):
            raise DataError(f"there are no {role} rows to judge")
        if not table.columns.is_unique:
            raise DataError(f"the {role} rows have the column `{table.columns[table.columns.duplicated()][0]}` twice")
        for missing in [name for name in real if name not in table.columns]:
            raise DataError(f"the {role} rows lack the column `{missing}` of the held-out rows")
        for extra in [name for name in table if name not in real.columns]:
            raise DataError(f"the {role} rows have a column `{extra}` that the held-out rows do not have; drop it")
    synthetic, train = (None if table is None else table[list(real.columns)] for table in others)
    if synthetic is None:
        raise DataError("there are no synthetic rows to judge")
    return real, synthetic, train


def _without(fold: Fold, ignore: Collection[Hashable]) -> Fold:
    real, synthetic, train = fold
    kept = [name for name in real if name not in ignore]
    return real[kept], synthetic[kept], None if train is None else train[kept]


def _left_out(
    name: Hashable, folds: Sequence[Fold], kind: Kind, group: Hashable | None, ignore: Collection[Hashable]
) -> str | None:
    """Say why a column is not judged, or None."""
    if name == group:
        return "it is the group"
    if name in ignore:
        return "left out"
    # of a cross-fitted table every row is held out once: its training parts would only repeat them
    roles = (0, 2) if len(folds) == 1 else (0,)
    parts = [table[name] for fold in folds for role in roles if (table := fold[role]) is not None]
    is_text = not isinstance(parts[0].dtype, pd.CategoricalDtype)
    why = (
        None
        if kind == "time"
        else row_name_kind(np.concatenate([plain_values(part, kind) for part in parts]), is_text=is_text)
    )
    return f"{why}, it names rows rather than describing them" if why else None


def _coded(tables: Sequence[pd.DataFrame], name: Hashable, kind: Kind) -> tuple[NDArray[np.float64], NDArray[Any]]:
    return level_numbers(np.concatenate([plain_values(table[name], kind) for table in tables]), kind)
