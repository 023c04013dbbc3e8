"""Synthetic rows that an independent judge has let through.

The public names load on first use: ``import ganaug`` alone loads neither torch nor pandas.

>>> import ganaug
>>> ganaug.augment.__name__
'augment'
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ganaug.errors import (
    ConditionError,
    DataError,
    FidelityError,
    GanaugError,
    ModelFileError,
    SchemaError,
    TrainingDiverged,
)

if TYPE_CHECKING:
    from ganaug import pl as pl
    from ganaug import pp as pp
    from ganaug import tl as tl
    from ganaug.augment import augment
    from ganaug.fidelity.checker import FidelityChecker
    from ganaug.models.cells import CellGAN
    from ganaug.models.equalizer import BatchEqualizer
    from ganaug.models.folders import load
    from ganaug.models.tabular import TabularGAN
    from ganaug.resample import GANAugmenter

__version__ = "0.1.0"

__all__ = [
    "BatchEqualizer",
    "CellGAN",
    "ConditionError",
    "DataError",
    "FidelityChecker",
    "FidelityError",
    "GANAugmenter",
    "GanaugError",
    "ModelFileError",
    "SchemaError",
    "TabularGAN",
    "TrainingDiverged",
    "augment",
    "load",
]

_HOME = {
    "BatchEqualizer": "ganaug.models.equalizer",
    "CellGAN": "ganaug.models.cells",
    "FidelityChecker": "ganaug.fidelity.checker",
    "GANAugmenter": "ganaug.resample",
    "TabularGAN": "ganaug.models.tabular",
    "augment": "ganaug.augment",
    "load": "ganaug.models.folders",
}
_MODULES = {"pl", "pp", "tl"}


class _Package(ModuleType):
    """The package as an object: public names load on first use, and a submodule never hides one of them.

    Importing `ganaug.augment` binds the submodule as an attribute of the package, where the function of that name
    has to be; so what the import system binds under a public name is dropped.
    """

    def __getattr__(self, name: str) -> Any:
        if name in _MODULES:
            return importlib.import_module(f"ganaug.{name}")
        if name not in _HOME:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_HOME[name]), name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__, *_MODULES})


sys.modules[__name__].__class__ = _Package
