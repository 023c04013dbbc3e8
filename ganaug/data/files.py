"""Tables from files and into files; whatever is wrong with a file is said in one line."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import pandas as pd

from ganaug.data.checks import nearest
from ganaug.data.dialect import Dialect
from ganaug.data.text import first_line, parse_text
from ganaug.errors import DataError

if TYPE_CHECKING:
    import os

__all__ = ["read_table", "write_table"]

TEXT = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
BINARY = {".parquet": "parquet", ".pq": "parquet", ".feather": "feather", ".ftr": "feather"}


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    r"""Read a table; pandas does the parsing.

    Parameters
    ----------
    path : path-like
        A ``.csv``, ``.tsv``, ``.parquet`` or ``.feather`` file, also with ``.gz``; ``"-"`` reads text from the
        standard input. Of a text file, the separator, the missing marks, the decimals and their comma are remembered in
        ``df.attrs``, so that `write_table` writes the same way.

    Raises
    ------
    DataError
        If the file is absent, empty, of unknown format, no UTF-8 text, or has rows of different length.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "trees.csv"
    >>> _ = path.write_text("height,kind\n1.50,oak\nNA,elm\n")
    >>> df = read_table(path)
    >>> write_table(df, path)
    >>> path.read_text()
    'height,kind\n1.50,oak\nNA,elm\n'
    """
    if str(path) == "-":
        return parse_text(sys.stdin.buffer.read(), "standard input", None)
    suffix, zipped = _suffix(path)
    data = _read_bytes(Path(path), zipped)
    if not data:
        raise DataError(f"{path} is empty")
    if suffix in TEXT:
        return parse_text(data, str(path), TEXT[suffix])
    return _read_binary(data, str(path), BINARY[suffix])


def write_table(df: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table in the format that the suffix of `path` names; text as its source was written.

    Raises
    ------
    DataError
        If the format is unknown, cannot hold the table, or the file cannot be written.
    """
    suffix, zipped = _suffix(path)
    try:
        with Path(path).open("wb") as file:
            if not zipped:
                _write(df, file, suffix)
                return
            # no name and no time in the header: the same table gives the same bytes
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                _write(df, cast("IO[bytes]", packed), suffix)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from error
    except (ValueError, TypeError, NotImplementedError) as error:
        raise DataError(f"cannot write {path}: {first_line(error)}") from error


def _write(df: pd.DataFrame, file: IO[bytes], suffix: str) -> None:
    if suffix in TEXT:
        dialect = Dialect.of(df)
        separator = dialect.separator
        if (TEXT[suffix] == "\t") != (separator == "\t"):
            separator = "\t" if TEXT[suffix] == "\t" else "," if dialect.decimal_mark == "." else ";"
        dialect.texts(df).to_csv(file, sep=separator, index=False, lineterminator="\n", encoding="utf-8", mode="wb")
        return
    buffer = io.BytesIO()
    if BINARY[suffix] == "parquet":
        df.to_parquet(buffer)
    else:  # feather knows no index
        df.reset_index(drop=True).to_feather(buffer)
    file.write(buffer.getbuffer())


def _suffix(path: str | os.PathLike[str]) -> tuple[str, bool]:
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    zipped = suffixes[-1:] == [".gz"]
    suffix = (suffixes[:-1] if zipped else suffixes)[-1:]
    known = {**TEXT, **BINARY}
    if not suffix or suffix[0] not in known:
        raise DataError(f"{path} has no known suffix; use one of {', '.join(known)} (also with .gz)")
    return suffix[0], zipped


def _read_bytes(path: Path, zipped: bool) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        folder = path.parent
        near = nearest(path.name, [other.name for other in folder.iterdir()]) if folder.is_dir() else ""
        raise DataError(f"there is no file {path}{near if 'did you mean' in near else ''}") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    try:
        return gzip.decompress(data) if zipped else data
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is no whole gzip file: {first_line(error)}") from error


def _read_binary(data: bytes, path: str, form: str) -> pd.DataFrame:
    reader = pd.read_parquet if form == "parquet" else pd.read_feather
    try:
        return reader(io.BytesIO(data))
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        raise DataError(f"{path} is no readable {form} file: {first_line(error)}") from error
