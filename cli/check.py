"""``ganaug check``: the judge alone, for anybody's synthetic data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.errors import DataError

from . import options
from .augment_cells import in_options
from .cells import is_cells, read_cells
from .guard import leave_by
from .output import emit_json, show_report, tell
from .places import check_writable, report_files
from .tables import earlier_report, save_report

if TYPE_CHECKING:
    from ganaug.fidelity.report import FidelityReport

EXAMPLES = """
[bold]Examples[/bold]
ganaug check held_out.csv synthetic.csv --train train.csv --target outcome
ganaug check held_out.csv synthetic.csv --profile strict --report verdict.html
ganaug check held_out.h5ad synthetic.h5ad --train train.h5ad --label cell_type
"""


def check(
    real: Annotated[Path, typer.Argument(metavar="REAL", help="Real rows that the generator has never seen.")],
    synthetic: Annotated[Path, typer.Argument(metavar="SYNTHETIC", help="The synthetic rows.")],
    train: Annotated[Path | None, typer.Option(help="The rows the generator learned from, to find copies.")] = None,
    target: options.Target = None,
    group: options.Group = None,
    given: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="A column whose shares were changed on purpose (balanced).")
    ] = None,
    label: options.Label = None,
    layer: options.Layer = None,
    profile: options.ProfileOption = options.Profile.STANDARD,
    seed: options.Seed = 0,
    report: options.ReportFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Judge synthetic rows, or the cells of an .h5ad, against real ones.

    Leaves with 0 (pass, or a pass with warnings), 3 (refused) or 4 (too few rows to tell). With --report, other
    synthetic rows of a table that were judged by the same held-out rows before are counted, and make the limits
    stricter.
    """
    cells = is_cells(real)
    options.refuse_others({"--target": target, "--given": given}, {"--label": label, "--layer": layer}, cells=cells)
    if any(is_cells(path) != cells for path in (synthetic, train) if path is not None):
        raise DataError("some files are tables and some hold cells (.h5ad); give the same kind of all")
    files = report_files(report) if report is not None else ()
    for file in files:
        check_writable(file, *(path for path in (real, synthetic, train) if path is not None))
    settings: dict[str, Any] = {"group": group, "profile": profile.value, "seed": seed}
    if cells:
        found = check_cells(real, synthetic, train, label=label, layer=layer, **settings)
    else:
        earlier = earlier_report(files[1]) if files else None
        found = check_table(real, synthetic, train, earlier, target=target, given=given, **settings)
    if files:
        save_report(found, *files)
    show_report(found)
    if files:
        tell(f"wrote {files[0]} and {files[1]}")
    if as_json:
        emit_json({"command": "check", "exit_code": int(leave_by(found)), **found.to_dict()})
    raise typer.Exit(leave_by(found))


def check_table(
    real: Path,
    synthetic: Path,
    train: Path | None,
    earlier: FidelityReport | None,
    *,
    group: str | None,
    profile: str,
    seed: int,
    **columns: Any,
) -> FidelityReport:
    """Judge the rows of a table, and count the times these held-out rows have judged before."""
    from ganaug import FidelityChecker
    from ganaug.data.files import read_table

    judge = FidelityChecker(profile=profile, group=group, random_state=seed, **columns)
    if earlier is not None:
        judge.remember(earlier)
    return judge.check(read_table(real), read_table(synthetic), read_table(train) if train is not None else None)


def check_cells(
    real: Path,
    synthetic: Path,
    train: Path | None,
    *,
    label: str | None,
    group: str | None,
    layer: str | None,
    profile: str,
    seed: int,
) -> FidelityReport:
    """Judge the cells of .h5ad files."""
    from ganaug import tl

    learned = read_cells(train) if train is not None else None
    try:
        return tl.fidelity(
            read_cells(real),
            read_cells(synthetic),
            label_key=label,
            group_key=group,
            layer=layer,
            train=learned,
            profile=profile,
            random_state=seed,
        )
    except DataError as error:
        raise DataError(in_options(str(error))) from error
