"""The options that commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganaug.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Profile(StrEnum):
    """How strict the judge is."""

    STRICT = "strict"
    STANDARD = "standard"
    LENIENT = "lenient"
    SHARE = "share"
    AUGMENT = "augment"


FORMATS = "CSV, TSV, Parquet or Feather; the text ones also gzipped"

EitherFile = Annotated[
    Path, typer.Argument(metavar="DATA", help=f"The table ({FORMATS}; - for CSV on stdin), or an .h5ad.")
]
TableFile = Annotated[Path, typer.Argument(metavar="DATA", help=f"The table ({FORMATS}), or - for CSV on stdin.")]
Target = Annotated[str | None, typer.Option(help="The column you predict: kept in balance, and judged for usefulness.")]
Group = Annotated[str | None, typer.Option(help="The column whose rows belong together (donor, plate): never split.")]
Where = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN=VALUE[,VALUE]", help="Only rows with these values; may be given several times."),
]
ProfileOption = Annotated[Profile, typer.Option(help="How strict the judge is.")]
TimeBudget = Annotated[float, typer.Option(metavar="SECONDS", min=1, help="How long learning may take.")]
EitherBudget = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", min=1, help="How long learning may take.", show_default="120, and 240 for cells"),
]
MaxSteps = Annotated[int | None, typer.Option(min=1, help="At most this many steps of the refiner.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The same seed on the same CPU gives the same rows.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
SchemaFile = Annotated[
    Path | None, typer.Option("--schema", help="JSON that overrides what was inferred; see --print-schema.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else there.")]
ReportFile = Annotated[
    Path | None, typer.Option("--report", help="Where the report goes: .html, with .json beside it.")
]
Label = Annotated[str | None, typer.Option(metavar="COLUMN", help="Of cells: the column of obs with their types.")]
Layer = Annotated[str | None, typer.Option(help="Of cells: the layer with the counts.", show_default="X")]
# what does for cells what the other does for tables
INSTEAD = {"--target": "--label", "--balance": "--counts", "--rows": "--counts", "--times": "--counts"}


def refuse_others(of_tables: Mapping[str, object], of_cells: Mapping[str, object], *, cells: bool) -> None:
    """Raise `DataError` if an option was given that means nothing for this kind of file."""
    stray = [name for name, value in (of_tables if cells else of_cells).items() if value]
    if stray:
        own, other = ("cells (.h5ad)", "tables") if cells else ("tables", "cells (.h5ad)")
        instead = INSTEAD | {cells: table for table, cells in [*INSTEAD.items()][:2]}
        hint = f": there it is {instead[stray[0]]}" if stray[0] in instead else ""
        raise DataError(f"{stray[0]} is an option for {other}, and makes no sense for {own}{hint}")
