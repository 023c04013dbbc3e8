"""``ganaug sample``: draw rows from a model that was kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganaug.errors import DataError

from . import options
from .output import emit_json, tell
from .places import check_writable
from .rows import parse_conditions
from .tables import print_table, save_table

EXAMPLES = """
[bold]Examples[/bold]
ganaug sample model -n 1000 -o new.csv
ganaug sample model -n 50 --where species=Adelie,Gentoo --where sex=female > new.csv
"""


def sample(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The folder that `ganaug fit` wrote.")],
    rows: Annotated[int, typer.Option("--rows", "-n", help="How many rows.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the rows go.", show_default="CSV on stdout")
    ] = None,
    where: options.Where = None,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
) -> None:
    """Draw rows from a model. They are not judged; `ganaug check` does that."""
    from ganaug.models.tabular import load

    if rows < 1:
        raise DataError(f"--rows must be 1 or more, not {rows}")
    if output is not None:
        check_writable(output)
    elif as_json:
        raise DataError("--json needs stdout for itself, so --output has to say where the rows go")
    loaded = load(model)
    drawn = loaded.sample(rows, conditions=parse_conditions(where, loaded.schema_), random_state=seed)
    if output is None:
        print_table(drawn)
        return
    save_table(drawn, output)
    tell(f"wrote {output} ({len(drawn):,} rows)")
    if as_json:
        emit_json({"command": "sample", "exit_code": 0, "output": str(output), "n_synthetic": len(drawn)})
