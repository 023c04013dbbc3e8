from __future__ import annotations

import numpy as np
import pytest

from ganaug.transport.centring import Centring
from ganaug.transport.style import Floats, Roles


def two_days(shift: float, scale: float, seed: int = 0, n: int = 400, p: int = 30) -> tuple[Floats, np.ndarray]:
    rng = np.random.default_rng(seed)
    day = np.repeat([0, 1], n // 2)
    X = rng.normal(size=(n, p))
    X[day == 1] = X[day == 1] * scale + shift * rng.choice([-1, 1], p)
    return X, day


def test_a_known_shift_and_stretch_are_undone() -> None:
    X, day = two_days(2.0, 1.8)
    moved = Centring.fit(X, Roles.common(day), np.random.default_rng(0)).move(X, day)
    means, spreads = ([how(moved[day == b], axis=0) for b in (0, 1)] for how in (np.mean, np.std))
    assert np.abs(means[0] - means[1]).mean() < 0.1
    assert np.abs(np.log(spreads[0] / spreads[1])).mean() < 0.1


@pytest.mark.parametrize("seed", range(5))
def test_days_that_do_not_differ_stay_where_they_are(seed: int) -> None:
    X, day = two_days(0.0, 1.0, seed)
    moved = Centring.fit(X, Roles.common(day), np.random.default_rng(0)).move(X, day)
    assert np.abs(moved - X).mean() < 0.03


def test_the_reference_stays_as_it_is() -> None:
    X, day = two_days(2.0, 1.5)
    roles = Roles.common(day)._replace(reference=day == 0)
    moved = Centring.fit(X, roles, np.random.default_rng(0)).move(X, day)
    assert np.abs(moved[day == 0] - X[day == 0]).max() < 0.05
    assert np.abs(moved[day == 1].mean(axis=0) - X[day == 0].mean(axis=0)).mean() < 0.1


def test_constant_features_and_missing_values_stay() -> None:
    X, day = two_days(2.0, 1.0)
    X[:, 0], X[3, 1] = 7.0, np.nan
    moved = Centring.fit(X, Roles.common(day), np.random.default_rng(0)).move(X, day)
    assert (moved[:, 0] == 7.0).all()
    assert np.isnan(moved[3, 1])
    assert np.isnan(moved).sum() == 1


@pytest.mark.parametrize("odd", [5.0, np.nan], ids=["constant", "missing"])
def test_a_feature_that_one_batch_says_nothing_of_is_centred_in_the_others(odd: float) -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat(np.arange(20), 50)
    X = rng.normal(size=(1000, 4)) + 2.5 * rng.normal(size=(20, 1))[batch]
    X[batch == 7, 0] = odd
    moved = Centring.fit(X, Roles.common(batch), rng).move(X, batch)
    means = np.array([moved[batch == b].mean(axis=0) for b in range(20) if b != 7])
    assert means[:, 0].std() < 0.2
    np.testing.assert_array_equal(moved[batch == 7, 0], X[batch == 7, 0])
    # the odd batch, constant, is no reference for how far others spread
    assert np.mean([moved[batch == b, 0].std() for b in range(20) if b != 7]) == pytest.approx(1.0, abs=0.05)


def test_a_batch_of_one_half_alone_leaves_the_spread_of_others_to_be_undone() -> None:
    for seed in range(8):  # of two rows, both are in one half every other time
        X, day = two_days(0.0, 3.0)
        day[:2] = 2
        moved = Centring.fit(X, Roles.common(day), np.random.default_rng(seed)).move(X, day)
        assert np.abs(np.log(moved[day == 0].std(axis=0) / moved[day == 1].std(axis=0))).mean() < 0.2


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_days_that_do_not_differ_hardly_ever_move_whatever_is_missing(share: float) -> None:
    moved = 0
    for seed in range(60):
        X, day = two_days(0.0, 1.0, seed, n=200, p=5)
        X[np.random.default_rng([seed, 1]).random(X.shape) < share] = np.nan
        model = Centring.fit(X, Roles.common(day), np.random.default_rng(seed), np.zeros_like(X))
        moved += bool(np.abs(model.shift).max() > 1e-9)
    assert moved <= 9
