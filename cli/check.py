"""``ganaug check``: the judge alone, for anybody's synthetic data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options
from .guard import leave_by
from .output import emit_json, show_report, tell
from .places import check_writable, report_files
from .tables import earlier_report, save_report

EXAMPLES = """
[bold]Examples[/bold]
ganaug check held_out.csv synthetic.csv --train train.csv --target outcome
ganaug check held_out.csv synthetic.csv --profile strict --report verdict.html
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
    profile: options.ProfileOption = options.Profile.STANDARD,
    seed: options.Seed = 0,
    report: options.ReportFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Judge synthetic rows against real ones.

    Leaves with 0 (pass, or a pass with warnings), 3 (refused) or 4 (too few rows to tell). With --report, other
    synthetic rows that were judged by the same held-out rows before are counted, and make the limits stricter.
    """
    from ganaug import FidelityChecker
    from ganaug.data.files import read_table

    files = report_files(report) if report is not None else ()
    for file in files:
        check_writable(file, *(path for path in (real, synthetic, train) if path is not None))
    judge = FidelityChecker(profile=profile.value, target=target, group=group, given=given, random_state=seed)
    if files and (earlier := earlier_report(files[1])) is not None:
        judge.remember(earlier)
    found = judge.check(read_table(real), read_table(synthetic), read_table(train) if train is not None else None)
    if files:
        save_report(found, *files)
    show_report(found)
    if files:
        tell(f"wrote {files[0]} and {files[1]}")
    if as_json:
        emit_json({"command": "check", "exit_code": int(leave_by(found)), **found.to_dict()})
    raise typer.Exit(leave_by(found))
