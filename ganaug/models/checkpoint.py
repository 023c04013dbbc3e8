"""Where a fit that was interrupted goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ganaug.errors import DataError
from ganaug.persistence import load_folder, save_folder
from ganaug.proposals.proposal import Arrays, Meta

__all__ = ["checkpointed"]


def checkpointed(
    path: str | os.PathLike[str], fingerprint: str, *, resume: bool
) -> tuple[Callable[[Arrays, Meta], None], tuple[Arrays, Meta] | None]:
    """Give what saves a running fit in a folder, and what to go on from.

    Raises
    ------
    DataError
        If the folder holds a fit of another `fingerprint`.
    """
    folder, about, resume_from = Path(path), {"fingerprint": fingerprint}, None

    def save(arrays: Arrays, run: Meta) -> None:
        save_folder(folder, arrays, {"about": about, "run": run}, kind="checkpoint")

    if resume and folder.exists():
        arrays, meta = load_folder(folder, kind="checkpoint")
        if meta["about"] != about:
            raise DataError(
                f"{folder} is the checkpoint of another table, other settings or another random_state; do not resume"
            )
        resume_from = (arrays, meta["run"]) if meta["run"] else None
    if resume_from is None:
        save({}, {})
    return save, resume_from
