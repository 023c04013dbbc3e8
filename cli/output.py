"""What a command says: lines and tables for people on stderr, one JSON object for programs on stdout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ganaug.fidelity.report import FidelityReport

STAGE_COLUMNS = ("stage", "v_auc", "near_train", "gap", "seconds", "kept", "reason")


def tell(message: str) -> None:
    """Say one line to the person at the terminal."""
    typer.echo(f"ganaug: {message}", err=True)


def emit_json(content: Mapping[str, Any]) -> None:
    """Print the one JSON object of a run with ``--json``."""
    typer.echo(json.dumps(content, default=str, ensure_ascii=False))


def show_report(report: FidelityReport) -> None:
    """Show what each check found, what each stage brought, what must be said aloud, and the verdict."""
    show_table({"check": check.name, "verdict": check.verdict.name, "reason": check.reason} for check in report.checks)
    if report.stages:
        show_stages(report.stages)
    for note in report.notes:
        tell(f"note: {note}")
    tell(report.headline)


def show_stages(stages: Iterable[Mapping[str, Any]]) -> None:
    """Show what each stage brought, and what the columns mean."""
    show_table(stages, STAGE_COLUMNS)
    tell(
        "stages were chosen on rows set apart (V). v auc: how well trees tell real from synthetic, .5 is best; "
        "near train: share of near copies, 0 is best; gap: skill lost by a model of the target, 0 without a target"
    )


def show_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """Show rows as a table on stderr."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = list(rows)
    columns = columns or list(dict.fromkeys(name for row in rows for name in row))
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(show_cell(row.get(name))) for name in columns))
    Console(stderr=True).print(table)


def show_cell(value: object) -> str:
    """Write one value of a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
