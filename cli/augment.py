"""``ganaug augment``: learn, draw, judge, and only then write."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.errors import DataError
from ganaug.persistence import remove_folder

from . import options
from .augment_cells import cells_learner
from .cells import is_cells, save_cells
from .guard import ExitCode, leave_by
from .output import emit_json, show_report, tell
from .places import Places
from .progress import live_progress
from .rows import parse_conditions, wanted_rows
from .tables import infer_schema, new_model, save_report, save_table, try_format

if TYPE_CHECKING:
    from collections.abc import Callable

    from ganaug.augment import Augmented

    from .augment_cells import MoreCells

EXAMPLES = """
[bold]Examples[/bold]
ganaug augment data.csv
ganaug augment data.csv --target outcome --times 2 --where sex=female
ganaug augment data.csv --balance outcome --synthetic-only -o minority.csv
ganaug augment cells.h5ad --label cell_type --group donor
ganaug augment data.csv --print-schema > schema.json   (edit it, then) ganaug augment data.csv --schema schema.json
"""


def augment(
    data: options.EitherFile,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the rows go.", show_default="DATA.augmented.csv")
    ] = None,
    target: options.Target = None,
    group: options.Group = None,
    rows: Annotated[
        int | None, typer.Option(help="How many synthetic rows.", show_default="as many as there are")
    ] = None,
    times: Annotated[float | None, typer.Option(help="Synthetic rows as a multiple of the real ones.")] = None,
    balance: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Raise every level of this column to the commonest one.")
    ] = None,
    where: options.Where = None,
    label: options.Label = None,
    counts: Annotated[
        list[str] | None,
        typer.Option(
            metavar="balance|N|TYPE=N",
            help="Of cells: how many a type is to have; TYPE=N several times for several.",
            show_default="balance: as many as the commonest",
        ),
    ] = None,
    batch: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of cells: the batch, whose style they are drawn in.")
    ] = None,
    layer: options.Layer = None,
    force: Annotated[bool, typer.Option("--force", help="Of cells: raise types of fewer than 20, too.")] = False,
    profile: options.ProfileOption = options.Profile.STANDARD,
    time_budget: options.EitherBudget = None,
    max_steps: options.MaxSteps = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    schema: options.SchemaFile = None,
    print_schema: Annotated[
        bool, typer.Option("--print-schema", help="Print what was inferred as JSON, and stop.")
    ] = False,
    synthetic_only: Annotated[
        bool, typer.Option("--synthetic-only", help="Leave the real rows out of the output.")
    ] = False,
    report: options.ReportFile = None,
    model: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Keep the model in this folder, too.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint of an interrupted run.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Add synthetic rows to a table, or cells to an .h5ad, if the judge lets them through.

    The judge compares them with real rows that the generator never saw. DATA.augmented.csv holds the real rows
    followed by the synthetic ones, told apart by the last column, is_synthetic; DATA.report.html says what was
    measured. When the judge refuses (exit code 3) or there are too few rows to tell (4), only the report is written.
    """
    import ganaug
    from ganaug.data.files import read_table

    of_tables: dict[str, Any] = {"--target": target, "--balance": balance, "--where": where, "--schema": schema}
    of_tables |= {"--rows": rows is not None, "--times": times is not None, "--print-schema": print_schema}
    of_cells: dict[str, Any] = {"--label": label, "--counts": counts, "--batch": batch, "--layer": layer}
    of_cells |= {"--force": force}
    options.refuse_others(of_tables, of_cells, cells=is_cells(data))
    if print_schema:
        typer.echo(infer_schema(read_table(data), target, schema).to_json())
        return
    places = Places.beside(data, output, report, model)
    places.check(resume=resume)
    learn: Callable[..., Augmented | MoreCells]
    if is_cells(data):
        game = {"max_steps": max_steps, "time_budget": time_budget or 240.0, "device": device, "resume": resume}
        learn = cells_learner(
            places,
            label=label,
            batch=batch,
            group=group,
            layer=layer,
            counts=counts,
            force=force,
            profile=profile.value,
            seed=seed,
            game=game,
        )
    else:
        frame = read_table(data)
        try_format(frame, places.rows)
        known = infer_schema(frame, target, schema)
        who: dict[str, Any] = {
            "target": target,
            "group": group,
            "time_budget": time_budget or 120.0,
            "random_state": seed,
            "schema": known,
        }
        asked: dict[str, Any] = {
            "n": wanted_rows(len(frame), rows, times, balance),
            "balance": balance,
            "conditions": parse_conditions(where, known),
            "profile": profile.value,
            "model": new_model(device=device, max_steps=max_steps, **who),
            "checkpoint": places.checkpoint,
            "resume": resume,
        }
        learn = partial(ganaug.augment, frame, **who, **asked)
    try:
        with live_progress() as draw:
            result = learn(on_progress=draw)
    except KeyboardInterrupt:
        kept = f": {places.checkpoint} is kept, the same command with --resume goes on"
        raise KeyboardInterrupt(f"interrupted{kept if places.checkpoint.exists() else ''}") from None
    except Exception as error:
        if not resume and (isinstance(error, DataError) or not places.has_checkpoint()):
            remove_folder(places.checkpoint)
        raise
    code = hand_over(result, places, synthetic_only=synthetic_only)
    if as_json:
        emit_json(summary(result, places, code))
    raise typer.Exit(code)


def hand_over(result: Augmented | MoreCells, places: Places, *, synthetic_only: bool) -> ExitCode:
    """Write the report; write the rows and the model only if the judge let them through."""
    code = leave_by(result.report)
    save_report(result.report, places.html, places.json)
    show_report(result.report)
    if code == ExitCode.OK:
        if places.model is not None:
            result.model.save(places.model)
        save: Callable[..., None] = save_cells if is_cells(places.rows) else save_table
        save(result.synthetic if synthetic_only else result.data, places.rows)
        tell(f"wrote {places.rows} ({len(result.synthetic):,} synthetic {result.report.unit}) and {places.html}")
    else:
        older = f"; {places.rows} is of an earlier run" if places.rows.exists() else ""
        tell(f"no {result.report.unit} were written{older}; {places.html} says why")
    remove_folder(places.checkpoint)
    return code


def summary(result: Augmented | MoreCells, places: Places, code: ExitCode) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    written = code == ExitCode.OK
    return {
        "command": "augment",
        "exit_code": int(code),
        "verdict": result.report.verdict.value,
        "output": str(places.rows) if written else None,
        "model": str(places.model) if written and places.model else None,
        "report_html": str(places.html),
        "report_json": str(places.json),
        "n_synthetic": len(result.synthetic),
        "report": result.report.to_dict(),
    }
