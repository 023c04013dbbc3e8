"""``ganaug sample``: draw rows, or cells, from a model that was kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganaug.errors import DataError

from . import options
from .output import emit_json, tell
from .places import check_writable
from .rows import parse_conditions
from .sample_cells import sample_cells
from .tables import print_table, save_table

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = """
[bold]Examples[/bold]
ganaug sample model -n 1000 -o new.csv
ganaug sample model -n 50 --where species=Adelie,Gentoo --where sex=female > new.csv
ganaug sample model -n 500 --where cell_type=NK --where donor=D1 -o new.h5ad
ganaug sample model --counts NK=500 --counts pDC=200 -o new.h5ad
"""


def sample(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The folder that `ganaug fit` wrote.")],
    rows: Annotated[int | None, typer.Option("--rows", "-n", help="How many rows, or cells.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where the rows go; of cells an .h5ad.", show_default="CSV on stdout"),
    ] = None,
    where: options.Where = None,
    counts: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TYPE=N", help="Of cells, instead of --rows: how many of a type; several times for several."
        ),
    ] = None,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
) -> None:
    """Draw rows, or cells, from a model. They are not judged; `ganaug check` does that.

    Of cells, --where takes the columns of obs that `ganaug fit` was told as --label and --batch. Without it types come
    as often as they were learned, in the style that all batches have on average.
    """
    from ganaug.persistence import kind_of

    if rows is not None and rows < 1:
        raise DataError(f"--rows must be 1 or more, not {rows}")
    if output is not None:
        check_writable(output)
    elif as_json:
        raise DataError("--json needs stdout for itself, so --output has to say where the rows go")
    sample_them, unit = (sample_cells, "cells") if kind_of(model) == "CellGAN" else (sample_rows, "rows")
    n = sample_them(model, output, rows=rows, counts=counts, where=where, seed=seed)
    if output is None:
        return
    tell(f"wrote {output} ({n:,} {unit})")
    if as_json:
        emit_json({"command": "sample", "exit_code": 0, "output": str(output), "n_synthetic": n})


def sample_rows(
    model: Path,
    output: Path | None,
    *,
    rows: int | None,
    counts: Sequence[str] | None,
    where: Sequence[str] | None,
    seed: int,
) -> int:
    """Write rows of a table, or print them; return how many."""
    from ganaug.models.tabular import load

    loaded = load(model)
    if counts:
        raise DataError(
            f"--counts is an option for cells (.h5ad), and {model} draws rows of a table: there it is --rows"
        )
    if rows is None:
        raise DataError("--rows (-n) has to say how many rows")
    drawn = loaded.sample(rows, conditions=parse_conditions(where, loaded.schema_), random_state=seed)
    if output is None:
        print_table(drawn)
    else:
        save_table(drawn, output)
    return len(drawn)
