from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from ganaug.data.counts import checked_counts, log_normalized
from ganaug.errors import DataError

KINDS = (
    *(np.array, np.ndarray.tolist, sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix),
    *(sparse.csr_array, sparse.csc_array, sparse.coo_array, sparse.lil_matrix),
)
DTYPES = (np.int64, np.uint8, np.float32, np.float64)
CELLS = st.tuples(st.integers(1, 6), st.integers(1, 5))


def genes(X):
    return [f"gene {j}" for j in range(np.shape(X)[1])]


@st.composite
def counts(draw):
    """Whole numbers without an empty cell."""
    X = draw(arrays.arrays(draw(st.sampled_from(DTYPES)), draw(CELLS), elements=st.integers(0, 255)))
    X[X.sum(axis=1) == 0, 0] = 1
    return X


@given(counts(), st.sampled_from(KINDS))
def test_counts_come_back_as_they_are(X, kind):
    found = checked_counts(kind(X), genes(X))
    assert isinstance(found, sparse.csr_matrix)
    assert found.dtype == np.float32
    assert found.has_canonical_format
    np.testing.assert_array_equal(found.toarray(), X)


@given(counts(), st.sampled_from([1.0, 1e4]))
def test_log_normalising_can_be_undone(X, total):
    given_ = checked_counts(X, genes(X))
    before = given_.copy()
    back = log_normalized(given_, total).expm1().toarray()
    np.testing.assert_allclose(back.sum(axis=1), total, rtol=1e-4)
    np.testing.assert_allclose(back * X.sum(axis=1, keepdims=True, dtype=float) / total, X, rtol=1e-4, atol=1e-4)
    assert (given_ != before).nnz == 0


def test_log_normalising_is_what_scanpy_does():
    import anndata
    import scanpy as sc

    X = sparse.csr_matrix(np.random.default_rng(0).poisson(0.5, (40, 30)).astype(np.float32))
    adata = anndata.AnnData(X.copy())
    sc.pp.normalize_total(adata, target_sum=1e4)
    sc.pp.log1p(adata)
    np.testing.assert_allclose(log_normalized(X).toarray(), adata.X.toarray(), rtol=1e-5)


def test_a_cell_without_counts_stays_without():
    assert log_normalized(sparse.csr_matrix((2, 3), dtype=np.float32)).nnz == 0


def test_what_was_given_stays_as_it_is():
    X = sparse.csr_matrix((np.array([1.0, 2.0, 4.0]), np.array([1, 1, 0]), np.array([0, 2, 3])), (2, 2))
    assert checked_counts(X, ["a", "b"]).toarray().tolist() == [[0, 3], [4, 0]]
    assert X.data.tolist() == [1, 2, 4]


def test_genes_without_counts_are_kept():
    assert checked_counts([[1, 0], [2, 0]], ["a", "b"]).shape == (2, 2)


def planted(value, at=(7, 2)):
    X = np.random.default_rng(0).poisson(30, (20, 4)).astype(float)
    X[at] = value
    return X


@pytest.mark.parametrize("kind", [np.array, sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.nan, "layer holds nan of gene 'gene 2' in row 7, which is no count"),
        (np.inf, "layer holds inf of gene 'gene 2' in row 7, which is no count"),
        (-3, "layer holds -3 of gene 'gene 2' in row 7, and counts are not negative"),
        (2.5, "layer holds 2.5 of gene 'gene 2' in row 7, not a whole number; it looks normalised: give the layer"),
    ],
)
def test_a_value_that_is_no_count_is_named(kind, value, says):
    with pytest.raises(DataError, match=says):
        checked_counts(kind(planted(value)), genes(planted(value)), what="layer")


def test_log_normalised_and_scaled_values_are_recognised():
    X = log_normalized(checked_counts(planted(3), genes(planted(3))))
    with pytest.raises(DataError, match=r"it looks log-normalised: give the layer .* layer='counts'"):
        checked_counts(X, genes(X))
    with pytest.raises(DataError, match="looks scaled"):
        checked_counts(X.toarray() - X.mean(axis=0), genes(X))


@pytest.mark.parametrize(
    ("X", "names", "says"),
    [
        (np.ones((2, 3)), ["a", "b", "a"], "2 genes are named 'a'"),
        (np.ones((2, 3)), ["a", "b"], "3 genes and 2 names"),
        (np.ones((0, 3)), ["a", "b", "c"], r"shape \(0, 3\)"),
        (np.ones((3, 0)), [], r"shape \(3, 0\)"),
        (np.ones(3), ["a", "b", "c"], r"shape \(3,\)"),
        (np.array([["1", "2"]]), ["a", "b"], "not numbers"),
    ],
)
def test_a_matrix_that_is_none_of_cells_and_genes(X, names, says):
    with pytest.raises(DataError, match=says):
        checked_counts(X, names)


def test_cells_without_counts_are_counted_and_the_first_named():
    X = np.ones((20, 3))
    X[4] = 0
    with pytest.raises(DataError, match="a cell has no counts at all in X: row 4;"):
        checked_counts(X, genes(X))
    X[6:14] = 0
    with pytest.raises(DataError, match=r"9 cells have no counts at all in X: rows 4, 6, 7, 8, 9, ...; leave them out"):
        checked_counts(sparse.csr_array(X), genes(X))


def test_a_sparse_matrix_is_never_made_dense():
    X = sparse.random_array((20_000, 2_000), density=0.001, random_state=0, format="csr")
    X.data[:] = 1
    X = sparse.vstack([X[X.sum(axis=1) > 0]], "csr")
    tracemalloc.start()
    log_normalized(checked_counts(X, genes(X)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.05 * 4 * X.shape[0] * X.shape[1]


def test_stored_zeros_are_no_counts():
    X = sparse.csr_matrix(np.array([[1.0, 2.0], [3.0, 4.0]]))
    X.data[1] = 0
    assert checked_counts(X, ["a", "b"]).nnz == 3
    assert X.nnz == 4


def test_a_layer_without_counts_is_not_said_to_be_the_layer_to_give():
    with pytest.raises(DataError, match="this layer does not hold raw counts"):
        checked_counts(np.array([[0.5, 1.0]]), ["a", "b"], what="layers['counts']")
