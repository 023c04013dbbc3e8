from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from pp.cells import Knowing, cells
from scipy import sparse

import ganaug
from ganaug import DataError
from ganaug.errors import FidelityError
from ganaug.fidelity.report import FidelityReport
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.models.cells import CellGAN
from ganaug.pp.augment import _sides
from ganaug.pp.drawn import Keys
from ganaug.seeding import Seeds


@pytest.fixture(scope="module", autouse=True)
def few_refits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ganaug.fidelity.classifiers.equality.N_REFITS", 9)
        yield


@pytest.fixture(scope="module")
def real() -> anndata.AnnData:
    return cells(450, 120, 450)


@pytest.fixture(scope="module")
def judged() -> dict[str, Any]:
    """What the judge was given, once `more` is made."""
    return {}


@pytest.fixture(scope="module")
def more(real: anndata.AnnData, judged: dict[str, Any]) -> anndata.AnnData:
    def look(held_out: anndata.AnnData, synthetic: anndata.AnnData, **given: Any) -> FidelityReport:
        judged.update(real=held_out, synthetic=synthetic, **given)
        return ganaug.tl.fidelity(held_out, synthetic, **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ganaug.pp.drawn.fidelity", look)
        return ganaug.pp.augment(real, "type", batch_key="lane", model=Knowing())


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A judge that refuses at once, and what it was given."""
    check = CheckResult("c2st", 0.9, 0.8, 1.0, 0.65, Verdict.FAIL, True, "C2ST AUC .90")
    report, seen = FidelityReport(Verdict.FAIL, (check,), "standard", 9, 18, {}, notes=("few",)), {}

    def refuse(real: anndata.AnnData, made: anndata.AnnData, **given: Any) -> FidelityReport:
        seen.update(real=real, **given)
        return report

    monkeypatch.setattr("ganaug.pp.drawn.fidelity", refuse)
    return seen


def test_every_type_has_as_many_cells_and_real_ones_come_first(real, more) -> None:
    assert more.obs["type"].value_counts().to_dict() == {"B": 450, "NK": 450, "T": 450}
    assert more.obs["is_synthetic"].tolist() == [False] * 1020 + [True] * 330
    assert more.obs["type"][1020:].unique().tolist() == ["NK"]
    assert (more.obs_names[:1020] == real.obs_names).all()
    assert (more.X[:1020] != real.X).nnz == 0
    assert (more.X.dtype, more.X.format) == (real.X.dtype, "csr")
    pd.testing.assert_frame_equal(more.var, real.var)
    assert 0.4 < (more.obs["lane"][1020:] == "L1").mean() < 0.6
    assert "is_synthetic" not in real.obs


def test_where_the_cells_come_from_is_said_and_a_file_can_hold_it(real, more, tmp_path: Path) -> None:
    told = more.uns["ganaug_augment"]
    assert told["verdict"] in ("pass", "warn")
    assert (told["label_key"], told["batch_key"], told["types"], told["added"]) == ("type", "lane", ["NK"], [330])
    assert (told["learned_from"], told["held_out"]) == (816, 204)
    report = told["report"]
    assert (report["n_real"], report["n_synthetic"]) == (204, 2 * 204)
    assert "Composition was changed on purpose" in report["notes"][0]
    assert 0.4 < report["checks"]["c2st"]["effect"] < 0.6
    more.write_h5ad(tmp_path / "more.h5ad")
    back = anndata.read_h5ad(tmp_path / "more.h5ad")
    assert back.uns["ganaug_augment"]["report"]["checks"]["c2st"]["verdict"] == "pass"
    assert back.obs["is_synthetic"].sum() == 330


def test_the_judge_sees_cells_that_are_handed_over_and_none_that_were_learned_from(more, judged) -> None:
    held_out, synthetic = judged["real"], judged["synthetic"]
    assert not set(held_out.obs_names) & set(judged["train"].obs_names)
    of_real, of_made = (side.obs["type"].value_counts().to_dict() for side in (held_out, synthetic))
    assert of_made == {name: 2 * n for name, n in of_real.items()}
    handed = {row.tobytes() for row in more.X[1020:].toarray()}
    rare = synthetic[(synthetic.obs["type"] == "NK").to_numpy()]
    assert all(row.tobytes() in handed for row in rare.X.toarray())
    assert more.uns["ganaug_augment"]["report"]["provenance"]["judged_and_handed_over"] == rare.n_obs


def test_the_same_seed_gives_the_same_cells(real) -> None:
    one, same, other = (
        ganaug.pp.augment(real, "type", batch_key="lane", profile=None, model=Knowing(), random_state=seed)
        for seed in (1, 1, 2)
    )
    assert (one.X != same.X).nnz == 0
    pd.testing.assert_frame_equal(one.obs, same.obs)
    assert (one.X != other.X).nnz > 0


def test_refused_cells_are_not_handed_over(real, refusing) -> None:
    with pytest.raises(FidelityError, match=r"refused: C2ST AUC \.90") as caught:
        ganaug.pp.augment(real, "type", model=Knowing())
    report = caught.value.report
    assert {"it knows the truth", "few"} < set(report.notes)
    assert report.stages[0]["stage"] == "proposal"
    assert report.provenance["learned_from"] == 816


def test_few_cells_are_not_enough_to_tell() -> None:
    with pytest.raises(FidelityError, match="undecided"):
        ganaug.pp.augment(cells(40, 22, 40), "type", model=Knowing())


def test_donors_are_on_one_side_only(real, refusing) -> None:
    with pytest.raises(FidelityError):
        ganaug.pp.augment(real, "type", group_key="donor", model=Knowing())
    assert not set(refusing["real"].obs["donor"]) & set(refusing["train"].obs["donor"])
    assert refusing["group_key"] == "donor"


def test_donors_count_for_the_judge(real) -> None:
    with pytest.raises(FidelityError) as caught:  # one donor of six tells next to nothing
        ganaug.pp.augment(real, "type", group_key="donor", model=Knowing())
    assert caught.value.report.verdict is Verdict.INCONCLUSIVE


def test_a_type_that_no_donor_is_held_out_of_is_said_to_be_unjudged(refusing) -> None:
    adata = cells(60, 30, 60)
    adata.obs["donor"] = np.where(adata.obs["type"] == "NK", "d3", adata.obs["donor"].astype(str))
    with pytest.warns(UserWarning, match="No cell of 'NK' is held out"), pytest.raises(FidelityError) as caught:
        ganaug.pp.augment(adata, "type", group_key="donor", model=Knowing())
    assert "NK" in set(refusing["train"].obs["type"])
    assert any("No cell of 'NK' is held out" in note for note in caught.value.report.notes)


def test_a_single_cell_of_a_type_that_is_not_wanted_is_not_learned_from() -> None:
    adata = cells(60, 1, 30)
    more = ganaug.pp.augment(adata, "type", target_counts={"T": 35}, profile=None, model=Knowing())
    assert more.n_obs == 96
    assert more.uns["ganaug_augment"]["learned_from"] == 90


def test_without_a_judge_all_cells_are_learned_from(real) -> None:
    model = Knowing()
    more = ganaug.pp.augment(real, "type", target_counts={"NK": 130}, profile=None, model=model, time_budget=7)
    assert more.n_obs == 1030
    assert more.uns["ganaug_augment"]["verdict"] == "not judged"
    assert more.uns["ganaug_augment"]["learned_from"] == 1020
    assert not hasattr(model, "learned_")  # the model that is given stays as it is


def test_a_layer_may_hold_the_counts(real) -> None:
    adata = real.copy()
    adata.layers["counts"] = adata.X.astype(np.int32).tocsc()
    adata.X = adata.X.log1p()
    adata.obsm["X_pca"] = np.zeros((adata.n_obs, 2))
    adata.uns["log1p"] = {}
    more = ganaug.pp.augment(adata, "type", layer="counts", profile=None, model=Knowing())
    for X in (more.X, more.layers["counts"]):
        assert (X.dtype, X.format) == (np.int32, "csc")
        assert (X[:1020] != real.X).nnz == 0
    assert more.X is not more.layers["counts"]
    assert not more.obsm
    assert list(more.uns) == ["ganaug_augment"]
    assert adata.uns == {"log1p": {}}


def test_a_file_is_read_where_it_is(real, tmp_path: Path) -> None:
    real.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    more, same = (ganaug.pp.augment(each, "type", profile=None, model=Knowing()) for each in (backed, real))
    assert not more.isbacked
    assert (more.X != same.X).nnz == 0


def test_with_nothing_to_add_all_cells_are_real() -> None:
    adata = cells(30, 30, 30)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = ganaug.pp.augment(adata, "type")
    assert same.n_obs == 90
    assert not same.obs["is_synthetic"].any()
    pd.testing.assert_frame_equal(same.obs.drop(columns="is_synthetic"), adata.obs)
    assert ganaug.pp.augment(same, "type").n_obs == 90  # a mark of nothing stands in nobody's way


def test_synthetic_cells_are_not_learned_from(more) -> None:
    with pytest.raises(DataError, match=r"marks 330 cells as synthetic.*adata\[~adata"):
        ganaug.pp.augment(more, "type")


@pytest.mark.parametrize(
    ("change", "asked", "message"),
    [
        ({}, {"label_key": "tipe"}, "no 'tipe' in adata.obs; did you mean 'type'"),
        ({}, {"group_key": "doner"}, "no 'doner' in adata.obs; did you mean 'donor'"),
        ({}, {"layer": "counts"}, "no 'counts' in adata.layers"),
        ({"X": 0.5}, {}, "holds 0.5 of gene"),
        ({"obs_names": "c0"}, {}, "several cells are named 'c0'"),
        ({"type": np.nan}, {}, r"\['type'\] is missing in 1 cells"),
    ],
)
def test_bad_input_is_named(change, asked, message) -> None:
    adata = cells(30, 25, 30)
    if "X" in change:
        adata.X[3, 3] = change["X"]
    if "obs_names" in change:
        with warnings.catch_warnings(action="ignore"):
            adata.obs_names = ["c0", *adata.obs_names[:-1]]
    if "type" in change:
        adata.obs.loc["c3", "type"] = change["type"]
    with pytest.raises(DataError, match=message):
        ganaug.pp.augment(adata, **({"label_key": "type", "model": Knowing()} | asked))


def test_not_an_anndata_or_an_unknown_profile(real) -> None:
    with pytest.raises(DataError, match="takes an AnnData, not DataFrame"):
        ganaug.pp.augment(real.obs, "type")
    with pytest.raises(ValueError, match="'strikt'"):
        ganaug.pp.augment(real, "type", profile="strikt")


def test_a_cellgan_makes_them() -> None:
    adata = cells(80, 40, 80)
    adata.X = sparse.csr_array(adata.X)
    model = CellGAN(max_steps=2, n_factors=5)
    reports = []
    more = ganaug.pp.augment(
        adata, "type", batch_key="lane", target_counts=60, profile=None, model=model, on_progress=reports.append
    )
    made = more[more.obs["is_synthetic"].to_numpy()]
    assert made.obs["type"].tolist() == ["NK"] * 20
    assert isinstance(more.X, sparse.csr_array)
    assert (made.X.toarray() % 1 == 0).all()
    assert reports


def test_two_cells_of_a_batch_are_both_learned_from(refusing: dict[str, Any]) -> None:
    small = cells(120, 60, 40)
    small.obs["lane"] = small.obs["lane"].astype(object)
    small.obs.iloc[:2, small.obs.columns.get_loc("lane")] = "L3"
    for seed in range(4):
        with pytest.raises(FidelityError):
            ganaug.pp.augment(small, "type", batch_key="lane", model=Knowing(), random_state=seed)


def test_no_batch_is_left_with_one_cell_when_donors_are_held_out() -> None:
    adata = cells(60, 60, 0)
    first = np.arange(adata.n_obs) % 6
    adata.obs["lane"] = np.where(np.arange(adata.n_obs) < 108, "L1", "L2")
    left = []
    for most in range(6):  # all cells of the second lane but one are this donor's
        adata.obs["donor"] = np.r_[first[:108], np.full(11, most), (most + 1) % 6].astype(str)
        for seed in range(8):
            sides = _sides(adata, Keys("type", "lane", "donor", None), {"B": 5}, Seeds(seed), "standard")
            left.append((sides.train.obs["lane"] == "L2").sum())
    assert 0 in left
    assert 1 not in left
