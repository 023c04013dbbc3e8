"""What the commands read and write: schemas, models in the making, tables and reports."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ganaug.errors import DataError, SchemaError
from ganaug.persistence import atomic

if TYPE_CHECKING:
    import pandas as pd

    import ganaug
    from ganaug.data.schema import Schema
    from ganaug.fidelity.report import FidelityReport
    from ganaug.models.equalizing.verdict import Equalization


def infer_schema(frame: pd.DataFrame, target: str | None, overrides: Path | None) -> Schema:
    """Infer the schema of a table; what the JSON file says of a column is taken at its word."""
    from ganaug.data.schema import Schema

    if overrides is None:
        return Schema.infer(frame, target=target)
    try:
        given = json.loads(overrides.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SchemaError(f"the schema {overrides} cannot be read as JSON: {error}") from error
    return Schema.infer(frame, target=target, override=given)


def new_model(*, device: str, max_steps: int | None, **parameters: Any) -> ganaug.TabularGAN:
    """Set up a model from options, after a look whether the device is there."""
    from ganaug import TabularGAN

    check_device(device)
    if max_steps is not None:
        parameters["max_steps"] = max_steps
    return TabularGAN(device=device, **parameters)


def check_device(device: str) -> None:
    """Raise `DataError` if a device is not there."""
    from ganaug.devices import resolve_device

    try:
        resolve_device(device)
    except ValueError as error:
        raise DataError(f"--device: {error}") from error


def try_format(frame: pd.DataFrame, path: Path) -> None:
    """Raise `DataError` now if a table like this one cannot be written in the format of `path`."""
    with tempfile.TemporaryDirectory() as folder:
        _write(frame.head(2), Path(folder) / path.name, path)


def save_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table atomically, in the format that its name asks for."""
    with atomic(path) as temporary:
        _write(frame, temporary, path)


def print_table(frame: pd.DataFrame) -> None:
    """Print a table as CSV on stdout."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        _write(frame, file, file)
        typer.echo(file.read_bytes(), nl=False)


def _write(frame: pd.DataFrame, place: Path, path: Path) -> None:
    from ganaug.data.files import write_table

    try:
        write_table(frame, place)
    except DataError as error:
        raise DataError(str(error).replace(str(place), str(path))) from error


def save_report(report: FidelityReport | Equalization, html: Path, plain: Path) -> None:
    """Write a report as a page and as JSON."""
    for path, text in ((html, report.to_html()), (plain, report.to_json())):
        with atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def earlier_report(plain: Path) -> FidelityReport | None:
    """Read the report that stands where the next one will, if it is one."""
    from ganaug.fidelity import FidelityReport

    try:
        return FidelityReport.from_dict(json.loads(plain.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None
