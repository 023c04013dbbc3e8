from __future__ import annotations

import json
import re
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from pp.cells import cells

import ganaug

QUICK = ("--max-steps", "2")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cells, and a model of them."""
    folder = tmp_path_factory.mktemp("kept")
    adata = cells(60, 30, 60)
    adata.write_h5ad(folder / "cells.h5ad")
    model = ganaug.CellGAN(n_factors=2, refine=False, random_state=0)
    model.fit(adata, "type", "lane").save(folder / "model")
    return folder


@pytest.fixture
def model(kept: Path) -> Path:
    return kept / "model"


@pytest.fixture
def data(kept: Path) -> Path:
    return kept / "cells.h5ad"


def types(path: str) -> dict[str, int]:
    return anndata.read_h5ad(path).obs["type"].value_counts().to_dict()


def test_a_model_of_cells_is_kept_and_draws_them(run, data):
    result = run("fit", data, "--label", "type", "--batch", "lane", "-o", "model", *QUICK)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert "refiner" in result.stderr
    assert "wrote model" in result.stderr
    model = ganaug.load("model")
    assert isinstance(model, ganaug.CellGAN)
    assert (model.label_key_, model.batch_key_, model.max_steps, model.time_budget) == ("type", "lane", 2, 240.0)
    result = run("sample", "model", "-n", "40", "-o", "new.h5ad")
    assert result.exit_code == 0, result.stderr
    assert "wrote new.h5ad (40 cells)" in result.stderr
    new, real = anndata.read_h5ad("new.h5ad"), anndata.read_h5ad(data)
    assert new.var_names.tolist() == real.var_names.tolist()
    assert (new.X.data % 1 == 0).all()
    assert set(new.obs["type"]) == set(real.obs["type"])
    assert {path.name for path in Path().iterdir()} == {"model", "new.h5ad"}


def test_options_reach_the_model(run, data):
    adata = anndata.read_h5ad(data)
    adata.layers["counts"] = adata.X.copy()
    adata.X = adata.X.log1p()
    adata.write_h5ad("logged.h5ad")
    options = ["--layer", "counts", "--time-budget", "9", "--device", "cpu", "--seed", "7", *QUICK]
    printed = json.loads(run("fit", "logged.h5ad", "-o", "model", *options, "--json").stdout)
    assert printed["model"] == "model"
    assert [stage["stage"] for stage in printed["stages"][1:]] == ["refiner", "margins", "margins of clusters"]
    model = ganaug.load("model")
    assert (model.label_key_, model.batch_key_, model.time_budget) == (None, None, 9.0)


def test_so_many_of_each_type(run, model):
    assert run("sample", model, "--counts", "NK=7", "--counts", "T=3", "-o", "new.h5ad").exit_code == 0
    assert types("new.h5ad") == {"NK": 7, "T": 3, "B": 0}


def test_types_and_the_batch_that_are_named(run, model):
    options = ["--where", "type=NK,B", "--where", "lane=L2", "--json"]
    result = run("sample", model, "-n", "90", *options, "-o", "new.h5ad")
    assert json.loads(result.stdout) == {"command": "sample", "exit_code": 0, "output": "new.h5ad", "n_synthetic": 90}
    found = types("new.h5ad")
    assert (found["T"], found["B"] + found["NK"]) == (0, 90)
    assert found["B"] > found["NK"] > 0  # there were twice as many
    assert set(anndata.read_h5ad("new.h5ad").obs["lane"]) == {"L2"}


def test_the_seed_decides(run, model):
    for number, seed in enumerate("112"):
        assert run("sample", model, "-n", "9", "--seed", seed, "-o", f"{number}.h5ad").exit_code == 0
    drawn = [anndata.read_h5ad(f"{number}.h5ad").X.toarray() for number in range(3)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("cells.h5ad --label tipe", "no 'tipe' in adata.obs; did you mean 'type'"),
        ("cells.h5ad --target type", "--target is an option for tables, .*: there it is --label"),
        ("cells.h5ad --group donor", "--group is an option for tables"),
        ("cells.h5ad --schema schema.json", "--schema is an option for tables"),
        ("table.csv --label sex", "--label is an option for cells .* for tables: there it is --target"),
        ("table.csv --batch sex", "--batch is an option for cells"),
        ("cells.h5ad --layer raw", "no 'raw' in adata.layers"),
        ("logged.h5ad", "looks log-normalised: .* e.g. --layer counts"),
        ("cells.h5ad --label type --batch type", "leave --batch out"),
        ("cells.h5ad --device tpu", "--device: "),
        ("none.h5ad", "there is no file none"),
    ],
)
def test_cells_that_cannot_be_learned_leave_nothing(run, data, options, message):
    adata = anndata.read_h5ad(data)
    adata.write_h5ad("cells.h5ad")
    adata.X = adata.X.log1p()
    adata.write_h5ad("logged.h5ad")
    pd.DataFrame({"sex": ["f", "m"] * 9}).to_csv("table.csv", index=False)
    result = run("fit", *options.split(), "-o", "model")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert re.search(message, result.stderr)
    assert not Path("model").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("-n 5", r"ends in \.h5ad; name it with --output"),
        ("-n 5 -o new.csv", r"ends in \.h5ad, not into new\.csv"),
        ("-n 5 --json", "--output has to say"),
        ("-o new.h5ad", "give either --rows"),
        ("-n 5 --counts NK=3 -o new.h5ad", "give either --rows"),
        ("-n 0 -o new.h5ad", "--rows must be 1 or more"),
        ("--counts NK=9 --counts NK=5 -o new.h5ad", "--counts names 'NK' twice"),
        ("--counts 9 -o new.h5ad", "--counts '9' is not of the form TYPE=NUMBER"),
        ("--counts NK=few -o new.h5ad", "--counts 'NK=few' is not of the form"),
        ("--counts NK=0 -o new.h5ad", "--counts asks for no cell"),
        ("--counts nk=9 -o new.h5ad", "no type 'nk' among .*; did you mean 'NK'"),
        ("--counts NK=9 --where type=T -o new.h5ad", "and so does --where type="),
        ("-n 5 --where type=nk -o new.h5ad", "no type 'nk' among .*; did you mean 'NK'"),
        ("-n 5 --where lane=L9 -o new.h5ad", "no batch 'L9'"),
        ("-n 5 --where lane=L1,L2 -o new.h5ad", "in the style of one"),
        ("-n 5 --where tipe=NK -o new.h5ad", "no column 'tipe'; did you mean 'type'"),
        ("-n 5 --where NK -o new.h5ad", "not of the form COLUMN=VALUE"),
    ],
)
def test_cells_that_cannot_be_drawn_leave_nothing(run, model, options, message):
    result = run("sample", model, *options.split())
    assert result.exit_code == 2
    assert result.stdout == "" or json.loads(result.stdout)["exit_code"] == 2
    assert result.stderr.count("\n") == 1
    assert re.search(message, result.stderr)
    assert not [*Path().iterdir()]


def test_a_model_without_types_and_batches_has_none_to_name(run, data):
    adata = anndata.read_h5ad(data)
    ganaug.CellGAN(n_factors=1, refine=False, random_state=0).fit(adata).save("plain")
    for options in (["-n", "5", "--where", "type=NK"], ["--counts", "NK=5"]):
        result = run("sample", "plain", *options, "-o", "new.h5ad")
        assert result.exit_code == 2
        assert "without --label" in result.stderr
    assert run("sample", "plain", "-n", "5", "-o", "new.h5ad").exit_code == 0


def test_a_model_of_a_table_draws_no_cells(run):
    table = pd.DataFrame({"x": np.arange(60.0), "sex": ["f", "m"] * 30})
    ganaug.TabularGAN(refine=False, correct=False, random_state=0).fit(table).save("table")
    for options, message in (
        (["--counts", "f=5"], "--counts is an option for cells .*: there it is --rows"),
        ([], "--rows .-n. has to say how many rows"),
        (["-n", "5", "-o", "new.h5ad"], "h5ad"),
    ):
        result = run("sample", "table", *options)
        assert result.exit_code == 2
        assert re.search(message, result.stderr)
    assert not Path("new.h5ad").exists()
