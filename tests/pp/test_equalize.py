from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import ganaug
from ganaug import BatchEqualizer, DataError
from ganaug.models.equalizing import matrix


def cells(n: int = 300, p: int = 120) -> anndata.AnnData:
    """Log-normalised counts of three types in two batches, one of which measures deeper."""
    rng = np.random.default_rng(0)
    kind, batch = rng.integers(3, size=n), rng.integers(2, size=n)
    rate = np.exp(rng.normal(size=(3, p)))[kind] * np.exp(0.7 * rng.normal(size=(2, p)))[batch]
    counts = rng.poisson(rate)
    X = sparse.csr_matrix(np.log1p(1e3 * counts / counts.sum(axis=1, keepdims=True)))
    obs = pd.DataFrame({"batch": pd.Categorical.from_codes(batch, ["b1", "b2"]), "kind": kind.astype(str)})
    return anndata.AnnData(X, obs=obs.set_axis([f"c{i}" for i in range(n)]))


def proteins(n: int = 200, p: int = 60) -> anndata.AnnData:
    """Gaussian markers, of which one day has other means and spreads."""
    rng = np.random.default_rng(0)
    day = rng.integers(2, size=n)
    X = rng.normal(size=(n, 5)) @ rng.normal(size=(5, p)) + 0.5 * rng.normal(size=(n, p))
    X = np.where(day[:, None] == 1, 1.5 * X + rng.normal(size=p) + 1, X)
    return anndata.AnnData(X, obs=pd.DataFrame({"day": np.array(["d1", "d2"])[day]}, index=[f"c{i}" for i in range(n)]))


def apart(z: np.ndarray, adata: anndata.AnnData) -> float:
    """Distance of the batches' means within types, over the spread of all cells."""
    means = pd.DataFrame(z).groupby([adata.obs["kind"].to_numpy(), adata.obs["batch"].to_numpy()]).mean().to_numpy()
    return float(np.linalg.norm(means[::2] - means[1::2], axis=1).mean() / np.linalg.norm(z - z.mean(0), axis=1).mean())


def same(one: anndata.AnnData, other: anndata.AnnData) -> None:
    """All that is written is the same, to the precision of float32."""
    for where in ("obsm", "varm"):
        assert set(getattr(one, where)) == set(getattr(other, where))
        for key, value in getattr(one, where).items():
            np.testing.assert_allclose(value, getattr(other, where)[key], atol=1e-4)
    assert "ganaug_trust" in one.obs
    assert set(one.uns["ganaug"]) == set(other.uns["ganaug"])


def test_batches_come_together_and_x_stays(tmp_path: Path) -> None:
    adata = cells()
    before, names = adata.X.copy(), adata.obs_names.copy()
    assert ganaug.pp.equalize(adata, "batch", layer_added="equalized") is None
    assert (before != adata.X).nnz == 0
    assert (adata.obs_names == names).all()
    assert sparse.issparse(adata.layers["equalized"])
    assert adata.layers["equalized"].min() >= 0
    assert apart(adata.obsm["X_ganaug"], adata) < 0.3 * apart(before.toarray(), adata)
    assert apart(adata.layers["equalized"].toarray(), adata) < 0.5 * apart(before.toarray(), adata)
    assert adata.obs["ganaug_trust"].between(0, 1).all()
    adata.write_h5ad(tmp_path / "cells.h5ad")
    back = anndata.read_h5ad(tmp_path / "cells.h5ad")
    same(adata, back)
    assert back.uns["ganaug"]["batch_key"] == "batch"


@pytest.mark.parametrize(("make", "key"), [(cells, "batch"), (proteins, "day")])
def test_the_lazy_matrix_is_the_layer(make: Any, key: str) -> None:
    adata = make()
    ganaug.pp.equalize(adata, key, layer_added="equalized")
    assert adata.uns["ganaug"]["way"] != "identity"
    layer = adata.layers["equalized"]
    layer = layer.toarray() if sparse.issparse(layer) else layer
    np.testing.assert_allclose(ganaug.pp.equalized_matrix(adata, rows=slice(20, 90)), layer[20:90], atol=1e-4)


def test_the_lazy_form_is_what_the_docstring_says() -> None:
    adata = proteins()
    ganaug.pp.equalize(adata, "day", layer_added="equalized")
    batch = pd.Index(adata.uns["ganaug"]["batches"]).get_indexer(adata.obs["day"])
    moved = adata.X * adata.varm["ganaug_scale"].T[batch] + adata.obsm["ganaug_shift"] @ adata.varm["ganaug_loadings"].T
    low, high = adata.varm["ganaug_range"].T
    assert "ganaug_factor" not in adata.obs
    np.testing.assert_allclose(np.clip(moved, low, high), adata.layers["equalized"], atol=1e-4)


def test_quantiles_have_no_lazy_form_and_leave_none_behind() -> None:
    adata = proteins(n=600, p=6)
    x = np.random.default_rng(0).gamma(2.0, size=(600, 6))
    adata.X = np.where((adata.obs["day"] == "d2").to_numpy()[:, None], x**3 / 5, x)
    adata.obsm["ganaug_shift"] = np.zeros((600, 1))
    ganaug.pp.equalize(adata, "day", overwrite=True)
    assert adata.uns["ganaug"]["way"] == "quantiles"
    assert "ganaug_shift" not in adata.obsm
    with pytest.raises(DataError, match="no lazy matrix"):
        ganaug.pp.equalized_matrix(adata)


@pytest.mark.parametrize(("make", "mode"), [(cells, "r"), (proteins, "r+")])
def test_a_file_is_read_in_chunks_and_not_changed(
    make: Any, mode: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "CHUNK", 64)
    adata, key = make(), "batch" if make is cells else "day"
    adata.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed=mode)
    for each in (adata, backed):
        ganaug.pp.equalize(each, key, layer_added="equalized")
    same(adata, backed)
    assert backed.isbacked
    assert sparse.issparse(backed.layers["equalized"]) == (make is cells)
    assert abs(adata.layers["equalized"] - backed.layers["equalized"]).max() < 1e-4
    with pytest.raises(DataError, match="to_memory"):
        ganaug.pp.equalize(backed, key, copy=True, overwrite=True)
    with pytest.raises(DataError, match="part of a file"):
        ganaug.pp.equalize(backed[:100], key, overwrite=True)
    backed.file.close()


def test_a_file_that_lies_column_by_column_is_told(tmp_path: Path) -> None:
    adata = cells()
    adata.X = sparse.csc_matrix(adata.X)
    adata.write_h5ad(tmp_path / "cells.h5ad")
    ganaug.pp.equalize(adata, "batch")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    with pytest.raises(DataError, match="column by column"):
        ganaug.pp.equalize(backed, "batch")
    backed.file.close()


@pytest.mark.skipif(importlib.util.find_spec("dask") is None, reason="needs dask")
@pytest.mark.parametrize("make", [cells, proteins])
def test_dask_is_read_in_chunks(make: Any) -> None:
    import dask.array

    adata, key = make(), "batch" if make is cells else "day"
    lazy = adata.copy()
    lazy.X = dask.array.from_array(adata.X, chunks=(50, -1))
    for each in (adata, lazy):
        ganaug.pp.equalize(each, key, layer_added="equalized")
    same(adata, lazy)
    assert type(lazy.layers["equalized"]) is type(adata.layers["equalized"])


def test_a_layer_and_a_representation_may_be_equalised() -> None:
    adata = cells()
    adata.layers["logged"], X = adata.X.copy(), adata.X.toarray()
    adata.X = sparse.csr_matrix(adata.shape)
    left, singular, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    adata.obsm["X_pca"] = left[:, :10] * singular[:10]
    ganaug.pp.equalize(adata, "batch", layer="logged")
    ganaug.pp.equalize(adata, "batch", use_rep="X_pca", key_added="moved")
    assert apart(adata.obsm["X_ganaug"], adata) < 0.3 * apart(X, adata)
    assert apart(adata.obsm["X_moved"], adata) < 0.5 * apart(adata.obsm["X_pca"], adata)
    assert "moved_loadings" not in adata.varm
    later = adata[:50].copy()
    model = ganaug.pp.equalize(adata, "batch", use_rep="X_pca", key_added="again", return_model=True)
    ganaug.pp.equalize_new(later, model, use_rep="X_pca", overwrite=True)
    np.testing.assert_allclose(later.obsm["X_ganaug"], adata.obsm["X_again"][:50], atol=1e-4)
    with pytest.raises(DataError, match="is no layer"):
        ganaug.pp.equalize(adata, "batch", use_rep="X_pca", layer_added="equalized", key_added="other")
    with pytest.raises(DataError, match="not both"):
        ganaug.pp.equalize(adata, "batch", use_rep="X_pca", layer="logged")


def test_what_a_covariate_explains_stays() -> None:
    adata = proteins(n=400)
    dose = np.random.default_rng(1).random(400) < np.where(adata.obs["day"] == "d1", 0.2, 0.8)
    adata.obs["dose"] = pd.Categorical(np.where(dose, "high", "none"))
    adata.X[dose] += 3
    effects = []
    for covariates in ([], ["dose"]):
        ganaug.pp.equalize(adata, "day", covariates=covariates, layer_added="moved", overwrite=True)
        effects.append(adata.layers["moved"][dose].mean() - adata.layers["moved"][~dose].mean())
    assert effects[1] > effects[0]
    adata.obs["drug"] = adata.obs["day"]
    with pytest.raises(DataError, match="the covariate 'drug' and the batch cannot be told apart"):
        ganaug.pp.equalize(adata, "day", covariates=["drug"], overwrite=True)
    with pytest.raises(DataError, match=r"no 'dosis' in adata\.obs; did you mean 'dose'"):
        ganaug.pp.equalize(adata, "day", covariates=["dosis"], overwrite=True)


def test_controls_may_be_a_column_of_obs() -> None:
    adata = proteins()
    adata.obs["control"] = np.arange(adata.n_obs) % 3 == 0
    ganaug.pp.equalize(adata, "day", reference=adata.obs["control"])
    assert adata.uns["ganaug"]["reference"].sum() == adata.obs["control"].sum()


def test_a_copy_leaves_the_original_alone() -> None:
    adata = cells()
    new, model = ganaug.pp.equalize(adata, "batch", copy=True, return_model=True)
    assert "X_ganaug" in new.obsm
    assert "X_ganaug" not in adata.obsm
    assert isinstance(model, BatchEqualizer)


def test_a_view_becomes_an_object_of_its_own_as_in_scanpy() -> None:
    adata = cells()
    view = adata[:200]
    with pytest.warns(anndata.ImplicitModificationWarning, match="view"):
        ganaug.pp.equalize(view, "batch")
    assert not view.is_view
    assert "X_ganaug" in view.obsm
    assert "X_ganaug" not in adata.obsm


def test_later_cells_go_the_same_way_whatever_the_order_of_features(tmp_path: Path) -> None:
    adata = cells()
    model = ganaug.pp.equalize(adata, "batch", layer_added="equalized", return_model=True)
    model.save(tmp_path / "model")
    later = adata[:50, ::-1].copy()
    ganaug.pp.equalize_new(later, tmp_path / "model", layer_added="equalized", overwrite=True)
    assert abs(later.layers["equalized"][:, ::-1] - adata.layers["equalized"][:50]).max() < 1e-5
    np.testing.assert_allclose(later.obsm["X_ganaug"], adata.obsm["X_ganaug"][:50], atol=1e-4)
    np.testing.assert_allclose(ganaug.pp.equalized_matrix(later), later.layers["equalized"].toarray(), atol=1e-4)
    assert np.median(later.obs["ganaug_trust"]) > 0.5


def test_features_that_the_model_knows_have_to_be_there_and_others_may() -> None:
    adata = cells()
    model = ganaug.pp.equalize(adata, "batch", return_model=True)
    with pytest.raises(DataError, match="lacks 2 of the 120 features that the model knows: '3', '7'"):
        ganaug.pp.equalize_new(adata[:, [i for i in range(120) if i not in (3, 7)]].copy(), model, overwrite=True)
    X = sparse.hstack([adata.X[:, :-1], adata.X[:, :1], adata.X[:, -1:]]).tocsr()
    names = [*adata.var_names[:-1], "new", adata.var_names[-1]]
    more = anndata.AnnData(X, obs=adata.obs[["batch"]], var=pd.DataFrame(index=names))
    ganaug.pp.equalize_new(more, model)
    assert "ganaug_loadings" not in more.varm
    np.testing.assert_allclose(more.obsm["X_ganaug"], adata.obsm["X_ganaug"], atol=1e-4)
    with pytest.raises(DataError, match="the model knows 120 of the 121 features, so they fill no layer"):
        ganaug.pp.equalize_new(more, model, layer_added="equalized", overwrite=True)


def test_a_later_batch_is_learned_on_request() -> None:
    adata = proteins(n=400)
    late = adata[300:].copy()
    late.X, late.obs["day"] = late.X * 1.2 - 2, "d3"
    model = ganaug.pp.equalize(adata[:300].copy(), "day", return_model=True)
    both = anndata.concat([adata[:300], late])
    with pytest.raises(DataError, match="fit has not seen the batch 'd3'"):
        ganaug.pp.equalize_new(both, model)
    ganaug.pp.equalize_new(both, model, adapt=True, layer_added="equalized")
    new = (both.obs["day"] == "d3").to_numpy()
    shift = [np.abs(X[new].mean(axis=0) - X[~new].mean(axis=0)).mean() for X in (both.X, both.layers["equalized"])]
    assert shift[1] < 0.3 * shift[0]
    assert both.uns["ganaug"]["batches"] == ["d1", "d2", "d3"]
    np.testing.assert_allclose(ganaug.pp.equalized_matrix(both), both.layers["equalized"], atol=1e-3)


def test_absent_and_taken_keys_are_told() -> None:
    adata = cells()
    with pytest.raises(DataError, match=r"there is no 'batsh' in adata\.obs; did you mean 'batch'"):
        ganaug.pp.equalize(adata, "batsh")
    adata.obsm["X_ganaug"], adata.uns["ganaug"] = np.zeros((adata.n_obs, 2)), {}
    with pytest.raises(DataError, match=r"adata\.obsm\['X_ganaug'\], adata\.uns\['ganaug'\] already.*overwrite=True"):
        ganaug.pp.equalize(adata, "batch")
    ganaug.pp.equalize(adata, "batch", overwrite=True)
    assert adata.obsm["X_ganaug"].any()


def _spoilt(how: str) -> anndata.AnnData:
    adata = cells()
    if how == "no label":
        adata.obs["batch"] = adata.obs["batch"].astype(object).where(np.arange(adata.n_obs) != 3)
    elif how == "infinite":
        adata.X.data[0] = np.inf
    elif how == "one batch":
        adata.obs["batch"] = "b1"
    elif how == "single":
        adata.obs["batch"] = ["b9", *adata.obs["batch"][1:]]
    elif how == "no X":
        adata.X = None
    return adata[:0].copy() if how == "empty" else adata


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("no label", "row 3 has no batch label"),
        ("infinite", "row 0 is infinite in '"),
        ("one batch", r"adata\.obs\['batch'\] has a single batch, 'b1'"),
        ("single", "the batch 'b9' has a single row"),
        ("no X", "adata has no X"),
        ("empty", "adata has 0 cells and 120 features"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(how: str, said: str) -> None:
    adata = _spoilt(how)
    with pytest.raises(DataError, match=said):
        ganaug.pp.equalize(adata, "batch")
    assert not adata.obsm
    assert "ganaug" not in adata.uns


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"covariates": "age"}, r"covariates is a list of columns: give \['age'\]"),
        ({"layer": "log", "layer_added": "log", "overwrite": True}, "made of 'log' would be written over it"),
        ({"use_rep": "X_ganaug", "overwrite": True}, "made of 'X_ganaug' would be written over it"),
    ],
)
def test_what_is_asked_wrongly_is_told(settings: dict[str, Any], said: str) -> None:
    adata = cells()
    adata.layers["log"], adata.obsm["X_ganaug"] = adata.X.copy(), adata.X[:, :5].toarray()
    with pytest.raises(DataError, match=said):
        ganaug.pp.equalize(adata, "batch", **settings)


def test_controls_in_another_order_are_refused() -> None:
    adata = cells()
    controls = pd.Series(np.arange(adata.n_obs) % 2 == 0, index=adata.obs_names)
    with pytest.raises(DataError, match="index is not that of the rows"):
        ganaug.pp.equalize(adata, "batch", reference=controls[::-1])
    table = (
        pd.DataFrame(adata.X[:, :5].toarray(), index=adata.obs_names).add_prefix("g").assign(batch=adata.obs["batch"])
    )
    with pytest.raises(DataError, match="index is not that of the rows"):
        BatchEqualizer(batch="batch", reference=controls[::-1]).fit(table)
    first, second = (
        BatchEqualizer(batch="batch", reference=each, random_state=0).fit_transform(table)
        for each in (controls, controls.to_numpy())
    )
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize(
    ("where", "name", "said"),
    [
        ("uns", "ganaug", r"adata\.uns has no 'ganaug': not equalised"),
        ("obsm", "ganaug_shift", r"adata\.obsm has no 'ganaug_shift'"),
        ("varm", "ganaug_loadings", r"adata\.varm has no 'ganaug_loadings'"),
    ],
)
def test_a_lazy_matrix_of_which_something_is_gone_is_told(where: str, name: str, said: str) -> None:
    adata = proteins()
    ganaug.pp.equalize(adata, "day", certify=False)
    del getattr(adata, where)[name]
    with pytest.raises(DataError, match=said):
        ganaug.pp.equalized_matrix(adata)


def test_a_batch_that_was_renamed_since_is_not_taken_for_another() -> None:
    adata = proteins()
    ganaug.pp.equalize(adata, "day", certify=False)
    adata.obs["day"] = adata.obs["day"].replace({"d2": "d22"})
    with pytest.raises(DataError, match=r"adata\.obs\['day'\] says 'd22', which was no batch.*did you mean 'd2'"):
        ganaug.pp.equalized_matrix(adata)


def test_a_slash_in_a_name_breaks_no_file(tmp_path: Path) -> None:
    adata = proteins()
    adata.obs["mg/day"] = np.random.default_rng(1).choice(["low", "high"], adata.n_obs)
    ganaug.pp.equalize(adata, "day", covariates=["mg/day"], certify=False)
    del adata.obs["mg/day"]
    adata.write_h5ad(tmp_path / "cells.h5ad")
    told = anndata.read_h5ad(tmp_path / "cells.h5ad").uns["ganaug"]["association"]
    assert list(told["covariates"]) == ["mg/day"]
    assert 0 <= told["cramers_v"][0] < 0.3
    with pytest.raises(DataError, match="cannot be called 'a/b'"):
        ganaug.pp.equalize(adata, "day", key_added="a/b")


def test_labels_that_name_single_cells_are_refused_and_later_cells_need_none() -> None:
    adata = cells()
    adata.obs["barcode"] = adata.obs_names
    with pytest.raises(DataError, match="the column of labels 'barcode' has 300 values in 300 rows"):
        ganaug.pp.equalize(adata, "batch", labels_key="barcode")
    model = ganaug.pp.equalize(adata, "batch", labels_key="kind", certify=False, return_model=True)
    later = adata[:50].copy()
    del later.obs["kind"]
    ganaug.pp.equalize_new(later, model, overwrite=True)
    np.testing.assert_allclose(later.obsm["X_ganaug"], adata.obsm["X_ganaug"][:50], atol=1e-4)


def test_raw_counts_are_warned_of_by_the_name_of_their_place() -> None:
    adata = cells()
    adata.layers["counts"] = sparse.csr_matrix(np.random.default_rng(0).poisson(2.0, size=adata.shape))
    with pytest.warns(UserWarning, match=r"adata\.layers\['counts'\] looks like raw counts.*log1p"):
        ganaug.pp.equalize(adata, "batch", layer="counts")


def test_empty_cells_and_constant_features_stay_as_they_are() -> None:
    adata = cells()
    X = adata.X.toarray()
    X[:5], X[:, 7] = 0, 0
    X[:, 8] = 2.5
    adata.X = sparse.csr_matrix(X)
    ganaug.pp.equalize(adata, "batch", layer_added="equalized")
    moved = adata.layers["equalized"].toarray()
    assert np.isfinite(moved).all()
    assert (moved[:, 7] == 0).all()
    np.testing.assert_allclose(moved[:, 8], 2.5)


def test_missing_values_stay_missing() -> None:
    adata = proteins()
    adata.X[::7, 3] = np.nan
    ganaug.pp.equalize(adata, "day", layer_added="equalized")
    assert (np.isnan(adata.layers["equalized"]) == np.isnan(adata.X)).all()
    assert np.isfinite(adata.obsm["X_ganaug"]).all()
    np.testing.assert_allclose(ganaug.pp.equalized_matrix(adata), adata.layers["equalized"], atol=1e-4)


@pytest.mark.parametrize("as_type", [str, int, bool, "category"])
def test_batches_may_be_called_anything(as_type: Any) -> None:
    adata = proteins()
    adata.obs["day"] = (adata.obs["day"] == "d2").astype(int).astype(as_type)
    ganaug.pp.equalize(adata, "day", layer_added="equalized")
    np.testing.assert_allclose(ganaug.pp.equalized_matrix(adata), adata.layers["equalized"], atol=1e-4)


def test_three_hundred_batches_work_and_many_tiny_ones_are_warned_of() -> None:
    adata = proteins(n=900)
    adata.obs["well"] = np.arange(900) % 300
    with pytest.warns(UserWarning, match=r"300 of the 300 batches of adata\.obs\['well'\] have fewer than 5 cells"):
        ganaug.pp.equalize(adata, "well")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ganaug.pp.equalize(adata, "day", overwrite=True)


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, other = (ganaug.pp.equalize(cells(), "batch", copy=True) for _ in range(2))
    assert one.obsm["X_ganaug"].tobytes() == other.obsm["X_ganaug"].tobytes()


def test_controls_may_be_named_by_their_column() -> None:
    adata = proteins()
    adata.obs["ctl"] = np.arange(adata.n_obs) % 3 == 0
    found = []
    for reference in ("ctl", adata.obs["ctl"], adata.obs["ctl"].tolist()):
        ganaug.pp.equalize(adata, "day", reference=reference, certify=False, steps=0, overwrite=True)
        found.append(adata.obsm["X_ganaug"])
        np.testing.assert_array_equal(adata.uns["ganaug"]["reference"], adata.obs["ctl"])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    with pytest.raises(DataError, match="the reference 'clt' is no batch"):
        ganaug.pp.equalize(adata, "day", reference="clt", overwrite=True)


@pytest.mark.parametrize(("as_type", "written"), [("float32", "float32"), ("float64", "float64"), ("int32", "float64")])
def test_a_layer_is_as_precise_as_its_source(as_type: str, written: str) -> None:
    adata = proteins(p=4)
    adata.X = (10 * adata.X - 1e6).astype(as_type)
    model = ganaug.pp.equalize(adata, "day", layer_added="equalized", certify=False, steps=0, return_model=True)
    assert adata.layers["equalized"].dtype == written
    table = pd.DataFrame(adata.X, columns=adata.var_names)
    moved = model.equalized(table, batch=adata.obs["day"])[0]
    np.testing.assert_array_equal(adata.layers["equalized"], moved.astype(written))


def test_days_may_be_dates() -> None:
    adata = proteins()
    adata.obs["day"] = pd.to_datetime(adata.obs["day"].map({"d1": "2026-01-01", "d2": "2026-01-02"}))
    ganaug.pp.equalize(adata, "day", reference="2026-01-01", layer_added="equalized", certify=False, steps=0)
    assert adata.uns["ganaug"]["batches"] == ["2026-01-01", "2026-01-02"]
    np.testing.assert_allclose(ganaug.pp.equalized_matrix(adata), adata.layers["equalized"], atol=1e-4)
