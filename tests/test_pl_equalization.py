from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import ganaug
from ganaug import DataError
from ganaug.pl.groups import Groups
from ganaug.pl.measures import alike, flat, mixing_of, movers_of


def cells(n: int = 400, p: int = 20, n_batches: int = 2) -> anndata.AnnData:
    """Three types, of which type 2 is the first batch's alone; the others are shifted in the first three features."""
    rng = np.random.default_rng(0)
    kind, batch = rng.integers(3, size=n), rng.integers(n_batches, size=n)
    batch[kind == 2] = 0
    X = 6.0 * rng.normal(size=(3, p))[kind] + rng.normal(size=(n, p))
    X[:, :3] += 4.0 * batch[:, None]
    obs = pd.DataFrame({"donor": pd.Categorical.from_codes(batch, [f"d{b}" for b in range(n_batches)]), "type": kind})
    var = pd.DataFrame(index=[f"gene {j}" for j in range(p)])
    return anndata.AnnData(X, obs=obs.set_axis([f"c{i}" for i in range(n)]), var=var)


@pytest.fixture(scope="module")
def equalized() -> anndata.AnnData:
    adata = cells()
    ganaug.pp.equalize(adata, "donor", layer_added="equalized")
    return adata


def panel(figure, title):
    return next(axes for axes in figure.axes if axes.get_title() == title)


def names(axes):
    return [text.get_text() for text in axes.get_yticklabels()]


def test_before_and_after_are_coloured_by_batch_and_by_label(equalized: anndata.AnnData) -> None:
    figure = ganaug.pl.equalization(equalized, label_key="type")
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:4] == ["before, by donor", "after, by donor", "before, by type", "after, by type"]
    assert titles[4:] == ["batches among the 30 nearest cells", "features that moved most"]
    by_donor, by_type = (figure.axes[k].get_legend() for k in (1, 3))
    assert [text.get_text() for text in by_donor.get_texts()] == ["d0", "d1"]
    assert [text.get_text() for text in by_type.get_texts()] == ["0", "1", "2"]
    assert figure.get_suptitle() == f"donor: {equalized.uns['ganaug']['way']}"


def test_a_planted_shift_is_mixed_and_a_type_of_one_batch_is_named(equalized: anndata.AnnData) -> None:
    axes = panel(ganaug.pl.equalization(equalized, label_key="type"), "batches among the 30 nearest cells")
    before, after = (line.get_xdata() for line in axes.lines)
    assert (before[:2] < 0.3).all()
    assert (after[:2] > 0.8).all()
    assert np.isnan([before[2], after[2]]).all()
    assert [text.get_text() for text in axes.texts] == ["only d0; nearest of the same 100% → 100%"]
    assert names(axes)[2] == f"2 ({(equalized.obs['type'] == 2).sum()})"


def test_the_features_that_were_shifted_are_those_that_moved_most(equalized: anndata.AnnData) -> None:
    figure = ganaug.pl.equalization(equalized, layer="equalized")
    axes = panel(figure, "features that moved most")
    assert set(names(axes)[:3]) == {"gene 0", "gene 1", "gene 2"}
    first, second = (np.array([line.get_xdata()[0] for line in axes.lines[k : k + 1]]) for k in (1, 2))
    assert first > 0 > second


@pytest.mark.parametrize("kept", ["in memory", "in a file"])
def test_movers_are_found_without_a_layer_too(kept: str, tmp_path: Path) -> None:
    adata = cells(p=60)
    ganaug.pp.equalize(adata, "donor")
    if kept == "in a file":
        adata.write_h5ad(tmp_path / "cells.h5ad")
        adata = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    axes = panel(ganaug.pl.equalization(adata), "features that moved most")
    assert set(names(axes)[:3]) == {"gene 0", "gene 1", "gene 2"}


def test_a_representation_that_was_equalised_is_drawn_without_movers() -> None:
    adata = cells()
    adata.obsm["X_pca"] = adata.X[:, :6]
    ganaug.pp.equalize(adata, "donor", use_rep="X_pca")
    figure = ganaug.pl.equalization(adata)
    assert len(figure.axes) == 5
    before, after = (line.get_xdata() for line in panel(figure, "batches among the 30 nearest cells").lines)
    assert np.nanmean(after) > np.nanmean(before) + 0.3


def test_movers_are_counted_in_standard_deviations_and_constant_features_are_not() -> None:
    rng, batch = np.random.default_rng(0), Groups(["a", "b"], np.repeat([0, 1], 200))
    old = rng.normal(size=(400, 3)) * np.array([1.0, 100.0, 0.0])
    change = np.where(batch.codes[:, None] == 1, np.array([2.0, 20.0, 5.0]), 0.0)
    moved = movers_of(old, change, ["small", "large", "constant"], batch)
    assert moved is not None
    assert moved.names == ["small", "large", "constant"]
    np.testing.assert_allclose(moved.change, [[0, 2.0], [0, 0.2], [0, 0]], atol=0.2)
    assert movers_of(sparse.csr_matrix(old), np.zeros_like(change), ["a", "b", "c"], batch) is None


def test_merging_the_type_of_one_batch_with_another_is_seen() -> None:
    rng = np.random.default_rng(0)
    state, batch = Groups(["s", "t"], np.repeat([0, 1], 100)), Groups(["a", "b"], np.repeat([0, 0, 1], [100, 50, 50]))
    merged = rng.normal(size=(200, 2))
    found = mixing_of(merged + 50 * state.codes[:, None], merged, batch, state)
    assert np.isnan(found.mixed[1]).tolist() == [True, False]
    assert found.own[0].tolist() == [1.0, 1.0]
    assert found.own[1][0] < 0.7


def test_what_is_drawn_after_is_turned_to_lie_like_before() -> None:
    z = np.random.default_rng(0).normal(size=(50, 2)) * np.array([3.0, 1.0])
    before, after = alike(z, -z[:, ::-1] + 5)
    np.testing.assert_allclose(before, after, atol=1e-9)
    assert alike(z[:, :1], z)[0].shape == (50, 2)


def test_columns_that_are_there_are_drawn_as_they_are(equalized: anndata.AnnData) -> None:
    adata = equalized.copy()
    adata.obsm["X_mine"] = np.random.default_rng(0).uniform(size=(adata.n_obs, 2))
    figure = ganaug.pl.equalization(adata, embedding=("X_mine", "X_mine"))
    drawn = figure.axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(np.sort(np.ptp(drawn, axis=0)), np.sort(np.ptp(adata.obsm["X_mine"], axis=0)))


def test_coordinates_of_before_may_be_given(equalized: anndata.AnnData) -> None:
    adata = equalized.copy()
    adata.obsm["X_pca"] = adata.obsm["X_ganaug"]
    axes = panel(ganaug.pl.equalization(adata, before="X_pca"), "batches among the 30 nearest cells")
    before, after = (line.get_xdata() for line in axes.lines)
    np.testing.assert_array_equal(before, after)


def test_umap_is_drawn_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class First:
        def __init__(self, random_state: int, n_jobs: int) -> None:
            assert n_jobs == 1  # else umap warns, as it does with a seed

        def fit_transform(self, z: np.ndarray) -> np.ndarray:
            return z[:, :2].astype(np.float32)

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=First))  # the real one takes half a minute to compile
    z = np.random.default_rng(0).normal(size=(60, 5))
    np.testing.assert_allclose(flat(z, "umap", np.random.default_rng(0)), z[:, :2], rtol=1e-6)
    with pytest.raises(ValueError, match="embedding is 'tsne'; it is 'pca', 'umap'"):
        flat(z, "tsne", np.random.default_rng(0))


@pytest.mark.parametrize("n_batches", [5, 12, 40])
def test_many_batches_each_have_a_mark_and_the_rest_is_summed_up(n_batches: int) -> None:
    batch = Groups.of(pd.Series(np.arange(10 * n_batches) % n_batches))
    marks = batch.marks()
    assert len(set(marks)) == min(n_batches, 25)
    adata = cells(40 * n_batches, n_batches=n_batches)
    adata.obsm["X_ganaug"], adata.uns["ganaug"] = adata.X, {"batch_key": "donor", "way": "identity"}
    figure = ganaug.pl.equalization(adata)
    texts = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert (texts[-1] == "16 others") == (n_batches == 40)
    file = BytesIO()
    figure.savefig(file)
    assert len(file.getvalue()) > 10_000


def test_batches_may_be_their_own_labels(equalized: anndata.AnnData) -> None:
    axes = panel(ganaug.pl.equalization(equalized, label_key="donor"), "batches among the 30 nearest cells")
    assert [text.get_text().partition(";")[0] for text in axes.texts] == ["only d0", "only d1"]


def test_labels_may_be_missing() -> None:
    adata = cells()
    ganaug.pp.equalize(adata, "donor")
    adata.obs["type"] = adata.obs["type"].astype(str).mask(adata.obs["type"] == 1)
    figure = ganaug.pl.equalization(adata, label_key="type")
    assert [text.get_text() for text in figure.axes[3].get_legend().get_texts()] == ["0", "2", "not known"]


def test_cells_that_were_not_equalised_are_refused() -> None:
    adata = cells()
    with pytest.raises(DataError, match=r"have not been equalised: there is no 'ganaug' in adata.uns; run ganaug.pp"):
        ganaug.pl.equalization(adata)
    adata.uns["ganaug"], adata.obsm["X_ganaugs"] = {"batch_key": "donor", "way": "identity"}, adata.X
    with pytest.raises(DataError, match=r"no 'X_ganaug' in adata\.obsm; did you mean 'X_ganaugs'"):
        ganaug.pl.equalization(adata)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"label_key": "typ"}, r"no 'typ' in adata\.obs; did you mean 'type'"),
        ({"batch_key": "plate"}, r"no 'plate' in adata\.obs"),
        ({"layer": "equalised"}, r"no 'equalised' in adata\.layers; did you mean 'equalized'"),
        ({"before": "X_pca"}, r"no 'X_pca' in adata\.obsm"),
        ({"embedding": ("X_umap", "X_ganaug")}, r"no 'X_umap' in adata\.obsm"),
    ],
)
def test_keys_that_are_not_there_are_told(equalized: anndata.AnnData, asked: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        ganaug.pl.equalization(equalized, **asked)


def test_the_same_seed_draws_the_same_and_pyplot_is_left_alone(equalized: anndata.AnnData) -> None:
    one, other = (ganaug.pl.equalization(equalized, random_state=3).axes[0].collections[0] for _ in range(2))
    np.testing.assert_array_equal(one.get_offsets(), other.get_offsets())
    code = (
        "import sys, ganaug; ganaug.pl.equalization; print('matplotlib.pyplot' in sys.modules, 'umap' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False False\n"
