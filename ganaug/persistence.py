"""Files that are whole or not there: an atomic write, and a folder of safetensors and JSON.

A saved folder holds ``tensors-<digest>.safetensors`` and ``model.json``, which names the format version, the kind,
and the digest. The tensors are written first, under a name of their own, and replacing ``model.json`` is the one step
that turns the old content into the new: a kill at any moment leaves either. Nothing is ever pickled, so loading
executes no code.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np

__all__ = ["atomic", "check_folder", "kind_of", "load_folder", "remove_folder", "save_folder"]

FORMAT = 1
HEAD = "model.json"
OURS = re.compile(r"(\.[0-9a-f]{8}\.)?(model\.json|tensors-[0-9a-f]{16}\.safetensors)")


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary file beside `path` that takes its place when the block ends well.

    The new content is on the disk before the name changes hands; on an error `path` stays as it was.

    A link is followed; the temporary file has the suffixes of `path`.

    Raises
    ------
    OSError
        If the folder is missing or read-only, the disk is full, or `path` is not a regular file.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with atomic(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is not a regular file")
    temporary = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    try:
        temporary.touch(exist_ok=False)
        yield temporary
        _sync(temporary)
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in {None, str(temporary)}:
            error.filename = str(path)  # the name that the caller knows
        raise
    _sync(target.parent)


def save_folder(
    path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any], *, kind: str
) -> None:
    """Save arrays and JSON as one folder, atomically, over an earlier save if there is one.

    Parameters
    ----------
    path : path-like
        The folder; its parent has to exist.
    arrays : mapping of str to ndarray
        Numbers and booleans of any shape.
    meta : mapping
        What JSON can hold.
    kind : str
        What is saved, for `load_folder` to ask for.

    Raises
    ------
    ModelFileError
        If the folder holds files that are not of a ganaug model.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> folder = Path(tempfile.mkdtemp()) / "model"
    >>> save_folder(folder, {"weight": np.arange(3)}, {"steps": 7}, kind="example")
    >>> load_folder(folder, kind="example")
    ({'weight': array([0, 1, 2])}, {'steps': 7})
    """
    import numpy as np
    from safetensors.numpy import save

    check_folder(path)
    folder = Path(path)
    # safetensors writes the buffer as it lies, so a transposed array has to be laid out first
    tensors = save({name: np.asarray(array, order="C") for name, array in arrays.items()})
    head = json.loads(json.dumps({"format": FORMAT, "kind": kind, "meta": dict(meta)}))
    digest = _digest(head, tensors)
    folder.mkdir(exist_ok=True)
    with atomic(folder / _tensors_name(digest)) as temporary:
        temporary.write_bytes(tensors)
    with atomic(folder / HEAD) as temporary:
        temporary.write_text(json.dumps({**head, "sha256": digest}, indent=1), encoding="utf-8")
    for file in folder.iterdir():
        if OURS.fullmatch(file.name) and file.name not in {HEAD, _tensors_name(digest)}:
            file.unlink()


def load_folder(path: str | os.PathLike[str], kind: str | None = None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Load what `save_folder` saved.

    Returns
    -------
    arrays : dict of str to ndarray
        Writable arrays.
    meta : dict
        As saved, with JSON's types.

    Raises
    ------
    ModelFileError
        If it is no such folder, not of the `kind` asked for, of an unknown format version, truncated or changed.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    head = _read_head(Path(path))
    if head["format"] != FORMAT:
        raise ModelFileError(f"{path} has format version {head['format']!r}, this ganaug reads {FORMAT}; update ganaug")
    if kind is not None and head["kind"] != kind:
        raise ModelFileError(f"{path} holds a {head['kind']!r}, expected a {kind!r}")
    digest = head.pop("sha256")
    try:
        tensors = (Path(path) / _tensors_name(digest)).read_bytes()
        arrays = load(tensors) if _digest(head, tensors) == digest else None
    except OSError as error:
        raise ModelFileError(f"{path} is incomplete: its tensors cannot be read ({error.strerror})") from error
    except SafetensorError as error:
        raise ModelFileError(f"{path} holds tensors that cannot be read: {error}") from error
    if arrays is None:
        raise ModelFileError(f"{path} is truncated or was changed after it was saved; fit and save the model again")
    return {name: array.copy() for name, array in arrays.items()}, head["meta"]


def kind_of(path: str | os.PathLike[str]) -> str:
    """Return the kind of model that a folder says it holds; raise `ModelFileError` if it is no such folder."""
    return str(_read_head(Path(path))["kind"])


def check_folder(path: str | os.PathLike[str]) -> None:
    """Raise `ModelFileError` unless `path` is free, or a folder that ganaug saved and may replace."""
    folder = Path(path)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ModelFileError(f"{path} is a file; a model is saved as a folder")
    for file in folder.iterdir():
        if file.is_dir():
            check_folder(file)
        elif not OURS.fullmatch(file.name):
            raise ModelFileError(f"{path} holds {file.name!r}, which is not ganaug's; choose another folder")
    if (folder / HEAD).exists():
        _read_head(folder)


def remove_folder(path: str | os.PathLike[str]) -> None:
    """Remove a folder that ganaug saved, and those in it; raise `ModelFileError` if it holds anything else."""
    check_folder(path)
    if Path(path).exists():
        shutil.rmtree(path)


def _read_head(folder: Path) -> dict[str, Any]:
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFileError(f"{folder} is not a model folder: no readable {HEAD} in it") from error
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{folder / HEAD} is truncated or was changed: it is not JSON") from error
    if not (
        isinstance(head, dict)
        and head.keys() >= {"format", "kind", "meta", "sha256"}
        and re.fullmatch("[0-9a-f]{64}", str(head["sha256"]))
    ):
        raise ModelFileError(f"{folder / HEAD} was not written by ganaug")
    return head


def _digest(head: dict[str, Any], tensors: bytes) -> str:
    return hashlib.sha256(json.dumps(head, sort_keys=True).encode() + b"\0" + tensors).hexdigest()


def _tensors_name(digest: str) -> str:
    return f"tensors-{digest[:16]}.safetensors"


def _sync(path: Path) -> None:
    if path.is_dir() and os.name != "posix":  # elsewhere a folder cannot be opened, and needs no flushing
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
