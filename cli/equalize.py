"""``ganaug equalize``: bring all batches into one style, judge, and only then write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.errors import DataError

from . import options
from .batches import Asked
from .cells import equalize_cells, is_cells
from .guard import ExitCode, leave_by
from .measured import equalize_table
from .output import emit_json, show_table, tell
from .places import Places
from .tables import check_device, save_report

if TYPE_CHECKING:
    from ganaug.models.equalizing.verdict import Equalization

    from .batches import Equalized

EXAMPLES = """
[bold]Examples[/bold]
ganaug equalize data.csv --batch plate
ganaug equalize data.csv --batch plate --reference P1 --keep diagnosis --keep age
ganaug equalize cells.h5ad --batch donor
"""


def equalize(
    data: options.EitherFile,
    batch: Annotated[str, typer.Option(metavar="COLUMN", help="The column that says which batch a row is from.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the rows go.", show_default="DATA.equalized.csv")
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BATCH", help="A batch whose style is kept; several times for several.", show_default="all batches"
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="A column whose effect has to survive (diagnosis, dose); several times for several."
        ),
    ] = None,
    allow_confounded: Annotated[
        bool, typer.Option("--allow-confounded", help="Go on where a --keep column cannot be told from the batches.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Of an .h5ad: write over what an earlier run put into it.")
    ] = False,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    report: options.ReportFile = None,
    model: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the model goes.", show_default="DATA.model")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Bring the rows of every batch into one style.

    DATA.equalized.csv has the rows and columns of DATA, the measured numbers without what sets the batches apart. Of an
    .h5ad, X stays as it is: layers["ganaug"] and obsm["X_ganaug"] are added. DATA.report.html says how well batches are
    mixed in rows held out, and whether structure is kept. Where that is worse than leaving the rows alone (exit code
    3), or there are too few rows to tell (4), only the report is written.
    """
    places = Places.beside(data, output, report, model, made="equalized")
    places = places if model else replace(places, model=places.checkpoint.with_suffix(".model"))
    places.check_results()
    check_device(device)
    kept, references = tuple(dict.fromkeys(keep or ())), tuple(dict.fromkeys(reference or ()))
    asked = Asked(batch, references, kept, seed, device, allow_confounded, overwrite)
    try:
        found = (equalize_cells if is_cells(data) else equalize_table)(data, places.rows, asked)
    except DataError as error:  # the library's words for options
        said = str(error).replace("allow_confounded=True", "--allow-confounded")
        raise DataError(
            said.replace("choose another name, or give overwrite=True", "--overwrite replaces it")
        ) from error
    code = hand_over(found, places)
    if as_json:
        emit_json(summary(found.report, places, code))
    raise typer.Exit(code)


def hand_over(found: Equalized, places: Places) -> ExitCode:
    """Write the report; write the rows and the model only if they are no worse than before."""
    code = leave_by(found.report)
    save_report(found.report, places.html, places.json)
    show_equalization(found.report)
    if code == ExitCode.OK:
        assert places.model is not None  # for mypy: it was named above
        found.model.save(places.model)
        found.save(places.rows)
        tell(f"wrote {places.rows}, {places.html} and {places.model}")
    else:
        older = f"; {places.rows} is of an earlier run" if places.rows.exists() else ""
        tell(f"no rows were written{older}; {places.html} says why")
    return code


def show_equalization(report: Equalization) -> None:
    """Show what the guard saw of each way, what must be said aloud, what harm was looked for, and the verdict."""
    table = [
        {
            "way": way,
            "mixed": kept.mixing,
            "told": 1 - kept.untold,
            "structure": kept.structure,
            "score": kept.score,
            "taken": way == report.way,
        }
        for way, kept in report.guard.items()
    ]
    if table:
        show_table(table)
    for note in (*report.notes, *report.certificate.get("sentences", ())):
        tell(f"note: {note}")
    tell(report.headline.replace("`", "'"))


def summary(report: Equalization, places: Places, code: ExitCode) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    written = code == ExitCode.OK
    return {
        "command": "equalize",
        "exit_code": int(code),
        "verdict": report.verdict.value,
        "way": report.way,
        "output": str(places.rows) if written else None,
        "model": str(places.model) if written else None,
        "report_html": str(places.html),
        "report_json": str(places.json),
        "report": report.to_dict(),
    }
