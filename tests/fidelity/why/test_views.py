from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.why.views import auc_by_bins, column_views, divergence, equality_p


def test_divergence_is_the_mutual_information_with_being_real_and_is_nothing_by_chance() -> None:
    rng = np.random.default_rng(0)
    is_real = np.arange(2000) < 1000
    by_chance = [divergence(rng.integers(0, 10, 2000), is_real) for _ in range(200)]
    assert np.mean(by_chance) == pytest.approx(0, abs=2e-4)
    assert divergence((~is_real).astype(int), is_real) == pytest.approx(np.log(2), abs=1e-3)


def test_what_follows_from_a_column_never_tells_more() -> None:
    rng = np.random.default_rng(1)
    is_real = np.arange(4000) < 2000
    cause = np.where(is_real, rng.integers(0, 4, 4000), rng.integers(0, 3, 4000))
    effect = np.where(rng.random(4000) < 0.8, cause, rng.integers(0, 4, 4000))
    assert divergence(cause, is_real) > divergence(effect, is_real) > 0.01


def test_p_values_of_equal_sides_are_uniform() -> None:
    rng = np.random.default_rng(2)
    p = [equality_p(rng.integers(0, 8, 600), np.arange(600) < 200) for _ in range(400)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(p) == pytest.approx(0.5, abs=0.06)


def test_auc_of_bins_is_that_of_their_order() -> None:
    counts = np.array([[10, 30], [30, 10]])
    assert auc_by_bins(counts, counts) == 0.75
    assert auc_by_bins(counts[::-1], counts) == 0.25


def test_decimals_are_counted() -> None:
    real = pd.DataFrame({"x": [0.0, 1.25, 3.5, 20.0, 300.0, 7.0, None]})
    evidence = gather([(real, real, None)])
    [view] = [view for view in column_views(evidence, evidence.pooled, 0) if view.what == "decimals"]
    found = [None if each < 0 else int(view.codes[each]) for each in view.bins[evidence.places[:7].argsort()]]
    assert found == [None, 2, 1, -1, -2, 0, None]
