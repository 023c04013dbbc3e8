"""What a fitted BatchEqualizer is, as arrays and JSON, and back; a new field or class of what is learned needs a line.

Numbers, texts, None and lists stand for themselves in the JSON; all else is an object with one key that says what it
is: ``array`` or ``transposed`` (the name of a tensor), ``objects``, ``tuple``, ``map``, or a class with its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ganaug.errors import ModelFileError

if TYPE_CHECKING:
    from ganaug.models.equalizer import BatchEqualizer

__all__ = ["KIND", "pack", "restored", "state_of", "unpack"]

Arrays = dict[str, np.ndarray[Any, Any]]

KIND = "BatchEqualizer"
# the classes of which a model is made, and no others are ever built from a file
HOMES = {
    "Centring": "ganaug.transport.centring",
    "Certificate": "ganaug.models.equalizing.certificate",
    "Chain": "ganaug.transport.chain",
    "Kept": "ganaug.transport.guard",
    "Lengths": "ganaug.transport.lengths",
    "OverCorrection": "ganaug.models.equalizing.harm",
    "Planted": "ganaug.models.equalizing.planted",
    "Quantiles": "ganaug.transport.quantiles",
    "Round": "ganaug.transport.states",
    "Space": "ganaug.transport.space",
    "States": "ganaug.transport.states",
    "Student": "ganaug.models.equalizing.student",
}


def state_of(model: BatchEqualizer) -> tuple[Arrays, dict[str, Any]]:
    """Give all that was asked for and learned; a random state that is no number is left out."""
    seed = model.random_state if isinstance(model.random_state, (int, np.integer)) else None
    learned = {name: value for name, value in vars(model).items() if name.endswith("_") and not name.startswith("_")}
    arrays: Arrays = {}
    asked = pack(model.get_params() | {"random_state": seed}, "parameters", arrays)
    return arrays, {"parameters": asked, "learned": pack(learned, "learned", arrays)}


def restored(kind: type[BatchEqualizer], arrays: Arrays, meta: Mapping[str, Any]) -> BatchEqualizer:
    """Build the model that gave this state."""
    model = kind(**unpack(meta["parameters"], arrays))
    for name, value in unpack(meta["learned"], arrays).items():
        if not name.endswith("_"):
            raise ValueError(f"{name!r} is nothing that is learned")
        setattr(model, name, value)
    if type(model.chain_).__name__ not in ("Chain", "NoneType") or len(model.lowest_) != len(model.highest_):
        raise ValueError("what was learned is not there, or not of one size")
    return model


def pack(value: Any, path: str, arrays: Arrays) -> Any:
    """Give a value as JSON; its arrays go into `arrays`, by their path.

    Examples
    --------
    >>> arrays = {}
    >>> pack({"P1": (1.5, np.zeros(2))}, "x", arrays)
    {'map': [['P1', {'tuple': [1.5, {'array': 'x/P1/1'}]}]]}
    >>> unpack({"tuple": [1.5, {"array": "x/P1/1"}]}, arrays)
    (1.5, array([0., 0.]))
    """
    value = value.item() if isinstance(value, np.generic) else value
    value = value.to_numpy() if isinstance(value, (pd.Series, pd.Index)) else value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray):
        return _pack_array(value, path, arrays)
    if isinstance(value, Mapping):
        return {"map": [[pack(key, path, arrays), pack(each, f"{path}/{key}", arrays)] for key, each in value.items()]}
    name = type(value).__name__
    if HOMES.get(name) == type(value).__module__:
        return {name: pack(_fields(value), path, arrays)}
    if isinstance(value, (list, tuple)):
        items = [pack(each, f"{path}/{k}", arrays) for k, each in enumerate(value)]
        return items if isinstance(value, list) else {"tuple": items}
    raise ModelFileError(f"a {name} ({path}) cannot be saved; give texts, numbers, or lists of them")


def unpack(tree: Any, arrays: Arrays) -> Any:
    """Give back what `pack` was given."""
    if isinstance(tree, list):
        return [unpack(each, arrays) for each in tree]
    if not isinstance(tree, dict):
        return tree
    ((what, content),) = tree.items()
    found = unpack(content, arrays)
    if what in HOMES:
        kind: Any = getattr(import_module(HOMES[what]), what)
        return getattr(kind, "from_state", kind)(**found)
    kinds: dict[str, Callable[[Any], Any]] = {
        "array": lambda name: arrays[name],
        "transposed": lambda name: arrays[name].T,
        "objects": lambda items: np.array(items[1:], dtype=items[0]),
        "tuple": tuple,
        "map": dict,
    }
    return kinds[what](found)


def _pack_array(value: np.ndarray[Any, Any], path: str, arrays: Arrays) -> Any:
    if value.dtype.kind not in "biuf":
        return {"objects": [value.dtype.str, *pack(value.tolist(), path, arrays)]}
    while path in arrays:  # names of batches and columns may hold anything
        path += "'"
    # how an array lies in memory decides the last bit of its products, and is lost in the file
    arrays[path] = value.T if value.flags.fnc else value
    return {"transposed" if value.flags.fnc else "array": path}


def _fields(value: Any) -> dict[str, Any]:
    """What a class is built from: its fields, or what its `state` says, for its `from_state`."""
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value) if field.init}
    found: dict[str, Any] = value._asdict() if isinstance(value, tuple) else value.state()  # type: ignore[attr-defined]
    return found
