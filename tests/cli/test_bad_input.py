from __future__ import annotations

import re

import pytest

ROWS = "a,b,c\n" + "".join(f"{i % 7},{i * 0.5},{'xy'[i % 2]}\n" for i in range(60))
TABLES = {
    "empty file": ("", r"data\.csv"),
    "header only": ("a,b,c\n", "no rows"),
    "one row": ("a,b,c\n1,2,x\n", "one row"),
    "duplicate column names": (ROWS.replace("a,b,c", "a,a,c"), "'a'"),
    "ragged rows": (ROWS + "1,2,x,9\n", "62"),
    "not utf-8": (ROWS.encode() + b"1,2,\xff\n", "UTF-8"),
    "binary": (bytes(range(256)) * 8, r"data\.csv"),
    "all constant": ("a,b\n" + "1,x\n" * 60, "constant|changes|varies"),
    "all missing": ("a,b\n" + "NA,NA\n" * 60, "constant|changes|varies|missing"),
    "infinity": (ROWS + "inf,2,x\n", "'a'.* inf .*row 60"),
    "stray units": (ROWS + "12 kg,2,x\n", "'a'.*12 kg.*row 60"),
    "a column named is_synthetic": (ROWS.replace("a,b,c", "a,b,is_synthetic"), "is_synthetic"),
}
OPTIONS = {
    "target unknown": ("--target A", "'A'.*did you mean 'a'"),
    "balance unknown": ("--balance cc", "'cc'"),
    "group unknown": ("--group d", "'d'"),
    "no rows": ("--rows 0", "--rows must be 1 or more, not 0"),
    "negative rows": ("--rows -3", "--rows must be 1 or more, not -3"),
    "times": ("--times 0", "--times must be more than 0"),
    "rows and times": ("--rows 5 --times 2", "exclude each other"),
    "where without a value": ("--where x", "COLUMN=VALUE"),
    "where of an unknown column": ("--where d=1", "'d'"),
    "where without support": ("--where c=z", "'z'"),
    "output is the input": ("-o data.csv", "is the input itself"),
    "output in no folder": ("-o none/new.csv", "there is no folder none"),
    "output is a folder": ("-o .", "is a folder"),
    "output of unknown format": ("-o new.docx", r"new\.docx"),
    "report in no folder": ("--report none/r.html", "there is no folder none"),
    "model over a file": ("--model data.csv", "is a file"),
    "device unknown": ("--device abacus", "abacus"),
    "schema missing": ("--schema none.json", r"none\.json"),
    "schema of another table": ("--schema other.json", "'z'"),
    "schema is no JSON": ("--schema data.csv", "JSON"),
    "nothing to resume": ("--resume", "nothing to resume"),
}


def refusal(run, folder, *arguments):
    """The one line that a command says, which has to leave with 2 and write nothing."""
    before = sorted(folder.iterdir())
    result = run("augment", *arguments)
    assert result.exit_code == 2, result.stderr
    assert result.stdout == ""
    assert sorted(folder.iterdir()) == before
    (line,) = result.stderr.splitlines()
    assert line.startswith("ganaug: error: ")
    return line


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_table(run, tmp_path, case):
    content, message = TABLES[case]
    (tmp_path / "data.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert re.search(message, refusal(run, tmp_path, "data.csv"))


@pytest.mark.parametrize("case", OPTIONS)
def test_a_bad_option(run, tmp_path, case):
    options, message = OPTIONS[case]
    (tmp_path / "data.csv").write_text(ROWS)
    (tmp_path / "other.json").write_text('{"columns": {"z": {"kind": "integer"}}}')
    assert re.search(message, refusal(run, tmp_path, "data.csv", *options.split()))


def test_a_target_of_one_class(run, tmp_path):
    (tmp_path / "data.csv").write_text(ROWS.replace(",y", ",x"))
    assert "'c'" in refusal(run, tmp_path, "data.csv", "--target", "c")


def test_a_folder_is_no_table(run, tmp_path):
    assert "is a folder" in refusal(run, tmp_path, ".")


def test_no_such_file(run, tmp_path):
    assert "none.csv" in refusal(run, tmp_path, "none.csv")


def test_a_broken_parquet_file(run, tmp_path):
    (tmp_path / "data.parquet").write_bytes(b"PAR1" * 9)
    assert "data.parquet" in refusal(run, tmp_path, "data.parquet")


def test_stdin_without_an_output(run, tmp_path):
    assert "--output" in refusal(run, tmp_path, "-")


def test_usage_errors_leave_with_2(run):
    for arguments in (["augment"], ["augment", "data.csv", "--rws", "5"], ["agument"], ["fit", "data.csv"]):
        assert run(*arguments).exit_code == 2
