"""Any model, from the folder that it was saved in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganaug.errors import ModelFileError
from ganaug.persistence import kind_of, load_folder

if TYPE_CHECKING:
    import os

    from ganaug.models.cells import CellGAN
    from ganaug.models.equalizer import BatchEqualizer
    from ganaug.models.tabular import TabularGAN

__all__ = ["load"]


def load(path: str | os.PathLike[str]) -> TabularGAN | BatchEqualizer | CellGAN:
    """Load a model that was saved; no code of the folder is run.

    Raises
    ------
    ModelFileError
        If the folder is no model's, of an unknown kind or version, truncated or changed.
    """
    kind = kind_of(path)
    if kind not in {"BatchEqualizer", "CellGAN"}:
        from ganaug.models import tabular

        return tabular.load(path)
    arrays, meta = load_folder(path, kind=kind)
    try:
        return _restored(kind, arrays, meta)
    except (AttributeError, LookupError, TypeError, ValueError, RuntimeError, ImportError) as error:
        raise ModelFileError(f"{path} does not hold what a model holds: {' '.join(str(error).split())}") from error


def _restored(kind: str, arrays: dict[str, Any], meta: Any) -> BatchEqualizer | CellGAN:
    if kind == "CellGAN":
        from ganaug.models import cells
        from ganaug.models.cellular import state as of_cells

        return of_cells.restored(cells.CellGAN, arrays, meta)
    from ganaug.models import equalizer
    from ganaug.models.equalizing import state as of_batches

    return of_batches.restored(equalizer.BatchEqualizer, arrays, meta)
