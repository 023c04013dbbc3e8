from __future__ import annotations

from io import BytesIO

import anndata
import numpy as np
import pandas as pd
import pytest
from fidelity.cells import simulated
from matplotlib.figure import Figure
from scipy import sparse

import ganaug
from ganaug import DataError


def cells(n: int, seed: int) -> anndata.AnnData:
    values, kind = simulated.counts(n, seed)
    obs = pd.DataFrame({"type": np.array(["B", "NK", "T"])[kind]}, index=[f"c{i}" for i in range(n)])
    var = pd.DataFrame(index=[f"gene {j}" for j in range(values.shape[1])])
    return anndata.AnnData(sparse.csr_matrix(values), obs=obs, var=var)


@pytest.fixture(scope="module")
def figure() -> Figure:
    return ganaug.pl.cells(cells(200, 0), cells(150, 1), label_key="type")


def panel(figure: Figure, title: str):
    return next(axes for axes in figure.axes if axes.get_title() == title)


def test_all_panels_are_there_and_can_be_drawn(figure: Figure) -> None:
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles[:3] == ["joint UMAP", "real cells", "synthetic cells"]
    assert titles[3:5] == ["markers in real cells", "markers in synthetic cells"]
    assert titles[5:] == ["variance of genes", "cells without the gene", "library sizes"]
    assert figure.get_suptitle() == "200 real cells and 150 synthetic cells"
    figure.savefig(BytesIO(), dpi=40)


def test_each_type_has_a_line_and_its_own_planted_markers(figure: Figure) -> None:
    axes = panel(figure, "markers in real cells")
    assert [text.get_text() for text in axes.get_yticklabels()] == ["B", "NK", "T"]
    shown = {int(text.get_text().split()[1]) for text in axes.get_xticklabels()}
    assert len(shown) == 24
    assert len(shown & set(range(30))) >= 20


def test_dots_are_the_share_of_cells_that_express_a_gene() -> None:
    real = cells(200, 0)
    figure = ganaug.pl.cells(real, cells(150, 1), label_key="type", markers=["gene 3"], embedding="pca")
    axes = panel(figure, "markers in real cells")
    sizes = axes.collections[0].get_sizes()
    expressing = np.asarray((real[:, "gene 3"].X > 0).toarray()).ravel()
    share = [expressing[real.obs["type"] == name].mean() for name in ("B", "NK", "T")]
    assert np.allclose(sizes / 70, share)
    assert [text.get_text() for text in axes.get_xticklabels()] == ["gene 3"]


def test_without_types_cells_are_drawn_by_their_side_alone() -> None:
    titles = [axes.get_title() for axes in ganaug.pl.cells(cells(80, 0), cells(80, 1), embedding="pca").axes]
    assert "markers in real cells" not in titles
    assert "variance of genes" in titles


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"label_key": "typ"}, "no 'typ' in real.obs; did you mean 'type'"),
        ({"label_key": "type", "markers": ["gene x"]}, "the marker 'gene x' is not a gene"),
        ({"layer": "raw"}, "no 'raw' in real.layers"),
    ],
)
def test_what_is_not_there_is_said(keys, message) -> None:
    with pytest.raises(DataError, match=message):
        ganaug.pl.cells(cells(60, 0), cells(60, 1), **keys)


def test_a_type_alone_has_no_markers() -> None:
    mixed = cells(90, 0)
    one = mixed[mixed.obs["type"] == "B"].copy()
    titles = [axes.get_title() for axes in ganaug.pl.cells(one, one.copy(), label_key="type", embedding="pca").axes]
    assert titles[0] == "joint PCA"
    assert not any(title.startswith("markers") for title in titles)
