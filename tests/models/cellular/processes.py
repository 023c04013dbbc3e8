"""What each of two processes does, for `test_processes.py`: ``python processes.py <folder>``."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anndata
import numpy as np

from ganaug.adversarial import rank, together
from ganaug.models import checkpoint
from ganaug.models.cells import CellGAN
from ganaug.models.cellular.state import state_of


def cells(n: int = 160) -> anndata.AnnData:
    rng = np.random.default_rng(0)
    kind = rng.choice(["B", "T"], n)
    means = np.where((kind == "B")[:, None], np.linspace(1, 9, 12), np.linspace(9, 1, 12))
    adata = anndata.AnnData(rng.poisson(means * rng.lognormal(0, 0.5, (n, 1))).astype(np.float32))
    adata.obs["type"], adata.obs["donor"] = kind, rng.choice(["D1", "D2"], n)
    return adata


def learned(random_state: int | None = 0, **settings: Any) -> dict[str, Any]:
    model = CellGAN(n_factors=2, max_steps=30, random_state=random_state, **settings).fit(cells(), "type", "donor")
    weights = hashlib.sha256()
    for _, array in sorted(state_of(model)[0].items()):
        weights.update(np.ascontiguousarray(array).tobytes())
    return {
        "weights": weights.hexdigest(),
        "drawn": model.sample(20).X.toarray().tolist(),
        "stages": list(model.stages_),
        "training": list(model.training_),
    }


@contextmanager
def watched(copy: Path) -> Iterator[list[int]]:
    """Count what this process saves, and keep a copy of the first checkpoint that holds a game."""
    saved: list[int] = []
    save = checkpoint.save_folder

    def save_and_count(folder: Path, arrays: Any, meta: Any, *, kind: str) -> None:
        save(folder, arrays, meta, kind=kind)
        saved.append(meta["run"].get("step", 0))
        if meta["run"] and not copy.exists():
            shutil.copytree(folder, copy)

    checkpoint.save_folder = save_and_count
    try:
        yield saved
    finally:
        checkpoint.save_folder = save


def everything(folder: Path) -> dict[str, Any]:
    with watched(folder / "stopped") as saved:
        found = {"fit": learned(checkpoint=folder / "checkpoint"), "saved": saved}
    return found | {
        "resumed": learned(checkpoint=folder / "stopped", resume=True),
        "any_seed": learned(None),
    }


def main(folder: Path) -> None:
    with together(timeout=60):
        found = everything(folder)
        number = rank()
    (folder / f"{number}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("error")
    assert os.environ["WORLD_SIZE"] == "2"
    main(Path(sys.argv[1]))
