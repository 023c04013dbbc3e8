"""The measured numbers of a table, equalised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganaug.errors import DataError

from .batches import Equalized, batches_of, listed, named_columns, report_of
from .tables import save_table, try_format

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from .batches import Asked


def equalize_table(path: Path, target: Path, asked: Asked) -> Equalized:
    """Equalise the measured numbers of a table; other columns are carried through, and told."""
    from ganaug import BatchEqualizer
    from ganaug.data.files import read_table

    frame = read_table(path)
    try_format(frame, target)
    batch, *keep = named_columns(frame.columns, asked)
    measured = [name for name in frame if name not in (batch, *keep) and is_measured(frame[name])]
    if not measured:
        raise DataError("there is nothing to equalise: no column but those that are named holds measured numbers")
    labels, reference = batches_of(frame[batch], asked)
    used = frame[[name for name in frame if name in (batch, *keep, *measured)]]
    model = BatchEqualizer(
        batch=batch,
        reference=reference,
        covariates=keep or None,
        keep_batch=True,
        allow_confounded=asked.allow_confounded,
        certify=True,
        device=asked.device,
        random_state=asked.seed,
    ).fit(used)
    moved = model.transform(used)
    left = [name for name in frame if name not in used]
    notes = [f"no measured numbers, so carried through unchanged: {listed(left)}"] if left else []
    before, after = (side[measured].to_numpy(dtype=float, na_value=float("nan")) for side in (frame, moved))
    report = report_of(before, after, labels, names=measured, asked=asked, model=model, notes=tuple(notes))
    for name in measured:
        frame[name] = like(frame[name], moved[name])
    return Equalized(report, model, lambda place: save_table(frame, place))


def is_measured(column: pd.Series[Any]) -> bool:
    """Whether a column holds numbers that vary and do not merely count the rows."""
    from pandas.api import types

    from ganaug.data.checks import refuse_infinity
    from ganaug.data.infer import infer_kind

    if not types.is_numeric_dtype(column.dtype) or types.is_bool_dtype(column.dtype):
        return False
    refuse_infinity(column)
    return infer_kind(column)[0] in ("integer", "continuous")


def like(before: pd.Series[Any], after: pd.Series[Any]) -> pd.Series[Any]:
    """Give back numbers that were not moved as they were: whole ones have no decimals then."""
    import numpy as np

    old, new = (side.to_numpy(dtype=float, na_value=np.nan) for side in (before, after))
    return before if np.array_equal(old, new, equal_nan=True) else after
