from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone

import ganaug
from ganaug import CellGAN
from ganaug.errors import ConditionError, DataError, ModelFileError
from ganaug.progress import Progress

GENES = 30


def simulated(seed: int = 0, n: int = 160) -> anndata.AnnData:
    """Two types, of which each has ten genes of its own, in two batches; the second has twice of gene 25."""
    rng = np.random.default_rng(seed)
    kind, plate = rng.choice(["B", "T"], n), rng.choice(["P1", "P2"], n)
    means = np.full((n, GENES), 3.0)
    means[np.ix_(kind == "B", range(10))] = 9.0
    means[np.ix_(kind == "T", range(10, 20))] = 9.0
    means[plate == "P2", 25] *= 3.0
    counts = sparse.csr_matrix(rng.poisson(means * rng.lognormal(0, 0.3, (n, 1))).astype(np.float32))
    obs = pd.DataFrame({"type": kind, "plate": plate}, index=[f"cell{i}" for i in range(n)])
    return anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=[f"g{j}" for j in range(GENES)]))


@pytest.fixture(scope="module")
def cells() -> anndata.AnnData:
    return simulated()


@pytest.fixture(scope="module")
def model(cells: anndata.AnnData) -> CellGAN:
    return CellGAN(n_factors=2, max_steps=10, random_state=0).fit(cells, "type", "plate")


def share(adata: anndata.AnnData, genes: slice) -> float:
    return float(adata.X[:, genes].sum() / adata.X.sum())


def test_types_have_their_own_genes(model: CellGAN) -> None:
    made = model.sample({"B": 300, "T": 200})
    assert made.obs["type"].value_counts().to_dict() == {"B": 300, "T": 200}
    b, t = (made[made.obs["type"] == kind] for kind in "BT")
    assert share(b, slice(0, 10)) > 2 * share(t, slice(0, 10))
    assert share(t, slice(10, 20)) > 2 * share(b, slice(10, 20))


def test_counts_are_whole_numbers_in_sparse_rows(model: CellGAN) -> None:
    made = model.sample(50)
    assert sparse.issparse(made.X)
    assert made.X.dtype == np.float32
    assert (made.X.data % 1 == 0).all()
    assert (made.X.data > 0).all()
    assert list(made.var_names) == [f"g{j}" for j in range(GENES)]


def test_types_come_as_often_as_they_were(cells: anndata.AnnData, model: CellGAN) -> None:
    made = model.sample(2000).obs["type"].value_counts(normalize=True)
    assert made["B"] == pytest.approx((cells.obs["type"] == "B").mean(), abs=0.05)


def test_a_batch_has_its_style_and_none_the_average(model: CellGAN) -> None:
    first, both, second = (share(model.sample(800, batch=b), slice(25, 26)) for b in ("P1", None, "P2"))
    assert first < both < second
    assert second / first == pytest.approx(3.0, rel=0.3)
    assert (model.sample(3, batch="P2").obs["plate"] == "P2").all()
    assert "plate" not in model.sample(3).obs


def test_totals_may_be_asked_for(model: CellGAN) -> None:
    made = model.sample(400, label="B", library_size=500.0)
    assert made.X.sum(axis=1).mean() == pytest.approx(500, rel=0.05)
    each = np.repeat([100.0, 900.0], 200)
    totals = np.asarray(model.sample(400, library_size=each).X.sum(axis=1)).ravel()
    assert totals[:200].mean() == pytest.approx(100, rel=0.1)
    assert totals[200:].mean() == pytest.approx(900, rel=0.1)


def test_a_type_for_each_cell(model: CellGAN) -> None:
    assert model.sample(3, label=["T", "B", "T"]).obs["type"].tolist() == ["T", "B", "T"]


def test_the_same_seed_gives_the_same_cells(cells: anndata.AnnData, model: CellGAN) -> None:
    again = clone(model).fit(cells, "type", "plate")
    assert np.array_equal(again.sample(20).X.toarray(), model.sample(20).X.toarray())
    assert not np.array_equal(model.sample(20).X.toarray(), model.sample(20, random_state=1).X.toarray())


def test_no_cell_comes_without_counts(model: CellGAN) -> None:
    made = model.sample(500, library_size=2.0)
    assert made.X.sum(axis=1).min() > 0
    assert made.obs["type"].tolist() == model.sample(500).obs["type"].tolist()


def test_the_ablation_is_told(model: CellGAN) -> None:
    names = [stage["stage"] for stage in model.stages_]
    assert names == ["2 factors", "refiner", "margins"]
    assert model.stages_[0]["kept"]
    assert all(0.3 < stage["v_auc"] < 0.8 for stage in model.stages_)


@pytest.mark.parametrize(("there", "taken"), [(1, "20 factors"), (30, "40 factors")])
def test_so_many_factors_as_held_out_cells_are_likelier_by(there: int, taken: str) -> None:
    rng = np.random.default_rng(16)
    rates = 30 * np.exp(rng.standard_normal((500, there)) @ (0.25 * rng.choice([-1.0, 1.0], (there, 150))))
    model = CellGAN(max_steps=1, random_state=0).fit(anndata.AnnData(rng.poisson(rates).astype(np.float32)))
    assert model.stages_[0]["stage"] == taken
    assert "likelier" in model.stages_[0]["reason"]


def test_margins_are_kept_where_no_factor_model_has_them() -> None:
    rng = np.random.default_rng(15)
    even = anndata.AnnData(2.0 * rng.poisson(np.linspace(1, 4, 12), (300, 12)))
    model = CellGAN(n_factors=2, max_steps=5, random_state=0).fit(even)
    stages = {row["stage"]: row for row in model.stages_}
    assert stages["margins"]["kept"], stages["margins"]["reason"]
    assert not (model.sample(200).X.toarray() % 2).any()


def test_margins_of_clusters_are_kept_where_factors_do_not_hold_what_genes_share() -> None:
    rng = np.random.default_rng(18)
    place = np.tile(np.arange(-2.0, 3.0), 120)  # five clouds in a row: no loading makes a gene of the middle one alone
    along = np.exp(np.outer(place, np.repeat([0.5, -0.5], 15)))
    middle = np.repeat(np.where(place == 0, 6.0, 0.1)[:, None], 10, axis=1)
    cells = anndata.AnnData(rng.poisson(np.hstack([6 * along, middle])).astype(np.float32))
    model = CellGAN(n_factors=1, max_steps=2, random_state=0).fit(cells)
    stages = {row["stage"]: row for row in model.stages_}
    assert stages["margins of clusters"]["kept"], stages["margins of clusters"]["reason"]
    of_types = replace(model.sampler_, margins=None, clusters=None).draw(np.zeros(600, dtype=np.intp), rng)

    def shared(counts: sparse.csr_matrix) -> float:
        return float(np.corrcoef(counts.toarray()[:, -10:].T)[np.triu_indices(10, 1)].mean())

    real, made = (shared(sparse.csr_matrix(x)) for x in (cells.X, model.sample(600).X))
    assert made > 0.9 * real > 0.5
    assert shared(of_types) < 0.8 * real


def test_a_saved_model_draws_the_same(model: CellGAN, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    again = ganaug.load(tmp_path / "model")
    assert isinstance(again, CellGAN)
    assert np.array_equal(again.sample(20, batch="P1").X.toarray(), model.sample(20, batch="P1").X.toarray())
    assert again.stages_ == model.stages_


def test_a_refiner_is_saved_with_its_model(cells: anndata.AnnData, tmp_path: Path) -> None:
    model = CellGAN(n_factors=2, max_steps=5, random_state=0)
    model.fit(cells, "type")
    from ganaug.models.cellular.game import CellGenerator
    from ganaug.models.cellular.refiner import CellRefiner
    from ganaug.models.cellular.sampler import CellSampler
    from ganaug.seeding import Seeds

    head = CellGenerator(2, 2, GENES, Seeds(0).torch("head"))
    for weight in head.parameters():
        weight.data += 0.1
    model.sampler_ = CellSampler.refined(model.sampler_.proposal, CellRefiner(head))
    model.save(tmp_path / "model")
    assert np.array_equal(ganaug.load(tmp_path / "model").sample(20).X.toarray(), model.sample(20).X.toarray())


@pytest.mark.parametrize("in_clusters", [False, True])
def test_margins_are_saved_with_their_model(cells: anndata.AnnData, tmp_path: Path, in_clusters: bool) -> None:
    from ganaug.proposals.margins import Margins

    model = CellGAN(n_factors=2, max_steps=5, random_state=0).fit(cells, "type")
    counts = sparse.csr_matrix(cells.X.astype(np.float32))
    code = np.unique(cells.obs["type"], return_inverse=True)[1]
    if in_clusters:
        code = 2 * code + np.arange(len(code)) % 2
    margins = Margins.fit(2 * counts, code, counts, code)
    model.sampler_ = replace(model.sampler_, margins=margins, clusters=code if in_clusters else None)
    model.save(tmp_path / "model")
    again, drawn = ganaug.load(tmp_path / "model"), model.sample(20).X.toarray()
    assert np.array_equal(again.sample(20).X.toarray(), drawn)
    # totals that are asked for are kept
    asked = model.sample(200, library_size=30.0).X.sum(axis=1)
    assert abs(asked.mean() - 30) < 3
    broken = replace(model.sampler_.margins.real, start=model.sampler_.margins.real.start[:-1])
    model.sampler_ = replace(model.sampler_, margins=replace(model.sampler_.margins, real=broken))
    model.save(tmp_path / "broken")
    with pytest.raises(ModelFileError, match="distributions of other genes"):
        ganaug.load(tmp_path / "broken")
    model.sampler_ = replace(model.sampler_, margins=margins, clusters=code[:-1])
    model.save(tmp_path / "other cells")
    with pytest.raises(ModelFileError, match="distributions of other genes"):
        ganaug.load(tmp_path / "other cells")


def test_a_damaged_folder_is_refused(model: CellGAN, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    described = next((tmp_path / "model").glob("*.json"))
    described.write_text(described.read_text().replace('"g3"', '"g3", "g3b"'))
    with pytest.raises(ModelFileError):
        ganaug.load(tmp_path / "model")


def test_backed_and_dense_cells_and_layers_are_read(cells: anndata.AnnData, tmp_path: Path) -> None:
    cells.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    dense = anndata.AnnData(cells.X.toarray(), obs=cells.obs, var=cells.var)
    layered = anndata.AnnData(cells.X.log1p(), obs=cells.obs, var=cells.var, layers={"counts": cells.X})
    settings: dict[str, Any] = {"n_factors": 1, "refine": False, "random_state": 0}
    drawn = [
        CellGAN(**settings).fit(some, "type", layer=layer).sample(10).X.toarray()
        for some, layer in ((cells, None), (backed, None), (dense, None), (layered, "counts"))
    ]
    assert all(np.array_equal(drawn[0], other) for other in drawn[1:])
    backed.file.close()


def test_few_cells_are_not_refined(cells: anndata.AnnData) -> None:
    model = CellGAN(n_factors=1, random_state=0).fit(cells[:60], "type")
    assert not model.stages_
    assert any("fewer than 100 cells" in note for note in model.notes_)


def test_cells_without_types_are_one(cells: anndata.AnnData) -> None:
    made = CellGAN(n_factors=1, refine=False, random_state=0).fit(cells).sample(5)
    assert made.shape == (5, GENES)
    assert list(made.obs.columns) == []


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda a: a.X.data.__setitem__(0, 0.5), "not a whole number"),
        (lambda a: a.X.data.__setitem__(0, -1), "not negative"),
        (lambda a: a.X.data.__setitem__(0, np.nan), "no count"),
        (lambda a: setattr(a, "X", a.X.log1p()), "log-normalised"),
        (lambda a: setattr(a, "var_names", ["g0", *a.var_names[:-1]]), "named 'g0'"),
        (lambda a: setattr(a, "obs", a.obs.assign(type=["alone", *a.obs["type"][1:]])), "single cell"),
        (lambda a: setattr(a, "obs", a.obs.assign(plate=a.obs["type"])), "cannot be told apart"),
        (lambda a: setattr(a, "obs", a.obs.assign(type=[None, *a.obs["type"][1:]])), "missing in 1 cells"),
    ],
)
def test_bad_cells_are_refused_with_a_reason(spoil: Any, says: str) -> None:
    bad = simulated(n=40)
    spoil(bad)
    with pytest.raises(DataError, match=says):
        CellGAN(n_factors=1, refine=False).fit(bad, "type", "plate")


def test_a_cell_without_counts_is_refused() -> None:
    bad = simulated(n=40)
    kept = sparse.diags_array(np.r_[0.0, np.ones(39)]) @ bad.X
    with pytest.raises(DataError, match="no counts at all"):
        CellGAN(refine=False).fit(anndata.AnnData(sparse.csr_matrix(kept), obs=bad.obs, var=bad.var), "type")


def test_a_gene_without_counts_stays_without() -> None:
    quiet = simulated()
    quiet.X = quiet.X.multiply(np.arange(GENES) != 4).tocsr()
    made = CellGAN(n_factors=1, refine=False, random_state=0).fit(quiet, "type").sample(500)
    assert made.X[:, 4].sum() <= 5


def test_unknown_names_are_refused_with_the_nearest(cells: anndata.AnnData, model: CellGAN) -> None:
    with pytest.raises(DataError, match="did you mean 'type'"):
        CellGAN().fit(cells, "tpye")
    with pytest.raises(DataError, match=r"no 'counts' in adata\.layers"):
        CellGAN().fit(cells, "type", layer="counts")
    with pytest.raises(ConditionError, match="no type 'NK'"):
        model.sample(3, label="NK")
    with pytest.raises(ConditionError, match="did you mean 'P1'"):
        model.sample(3, batch="p1")
    with pytest.raises(ConditionError, match="without batch_key"):
        CellGAN(n_factors=1, refine=False).fit(cells, "type").sample(3, batch="P1")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"n": -1}, "from 0"),
        ({"n": 2.5}, "whole number"),
        ({"n": {"B": -1}}, "whole number"),
        ({"n": 3, "label": ["B"]}, "one for each cell"),
        ({"n": {"B": 3}, "label": "B"}, "one of the two"),
        ({"n": 3, "library_size": 0.5}, "from 1"),
        ({"n": 3, "library_size": 1e20}, "to 1,000,000,000"),
        ({"n": 3, "library_size": [10.0, 20.0]}, "expected one number, or 3"),
    ],
)
def test_what_cannot_be_drawn_is_refused(model: CellGAN, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        model.sample(**asked)


@pytest.mark.parametrize("wrong", [{"objective": "r4gan"}, {"time_budget": 0}, {"n_factors": 0}, {"max_steps": 0}])
def test_settings_are_checked_when_it_learns(cells: anndata.AnnData, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CellGAN(**wrong).fit(cells, "type")


def test_an_interrupted_game_goes_on_where_it_was(cells: anndata.AnnData, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"n_factors": 1, "max_steps": 30, "random_state": 0}

    def interrupt(progress: Progress) -> None:
        if progress.stage == "refiner" and progress.step >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CellGAN(**settings, checkpoint=tmp_path / "run").fit(cells, "type", on_progress=interrupt)
    went_on = CellGAN(**settings, checkpoint=tmp_path / "run", resume=True).fit(cells, "type")
    at_once = CellGAN(**settings).fit(cells, "type")
    assert went_on.training_ == at_once.training_
    assert np.array_equal(went_on.sample(20).X.toarray(), at_once.sample(20).X.toarray())
    relabelled = cells.copy()
    relabelled.obs["type"] = cells.obs["type"].to_numpy()[::-1].copy()
    with pytest.raises(DataError, match="another"):
        CellGAN(**settings, checkpoint=tmp_path / "run", resume=True).fit(relabelled, "type")
    with pytest.raises(DataError, match="another"):
        CellGAN(**settings | {"n_factors": 2}, checkpoint=tmp_path / "run", resume=True).fit(cells, "type")


def test_small_integers_make_room_for_what_is_drawn(cells: anndata.AnnData) -> None:
    narrow = anndata.AnnData(cells.X.astype(np.uint8), obs=cells.obs, var=cells.var)
    made = CellGAN(n_factors=1, refine=False, random_state=0).fit(narrow, "type").sample(50, library_size=20_000.0)
    assert made.X.dtype == np.uint16
    assert made.X.sum(axis=1).mean() == pytest.approx(20_000, rel=0.05)


def test_types_may_be_numbers(cells: anndata.AnnData) -> None:
    numbered = cells.copy()
    numbered.obs["type"] = (cells.obs["type"] == "B").astype(int)
    model = CellGAN(n_factors=1, refine=False, random_state=0).fit(numbered, "type")
    assert model.sample(3, label=1).obs["type"].tolist() == ["1", "1", "1"]
    assert model.sample({0: 2}).obs["type"].tolist() == ["0", "0"]


def test_no_cells_and_no_genes_are_refused(cells: anndata.AnnData) -> None:
    for few in (cells[:0], cells[:, :1]):
        with pytest.raises(DataError, match="at least 2 of each"):
            CellGAN().fit(few, "type")


def test_of_many_cells_some_are_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug.models.equalizing.matrix.MOST_VALUES", 1)
    model = CellGAN(n_factors=1, refine=False, random_state=0).fit(simulated(n=2300), "type")
    assert sum(model.n_learned_.values()) == len(model.sampler_.proposal.type) == 2000
    assert "learned from 2,000 of 2,300 cells" in model.notes_


def test_no_type_and_no_batch_is_lost_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug.models.equalizing.matrix.MOST_VALUES", 1)
    monkeypatch.setattr("ganaug.models.equalizing.matrix.FEWEST_ROWS", 300)
    many = simulated(n=1000)
    many.obs["plate"] = [f"P{i % 100}" for i in range(1000)]
    many.obs["type"] = np.where(np.arange(1000) < 800, "T", "B")
    many.obs.iloc[[7, 507], 0] = "A"
    model = CellGAN(n_factors=1, refine=False, random_state=0).fit(many, "type", "plate")
    assert model.n_learned_["A"] == 2
    assert len(model.batches_) == len(np.unique(model.sampler_.proposal.batch)) == 100
    assert model.composition_ == many.obs["type"].value_counts().sort_index().to_dict()
    assert (model.sample(2000).obs["type"] == "T").mean() == pytest.approx(0.8, abs=0.04)


def test_counts_of_a_layer_come_in_that_layer_too(cells: anndata.AnnData) -> None:
    layered = anndata.AnnData(cells.X.log1p(), obs=cells.obs, var=cells.var, layers={"counts": cells.X})
    made = CellGAN(n_factors=1, refine=False, random_state=0).fit(layered, "type", layer="counts").sample(20)
    assert (made.layers["counts"] != made.X).nnz == 0
    assert (made.X.data % 1 == 0).all()


def test_a_type_of_two_cells_is_learned_without_a_warning(cells: anndata.AnnData) -> None:
    rare = cells.copy()
    rare.obs["type"] = ["A", "A", *cells.obs["type"][2:]]
    model = CellGAN(n_factors=1, max_steps=5, random_state=0).fit(rare, "type")
    assert model.sample({"A": 4}).n_obs == 4


def test_batches_that_types_join_in_a_chain_are_told_apart(cells: anndata.AnnData) -> None:
    chained = cells[:120].copy()
    chained.obs["type"] = np.repeat(["A", "B", "B", "C"], 30)
    chained.obs["plate"] = np.repeat(["P1", "P1", "P2", "P2"], 30)
    settings: dict[str, Any] = {"n_factors": 1, "refine": False, "random_state": 0}
    assert CellGAN(**settings).fit(chained, "type", "plate").batches_ == ["P1", "P2"]
    chained.obs["type"] = np.repeat(["A", "B", "D", "C"], 30)
    with pytest.raises(DataError, match="nothing to do with the others"):
        CellGAN(**settings).fit(chained, "type", "plate")
