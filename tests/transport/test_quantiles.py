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


def test_days_that_do_not_differ_hardly_ever_move() -> None:
    moved = 0
    for seed in range(20):
        rng, day = np.random.default_rng(seed), np.repeat([0, 1, 2], 200)
        X = rng.gamma(2.0, size=(600, 5))
        moved += (Quantiles.fit(X, Roles.common(day), rng).move(X, day) != X).any()
    assert moved <= 2
