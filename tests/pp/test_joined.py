from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ganaug.pp.joined import _continued, joined

MADE = sparse.csr_matrix(np.array([[1, 0], [300, 2]], dtype=np.float32))


def real(X) -> anndata.AnnData:
    obs = pd.DataFrame(
        {
            "cluster": pd.Categorical([2, 10, 2], categories=[10, 2, 7], ordered=True),
            "plate": ["P1", "P2", "P1"],
            "n": [4, 5, 6],
            "doublet": [True, False, False],
            "score": [0.5, np.nan, 1.5],
            "sex": pd.Categorical(["f", "m", "f"]),
            "name": ["x", "y", "z"],
        },
        index=pd.Index(["a", "synthetic-1", "c"], name="cell"),
    )
    var = pd.DataFrame({"chromosome": ["1", "X"]}, index=pd.Index(["CD3E", "LYZ"], name="gene"))
    return anndata.AnnData(X, obs=obs, var=var)


def made() -> pd.DataFrame:
    return pd.DataFrame({"cluster": ["10", "2"], "plate": ["P2", "P1"]}, dtype=object)


def test_columns_keep_their_dtype_and_what_is_not_known_is_missing(tmp_path: Path) -> None:
    adata = real(sparse.csr_matrix(np.eye(3, 2, dtype=np.float32)))
    both = joined(adata, MADE, made(), layer=None, told={})
    assert both.obs_names.tolist() == ["a", "synthetic-1", "c", "synthetic-2", "synthetic-3"]
    assert both.obs["cluster"].tolist() == [2, 10, 2, 10, 2]
    assert both.obs["cluster"].dtype == adata.obs["cluster"].dtype
    assert both.obs["plate"].tolist() == ["P1", "P2", "P1", "P2", "P1"]
    for name in ("n", "doublet", "score", "sex", "name"):
        assert both.obs[name][3:].isna().all()
        assert (both.obs[name][:3].isna() == adata.obs[name].isna()).all()
    assert both.obs["sex"].dtype == "category"
    assert list(both.obs)[-1] == "is_synthetic"
    assert both.obs["is_synthetic"].dtype == bool
    pd.testing.assert_frame_equal(both.var, adata.var)
    both.write_h5ad(tmp_path / "both.h5ad")
    assert anndata.read_h5ad(tmp_path / "both.h5ad").obs["doublet"].tolist()[:3] == [True, False, False]


@pytest.mark.parametrize(
    "X",
    [
        np.eye(3, 2),
        np.eye(3, 2, dtype=np.int64),
        sparse.csr_matrix(np.eye(3, 2, dtype=np.int32)),
        sparse.csc_matrix(np.eye(3, 2)),
        sparse.csr_array(np.eye(3, 2, dtype=np.float32)),
    ],
)
def test_counts_stay_as_they_were_kept(X) -> None:
    both = joined(real(X), MADE, made(), layer=None, told={}).X
    assert type(both) is type(X)
    assert both.dtype == X.dtype
    values = both.toarray() if sparse.issparse(both) else both
    np.testing.assert_array_equal(values, np.vstack([np.eye(3, 2), MADE.toarray()]))


def test_no_count_runs_over() -> None:
    both = joined(real(np.eye(3, 2, dtype=np.uint8)), MADE, made(), layer=None, told={})
    assert both.X.max() == 300
    assert both.X.dtype == np.uint16


def test_without_synthetic_cells_nothing_changes() -> None:
    adata = real(np.eye(3, 2))
    same = joined(adata, MADE[:0], made()[:0], layer=None, told={"n_added": 0})
    pd.testing.assert_frame_equal(same.obs.drop(columns="is_synthetic"), adata.obs)
    assert same.uns == {"ganaug_augment": {"n_added": 0}}


def test_numbers_as_types_are_found_again() -> None:
    values = pd.Series(np.array([0.1, 0.2, 0.1], dtype=np.float32))
    text = pd.Series([str(value) for value in values.astype(object)][:2])
    index = pd.RangeIndex(5)
    assert _continued(values, text, index).tolist() == [*values.tolist(), *values.tolist()[:2]]
