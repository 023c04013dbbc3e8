from __future__ import annotations

import numpy as np
from scipy.stats import ks_2samp

from ganaug.transport.quantiles import Quantiles
from ganaug.transport.style import Roles


def test_any_monotone_change_is_undone() -> None:
    rng = np.random.default_rng(0)
    day = np.repeat([0, 1], 1000)
    X = rng.normal(size=(2000, 3))
    X[day == 1] = np.exp(X[day == 1])
    moved = Quantiles.fit(X, Roles.common(day), rng).move(X, day)
    assert all(ks_2samp(moved[day == 0, j], moved[day == 1, j]).statistic < 0.02 for j in range(3))
    for b in (0, 1):
        assert (np.argsort(np.argsort(moved[day == b, 0])) == np.argsort(np.argsort(X[day == b, 0]))).mean() > 0.99


def test_a_detection_limit_hits_all_days_alike_and_no_value_is_invented_on_it() -> None:
    rng = np.random.default_rng(1)
    day = np.repeat([0, 1], 1000)
    X = np.maximum(rng.normal(size=(2000, 2)) + 0.8 * day[:, None], 0.0)
    moved = Quantiles.fit(X, Roles.common(day), rng).move(X, day)
    zeros = [(moved[day == b] == 0).mean(axis=0) for b in (0, 1)]
    assert np.abs(zeros[0] - zeros[1]).max() < 0.01
    assert ((X == 0) <= (moved == 0)).all()


def test_values_on_a_knot_go_to_the_middle_of_its_ranks_and_those_between_to_the_end_of_the_ones_below() -> None:
    knots, goal = np.array([[[0.0, 0.0, 0.0, 1.0]]]), np.array([[10.0, 20.0, 30.0, 40.0]])
    x = np.array([[-1.0], [-0.0], [0.0], [0.5], [1.0], [2.0], [np.nan]])
    moved = Quantiles(knots, goal, np.array([np.nan])).move(x, np.zeros(7, dtype=np.intp))
    # below so many knots of four: 0, 0 to 3, 3, 3 to 4, 4; the goals are those of .125, .375, .625 and .875
    np.testing.assert_allclose(moved[:, 0], [10, 20, 20, 35, 40, 40, np.nan])


def test_ranks_are_those_of_two_searches_also_of_ties_and_rows_that_were_not_seen() -> None:
    rng = np.random.default_rng(0)
    day = rng.integers(3, size=900)
    X = np.column_stack([rng.normal(size=900), rng.poisson(3.0, size=900), np.maximum(rng.normal(size=900), 0)])
    X[day == 1] = 2 * X[day == 1] + 1
    X[::11, 0] = np.nan
    model = Quantiles.fit(X[:600], Roles.common(day[:600]), rng)
    moved, n = model.move(X, day), model.goal.shape[1]
    for b, j in np.argwhere(~np.isnan(model.knots[:, :, 0])):
        x, knots = X[day == b, j], model.knots[b, j]
        rank = (np.searchsorted(knots, x) + np.searchsorted(knots, x, "right")) / (2 * n)
        expected = np.interp(rank, (np.arange(n) + 0.5) / n, model.goal[j])
        expected = np.where(x <= model.floor[j], model.floor[j], expected)
        np.testing.assert_array_equal(moved[day == b, j], np.where(np.isnan(x), np.nan, expected))
    assert not np.isnan(model.knots[1]).any()


def test_days_that_do_not_differ_hardly_ever_move() -> None:
    moved = 0
    for seed in range(20):
        rng, day = np.random.default_rng(seed), np.repeat([0, 1, 2], 200)
        X = rng.gamma(2.0, size=(600, 5))
        moved += (Quantiles.fit(X, Roles.common(day), rng).move(X, day) != X).any()
    assert moved <= 2


def test_what_the_reference_does_not_know_stays() -> None:
    rng = np.random.default_rng(0)
    plate = np.repeat([0, 1], 200)
    X = rng.normal(size=(400, 3)) + plate[:, None]
    X[plate == 0, 2] = np.nan
    moved = Quantiles.fit(X, Roles.common(plate)._replace(reference=plate == 0), rng).move(X, plate)
    np.testing.assert_array_equal(moved[:, 2], X[:, 2])
    assert abs(moved[plate == 1, :2].mean()) < 0.2


def test_the_smallest_row_of_a_small_batch_is_no_detection_limit() -> None:
    rng = np.random.default_rng(0)
    day = np.repeat([0, 1], [1000, 5])
    X = rng.normal(size=(1005, 1))
    X[1000] = -5.0
    model = Quantiles.fit(X, Roles.common(day), rng)
    assert np.isnan(model.floor).all()
    X[1001] = -5.0  # two of five are one
    assert Quantiles.fit(X, Roles.common(day), rng).floor == -5.0


def test_days_that_differ_in_what_is_missing_alone_are_alike() -> None:
    moved = 0
    for seed in range(20):
        rng, day = np.random.default_rng(seed), np.repeat([0, 1], 300)
        X = rng.normal(size=(600, 4))
        X[(day == 1)[:, None] & (rng.random(X.shape) < 0.7)] = np.nan
        fitted = Quantiles.fit(X, Roles.common(day), rng)
        moved += not np.isnan(fitted.knots).all()
    assert moved <= 2
