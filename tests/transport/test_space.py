from __future__ import annotations

import numpy as np

from ganaug.transport.space import Space


def test_as_many_components_as_there_are_signals() -> None:
    rng = np.random.default_rng(0)
    X = 3 * rng.normal(size=(400, 4)) @ rng.normal(size=(4, 300)) / 2 + rng.normal(size=(400, 300))
    space = Space.fit(X, rng)
    assert space.loadings.shape == (300, 4)
    assert (space.weight > 0.8).all()


def test_what_is_moved_in_the_space_is_moved_so_in_the_features() -> None:
    rng = np.random.default_rng(1)
    X = 5 * rng.normal(size=(200, 3)) @ rng.normal(size=(3, 80)) + rng.normal(size=(200, 80))
    space = Space.fit(X, rng)
    moves = rng.normal(size=(200, space.loadings.shape[1]))
    np.testing.assert_allclose(space.encode(X + space.decode(moves)), space.encode(X) + moves, atol=1e-9)


def test_few_features_are_left_as_they_are() -> None:
    X = np.random.default_rng(2).normal(size=(50, 7))
    space = Space.fit(X, np.random.default_rng(0))
    np.testing.assert_allclose(space.encode(X), X - X.mean(axis=0))


def test_rows_without_noise_keep_all_their_components() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 60))
    space = Space.fit(X, rng)
    assert space.loadings.shape == (60, 3)
    np.testing.assert_allclose(space.weight, 1.0, atol=1e-6)


def test_of_few_features_what_is_missing_is_not_known_and_of_many_components_are() -> None:
    X = np.random.default_rng(3).normal(size=(80, 60))
    X[2, 1] = np.nan
    few, many = (Space.fit(part, np.random.default_rng(0)) for part in (X[:, :4], X))
    np.testing.assert_array_equal(few.known(X[:, :4]), ~np.isnan(X[:, :4]))
    assert many.known(X).shape == many.encode(X).shape
    assert many.known(X).all()
