"""What every benchmark says of its run, and how its table gets into a page."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path


def run_of(script: str) -> str:
    """The command, the day and the machine."""
    command = " ".join([f"python benchmarks/{script}", *sys.argv[1:]])
    return f"`{command}`: {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()})"


def show(text: str, file: Path | None, mark: str) -> None:
    """Print a table, and put it between its two marks in a page."""
    print(text)
    if file is not None:
        head, _, tail = file.read_text().split(f"<!-- {mark} -->")
        file.write_text(f"{head}<!-- {mark} -->\n\n{text}\n\n<!-- {mark} -->{tail}")
