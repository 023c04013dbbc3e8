"""Where a fit that was interrupted goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ganaug.adversarial.distributed import on_first
from ganaug.errors import DataError
from ganaug.persistence import load_folder, save_folder
from ganaug.proposals.proposal import Arrays, Meta

__all__ = ["checkpointed"]


def checkpointed(
    path: str | os.PathLike[str], fingerprint: str, *, resume: bool
) -> tuple[Callable[[Arrays, Meta], None], tuple[Arrays, Meta] | None]:
    """Give what saves a running fit in a folder, and what to go on from; of several processes the first reads it.

    Raises
    ------
    DataError
        If the folder holds a fit of another `fingerprint`.
    """
    folder, about = Path(path), {"fingerprint": fingerprint}

    def save(arrays: Arrays, run: Meta) -> None:
        save_folder(folder, arrays, {"about": about, "run": run}, kind="checkpoint")

    def begin() -> tuple[Arrays, Meta] | None:
        if resume and folder.exists():
            arrays, meta = load_folder(folder, kind="checkpoint")
            if meta["about"] != about:
                raise DataError(
                    f"{folder} is the checkpoint of another table, other settings or another random_state; "
                    "do not resume"
                )
            if meta["run"]:
                return arrays, meta["run"]
        save({}, {})
        return None

    return save, on_first(begin)
