from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import anndata
import jsonschema
import numpy as np
import pandas as pd
import pytest
from fidelity.cells import simulated
from scipy import sparse

import ganaug
from ganaug import DataError
from ganaug.fidelity.cells.judging import CELL_CHECKS
from ganaug.fidelity.result import Verdict

SCHEMA = Path(ganaug.__file__).parent / "fidelity" / "page" / "report.schema.json"


def cells(n: int, seed: int) -> anndata.AnnData:
    values, kind = simulated.counts(n, seed)
    obs = pd.DataFrame({"type": pd.Categorical.from_codes(kind, ["B", "NK", "T"])}, index=[f"c{i}" for i in range(n)])
    obs["donor"] = [f"d{seed} {i % 6}" for i in range(n)]
    var = pd.DataFrame(index=[f"gene {j}" for j in range(values.shape[1])])
    return anndata.AnnData(sparse.csr_matrix(values), obs=obs, var=var)


@pytest.fixture(scope="module", autouse=True)
def few_refits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ganaug.fidelity.classifiers.equality.N_REFITS", 9)
        yield


@pytest.fixture(scope="module")
def held_out() -> anndata.AnnData:
    return cells(240, 0)


@pytest.fixture(scope="module")
def fresh(held_out: anndata.AnnData) -> ganaug.fidelity.FidelityReport:
    return ganaug.tl.fidelity(held_out, cells(300, 1), label_key="type", train=cells(300, 2))


def test_fresh_cells_are_let_through(fresh) -> None:
    assert fresh.verdict in (Verdict.PASS, Verdict.WARN)
    assert not [check.name for check in fresh.checks if check.verdict is Verdict.FAIL]
    assert 0.4 < fresh["c2st"].effect < 0.6
    assert abs(fresh["membership"].effect - 0.5) < 0.1
    assert (fresh.n_real, fresh.n_synthetic) == (240, 300)


def test_the_report_tells_the_checks_of_cells_after_those_of_the_table(fresh) -> None:
    names = [check.name for check in fresh.checks]
    assert names[-len(CELL_CHECKS) :] == list(CELL_CHECKS)
    assert names[0] == "rows"
    assert {"mmd", "within", "coverage", "copies", "nearness"} < set(names)
    assert not {"validity", "missing", "range"} & set(names)
    assert set(fresh["nearness"].details["types"]) == {"B", "NK", "T"}
    assert not any("Copying was not looked for" in note for note in fresh.notes)
    assert fresh.provenance["margins"]["fold_slope"] == 0.2
    assert set(fresh.hashes) == {"held_out", "synthetic", "train"}


def test_the_report_says_of_the_rarest_type_whether_synthetic_cells_teach_more_of_it(fresh) -> None:
    utility = fresh["utility"]
    rarest, *others = utility.details["classes"]
    assert rarest["class"] == "T"
    assert {each["class"] for each in others} == {"B", "NK"}
    assert f"; the rarest type, 'T' ({rarest['rows']} held out), is told with an F1 of " in utility.reason
    says = "they help" if rarest["low"] > 0 else "they hurt" if rarest["high"] < 0 else "no difference can be shown"
    assert f": {says} (difference " in utility.reason.partition("; the rarest type")[2]
    assert not utility.blocking


def test_the_report_is_a_page_and_json_of_its_schema(fresh) -> None:
    values = json.loads(fresh.to_json())
    jsonschema.validate(values, json.loads(SCHEMA.read_text()))
    page = fresh.to_html()
    assert all(f'class="name">{name}' in page for name in CELL_CHECKS)
    assert 'id="embedding"' in page


def test_copies_of_training_cells_are_refused(held_out: anndata.AnnData) -> None:
    train = cells(300, 2)
    report = ganaug.tl.fidelity(held_out, train[:250].copy(), label_key="type", train=train)
    assert report.verdict is Verdict.FAIL
    assert report["copies"].effect > 0.99
    assert report["membership"].verdict is Verdict.FAIL
    assert report["nearness"].details["types"]["B"] > 0.9


def test_poisson_noise_on_every_count_is_refused_and_genes_are_named(held_out: anndata.AnnData) -> None:
    drawn = cells(400, 1)
    drawn.X = sparse.csr_matrix(np.random.default_rng(0).poisson(drawn.X.toarray()).astype(np.float32))
    report = ganaug.tl.fidelity(held_out, drawn, profile="strict")
    assert report.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)
    assert report["zeros"].verdict is Verdict.FAIL
    assert any("Copying was not looked for" in note for note in report.notes)
    assert any("is made mostly of `gene" in note for note in report.notes)


def test_too_few_cells_are_said_to_be_and_nothing_else_is_measured(held_out: anndata.AnnData) -> None:
    report = ganaug.tl.fidelity(held_out[:40].copy(), cells(100, 1), label_key="type")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [check.name for check in report.checks] == ["rows"]


def test_order_of_genes_a_layer_and_a_dense_matrix_change_nothing(held_out: anndata.AnnData) -> None:
    drawn = cells(150, 1)
    turned = drawn[:, ::-1].copy()
    turned.layers["counts"], turned.X = turned.X.toarray().astype(int), np.log1p(turned.X.toarray())
    held_out = held_out[:150].copy()
    real = held_out.copy()
    real.layers["counts"] = real.X
    real.X = real.X.log1p()
    a = ganaug.tl.fidelity(held_out, drawn)
    b = ganaug.tl.fidelity(real, turned, layer="counts")
    assert a.hashes == b.hashes
    assert a.to_frame().drop(columns="reason").equals(b.to_frame().drop(columns="reason"))


def test_cells_of_a_donor_are_not_independent(held_out: anndata.AnnData) -> None:
    report = ganaug.tl.fidelity(held_out, cells(300, 1), label_key="type", group_key="donor")
    assert not report["coverage"].blocking
    assert any("come from 6 groups" in note for note in report.notes)
    assert report["means"].effect is not None


@pytest.mark.parametrize(
    ("change", "keys", "message"),
    [
        (lambda a: a, {"label_key": "tpye"}, r"no 'tpye' in real.obs; did you mean 'type'\?"),
        (lambda a: a, {"layer": "counts"}, r"no 'counts' in real.layers"),
        (lambda a: a[:, 2:].copy(), {}, r"synthetic lacks 2 genes of the real cells: 'gene 0', 'gene 1'"),
        (lambda a: renamed(a, "gene 0"), {}, r"2 genes are named 'gene 0'"),
        (lambda a: renamed(a, "geen 7"), {}, r"lacks 1 genes? .*'gene 7'; did you mean"),
        (lambda a: anndata.AnnData(a.X.log1p(), a.obs, a.var), {}, r"synthetic.X holds .* it looks log-normalised"),
        (lambda a: anndata.AnnData(-1 * a.X, a.obs, a.var), {}, r"counts are not negative"),
        (lambda a: anndata.AnnData(a.X.multiply(np.nan).tocsr(), a.obs, a.var), {}, r"holds nan of gene"),
        (lambda a: anndata.AnnData(0 * a.X, a.obs, a.var), {}, r"cells have no counts at all in synthetic.X"),
        (lambda a: unknown(a), {"label_key": "type"}, r"synthetic.obs\['type'\] is missing in 1 cell"),
    ],
)
def test_bad_input_is_refused_in_one_line(held_out: anndata.AnnData, change, keys, message) -> None:
    with pytest.raises(DataError, match=message):
        ganaug.tl.fidelity(held_out, change(cells(100, 1)), **keys)


def renamed(adata: anndata.AnnData, name: str) -> anndata.AnnData:
    adata.var_names = [name if each == "gene 7" else each for each in adata.var_names]
    return adata


def unknown(adata: anndata.AnnData) -> anndata.AnnData:
    adata.obs.loc[adata.obs_names[3], "type"] = None
    return adata


def test_a_profile_that_is_not_there(held_out: anndata.AnnData) -> None:
    with pytest.raises(ValueError, match="profile must be one of"):
        ganaug.tl.fidelity(held_out, cells(100, 1), profile="easy")


def test_the_report_speaks_of_cells(fresh) -> None:
    assert fresh.unit == fresh.to_dict()["unit"] == "cells"
    assert fresh["rows"].reason.startswith("240 held-out cells are enough")
    assert "300 synthetic cells, judged on 240 real cells held out" in fresh.to_html()
