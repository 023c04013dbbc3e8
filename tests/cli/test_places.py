from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from ganaug import DataError, ModelFileError
from ganaug_cli.places import Places, check_model_folder, check_writable, report_files, split_suffix


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.csv", ("a", ".csv")),
        ("a.b.tsv.gz", ("a.b", ".tsv.gz")),
        ("a", ("a", "")),
        ("a.gz", ("a", ".gz")),
        (".hidden", (".hidden", "")),
    ],
)
def test_a_name_is_split_before_its_format(name: str, parts: tuple[str, str]) -> None:
    assert split_suffix(Path(name)) == parts


def test_places_beside_the_input() -> None:
    places = Places.beside(Path("in/data.csv.gz"), None, None, None)
    assert places.rows == Path("in/data.augmented.csv.gz")
    assert places.html == Path("in/data.report.html")
    assert places.json == Path("in/data.report.json")
    assert places.checkpoint == Path("in/data.checkpoint")


@pytest.mark.parametrize("output", ["out/more.parquet", "out/more.augmented.parquet"])
def test_places_beside_the_output(output: str) -> None:
    places = Places.beside(Path("in/data.csv"), Path(output), None, None)
    assert places.rows == Path(output)
    assert places.html == Path("out/more.report.html")
    assert places.checkpoint == Path("out/more.checkpoint")


def test_stdin_needs_an_output() -> None:
    with pytest.raises(DataError, match="--output has to say"):
        Places.beside(Path("-"), None, None, None)


@pytest.mark.parametrize("name", ["r", "r.html", "r.json"])
def test_both_report_files_from_either(name: str) -> None:
    assert report_files(Path(name)) == (Path("r.html"), Path("r.json"))


def test_a_good_place_stays_untouched(tmp_path: Path) -> None:
    check_writable(tmp_path / "new.csv", Path("-"))
    check_model_folder(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_the_input_is_never_the_output(tmp_path: Path) -> None:
    source, link = tmp_path / "data.csv", tmp_path / "link.csv"
    source.touch()
    link.hardlink_to(source)
    for path in (source, tmp_path / "." / "data.csv", link):
        with pytest.raises(DataError, match="is the input itself"):
            check_writable(path, source)


@pytest.mark.parametrize(
    ("path", "message"),
    [("missing/new.csv", "there is no folder"), (".", "not a regular file"), ("/dev/null", "not a regular file")],
)
def test_places_that_cannot_be_written(tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_writable(tmp_path / path)


def test_a_folder_that_takes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(dir: Path) -> None:  # noqa: A002
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(DataError, match=r"cannot write .*new\.csv: No space left on device"):
        check_writable(tmp_path / "new.csv")


def test_a_foreign_folder_is_no_place_for_a_model_or_a_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "data.checkpoint").mkdir()
    (tmp_path / "data.checkpoint" / "thesis.txt").touch()
    with pytest.raises(ModelFileError, match=r"thesis\.txt"):
        check_model_folder(tmp_path / "data.checkpoint")
    with pytest.raises(ModelFileError, match=r"thesis\.txt"):
        Places.beside(tmp_path / "data.csv", None, None, None).check(resume=False)


def test_a_model_needs_an_existing_parent(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        check_model_folder(tmp_path / "missing" / "model")
    with pytest.raises(DataError, match="there is no folder"):
        Places.beside(tmp_path / "data.csv", None, None, tmp_path / "missing" / "model").check(resume=False)


def test_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to resume"):
        Places.beside(tmp_path / "data.csv", None, None, None).check(resume=True)
