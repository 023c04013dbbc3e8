from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import ganaug
from ganaug import BatchEqualizer
from ganaug.transport.guard import Kept

FILES = {"data.equalized.csv", "data.model", "data.report.html", "data.report.json"}


def plates(n: int = 240, shift: float = 2.0) -> pd.DataFrame:
    """Two kinds of cells on three plates, in numbers of every sort, and columns that are none."""
    rng = np.random.default_rng(0)
    plate, kind, dose = rng.integers(3, size=n), rng.integers(2, size=n), rng.integers(4, size=n)
    X = rng.normal(size=(n, 3)) + 4 * kind[:, None] * np.array([1, 0, -1]) + dose[:, None] * np.array([0, 1, 0])
    X += shift * np.array([[0, 0, 0], [1, 1, 0], [-1, 0, 1]])[plate]
    table = pd.DataFrame(X.round(2), columns=list("abc")).assign(cells=(100 + 9 * X[:, 0]).round().astype(int))
    table.loc[::9, "b"] = np.nan
    table.insert(0, "well", [f"A{i}" for i in range(n)])
    table.insert(1, "number", range(1, n + 1))
    return table.assign(passed=rng.random(n) < 0.9, plate=np.array(["P1", "P2", "P3"])[plate], dose=dose)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    plates().to_csv(tmp_path / "data.csv", index=False, na_rep="NA")
    return tmp_path / "data.csv"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"data.csv"}


def apart(frame: pd.DataFrame) -> float:
    """How far the plates' means lie apart, over the columns."""
    return float(frame.groupby("plate")[list("abc")].mean().std(ddof=0).mean())


def test_rows_report_and_model_lie_beside_the_input(run, table):
    result = run("equalize", table, "--batch", "plate", "--keep", "dose")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert names(table.parent) == FILES
    before, after = pd.read_csv(table), pd.read_csv("data.equalized.csv")
    assert apart(after) < 0.3 * apart(before)
    assert list(after) == list(before)
    same = ["well", "number", "passed", "plate", "dose"]
    pd.testing.assert_frame_equal(after[same], before[same])
    assert (after.isna() == before.isna()).all(axis=None)
    assert Path("data.equalized.csv").read_text().splitlines()[1].split(",")[3] == "NA"
    for words in (
        "'well', 'number', 'passed'",
        "taken",
        "equalised",
        "% before)",
        "wrote data.equalized.csv",
        "data.model",
    ):
        assert words in result.stderr.replace(f"{table.parent}/", "")


def test_the_report_says_what_was_seen(run, table):
    assert run("equalize", table, "--batch", "plate", "--keep", "dose", "--seed", "4").exit_code == 0
    report, page = json.loads(Path("data.report.json").read_text()), Path("data.report.html").read_text()
    assert report["verdict"] in ("pass", "warn")
    assert set(report["guard"]["identity"]) == {"mixing", "untold", "structure", "score"}
    assert {column["column"] for column in report["columns"]} == {"a", "b", "c", "cells"}
    assert [batch["batch"] for batch in report["batches"]] == ["P1", "P2", "P3"]
    assert report["provenance"]["seed"] == 4
    for words in ("<code>plate</code>", "Test for differences on the raw values", "<svg", "What was tried", "P3"):
        assert words in page
    assert "<script" not in page
    assert not re.search(r"https?://", page)


def test_the_model_takes_later_rows(run, table):
    assert run("equalize", table, "--batch", "plate", "--model", "kept").exit_code == 0
    model, after = ganaug.load("kept"), pd.read_csv("data.equalized.csv")
    assert isinstance(model, BatchEqualizer)
    moved = model.transform(pd.read_csv(table)[model.feature_names_in_])
    np.testing.assert_allclose(moved[list("abc")], after[list("abc")])


def test_a_reference_stays_as_it_is(run, table):
    assert run("equalize", table, "--batch", "plate", "--reference", "P1", "--reference", "P3").exit_code == 0
    before, after = pd.read_csv(table), pd.read_csv("data.equalized.csv")
    assert ganaug.load("data.model").reference == ["P1", "P3"]
    assert not np.allclose(before["a"], after["a"])


def test_batches_may_be_numbers(run, table):
    frame = pd.read_csv(table)
    frame.assign(plate=frame["plate"].str[1].astype(int)).to_csv(table, index=False)
    assert run("equalize", table, "--batch", "plate", "--reference", "2").exit_code == 0
    assert ganaug.load("data.model").reference == [2]


def test_where_there_is_no_effect_the_table_stays_as_it_is(run, tmp_path):
    frame = plates(shift=0.0)
    frame.to_csv(tmp_path / "data.csv", index=False, na_rep="NA")
    result = run("equalize", "data.csv", "--batch", "plate")
    assert result.exit_code == 0
    assert "nothing was changed: trees" in result.stderr
    assert Path("data.equalized.csv").read_bytes() == Path("data.csv").read_bytes()


def test_dtypes_of_a_parquet_file_stay(run, tmp_path):
    frame = plates().astype({"a": "float32", "b": "Float64", "cells": "Int64", "plate": "category"})
    frame.to_parquet("data.parquet")
    assert run("equalize", "data.parquet", "--batch", "plate", "--keep", "dose", "-o", "new.parquet").exit_code == 0
    after = pd.read_parquet("new.parquet")
    assert after.dtypes.astype(str).to_dict() == {**frame.dtypes.astype(str).to_dict(), "cells": "Float64"}
    assert names(tmp_path) == {"data.parquet", "new.parquet", "new.model", "new.report.html", "new.report.json"}


def test_stdin_and_the_other_spelling(run, table):
    assert run("equalise", "-", "--batch", "plate", "-o", "new.csv", input=table.read_text()).exit_code == 0
    assert len(pd.read_csv("new.csv")) == 240
    assert "equalise" not in run("--help").stdout


def test_the_seed_decides(run, table):
    def written() -> bytes:
        assert run("equalize", table, "--batch", "plate", "--seed", "2").exit_code == 0
        return Path("data.equalized.csv").read_bytes() + Path("data.report.html").read_bytes()

    assert written() == written()


def worse(model: BatchEqualizer) -> BatchEqualizer:
    model.guard_ = {**model.guard_, model.way_: Kept(0.1, 0.0, 0.1)}
    return model


def test_what_is_worse_than_before_is_refused_and_older_rows_stay(run, table, monkeypatch):
    fit = BatchEqualizer.fit
    monkeypatch.setattr(BatchEqualizer, "fit", lambda self, X, *given: worse(fit(self, X, *given)))
    result = run("equalize", table, "--batch", "plate")
    assert result.exit_code == 3
    assert "refused, worse than leaving the rows alone" in result.stderr
    assert names(table.parent) == {"data.report.html", "data.report.json"}
    Path("data.equalized.csv").write_text("older")
    printed = run("equalize", table, "--batch", "plate", "--json")
    assert "data.equalized.csv is of an earlier run" in printed.stderr
    assert Path("data.equalized.csv").read_text() == "older"
    told = json.loads(printed.stdout)
    assert (told["exit_code"], told["verdict"], told["output"], told["model"]) == (3, "fail", None, None)


def test_too_few_rows_leave_it_open(run, tmp_path):
    plates(60).to_csv("data.csv", index=False)
    result = run("equalize", "data.csv", "--batch", "plate")
    assert result.exit_code == 4
    assert "undecided: 60 rows are too few" in result.stderr
    assert names(tmp_path) == {"data.report.html", "data.report.json"}


def test_json_is_one_object_on_stdout(run, table):
    told = json.loads(run("equalize", table, "--batch", "plate", "--json").stdout)
    assert (told["command"], told["exit_code"]) == ("equalize", 0)
    assert told["output"].endswith("data.equalized.csv")
    assert told["report"]["headline"].startswith("equalised")


def one(frame: pd.DataFrame, row: int, value: Any) -> pd.DataFrame:
    frame.loc[row, "plate"] = value
    return frame


TABLES = {
    "a batch of one row": (lambda frame: one(frame, 5, "P9"), "", "'P9' has a single row"),
    "one batch": (lambda frame: frame.assign(plate="P1"), "", "'plate' holds a single batch, 'P1'"),
    "a label missing": (lambda frame: one(frame, 5, np.nan), "", "row 5 has no batch label"),
    "a batch for each row": (lambda frame: frame.assign(plate=frame["well"]), "", "'A0' has a single row"),
    "infinity": (lambda frame: frame.assign(c=frame["c"].mask(frame.index == 7, np.inf)), "", "'c' holds inf at row 7"),
    "no numbers": (lambda frame: frame[["well", "plate", "dose"]], "--keep dose", "nothing to equalise"),
    "a covariate missing": (
        lambda frame: frame.assign(dose=frame["dose"].mask(frame.index == 3)),
        "--keep dose",
        "covariate 'dose' is missing in some rows",
    ),
    "confounded": (
        lambda frame: frame.assign(diagnosis=np.where(frame["plate"] == "P1", "case", "control")),
        "--keep diagnosis",
        "'diagnosis' and the batch cannot be told apart.*--allow-confounded",
    ),
}
OPTIONS = {
    "batch unknown": ("--batch plat", "--batch 'plat': there is no column 'plat'; did you mean 'plate'"),
    "covariate unknown": ("--batch plate --keep dosis", "--keep 'dosis'.*did you mean 'dose'"),
    "covariate is the batch": ("--batch plate --keep plate", "--keep 'plate': that is the batch"),
    "reference unknown": (
        "--batch plate --reference P4",
        "--reference 'P4': there is no batch 'P4'; there are 'P1', 'P2', 'P3'",
    ),
    "device unknown": ("--batch plate --device abacus", "--device: .*abacus"),
    "output is the input": ("--batch plate -o data.csv", "is the input itself"),
    "output in no folder": ("--batch plate -o none/new.csv", "there is no folder none"),
    "output of unknown format": ("--batch plate -o new.docx", r"new\.docx"),
    "model over a file": ("--batch plate --model data.csv", "is a file"),
    "model over other files": ("--batch plate --model .", r"data\.csv"),
}


def refusal(run, folder: Path, *arguments: object) -> str:
    """The one line that a command says, which has to leave with 2 and write nothing."""
    before = sorted(folder.iterdir())
    result = run("equalize", *arguments)
    assert result.exit_code == 2, result.stderr
    assert result.stdout == ""
    assert sorted(folder.iterdir()) == before
    (line,) = result.stderr.splitlines()
    assert line.startswith("ganaug: error: ")
    return str(line)


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_table(run, tmp_path, case):
    change, options, message = TABLES[case]
    change(plates()).to_csv("data.csv", index=False)
    assert re.search(message, refusal(run, tmp_path, "data.csv", "--batch", "plate", *options.split()))


@pytest.mark.parametrize("case", OPTIONS)
def test_a_bad_option(run, table, case):
    options, message = OPTIONS[case]
    assert re.search(message, refusal(run, table.parent, "data.csv", *options.split()))


def test_a_confounded_covariate_on_request(run, tmp_path):
    frame = plates()
    frame.assign(diagnosis=np.where(frame["plate"] == "P1", "case", "control")).to_csv("data.csv", index=False)
    arguments = ("--batch", "plate", "--keep", "diagnosis", "--allow-confounded")
    assert run("equalize", "data.csv", *arguments).exit_code == 0


def test_a_model_of_batches_draws_no_rows(run, table):
    assert run("equalize", table, "--batch", "plate").exit_code == 0
    result = run("sample", "data.model", "-n", "5")
    assert result.exit_code == 2
    assert "holds a 'BatchEqualizer', expected a 'TabularGAN'" in result.stderr


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    kind, batch = rng.integers(3, size=300), rng.integers(2, size=300)
    rate = np.exp(rng.normal(size=(3, 120)))[kind] * np.exp(0.7 * rng.normal(size=(2, 120)))[batch]
    counts = rng.poisson(rate)
    X = sparse.csr_matrix(np.log1p(1e3 * counts / counts.sum(axis=1, keepdims=True)))
    obs = pd.DataFrame({"donor": np.array(["D1", "D2"])[batch], "kind": kind.astype(str)})
    anndata.AnnData(X, obs=obs.set_axis([f"c{i}" for i in range(300)])).write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path / "cells.h5ad"


def test_cells_get_a_layer_and_x_stays(run, cells):
    result = run("equalize", "cells.h5ad", "--batch", "donor", "--keep", "kind")
    assert result.exit_code == 0, result.stderr
    assert names(cells.parent) == {
        "cells.h5ad",
        "cells.equalized.h5ad",
        "cells.model",
        "cells.report.html",
        "cells.report.json",
    }
    before, after = anndata.read_h5ad("cells.h5ad"), anndata.read_h5ad("cells.equalized.h5ad")
    assert (before.X != after.X).nnz == 0
    assert after.layers["ganaug"].min() >= 0
    assert after.obsm["X_ganaug"].shape[0] == 300
    assert isinstance(ganaug.load("cells.model"), BatchEqualizer)
    report = json.loads(Path("cells.report.json").read_text())
    assert sum(batch["rows"] for batch in report["batches"]) == 300


def test_x_stays_in_the_file_and_one_that_lies_column_by_column_is_loaded(run, cells, monkeypatch):
    read, opened = anndata.read_h5ad, []
    monkeypatch.setattr(anndata, "read_h5ad", lambda *given, **told: opened.append(read(*given, **told)) or opened[-1])
    assert run("equalize", "cells.h5ad", "--batch", "donor", "-o", "rows.h5ad").exit_code == 0
    assert opened[0].isbacked
    adata = read("cells.h5ad")
    adata.X = sparse.csc_matrix(adata.X)
    adata.write_h5ad("columns.h5ad")
    assert run("equalize", "columns.h5ad", "--batch", "donor", "-o", "same.h5ad").exit_code == 0
    one, other = read("rows.h5ad"), read("same.h5ad")
    assert (one.X != adata.X).nnz == (other.X != adata.X).nnz == 0
    assert abs(one.layers["ganaug"] - other.layers["ganaug"]).max() < 1e-5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("none.h5ad --batch donor", r"there is no file none\.h5ad"),
        ("no.h5ad --batch donor", r"no\.h5ad is no readable \.h5ad file"),
        ("cells.h5ad --batch doner", "no column 'doner'; did you mean 'donor'"),
        ("cells.h5ad --batch donor -o new.csv", r"ends in \.h5ad, not into new\.csv"),
        ("empty.h5ad --batch donor", r"empty\.h5ad is no readable \.h5ad file: .*'X' doesn't exist"),
        ("again.h5ad --batch donor", r"layers\['ganaug'\].* already; --overwrite replaces it"),
    ],
)
def test_bad_cells(run, cells, arguments, message):
    Path("no.h5ad").write_text("x")
    adata = anndata.read_h5ad(cells)
    adata.layers["ganaug"] = adata.X
    adata.write_h5ad("again.h5ad")
    anndata.AnnData(obs=adata.obs, var=adata.var).write_h5ad("empty.h5ad")
    assert re.search(message, refusal(run, cells.parent, *arguments.split()))


def test_what_an_earlier_run_put_there_is_replaced_on_request(run, cells):
    assert run("equalize", "cells.h5ad", "--batch", "donor", "-o", "one.h5ad").exit_code == 0
    assert run("equalize", "one.h5ad", "--batch", "donor", "-o", "two.h5ad").exit_code == 2
    assert run("equalize", "one.h5ad", "--batch", "donor", "-o", "two.h5ad", "--overwrite").exit_code == 0
