from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import subspace_angles

from ganaug.proposals.factors import CountFactors, States

GENES = 60


def simulated(
    rng: np.random.Generator, n: int = 600, dispersion: float = 0.0
) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """Two types with one factor of known loadings, and two batches, of which the second triples a gene."""
    type_, batch = rng.integers(2, size=n), rng.integers(2, size=n)
    logs = np.where(type_[:, None] == 0, np.linspace(0, 1.5, GENES), np.linspace(1.5, 0, GENES))
    logs = logs + 0.8 * rng.standard_normal((n, 1)) * np.repeat([1.0, -1.0], GENES // 2)
    logs[batch == 1, 7] += np.log(3.0)
    means = rng.lognormal(6.5, 0.3, n)[:, None] * np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    if dispersion:
        means = means * rng.gamma(1 / dispersion, dispersion, means.shape)
    return sparse.csr_matrix(rng.poisson(means).astype(np.float32)), type_, batch


@pytest.fixture(scope="module")
def cells() -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    return simulated(np.random.default_rng(0))


@pytest.fixture(scope="module")
def model(cells: tuple[sparse.csr_matrix, np.ndarray, np.ndarray]) -> CountFactors:
    return CountFactors.fit(*cells, np.random.default_rng(1), n_factors=3)


def test_the_factor_is_found(model: CountFactors) -> None:
    truth = np.repeat([1.0, -1.0], GENES // 2)[:, None]
    strongest = model.loadings[np.argmax((model.loadings**2).sum(axis=1))][:, None]
    centred = [side - side.mean(axis=0) for side in (truth, strongest)]
    assert np.degrees(subspace_angles(*centred)[0]) < 10


def test_means_and_variances_of_every_type_come_back(
    cells: tuple[sparse.csr_matrix, np.ndarray, np.ndarray], model: CountFactors
) -> None:
    counts, type_, batch = cells
    rng = np.random.default_rng(2)
    drawn = model.draw(model.states(type_, rng, batch), rng, batch).toarray()
    for t in (0, 1):
        real, made = counts.toarray()[type_ == t], drawn[type_ == t]
        assert np.corrcoef(np.log1p(real.mean(axis=0)), np.log1p(made.mean(axis=0)))[0, 1] > 0.99
        assert np.corrcoef(np.log1p(real.var(axis=0)), np.log1p(made.var(axis=0)))[0, 1] > 0.95


def test_what_a_batch_does_to_a_gene_is_its_own(model: CountFactors) -> None:
    assert model.shift[1, 7] - model.shift[0, 7] == pytest.approx(np.log(3.0), abs=0.25)
    others = np.delete(model.shift[1] - model.shift[0], 7)
    assert np.abs(others).mean() < 0.1


def test_without_a_batch_cells_are_in_the_style_of_all(model: CountFactors) -> None:
    rng = np.random.default_rng(3)
    type_ = np.zeros(3000, dtype=np.intp)
    shares = []
    for batch in (type_, None, type_ + 1):
        drawn = model.draw(model.states(type_, rng, batch), rng, batch)
        shares.append(float(drawn[:, 7].sum() / drawn.sum()))
    assert shares[0] < shares[1] < shares[2]


def test_dispersion_beyond_the_factors_is_measured() -> None:
    counts, type_, batch = simulated(np.random.default_rng(4), dispersion=0.5)
    wide = CountFactors.fit(counts, type_, batch, np.random.default_rng(5), n_factors=1)
    assert np.median(wide.dispersion) == pytest.approx(0.5, rel=0.35)


def test_mixing_leaves_mean_and_covariance_of_a_type_within_a_tenth(model: CountFactors) -> None:
    rng = np.random.default_rng(6)
    states = model.states(np.ones(40_000, dtype=np.intp), rng)
    own = model.mean[model.type == 1]
    expected = np.cov(own.T) + np.diag((model.spread[model.type == 1] ** 2).mean(axis=0))
    spread = np.sqrt(np.diag(expected))
    assert np.abs((states.factors.mean(axis=0) - own.mean(axis=0)) / spread).max() < 0.1
    assert np.abs((np.cov(states.factors.T) - expected) / np.outer(spread, spread)).max() < 0.1


def test_no_cells_are_drawn_between_two_clouds_of_a_type(model: CountFactors) -> None:
    rng = np.random.default_rng(14)
    side = np.where(rng.random(600) < 0.5, -6.0, 6.0)
    apart = replace(model, mean=np.column_stack([side, model.mean[:, 1:]]).astype(np.float32), type=model.type)
    drawn = apart.states(np.zeros(3000, dtype=np.intp), rng).factors[:, 0]
    assert (np.abs(drawn) > 3).mean() > 0.99


def test_states_of_a_type_are_drawn_in_the_shares_that_its_cells_have(model: CountFactors) -> None:
    n = len(model.type)
    far = np.where(np.arange(n) % 10 < 3, -20, 20)[:, None].astype(np.float32)
    apart = replace(model, mean=model.mean + far, spread=0 * model.spread, type=np.zeros_like(model.type))
    drawn = apart.states(np.zeros(n // 10, dtype=np.intp), np.random.default_rng(7)).factors
    again = apart.states(np.zeros(3 * n, dtype=np.intp), np.random.default_rng(7)).factors
    assert (again[:, 0] < 0).sum() == 3 * (far < 0).sum()
    assert 0 < (drawn[:, 0] < 0).sum() < len(drawn)


def test_totals_follow_the_type(model: CountFactors) -> None:
    rng = np.random.default_rng(7)
    states = model.states(np.zeros(5000, dtype=np.intp), rng)
    real = np.log(model.library[model.type == 0])
    assert np.log(states.library).mean() == pytest.approx(real.mean(), abs=0.05)
    assert np.log(states.library).std() == pytest.approx(real.std(), rel=0.15)


def test_the_same_seed_gives_the_same_cells(cells: tuple[sparse.csr_matrix, np.ndarray, np.ndarray]) -> None:
    few = tuple(part[:80] for part in cells)
    drawn = []
    for _ in range(2):
        one = CountFactors.fit(*few, np.random.default_rng(9), n_factors=2)
        rng = np.random.default_rng(10)
        drawn.append(one.draw(one.states(few[1], rng), rng).toarray())
    assert np.array_equal(*drawn)


def test_no_cells_are_drawn_where_none_are_wanted(model: CountFactors) -> None:
    rng = np.random.default_rng(11)
    none = np.zeros(0, dtype=np.intp)
    states = model.states(none, rng)
    assert isinstance(states, States)
    assert model.draw(states, rng).shape == (0, GENES)


def test_batches_of_different_depth_stay_so() -> None:
    rng = np.random.default_rng(12)
    n = 200
    batch = np.repeat([0, 1], n // 2)
    depth = np.where(batch == 0, 20.0, 160.0) * rng.lognormal(0, 0.2, n)
    counts = sparse.csr_matrix(rng.poisson(depth[:, None] * np.ones(10)).astype(np.float32))
    none = np.zeros(n, dtype=np.intp)
    model = CountFactors.fit(counts, none, batch, rng, n_factors=1)
    deep, shallow = (model.states(none, rng, np.full(n, b)).library for b in (1, 0))
    assert np.exp(np.log(deep).mean() - np.log(shallow).mean()) == pytest.approx(8.0, rel=0.15)


def test_a_gene_of_very_many_counts_keeps_its_share() -> None:
    rng = np.random.default_rng(13)
    means = np.array([400_000.0, *np.full(19, 200.0)])
    counts = sparse.csr_matrix(rng.poisson(means, (80, 20)).astype(np.float32))
    none = np.zeros(80, dtype=np.intp)
    model = CountFactors.fit(counts, none, none, rng, n_factors=1)
    drawn = model.draw(model.states(none, rng), rng)
    assert drawn[:, 1].mean() == pytest.approx(200, rel=0.1)


def test_other_cells_are_likelier_by_factors_that_are_there() -> None:
    rng = np.random.default_rng(15)
    factors, loadings = rng.standard_normal((900, 2)), rng.choice([-0.3, 0.3], (2, 40))
    counts = sparse.csr_matrix(rng.poisson(np.exp(2 + factors @ loadings)).astype(np.float32))
    train, test, alike = counts[:600], counts[600:], np.zeros(600, dtype=np.intp)
    likely = {
        k: CountFactors.fit(train, alike, alike, np.random.default_rng(16), n_factors=k).likelihood(
            test, alike[:300], alike[:300]
        )
        for k in (1, 2, 10)
    }
    for other in (1, 10):
        gain = likely[2] - likely[other]
        assert gain.shape == (300,)
        assert gain.mean() > 3 * gain.std() / np.sqrt(300)


def test_neighbours_are_alike_in_what_counts_can_tell(model: CountFactors) -> None:
    rng = np.random.default_rng(17)
    n = len(model.type)
    mean = rng.standard_normal((n, 2)).astype(np.float32)
    loud = np.vstack([model.loadings[0], 0.01 * rng.standard_normal(model.loadings.shape[1])]).astype(np.float32)
    both = replace(model, mean=mean, spread=np.zeros_like(mean), loadings=loud)
    cells, _ = both._near.mixture(np.arange(n), rng)
    apart = np.abs(mean[cells] - mean[:, None]).mean(axis=(0, 1))
    assert apart[0] < 0.4 * apart[1]
