from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats

from ganaug.proposals.margins import Margins
from ganaug.proposals.ranks import Sorted

N = 3000


def counts(values: np.ndarray) -> sparse.csr_matrix:
    return sparse.csr_matrix(np.asarray(values, dtype=np.float32))


@pytest.fixture(scope="module")
def sides() -> tuple[sparse.csr_matrix, sparse.csr_matrix, np.ndarray]:
    """Genes that are too common, too rare, too wide and right among drawn cells; two types that differ."""
    rng = np.random.default_rng(0)
    type_ = np.repeat([0, 1], N)
    times = np.where(type_ == 0, 1.0, 4.0)[:, None]
    real = rng.poisson(times * [0.2, 0.5, 2.0, 1.0])
    wide = np.stack(
        [np.full(2 * N, 0.6), np.full(2 * N, 0.1), 2.0 * rng.gamma(0.5, 2.0, 2 * N), np.ones(2 * N)], axis=1
    )
    return counts(real), counts(rng.poisson(times * wide)), type_


def test_every_gene_of_every_type_is_distributed_as_among_real_cells(sides) -> None:
    real, drawn, type_ = sides
    moved = Margins.fit(real, type_, drawn, type_).move(drawn, type_, np.random.default_rng(1))
    for t in (0, 1):
        for gene in range(4):
            found, wanted = (side[type_ == t][:, gene].toarray().ravel() for side in (moved, real))
            assert stats.ks_2samp(found, wanted, method="asymp").statistic < 0.03
    assert stats.ks_2samp(drawn[:, 1].toarray().ravel(), real[:, 1].toarray().ravel()).statistic > 0.3


def test_what_genes_have_in_common_stays() -> None:
    rng = np.random.default_rng(2)
    rate = rng.gamma(2.0, 2.0, (N, 1))
    drawn, real = (
        counts(rng.poisson(rate * [1.0, 1.0])),
        counts(rng.poisson(3.0 * rng.gamma(2.0, 2.0, (N, 1)) * [1, 1])),
    )
    none = np.zeros(N, dtype=np.intp)
    moved = Margins.fit(real, none, drawn, none).move(drawn, none, rng).toarray()
    before, after = (stats.spearmanr(*side.T).statistic for side in (drawn.toarray(), moved))
    assert after == pytest.approx(before, abs=0.05)


def test_counts_that_are_right_keep_their_order(sides) -> None:
    real, drawn, type_ = sides
    moved = Margins.fit(real, type_, drawn, type_).move(drawn, type_, np.random.default_rng(3))
    first, second = drawn[type_ == 1][:, 2].toarray().ravel(), moved[type_ == 1][:, 2].toarray().ravel()
    assert stats.spearmanr(first, second).statistic > 0.95


def test_counts_that_were_never_drawn_before_find_a_place() -> None:
    none = np.zeros(40, dtype=np.intp)
    margins = Margins.fit(counts(np.full((40, 1), 7.0)), none, counts(np.full((40, 1), 3.0)), none)
    new = counts([[0.0], [1.0], [3.0], [900.0]])
    moved = margins.move(new, none[:4], np.random.default_rng(4)).toarray().ravel()
    assert set(moved) <= {7.0}
    assert moved[3] == 7.0


def test_no_cells_are_moved_where_none_are_given() -> None:
    none = np.zeros(30, dtype=np.intp)
    one = counts(np.arange(30.0)[:, None])
    moved = Margins.fit(one, none, one, none).move(one[:0], none[:0], np.random.default_rng(5))
    assert moved.shape == (0, 1)


def test_the_state_makes_the_same_moves(sides) -> None:
    real, drawn, type_ = sides
    margins = Margins.fit(real, type_, drawn, type_)
    again = Margins.from_state(margins.state())
    first, second = (each.move(drawn, type_, np.random.default_rng(6)) for each in (margins, again))
    assert (first != second).nnz == 0


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(0, 9))
def test_cells_that_are_distributed_alike_keep_every_count(values: list[int], seed: int) -> None:
    x, none = counts(np.array(values)[:, None]), np.zeros(len(values), dtype=np.intp)
    side = Sorted.of(x, none, 1)
    moved = Margins(side, side).move(x, none, np.random.default_rng(seed))
    assert np.array_equal(moved.toarray(), x.toarray())


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_so_many_zeros_become_counts_as_real_cells_have_fewer(share: float) -> None:
    none, n = np.zeros(N, dtype=np.intp), int(share * N)
    real = counts(np.repeat([[2.0, 0.0], [0.0, 0.0]], [n, N - n], axis=0))
    nothing = counts(np.zeros((N, 2)))
    margins = Margins(Sorted.of(real, none, 1), Sorted.of(nothing, none, 1))
    moved = margins.move(nothing, none, np.random.default_rng(7)).toarray()
    assert set(moved[:, 0]) == {0.0, 2.0}
    assert not moved[:, 1].any()
    assert abs((moved[:, 0] > 0).sum() - n) < 5 * np.sqrt(N * share * (1 - share))


def test_genes_that_are_never_zero_cost_no_more_than_others() -> None:
    none = np.zeros(N, dtype=np.intp)
    deep = counts(np.random.default_rng(8).poisson(50.0, (N, 3)))
    margins = Margins.fit(deep, none, deep, none)
    row, _, _ = margins._raised(deep, none, np.random.default_rng(9))
    assert not len(row)
    assert margins.move(deep, none, np.random.default_rng(9)).data.min() > 20


@pytest.mark.parametrize("few", [1, 2, 19])
def test_cells_of_small_groups_are_not_handed_out(few: int) -> None:
    rng = np.random.default_rng(10)
    group, drawn_group = np.repeat([0, 1], [100, few]), np.repeat([0, 1], [100, 500])
    real, drawn = rng.poisson(1000.0, (100 + few, 5)), rng.poisson(3.0, (600, 5))
    margins = Margins.fit(counts(real), group, counts(drawn), drawn_group)
    moved = margins.move(counts(drawn), drawn_group, rng).toarray()
    assert np.array_equal(moved[100:], drawn[100:])
    assert moved[:100][drawn[:100] > 0].min() > 500
    assert margins.real.values.max() == real[:100].max()
