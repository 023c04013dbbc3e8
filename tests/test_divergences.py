from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganaug import divergences as dv
from ganaug.divergences.generators import generator_of

GRID = np.linspace(-12, 13, 200_001)


def gaussian(mean: float) -> np.ndarray:
    """A fine table of N(mean, 1)."""
    density = np.exp(-((GRID - mean) ** 2) / 2)
    return density / density.sum()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kl", 0.5),
        ("reverse_kl", 0.5),
        ("jensen_shannon", 0.1114215),
        ("gan", 2 * 0.1114215),
        ("total_variation", 0.3829249),
        ("pearson_chi2", np.e - 1),
        ("neyman_chi2", np.e - 1),
        ("squared_hellinger", 2 - 2 * np.exp(-1 / 8)),
        ("alpha", 4 - 4 * np.exp(-1 / 8)),
    ],
)
def test_two_gaussians_one_apart(name, expected):
    assert dv.f_divergence(gaussian(0), gaussian(1), name) == pytest.approx(expected, rel=1e-5)


def tables(n: int = 5):
    return st.lists(st.integers(0, 9), min_size=n, max_size=n).filter(any).map(lambda w: np.array(w) / np.sum(w))


@given(tables(), tables(), st.sampled_from([*dv.GENERATORS, "alpha"]))
def test_no_divergence_is_negative_and_only_equals_have_none(p, q, name):
    value = dv.f_divergence(p, q, name)
    assert value > -1e-12
    assert dv.f_divergence(p, p, name) == pytest.approx(0, abs=1e-12)
    if not np.allclose(p, q):
        assert value > 1e-9


@given(tables(), tables())
def test_cross_entropy_is_entropy_and_divergence(p, q):
    assert dv.cross_entropy(p, q) == pytest.approx(dv.entropy(p) + dv.kl(p, q), rel=1e-9)


@given(tables(), tables())
def test_js_is_symmetric_at_most_one_bit_and_the_mean_divergence_from_the_middle(p, q):
    bits = dv.js(p, q, base=2)
    assert bits <= 1 + 1e-12
    assert bits == pytest.approx(dv.js(q, p, base=2), abs=1e-12)
    middle = (p + q) / 2
    assert bits == pytest.approx((dv.kl(p, middle, base=2) + dv.kl(q, middle, base=2)) / 2, abs=1e-12)


@given(tables(), tables())
def test_kl_is_reverse_kl_turned_round(p, q):
    assert dv.f_divergence(p, q, "reverse_kl") == pytest.approx(dv.kl(q, p), rel=1e-9)


def test_what_q_rules_out_counts_by_the_slope_at_infinity():
    p, q = [0.5, 0.5], [1.0, 0.0]
    assert dv.kl(p, q) == np.inf
    assert dv.f_divergence(p, q, "total_variation") == 0.5
    assert dv.f_divergence(p, q, "reverse_kl") == pytest.approx(np.log(2))
    assert dv.f_divergence(q, p, "neyman_chi2") == np.inf


def test_gaussians_in_closed_form_agree_with_samples():
    rng = np.random.default_rng(0)
    cov = np.array([[1.0, 0.6], [0.6, 1.0]])
    exact = dv.kl_gaussian([0, 0], cov, [1, 0], np.eye(2) * 1.5)
    x = rng.multivariate_normal([0, 0], cov, 6000)
    y = rng.multivariate_normal([1, 0], np.eye(2) * 1.5, 6000)
    assert dv.kl_knn(x, y) == pytest.approx(exact, abs=0.06)
    assert dv.kl_knn(x, y, base=2) == pytest.approx(dv.kl_knn(x, y) / np.log(2))
    assert dv.kl_gaussian([0], [[1]], [1], [[1]], base=2) == pytest.approx(0.5 / np.log(2))


def test_fisher_information_is_the_metric_of_the_divergence():
    at = np.array([0.0, 0.0])  # mean and log standard deviation

    def log_density(x, parameters):
        mean, log_sd = parameters
        return -((x - mean) ** 2) / (2 * np.exp(2 * log_sd)) - log_sd

    sample = np.random.default_rng(0).normal(size=400_000)
    information = dv.fisher_information(log_density, at, sample)
    np.testing.assert_allclose(information, [[1, 0], [0, 2]], atol=0.02)
    move = np.array([0.05, 0.03])
    exact = dv.kl_gaussian([0], [[1]], [move[0]], [[np.exp(2 * move[1])]])
    assert move @ information @ move / 2 == pytest.approx(exact, rel=0.1)


def test_bayes_turns_the_conditional_round():
    joint = np.array([[0.1, 0.2, 0.0], [0.3, 0.15, 0.25]])
    prior, likelihood = dv.marginal(joint, 0), dv.conditional(joint, 0)
    np.testing.assert_allclose(dv.bayes(prior, likelihood), dv.conditional(joint, 1).T)
    np.testing.assert_allclose(dv.marginal(joint, -1), [0.4, 0.35, 0.25])


def test_a_value_that_never_occurs_has_no_conditional():
    assert np.isnan(dv.conditional([[0.5, 0.5], [0.0, 0.0]], 0)[1]).all()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: dv.entropy([0.5, 0.6]), "sum to 1"),
        (lambda: dv.entropy([1.5, -0.5]), "least is -0.5"),
        (lambda: dv.entropy([np.nan, 1.0]), "must hold probabilities"),
        (lambda: dv.entropy([0.5, 0.5], base=1), "base must be positive and not 1"),
        (lambda: dv.kl([1.0], [0.5, 0.5]), r"shape \(1,\) and q has \(2,\)"),
        (lambda: dv.f_divergence([1.0], [1.0], "kld"), "must be one of .*'kl'.* not 'kld'"),
        (lambda: dv.f_divergence([1.0], [1.0], "alpha", alpha=1), "neither 0 nor 1"),
        (lambda: dv.kl_gaussian([0, 0], np.eye(2), [0], [[1]]), "do not fit together"),
        (lambda: dv.kl_knn(np.zeros((9, 1)), np.ones((9, 2))), "1 columns and y has 2"),
        (lambda: dv.kl_knn(np.zeros((9, 1)), np.ones((9, 1))), "some rows are equal"),
        (lambda: dv.kl_knn(np.zeros((3, 1)), np.ones((9, 1)), k=5), "k must be from 1 to 2"),
        (lambda: dv.bayes([0.5, 0.5], [[1.0, 0.5]]), "2 rows that each sum to 1"),
    ],
)
def test_what_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


@pytest.mark.parametrize("name", [*dv.GENERATORS, "alpha"])
@pytest.mark.parametrize("slope", [-3.0, -1.0, -0.4, -0.01, 0.2, 0.45, 0.9])
def test_the_conjugate_is_the_highest_line_less_f(name, slope):
    generator = generator_of(name, 0.5)
    t = np.append(0, np.geomspace(1e-4, 1e5, 50_001))
    with np.errstate(divide="ignore"):
        highest = np.max(slope * t - generator.f(t))
    found = float(generator.conjugate(np.array(slope)))
    # where the line stays above f, the highest point lies at the end of the grid
    assert found == pytest.approx(highest, abs=1e-3) or (found == np.inf and highest > 100)


@pytest.mark.parametrize("alpha", [-1.0, 0.3, 2.0, 3.0])
def test_the_conjugate_of_alpha(alpha):
    generator = generator_of("alpha", alpha)
    t = np.geomspace(1e-4, 1e3, 50_001)
    for slope in (-0.8, -0.2, 0.0, 0.1):
        assert generator.conjugate(np.array(slope)) == pytest.approx(np.max(slope * t - generator.f(t)), abs=1e-3)


@pytest.mark.parametrize("name", [*dv.GENERATORS, "alpha"])
def test_the_slope_of_f_makes_the_dual_bound_sharp(name):
    p, q = np.array([0.1, 0.5, 0.4]), np.array([0.3, 0.2, 0.5])
    generator = generator_of(name, 0.5)
    best = (generator.f(p / q + 1e-6) - generator.f(p / q - 1e-6)) / 2e-6
    best = best.round(6)
    divergence = dv.f_divergence(p, q, name)
    # each value as often as a table of a thousand rows has it
    real, fake = (np.repeat(best, (1000 * table).round().astype(int)) for table in (p, q))
    assert dv.dual_bound(real, fake, name) == pytest.approx(divergence, abs=1e-6)
    assert dv.dual_bound(0.9 * real, 0.9 * fake, name) < divergence
    assert dv.dual_bound(real, fake, name, base=2) == pytest.approx(divergence / np.log(2), abs=1e-5)


def test_a_value_outside_the_domain_bounds_nothing():
    assert dv.dual_bound([0.0], [2.0], "squared_hellinger") == -np.inf
