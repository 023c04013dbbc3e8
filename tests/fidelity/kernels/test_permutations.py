from __future__ import annotations

import numpy as np
import pytest

from ganaug.fidelity.kernels.permutations import FIXED, Units, labellings, units_of, whole_units


def deal(is_real: np.ndarray, groups: np.ndarray | None = None, most: int = 1000) -> tuple[Units, np.ndarray]:
    units = units_of(is_real, groups, np.random.default_rng(0), most)
    np.testing.assert_array_equal(units.is_real[units.unit], is_real)
    labels = labellings(units, 200, np.random.default_rng(1))
    return units, labels[units.unit]


@pytest.mark.parametrize(("n", "m", "most"), [(30, 50, 1000), (300, 500, 100), (7, 1000, 100), (1000, 7, 100)])
def test_as_many_rows_are_real_under_every_labelling(n: int, m: int, most: int) -> None:
    units, labels = deal(np.arange(n + m) < n, None, most)
    np.testing.assert_array_equal(labels.sum(axis=0), n)
    assert len(units.is_real) <= max(most * 1.3, 22 * min(n, m))


def test_few_rows_trade_places_one_by_one() -> None:
    units, labels = deal(np.arange(40) < 10)
    assert len(units.is_real) == 40
    assert labels[:, 1:].mean(axis=1) == pytest.approx(0.25, abs=0.13)


def test_a_donor_of_one_side_trades_places_as_a_whole() -> None:
    donor = np.repeat(np.arange(12.0), 5)
    _, labels = deal(donor < 6, donor)
    np.testing.assert_array_equal(labels.reshape(12, 5, -1).std(axis=1), 0)
    np.testing.assert_array_equal(labels.sum(axis=0), 30)
    assert labels[:, 1:].mean(axis=1) == pytest.approx(0.5, abs=0.16)


@pytest.mark.parametrize("n_donors", [4, 300])
def test_in_a_donor_of_both_sides_rows_trade_places_within_it(n_donors: int) -> None:
    donor = np.tile(np.arange(float(n_donors)), 10)
    is_real = np.arange(len(donor)) < 0.4 * len(donor)
    units, labels = deal(is_real, donor, most=400)
    of_donor = labels.reshape(10, n_donors, -1).sum(axis=0)
    assert (of_donor == of_donor[:, :1]).all()
    assert labels[:, 1:].std(axis=1).mean() > 0.3
    assert len(units.is_real) < 500
    # rows of one donor count together in the error
    assert len(np.unique(units.cluster[units.stratum != FIXED])) <= n_donors


def test_what_cannot_trade_places_stays() -> None:
    _, labels = deal(np.arange(20) < 10, np.repeat([0.0, 1.0], 10))
    assert set(labels[0]) == {0.0, 1.0}
    _, labels = deal(np.arange(20) < 10, np.r_[np.zeros(15), np.ones(5)])
    np.testing.assert_array_equal(labels[15:], 0)
    np.testing.assert_array_equal(labels[:15].sum(axis=0), 10)


def test_whole_sides_of_donors_swap_within_their_fold_and_nothing_else_does() -> None:
    rng = np.random.default_rng(2)
    donor, fold, is_real = np.arange(120) % 6, np.arange(120) // 60, rng.random(120) < 0.5
    donor[is_real & (donor == 0)] = 6  # two donors of a single side
    units = whole_units(is_real, fold, donor.astype(float))
    np.testing.assert_array_equal(units.is_real[units.unit], is_real)
    labels = labellings(units, 200, rng)[units.unit]
    changed = labels[:, 1:] != labels[:, :1]
    assert 0.3 < changed.mean() < 0.7
    for key in set(zip(fold, donor, strict=True)):  # of a donor in a fold, all rows change sides or none
        rows = (fold == key[0]) & (donor == key[1])
        assert (changed[rows] == changed[rows][:1]).all()
    alone = [np.flatnonzero((fold == k) & np.isin(donor, [0, 6])) for k in (0, 1)]
    assert all((labels[rows].sum(axis=0) > 0).all() for rows in alone)  # one of the two is real
    assert (changed[alone[0]][0] != changed[alone[1]][0]).any()


def test_without_groups_every_row_is_a_unit_of_its_fold() -> None:
    is_real, fold = np.arange(30) % 3 == 0, np.arange(30) // 10
    labels = labellings(whole_units(is_real, fold, None), 50, np.random.default_rng(0))
    for k in range(3):
        np.testing.assert_array_equal(labels[fold == k].sum(axis=0), is_real[fold == k].sum())
