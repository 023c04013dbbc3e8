"""What happens when a command ends: its exit code, and one line instead of a traceback."""

from __future__ import annotations

import errno
import os
import warnings
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from ganaug.errors import DataError, GanaugError, ModelFileError

from .output import emit_json, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ganaug.fidelity.report import FidelityReport
    from ganaug.models.equalizing.verdict import Equalization


class ExitCode(IntEnum):
    """How a command ended; the README lists these."""

    OK = 0
    UNEXPECTED = 1
    BAD_INPUT = 2
    REFUSED = 3
    INCONCLUSIVE = 4
    INTERRUPTED = 130


class Guarded(TyperCommand):
    """A command whose errors become one line on stderr, one JSON object with ``--json``, and an exit code.

    ``GANAUG_TRACEBACK=1`` lets the traceback through.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            with _warnings_as_lines():
                return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if os.environ.get("GANAUG_TRACEBACK") or _is_closed_pipe(error):
                raise
            code, message = _explain(error)
            tell(message if code == ExitCode.INTERRUPTED else f"error: {message}")
            if ctx.params.get("as_json"):
                emit_json({"error": message, "exit_code": int(code)})
            raise typer.Exit(code) from error


def leave_by(report: FidelityReport | Equalization) -> ExitCode:
    """Return the exit code of a verdict."""
    codes = {"FAIL": ExitCode.REFUSED, "INCONCLUSIVE": ExitCode.INCONCLUSIVE}
    return codes.get(report.verdict.name, ExitCode.OK)


def _explain(error: BaseException) -> tuple[ExitCode, str]:
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED, str(error) or "interrupted"
    text = " ".join(str(error).split())
    if isinstance(error, (DataError, ModelFileError)):
        return ExitCode.BAD_INPUT, text
    if isinstance(error, OSError):
        reason = error.strerror or text
        return ExitCode.BAD_INPUT, f"{error.filename}: {reason}" if error.filename else reason
    if isinstance(error, GanaugError):
        return ExitCode.UNEXPECTED, text
    hint = "GANAUG_TRACEBACK=1 shows where; please report it"
    return ExitCode.UNEXPECTED, f"unexpected {type(error).__name__}: {text} ({hint})"


def _is_closed_pipe(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EPIPE


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        tell(f"warning: {' '.join(str(message).split())}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
