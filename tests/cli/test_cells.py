from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from pp.cells import Knowing, cells

import ganaug
from ganaug.fidelity.report import FidelityReport
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.models.cells import CellGAN
from ganaug.persistence import save_folder


class Judge:
    """Stands in for `ganaug.tl.fidelity`: remembers what it was asked, and answers with a given verdict at once."""

    def __init__(self) -> None:
        self.verdict = Verdict.PASS
        self.asked: dict[str, Any] = {}

    def __call__(self, real: Any, synthetic: Any, **asked: Any) -> Any:
        self.asked = {"real": real, "synthetic": synthetic, **asked}
        check = CheckResult("c2st", 0.55, 0.5, 0.6, 0.65, self.verdict, True, "C2ST AUC .55, at most .60")
        return FidelityReport(self.verdict, (check,), "standard", 30, 60, {})


class Remembered(Knowing):
    """A generator that can be looked at afterwards."""

    last: Knowing

    def fit(self, *given: Any, **told: Any) -> Knowing:
        Remembered.last = self
        self.resumed_, self.kept_in_ = self.resume, self.checkpoint
        return super().fit(*given, **told)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    answer = Judge()
    monkeypatch.setattr("ganaug.pp.drawn.fidelity", answer)
    monkeypatch.setattr("ganaug.tl.fidelity", answer)
    return answer


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug.models.cells.CellGAN", Remembered)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    cells(60, 30, 60).write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path / "cells.h5ad"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"cells.h5ad"}


@pytest.mark.usefixtures("known")
def test_cells_and_report_lie_beside_the_input(run, judge, data):
    result = run("augment", data, "--label", "type")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert names(data.parent) == {"cells.augmented.h5ad", "cells.report.html", "cells.report.json"}
    real, more = anndata.read_h5ad(data), anndata.read_h5ad("cells.augmented.h5ad")
    assert (more.X[:150] != real.X).nnz == 0
    assert more.obs["is_synthetic"].tolist() == [False] * 150 + [True] * 30
    assert more.uns["ganaug_augment"]["verdict"] == "pass"
    assert json.loads(Path("cells.report.json").read_text())["provenance"]["learned_from"] == 120
    for words in ("passed: C2ST AUC .55", "it knows", "(30 synthetic rows)", "cells.augmented.h5ad"):
        assert words in result.stderr


@pytest.mark.usefixtures("known")
def test_options_reach_the_library(run, judge, data):
    adata = anndata.read_h5ad(data)
    adata.layers["counts"] = adata.X.copy()
    adata.X = adata.X.log1p()
    adata.write_h5ad("logged.h5ad")
    options = ["--label", "type", "--batch", "lane", "--group", "donor", "--layer", "counts", "--profile", "strict"]
    options += ["--time-budget", "9", "--max-steps", "5", "--device", "cpu", "--counts", "NK=40", "--counts", "T=61"]
    assert run("augment", "logged.h5ad", *options, "-o", "more.h5ad", "--model", "model").exit_code == 0
    assert (judge.asked["label_key"], judge.asked["group_key"], judge.asked["profile"]) == ("type", "donor", "strict")
    model = Remembered.last
    assert (model.time_budget, model.max_steps, model.device, model.asked_) == (9.0, 5, "cpu", ("type", "lane"))
    made = anndata.read_h5ad("more.h5ad")[150:]
    assert made.obs["type"].value_counts().to_dict() == {"NK": 10, "T": 1}
    assert made.obs["lane"].notna().all()
    assert "model" in names(data.parent)


@pytest.mark.usefixtures("known", "judge")
def test_synthetic_cells_alone(run, data):
    assert run("augment", data, "--label", "type", "--counts", "45", "--synthetic-only").exit_code == 0
    alone = anndata.read_h5ad("cells.augmented.h5ad")
    assert alone.obs["type"].tolist() == ["NK"] * 15
    assert list(alone.obs) == ["type", "is_synthetic"]
    assert alone.obs["is_synthetic"].all()


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(("verdict", "code"), [(Verdict.FAIL, 3), (Verdict.INCONCLUSIVE, 4)])
def test_refused_cells_are_not_written(run, judge, data, verdict, code):
    judge.verdict = verdict
    result = run("augment", data, "--label", "type", "--json")
    assert result.exit_code == code
    printed = json.loads(result.stdout)
    assert (printed["exit_code"], printed["verdict"], printed["output"]) == (code, verdict.value, None)
    assert (printed["n_synthetic"], printed["report"]["verdict"]) == (30, verdict.value)
    assert names(data.parent) == {"cells.report.html", "cells.report.json"}


@pytest.mark.usefixtures("known", "judge")
def test_types_of_a_few_cells_are_raised_by_force(run, data):
    cells(60, 12, 60).write_h5ad(data)
    result = run("augment", data, "--label", "type")
    assert result.exit_code == 2
    assert "'NK' has 12" in result.stderr
    assert "or give --force" in result.stderr
    assert names(data.parent) == set()
    assert run("augment", data, "--label", "type", "--force").exit_code == 0


@pytest.mark.usefixtures("known", "judge")
def test_an_interrupted_run_goes_on(run, data, monkeypatch):
    def interrupted(self, *given, **told):
        save_folder(self.checkpoint, {}, {}, kind="checkpoint")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Remembered, "fit", interrupted)
        result = run("augment", data, "--label", "type")
    assert result.exit_code == 130
    assert "the same command with --resume goes on" in result.stderr
    assert names(data.parent) == {"cells.checkpoint"}
    assert run("augment", data, "--label", "type", "--resume").exit_code == 0
    assert Remembered.last.resumed_
    assert (Remembered.last.resume, Remembered.last.checkpoint) == (False, None)
    assert "cells.checkpoint" not in names(data.parent)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("cells.h5ad", "--label has to name the column"),
        ("cells.h5ad --label tipe", "no 'tipe' in adata.obs; did you mean 'type'"),
        ("cells.h5ad --label type -o new.csv", r"ends in \.h5ad, not into new\.csv"),
        ("cells.h5ad --label type --rows 5", "--rows is an option for tables, .* for cells .*: there it is --counts"),
        ("cells.h5ad --target type", "--target is an option for tables, .*: there it is --label"),
        ("cells.h5ad --label type --where sex=f", "--where is an option for tables"),
        ("cells.h5ad --label type --print-schema", "--print-schema is an option for tables"),
        ("table.csv --label sex", "--label is an option for cells .* for tables: there it is --target"),
        ("table.csv --counts 9", "--counts is an option for cells .*: there it is --balance"),
        ("table.csv --force", "--force is an option for cells"),
        ("cells.h5ad --label type --counts B=9 --counts B=5", "--counts names 'B' twice"),
        ("cells.h5ad --label type --counts many", "--counts 'many': give balance, one number, or TYPE=NUMBER"),
        ("cells.h5ad --label type --counts 9 --counts 8", "--counts '9' and --counts '8': give"),
        ("cells.h5ad --label type --counts nk=90", "--counts names the type 'nk', .*; did you mean 'NK'"),
        ("cells.h5ad --label type --counts 20", "no type of 'type' has fewer cells than --counts asks for"),
        ("cells.h5ad --label type --layer raw", "no 'raw' in adata.layers"),
        ("logged.h5ad --label type", "looks log-normalised: .* e.g. --layer counts"),
        ("none.h5ad --label type", "there is no file none"),
        ("cells.h5ad --label type --device tpu", "--device: "),
        ("cells.h5ad --label type --resume", "nothing to resume"),
    ],
)
def test_bad_input_is_one_line(run, data, arguments, message):
    adata = anndata.read_h5ad(data)
    adata.X = adata.X.log1p()
    adata.write_h5ad("logged.h5ad")
    pd.DataFrame({"sex": ["f", "m"] * 9}).to_csv("table.csv", index=False)
    before = names(data.parent)
    result = run("augment", *arguments.split())
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert re.search(message, result.stderr)
    assert names(data.parent) == before


@pytest.mark.usefixtures("judge")
def test_a_cellgan_makes_them(run, data):
    options = ["--batch", "lane", "--max-steps", "2", "--model", "model"]
    result = run("augment", data, "--label", "type", *options)
    assert result.exit_code == 0, result.stderr
    assert (anndata.read_h5ad("cells.augmented.h5ad").X.data % 1 == 0).all()
    assert isinstance(ganaug.load("model"), CellGAN)
    assert names(data.parent) == {"cells.augmented.h5ad", "cells.report.html", "cells.report.json", "model"}


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.PASS, 0), (Verdict.FAIL, 3), (Verdict.INCONCLUSIVE, 4)])
def test_cells_of_anybody_are_judged(run, judge, data, verdict, code):
    cells(30, 10, 30, seed=7).write_h5ad("made.h5ad")
    judge.verdict = verdict
    options = ["--label", "type", "--group", "donor", "--train", data, "--profile", "lenient", "--report", "seen.html"]
    result = run("check", data, "made.h5ad", *options, "--json")
    assert result.exit_code == code, result.stderr
    assert json.loads(result.stdout)["verdict"] == verdict.value
    asked = judge.asked
    assert (asked["real"].n_obs, asked["synthetic"].n_obs, asked["train"].n_obs) == (150, 70, 150)
    assert (asked["label_key"], asked["group_key"], asked["layer"]) == ("type", "donor", None)
    assert asked["profile"] == "lenient"
    assert {"seen.html", "seen.json"} < names(data.parent)


def test_few_cells_are_not_enough_to_tell(run, data):
    adata = anndata.read_h5ad(data)
    adata[:20].copy().write_h5ad("few.h5ad")
    assert run("check", "few.h5ad", data, "--label", "type").exit_code == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("cells.h5ad table.csv", "some files are tables and some hold cells"),
        ("table.csv table.csv --train cells.h5ad", "some files are tables and some hold cells"),
        ("cells.h5ad cells.h5ad --target type", "--target is an option for tables, .*: there it is --label"),
        ("table.csv table.csv --layer counts", "--layer is an option for cells"),
        ("cells.h5ad cells.h5ad --label tipe", "no 'tipe' in real.obs; did you mean 'type'"),
        ("cells.h5ad cells.h5ad --layer x", "no 'x' in real.layers"),
    ],
)
def test_cells_that_cannot_be_judged(run, data, arguments, message):
    pd.DataFrame({"x": np.arange(9)}).to_csv("table.csv", index=False)
    result = run("check", *arguments.split())
    assert result.exit_code == 2
    assert re.search(message, result.stderr)
