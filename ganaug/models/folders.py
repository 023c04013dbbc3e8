"""Any model, from the folder that it was saved in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganaug.errors import ModelFileError
from ganaug.models.equalizing import state
from ganaug.persistence import kind_of, load_folder

if TYPE_CHECKING:
    import os

    from ganaug.models.equalizer import BatchEqualizer
    from ganaug.models.tabular import TabularGAN

__all__ = ["load"]


def load(path: str | os.PathLike[str]) -> TabularGAN | BatchEqualizer:
    """Load a model that was saved; no code of the folder is run.

    Raises
    ------
    ModelFileError
        If the folder is no model's, of an unknown kind or version, truncated or changed.
    """
    if kind_of(path) != state.KIND:
        from ganaug.models import tabular

        return tabular.load(path)
    from ganaug.models.equalizer import BatchEqualizer

    arrays, meta = load_folder(path, kind=state.KIND)
    try:
        return state.restored(BatchEqualizer, arrays, meta)
    except (AttributeError, LookupError, TypeError, ValueError, RuntimeError, ImportError) as error:
        raise ModelFileError(f"{path} does not hold what a model holds: {' '.join(str(error).split())}") from error
