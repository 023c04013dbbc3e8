from __future__ import annotations

import numpy as np
import pytest

from ganaug.fidelity.kernels.exact import KERNELS, WIDTHS, Medians, exact_sums, median_distances, mmd2
from ganaug.fidelity.kernels.features import feature_sums, frequencies
from ganaug.fidelity.kernels.permutations import units_of


def test_features_have_the_kernels_within_their_error() -> None:
    rng = np.random.default_rng(0)
    points, medians = rng.standard_normal((1000, 4)).astype(np.float32), Medians(2.0, 4.0)
    waves = frequencies(4, medians, rng, 4000)
    rows = np.arange(1000) // 10
    features = feature_sums(lambda rows: points[rows], rows, waves, len(KERNELS))
    for exact, near in zip(exact_sums(points, rows, medians, len(KERNELS)), features, strict=True):
        # of a hundred pairs of rows in each sum, every one is off by .011 or less
        off = (near.between - exact.between) / 100
        assert np.abs(off).max() < 5 * (2 * 4000) ** -0.5
        np.testing.assert_allclose(near.own, exact.own)


def test_mmd2_of_many_rows_is_the_closed_form() -> None:
    n, rng = 20_000, np.random.default_rng(0)
    points = rng.standard_normal((2 * n, 1)).astype(np.float32)
    points[:n] += 1
    units = units_of(np.arange(2 * n) < n, None, rng, 100)
    waves = frequencies(1, Medians(1.0, 1.0), rng, 4000)
    sums = list(feature_sums(lambda rows: points[rows], units.unit, waves, 5))[WIDTHS.index(1.0)]
    found = mmd2(sums, units.is_real[:, None].astype(float))[0]
    # each frequency w contributes |phi(w)|^2, of two normal characteristic functions
    w = rng.standard_normal(100_000)
    each = np.exp(-(w**2)) * (2 - 2 * np.cos(w))
    assert each.mean() == pytest.approx(0.1772676, abs=0.003)
    assert found == pytest.approx(0.1772676, abs=4 * np.hypot(each.std() / 4000**0.5, 0.0027))


def test_features_agree_with_exact_mmd2() -> None:
    rng = np.random.default_rng(1)
    points, is_real = rng.standard_normal((3000, 5)).astype(np.float32), np.arange(3000) < 1000
    points[is_real, 0] *= 1.6
    medians, units = median_distances(points), units_of(is_real, None, rng, 200)
    waves, label = frequencies(5, medians, rng), units.is_real[:, None].astype(float)
    exact = [mmd2(sums, label)[0] for sums in exact_sums(points, units.unit, medians, 10)]
    near = [mmd2(sums, label)[0] for sums in feature_sums(lambda rows: points[rows], units.unit, waves, 10)]
    np.testing.assert_allclose(near, exact, rtol=0.25, atol=4e-4)
