"""The live line of a long run, on a terminal only."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ganaug.progress import OnProgress, Progress


@contextmanager
def live_progress() -> Iterator[OnProgress]:
    """Give the callback that draws stage, step, V score and time left; None when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Display

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[news]}"), TimeElapsedColumn())
    with Display(*columns, console=Console(stderr=True), transient=True) as display:
        line = display.add_task("starting", total=None, news="")

        def draw(progress: Progress) -> None:
            display.update(
                line,
                description=progress.stage,
                completed=progress.step,
                total=progress.steps or None,
                news=describe(progress),
            )

        yield draw


def describe(progress: Progress) -> str:
    """Write what is known of a running stage besides its name."""
    known = [f"step {progress.step:,} of {progress.steps:,}"] if progress.steps else []
    if progress.score is not None:
        known.append(f"V score {progress.score:.3f}")
    if progress.seconds_left is not None:
        known.append(f"{progress.seconds_left:.0f} s left")
    return ", ".join(known)
