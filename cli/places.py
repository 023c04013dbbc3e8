"""Where a run puts its files: all found out, and tried, before anything is learned."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ganaug.errors import DataError
from ganaug.persistence import HEAD, check_folder

STDIN = Path("-")


@dataclass(frozen=True)
class Places:
    """The files of one `ganaug augment` or `ganaug equalize`.

    Attributes
    ----------
    source : Path
        The input, or ``-``.
    rows : Path
        The table that is handed over.
    html, json : Path
        The report, twice.
    checkpoint : Path
        The folder that an interrupted run leaves.
    model : Path or None
        Where the model is kept, if it is.
    """

    source: Path
    rows: Path
    html: Path
    json: Path
    checkpoint: Path
    model: Path | None = None

    @classmethod
    def beside(
        cls, source: Path, output: Path | None, report: Path | None, model: Path | None, made: str = "augmented"
    ) -> Places:
        """Name what was not named: beside `output` where that is given, else beside `source`."""
        if output is None and source == STDIN:
            raise DataError("DATA is stdin, so --output has to say where the rows go")
        for path in (source, output):
            if path is not None and path.is_dir():
                raise DataError(f"{path} is a folder, not a table; name a file")
        stem, suffix = split_suffix(output or source)
        rows = output or source.with_name(f"{stem}.{made}{suffix}")
        base = rows.with_name(stem.removesuffix(f".{made}"))
        html, json = report_files(report or base.with_name(f"{base.name}.report"))
        return cls(source, rows, html, json, base.with_name(f"{base.name}.checkpoint"), model)

    def check(self, *, resume: bool) -> None:
        """Raise `DataError` for the first place that cannot be used."""
        self.check_results()
        check_folder(self.checkpoint)
        if resume and not self.checkpoint.exists():
            raise DataError(f"nothing to resume: there is no {self.checkpoint}")

    def check_results(self) -> None:
        """Raise `DataError` for the first result that cannot be put where it goes."""
        for path in (self.rows, self.html, self.json):
            check_writable(path, self.source)
        if self.model is not None:
            check_model_folder(self.model)

    def has_checkpoint(self) -> bool:
        """Whether some training is kept."""
        return any(self.checkpoint.glob(f"*/{HEAD}"))


def split_suffix(path: Path) -> tuple[str, str]:
    """Split a file name before its format.

    >>> split_suffix(Path("study.v2.csv.gz"))
    ('study.v2', '.csv.gz')
    """
    suffix = path.suffix
    if suffix == ".gz":
        suffix = path.with_suffix("").suffix + suffix
    return path.name.removesuffix(suffix), suffix


def report_files(path: Path) -> tuple[Path, Path]:
    """Return the HTML and the JSON file of a report; `path` may name either, or neither."""
    base = path.with_suffix("") if path.suffix in {".html", ".json"} else path
    return base.with_name(f"{base.name}.html"), base.with_name(f"{base.name}.json")


def check_writable(path: Path, *sources: Path) -> None:
    """Raise `DataError` unless a file can be put at `path` without harm to the sources."""
    for source in sources:
        if path.resolve() == source.resolve() or (path.exists() and source.exists() and path.samefile(source)):
            raise DataError(f"{path} is the input itself; choose another --output")
    if not path.parent.is_dir():
        raise DataError(f"cannot write {path}: there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise DataError(f"cannot write {path}: it is not a regular file")
    if path.exists() and not os.access(path, os.W_OK):
        raise DataError(f"cannot write {path}: it is write-protected")
    _try_folder(path.parent, path)


def check_model_folder(path: Path) -> None:
    """Raise unless a model can be saved as the folder `path`."""
    check_folder(path)
    if not path.absolute().parent.is_dir():
        raise DataError(f"cannot write {path}: there is no folder {path.parent}")
    _try_folder(path if path.exists() else path.absolute().parent, path)


def _try_folder(folder: Path, path: Path) -> None:
    # a file is made and not only the permission read: the disk may be read-only or full
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from error
