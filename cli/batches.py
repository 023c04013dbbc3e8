"""What `ganaug equalize` is asked for, and what it finds, of a table and of cells alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ganaug.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from pathlib import Path

    import pandas as pd

    from ganaug import BatchEqualizer
    from ganaug.models.equalizing.verdict import Equalization


class Asked(NamedTuple):
    """What the options say."""

    batch: str
    reference: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    seed: int = 0
    device: str = "auto"
    allow_confounded: bool = False
    overwrite: bool = False


class Equalized(NamedTuple):
    """The verdict, the model, and how the rows are written."""

    report: Equalization
    model: BatchEqualizer
    save: Callable[[Path], None]


def named_columns(columns: Iterable[Hashable], asked: Asked) -> list[Hashable]:
    """Find the columns that `--batch` and `--keep` name; raise `DataError` for one that is not there."""
    from ganaug.data.checks import nearest

    known = {str(name): name for name in columns}
    for option, name in [("--batch", asked.batch), *(("--keep", name) for name in asked.keep)]:
        if name not in known:
            raise DataError(f"{option} {name!r}: there is no column {name!r}{nearest(name, known)}")
    if asked.batch in asked.keep:
        raise DataError(f"--keep {asked.batch!r}: that is the batch, which is to be removed")
    return [known[name] for name in (asked.batch, *asked.keep)]


def batches_of(column: pd.Series[Any], asked: Asked) -> tuple[Any, Any]:
    """Return the batch of each row ``(n_rows,)`` and the reference; raise `DataError` for a single batch."""
    import numpy as np

    from ganaug.data.checks import nearest
    from ganaug.models.equalizing.batches import labels_of

    labels = labels_of(column, len(column))
    known = {str(label): label for label in np.unique(labels).tolist()}
    if len(known) < 2:
        raise DataError(f"{asked.batch!r} holds a single batch, {listed(known)}: there is nothing to equalise")
    for name in asked.reference:
        if name not in known:
            raise DataError(f"--reference {name!r}: there is no batch {name!r}{nearest(name, known)}")
    return labels, [known[name] for name in asked.reference] or "common"


def report_of(
    before: Any, after: Any, labels: Any, *, asked: Asked, model: BatchEqualizer, **told: Any
) -> Equalization:
    """Judge what became of rows ``(n_rows, n_columns)``, and say how it came about."""
    import ganaug
    from ganaug.models.equalizing.verdict import Equalization
    from ganaug.seeding import Seeds

    settings = {"reference": list(asked.reference) or "all batches", "kept": list(asked.keep), "seed": asked.seed}
    certificate = getattr(model, "certificate_", None)
    return Equalization.of(
        before,
        after,
        labels,
        batch=asked.batch,
        way=model.way_,
        guard=model.guard_,
        rng=Seeds(asked.seed).rng("report"),
        certificate={} if certificate is None else certificate.to_dict(),
        provenance={**settings, "ganaug": ganaug.__version__},
        **told,
    )


def listed(names: Iterable[Hashable], most: int = 8) -> str:
    """Write some names, and how many more there are."""
    shown = [repr(str(name)) for name in names]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} others" if len(shown) > most else "")
