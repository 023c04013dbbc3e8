"""Cells drawn from a model that was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganaug.errors import DataError

from .augment_cells import check_named_once, in_options
from .cells import CELLS, is_cells, save_cells
from .rows import split_condition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ganaug import CellGAN


def sample_cells(
    model: Path,
    output: Path | None,
    *,
    rows: int | None,
    counts: Sequence[str] | None,
    where: Sequence[str] | None,
    seed: int,
) -> int:
    """Write cells into an .h5ad file; return how many."""
    from ganaug.models.cells import CellGAN
    from ganaug.models.folders import load

    if output is None or not is_cells(output):
        said = "" if output is None else f", not into {output}"
        raise DataError(f"{model} draws cells, which go into a file that ends in {CELLS}{said}; name it with --output")
    loaded = load(model)
    assert isinstance(loaded, CellGAN)  # for mypy: the folder says so
    try:
        asked = wanted_cells(loaded, rows, counts, where, seed)
        drawn = loaded.sample(**asked, random_state=seed)
    except DataError as error:
        raise DataError(in_options(str(error))) from error
    save_cells(drawn, output)
    return int(drawn.n_obs)


def wanted_cells(
    model: CellGAN, rows: int | None, counts: Sequence[str] | None, where: Sequence[str] | None, seed: int
) -> dict[str, Any]:
    """Turn the options into what `CellGAN.sample` is asked for: how many of which types, and the batch."""
    types, batch = parse_where(model, where)
    if (rows is None) == (not counts):
        raise DataError("give either --rows (-n), how many cells, or --counts TYPE=NUMBER, how many of a type")
    if rows is not None:
        return {"n": _shared(rows, types, model, seed) if types else rows, "batch": batch}
    parts = {text: text.rpartition("=") for text in counts or ()}
    wrong = [text for text, (name, _, n) in parts.items() if not name or not n.isdecimal()]
    if wrong:
        raise DataError(
            f"--counts {wrong[0]!r} is not of the form TYPE=NUMBER; --rows says how many cells of all types"
        )
    check_named_once([text.rpartition("=")[0] for text in counts or ()])
    each = {name: int(n) for name, _, n in parts.values()}
    if types:
        raise DataError(f"--counts says of which types, and so does --where {model.label_key_}=; give one of the two")
    if not sum(each.values()):
        raise DataError("--counts asks for no cell")
    return {"n": each, "batch": batch}


def parse_where(model: CellGAN, where: Sequence[str] | None) -> tuple[list[str], str | None]:
    """Return the types that `--where` names, and the batch."""
    keys = [key for key in (model.label_key_, model.batch_key_) if key is not None]
    named: dict[str, list[str]] = {key: [] for key in keys}
    for text in where or ():
        if not keys:
            raise DataError(f"--where {text!r}: the model was learned without --label and --batch")
        name, values = split_condition(text, keys)
        named[name].extend(values)
    types, batches = (list(dict.fromkeys(named.get(key or "", []))) for key in (model.label_key_, model.batch_key_))
    if len(batches) > 1:
        raise DataError(f"--where {model.batch_key_}= names the batches {batches}; cells are drawn in the style of one")
    return types, batches[0] if batches else None


def _shared(rows: int, types: list[str], model: CellGAN, seed: int) -> dict[str, int]:
    """How many cells of each type; they come as often as among the real cells."""
    import numpy as np

    from ganaug.models.cellular.wanted import place
    from ganaug.seeding import Seeds

    known = list(model.composition_)
    real = np.array([model.composition_[known[place(name, known, "type", model.label_key_)]] for name in types])
    drawn = Seeds(seed).rng("types").multinomial(rows, real / real.sum())
    return dict(zip(types, drawn.tolist(), strict=True))
