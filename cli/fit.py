"""``ganaug fit``: learn a table, or cells, and keep the model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.errors import DataError

from . import options
from .augment_cells import in_options
from .cells import is_cells, read_cells
from .output import emit_json, show_stages, tell
from .places import check_model_folder
from .progress import live_progress
from .tables import check_device, infer_schema, new_model

if TYPE_CHECKING:
    from ganaug import CellGAN, TabularGAN

EXAMPLES = """
[bold]Examples[/bold]
ganaug fit data.csv -o model
ganaug sample model -n 1000 -o new.csv
ganaug fit cells.h5ad --label cell_type --batch donor -o model
ganaug sample model --counts pDC=200 -o new.h5ad
"""


def fit(
    data: options.EitherFile,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the model goes.")],
    target: options.Target = None,
    group: options.Group = None,
    label: options.Label = None,
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Of cells: the column of obs with their batches, whose styles are learned."
        ),
    ] = None,
    layer: options.Layer = None,
    time_budget: options.EitherBudget = None,
    max_steps: options.MaxSteps = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    schema: options.SchemaFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Learn a table, or the cells of an .h5ad, and keep the model in a folder.

    Nothing is judged here: `ganaug check` compares what the model draws with real rows that it has not seen.
    """
    cells = is_cells(data)
    of_tables = {"--target": target, "--group": group, "--schema": schema}
    options.refuse_others(of_tables, {"--label": label, "--batch": batch, "--layer": layer}, cells=cells)
    check_model_folder(output)
    game: dict[str, Any] = {"max_steps": max_steps, "random_state": seed, "device": device}
    if cells:
        model: CellGAN | TabularGAN = fit_cells(data, label, batch, layer, time_budget=time_budget or 240.0, **game)
    else:
        model = fit_table(data, target, group, schema, time_budget=time_budget or 120.0, **game)
    model.save(output)
    if model.stages_:
        show_stages(model.stages_)
    for note in model.notes_:
        tell(f"note: {note}")
    tell(f"wrote {output}")
    if as_json:
        stages, notes = [dict(stage) for stage in model.stages_], list(model.notes_)
        emit_json({"command": "fit", "exit_code": 0, "model": str(output), "stages": stages, "notes": notes})


def fit_table(data: Path, target: str | None, group: str | None, schema: Path | None, **game: Any) -> TabularGAN:
    """Learn a table."""
    from ganaug.data.files import read_table

    frame = read_table(data)
    model = new_model(target=target, group=group, schema=infer_schema(frame, target, schema), **game)
    with live_progress() as draw:
        return model.fit(frame, on_progress=draw)


def fit_cells(data: Path, label: str | None, batch: str | None, layer: str | None, **game: Any) -> CellGAN:
    """Learn the cells of an .h5ad file."""
    from ganaug.models.cells import CellGAN

    check_device(game["device"])
    adata = read_cells(data)
    try:
        with live_progress() as draw:
            return CellGAN(**game).fit(adata, label, batch, layer, on_progress=draw)
    except DataError as error:
        raise DataError(in_options(str(error))) from error
