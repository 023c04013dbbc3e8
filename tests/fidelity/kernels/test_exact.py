from __future__ import annotations

import numpy as np
import pytest

from ganaug.fidelity.kernels.exact import KERNELS, WIDTHS, Medians, Sums, exact_sums, mmd2, pulls
from ganaug.fidelity.kernels.permutations import labellings, units_of

ONE = Medians(1.0, 1.0)
CLOSED_FORM = 2 / np.sqrt(3) * (1 - np.exp(-1 / 6))


def row_sums(kernel: np.ndarray) -> Sums:
    return Sums(kernel, np.diag(kernel).copy(), np.ones(len(kernel)))


def double_loop(kernel: np.ndarray, is_real: np.ndarray) -> float:
    real, synthetic = np.flatnonzero(is_real), np.flatnonzero(~is_real)

    def mean(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.mean([kernel[i, j] for i in a for j in b if i != j]))

    return mean(real, real) + mean(synthetic, synthetic) - 2 * mean(real, synthetic)


def test_mmd2_is_the_double_sum_to_ten_digits() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((23, 3)).astype(np.float32)
    rows, is_real = np.arange(23), np.arange(23) < 9
    labels = labellings(units_of(is_real, None, rng), 20, rng)
    for sums in exact_sums(points, rows, ONE, len(KERNELS)):
        slow = [double_loop(sums.between, column > 0) for column in labels.T]
        # units are numbered by label: the synthetic rows first
        np.testing.assert_allclose(mmd2(sums, labels), slow, rtol=0, atol=1e-10)


def test_the_ten_kernels_are_the_gaussian_and_the_laplace_ones() -> None:
    points = np.random.default_rng(0).standard_normal((30, 3)).astype(np.float32)
    gaps = points[:, None].astype(float) - points
    for (shape, width), sums in zip(KERNELS, exact_sums(points, np.arange(30), Medians(2.0, 3.0), 10), strict=True):
        squared, city = (gaps**2).sum(axis=2), np.abs(gaps).sum(axis=2)
        expected = np.exp(-squared / (2 * (2 * width) ** 2)) if shape == "gaussian" else np.exp(-city / (3 * width))
        np.testing.assert_allclose(sums.between, expected, atol=1e-5)


def test_units_of_rows_have_the_mmd2_of_their_rows() -> None:
    rng = np.random.default_rng(0)
    points, is_real = rng.standard_normal((60, 2)).astype(np.float32), np.arange(60) < 25
    units = units_of(is_real, None, rng, most=7)
    assert len(units.is_real) < 15
    by_unit = exact_sums(points, units.unit, ONE, 10)
    by_row = exact_sums(points, np.arange(60), ONE, 10)
    for coarse, fine in zip(by_unit, by_row, strict=True):
        found = mmd2(coarse, units.is_real[:, None].astype(float)), mmd2(fine, is_real[:, None].astype(float))
        np.testing.assert_allclose(*found, atol=1e-6)


def test_mmd2_of_two_gaussians_is_the_closed_form() -> None:
    assert pytest.approx(0.1772676, abs=1e-7) == CLOSED_FORM
    rng, labels = np.random.default_rng(0), np.repeat([1.0, 0.0], 500)[:, None]
    found = []
    for _ in range(30):
        x = (rng.standard_normal((1000, 1)) + labels).astype(np.float32)
        sums = list(exact_sums(x, np.arange(1000), ONE, 5))[WIDTHS.index(1.0)]
        found.append(mmd2(sums, labels)[0])
    assert np.mean(found) == pytest.approx(CLOSED_FORM, abs=4 * np.std(found) / 30**0.5)


def test_permuted_differences_are_projected_onto_the_one_that_was_found() -> None:
    rng = np.random.default_rng(0)
    points, labels = rng.standard_normal((80, 3)), np.repeat([1.0, 0.0], 40)[:, None]
    permuted = np.concatenate([labels, rng.permuted(np.tile(labels, 50), axis=0)], axis=1)
    found = pulls(row_sums(points @ points.T), permuted, np.arange(80))
    differences = (points.T @ (permuted / 40 - (1 - permuted) / 40)).T
    assert found.squared == pytest.approx(float(differences[0] @ differences[0]))
    np.testing.assert_allclose(found.along, differences[1:] @ differences[0], atol=1e-12)


def test_donors_that_differ_make_chance_wider() -> None:
    rng = np.random.default_rng(0)
    donor = np.repeat(np.arange(20), 10)
    labels = np.tile([1.0, 0.0], 100)[:, None]
    # what sets real rows apart from synthetic ones is another thing in every donor
    points = labels * rng.standard_normal((20, 2))[donor] + 0.1 * rng.standard_normal((200, 2))
    sums, permuted = row_sums(points @ points.T), np.tile(labels, 3)
    alone, together = (pulls(sums, permuted, cluster) for cluster in (np.arange(200), donor))
    assert together.along[0] > 1.5 * alone.along[0]
