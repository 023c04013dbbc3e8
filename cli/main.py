"""The application: its commands and what `ganaug` itself understands."""

from __future__ import annotations

import inspect
import re
from types import ModuleType
from typing import Annotated

import typer

import ganaug

from . import augment, bench, check, equalize, fit, sample
from .guard import Guarded

EXIT_CODES = (
    "Exit codes: 0 pass or warn, 1 unexpected, 2 usage or bad input, 3 the judge refused, 4 too few rows to tell, "
    "130 interrupted."
)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich", epilog=EXIT_CODES)


def _register(module: ModuleType, name: str, *, hidden: bool = False) -> None:
    command = getattr(module, module.__name__.rpartition(".")[2])
    app.command(
        name,
        cls=Guarded,
        help=re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(command) or ""),  # the help fills its lines itself
        epilog=module.EXAMPLES.strip().replace("\n", "\n\n"),  # and would run the examples together
        hidden=hidden,
    )(command)


for module in (augment, equalize, fit, sample, check, bench):
    _register(module, module.__name__.rpartition(".")[2])
_register(equalize, "equalise", hidden=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ganaug {ganaug.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Synthetic rows that an independent judge has let through."""


def run() -> None:
    """Run the command line."""
    app(prog_name="ganaug")
