from __future__ import annotations

import numpy as np
import pytest

from ganaug.transport.lengths import Lengths, can_be_unit
from ganaug.transport.style import Roles


def test_lengths_lose_what_the_batch_does_to_them_and_keep_the_rest() -> None:
    rng = np.random.default_rng(0)
    batch = rng.integers(0, 2, 1000)
    size = rng.lognormal(sigma=0.3, size=1000) * (1 + batch)
    X = size[:, None] * rng.gamma(2.0, size=(1000, 80))
    lengths = Lengths.fit(X, Roles.common(batch), rng)
    assert np.linalg.norm(lengths.unit(X), axis=1) == pytest.approx(lengths.typical)
    moved = np.log(lengths.moved(X, batch).ravel())
    assert abs(moved[batch == 0].mean() - moved[batch == 1].mean()) < 0.05
    assert np.corrcoef(moved[batch == 1], np.log(size[batch == 1]))[0, 1] > 0.9


def test_empty_rows_stay_empty() -> None:
    X = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0], [6.0, 8.0]])
    lengths = Lengths.fit(X, Roles.common(np.array([0, 0, 1, 1])), np.random.default_rng(0))
    assert (lengths.unit(X)[0] == 0).all()
    assert np.isfinite(lengths.moved(X, np.array([0, 0, 1, 1]))).all()


def test_directions_are_of_amounts_alone() -> None:
    assert can_be_unit(np.ones((2, 2)))
    assert not can_be_unit(np.array([[1.0, -1.0]]))
    assert not can_be_unit(np.array([[1.0, np.nan]]))


def test_a_missing_value_is_no_part_of_the_length() -> None:
    X = np.array([[3.0, 4.0, 0.0], [6.0, 8.0, 0.0]])
    lengths = Lengths.fit(X, Roles.common(np.array([0, 1])), np.random.default_rng(0))
    later = np.array([[30.0, 40.0, np.nan]])
    np.testing.assert_allclose(lengths.unit(later), [[4.5, 6.0, np.nan]])
