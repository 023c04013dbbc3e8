"""``ganaug fit``: learn a table and keep the model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options
from .output import emit_json, show_stages, tell
from .places import check_model_folder
from .progress import live_progress
from .tables import infer_schema, new_model

EXAMPLES = """
[bold]Examples[/bold]
ganaug fit data.csv -o model
ganaug sample model -n 1000 -o new.csv
"""


def fit(
    data: options.TableFile,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the model goes.")],
    target: options.Target = None,
    group: options.Group = None,
    time_budget: options.TimeBudget = 120.0,
    max_steps: options.MaxSteps = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    schema: options.SchemaFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Learn a table and keep the model in a folder.

    Nothing is judged here: `ganaug check` compares what the model draws with real rows that it has not seen.
    """
    from ganaug.data.files import read_table

    check_model_folder(output)
    frame = read_table(data)
    model = new_model(
        target=target,
        group=group,
        time_budget=time_budget,
        max_steps=max_steps,
        random_state=seed,
        device=device,
        schema=infer_schema(frame, target, schema),
    )
    with live_progress() as draw:
        model.fit(frame, on_progress=draw)
    model.save(output)
    if model.stages_:
        show_stages(model.stages_)
    for note in model.notes_:
        tell(f"note: {note}")
    tell(f"wrote {output}")
    if as_json:
        stages, notes = [dict(stage) for stage in model.stages_], list(model.notes_)
        emit_json({"command": "fit", "exit_code": 0, "model": str(output), "stages": stages, "notes": notes})
