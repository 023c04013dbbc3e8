from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from ganaug.fidelity.classifiers.delong import Scored
from ganaug.fidelity.classifiers.limits import Measured, measured
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import splits, units


def cohort(n_donors: int, rng: np.random.Generator) -> Evidence:
    """Two tables of the same law, of twenty rows of each of so many donors that differ."""
    donor = np.repeat(np.arange(2 * n_donors), 20)
    real, synthetic = np.split(rng.standard_normal((2 * n_donors, 3))[donor] + rng.standard_normal((len(donor), 3)), 2)
    fold = np.zeros(len(real), dtype=np.intp)
    levels = (np.arange(2),) * 3
    place = np.tile(np.arange(len(real)), 2)
    return Evidence(
        tuple("abc"), ("number",) * 3, levels, real, synthetic, fold, fold, place, groups=donor.astype(float)
    )


def by_means(evidence: Evidence, rng: np.random.Generator) -> Measured:
    """Judge by the difference of the means."""
    rows, is_real, found = evidence.pooled, evidence.is_real, []
    for [(train, test)] in splits(evidence, rng):
        score = rows @ (rows[train][is_real[train]].mean(0) - rows[train][~is_real[train]].mean(0))
        real, synthetic = test[is_real[test]], test[~is_real[test]]
        found.append([Scored(real, synthetic, score[real], score[synthetic])])
    return measured(found, evidence, units(evidence))


def test_with_four_donors_limits_miss_as_seldom_as_they_say_and_normal_ones_more_often() -> None:
    """Of 200 tables, at most 19 may lie beyond a 95 % limit (binomial 99 %)."""
    rng = np.random.default_rng(0)
    found = [by_means(cohort(4, rng), rng) for _ in range(200)]
    assert {one.freedom for one in found} == {3}
    limits, narrow = (
        np.array([one._replace(freedom=freedom).limits(0.05) for one in found]).T for freedom in (3, np.inf)
    )
    missed, missed_by_normal = (np.array([(low > 0.5).sum(), (high < 0.5).sum()]) for low, high in (limits, narrow))
    assert (missed <= 19).all()
    assert (missed_by_normal > missed).all()


def test_rows_without_groups_have_normal_limits() -> None:
    one = Measured(0.6, 0.01)
    assert one.limits(0.05) == pytest.approx([0.6 - 0.1 * norm.isf(0.05), 0.6 + 0.1 * norm.isf(0.05)])
    assert one.p_beyond(0.5) == pytest.approx(norm.sf(1))


def test_limits_are_those_of_an_auc() -> None:
    assert Measured(0.6, 0.25, freedom=1).limits(0.05) == (0, 1)


def test_an_auc_without_spread_is_beyond_or_within() -> None:
    assert (Measured(0.6, 0).p_beyond(0.5), Measured(0.5, 0).p_beyond(0.5)) == (0, 1)
