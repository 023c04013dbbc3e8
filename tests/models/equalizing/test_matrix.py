from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from ganaug import BatchEqualizer, DataError
from ganaug.models.equalizing import matrix
from ganaug.models.equalizing.matrix import Matrix, drawn


class Lazy:
    """A matrix of which slices have to be computed, as dask's; no more than so many rows at a time."""

    def __init__(self, X: Any, most: int) -> None:
        self.X, self.shape, self.most = X, X.shape, most

    def __getitem__(self, rows: slice) -> Any:
        assert len(range(*rows.indices(len(self.X)))) <= self.most
        return type("Piece", (), {"compute": lambda _: sparse.csr_matrix(self.X[rows])})()


def test_rows_are_read_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(size=(100, 3))
    X[::9, 1], X[:, 2] = np.nan, np.nan
    monkeypatch.setattr(matrix, "CHUNK", 16)
    some = np.array([0, 15, 16, 99])
    values, lowest, highest = Matrix(Lazy(X, most=16)).seen(some)
    np.testing.assert_array_equal(values, X[some])
    np.testing.assert_array_equal(lowest, [X[:, 0].min(), np.nanmin(X[:, 1]), -np.inf])
    np.testing.assert_array_equal(highest, [X[:, 0].max(), np.nanmax(X[:, 1]), np.inf])


def test_chunks_are_smaller_where_features_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "CHUNK_VALUES", 1000)
    chunks = Matrix(sparse.csr_matrix((95, 100))).chunks()
    assert max(rows.stop - rows.start for rows in chunks) <= 10
    assert [row for rows in chunks for row in range(rows.start, rows.stop)] == list(range(95))


def test_an_infinite_value_is_told_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.zeros((50, 3))
    X[40, 2] = np.inf
    monkeypatch.setattr(matrix, "CHUNK", 16)
    with pytest.raises(DataError, match="row 40 is infinite in 'CD4'"):
        Matrix(X, np.array(["CD3", "CD8", "CD4"])).seen(np.arange(2))


def test_every_batch_keeps_its_share_of_the_rows_that_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "MOST_VALUES", 50_000)
    batch = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [30_000, 20_000, 250, 7]))
    rows = drawn(batch, 10, np.random.default_rng(0))
    n = np.bincount(batch[rows])
    assert len(rows) == 5000 == len(np.unique(rows))
    assert (np.diff(rows) > 0).all()
    assert n[2:].tolist() == [200, 7]
    assert n[0] / n[1] == pytest.approx(1.5, abs=0.01)
    assert (drawn(batch[:5000], 10, np.random.default_rng(0)) == np.arange(5000)).all()


def test_too_many_batches_are_given_as_many_rows_each() -> None:
    n = np.bincount(drawn(np.repeat(np.arange(300), 50), 10**6, np.random.default_rng(0)) // 50, minlength=300)
    assert set(n) == {6, 7}


def test_an_equaliser_that_saw_part_of_the_rows_knows_all_batches_and_the_range_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat(["a", "b", "rare"], [3000, 2900, 100])
    X = rng.normal(size=(6000, 4)) + 3.0 * (batch == "b")[:, None] - 3.0 * (batch == "rare")[:, None]
    X[17] = 30
    monkeypatch.setattr(matrix, "MOST_VALUES", 8000)
    model = BatchEqualizer(steps=0, random_state=0).fit(sparse.csr_matrix(X), batch=batch)
    assert (model.highest_ == 30).all()
    moved = model.transform(X, batch)
    means = [moved[batch == name].mean() for name in ("a", "b", "rare")]
    assert np.ptp(means) < 0.5


def test_controls_are_not_lost_when_rows_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    batch, control = np.repeat([0, 1], 3000), np.arange(6000) % 300 == 0
    X = rng.normal(size=(6000, 3)) + 4.0 * batch[:, None]
    monkeypatch.setattr(matrix, "MOST_VALUES", 6000)
    moved = BatchEqualizer(reference=control, steps=0, random_state=0).fit_transform(X, batch=batch)
    assert abs(moved[batch == 0].mean() - moved[batch == 1].mean()) < 1


def test_sparse_rows_come_back_as_the_kind_they_were() -> None:
    rng = np.random.default_rng(0)
    batch = rng.integers(2, size=200)
    X = np.log1p(rng.poisson(0.5 + batch[:, None], size=(200, 60)))
    model = BatchEqualizer(random_state=0).fit(X, batch=batch)
    for kind in (sparse.csr_matrix, sparse.csc_array, sparse.csr_array):
        moved = model.transform(kind(X), batch)
        assert type(moved) is kind
        assert (moved.data != 0).all()
        np.testing.assert_allclose(moved.toarray(), model.transform(X, batch))
