from __future__ import annotations

import numpy as np
import pytest

from ganaug.errors import DataError
from ganaug.transport.design import check_design, cramers_v, explained_by


def test_a_covariate_that_is_the_batch_is_refused_by_name() -> None:
    batch = np.array([0, 0, 1, 1, 2, 2])
    treated = (batch == 1).astype(float)[:, None]
    with pytest.raises(DataError, match=r"covariate 'drug' and the batch cannot be told apart.*allow_confounded=True"):
        check_design(batch, {"drug": treated})
    assert check_design(batch, {"drug": treated}, allow_confounded=True) == {"drug": 1}


def test_association_of_independent_labels_is_none() -> None:
    assert cramers_v(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == 0.0


def test_what_a_covariate_explains_is_not_what_the_batch_does() -> None:
    rng = np.random.default_rng(0)
    batch, dose = np.repeat([0, 1], 500), rng.normal(size=(1000, 1))
    X = 3 * dose + 5 * batch[:, None] + 0.1 * rng.normal(size=(1000, 2))
    explained = explained_by(X, batch, dose)
    np.testing.assert_allclose(explained, 3 * (dose - dose.mean()) * np.ones(2), atol=0.1)


def test_what_is_constant_is_no_effect() -> None:
    batch = np.repeat([0, 1], 50)
    X = np.random.default_rng(0).normal(size=(100, 2))
    for effects in (np.empty((100, 0)), np.full((100, 1), 0.1), np.full((100, 2), 1.7e12)):
        assert check_design(batch, {"strain": effects}) == {"strain": 0}
        assert (explained_by(X, batch, effects) == 0).all()


@pytest.mark.parametrize(("offset", "unit"), [(1.7e12, 1e3), (1e14, 1.0), (0.0, 1e-9), (0.0, 1e9)])
def test_a_covariate_may_be_of_any_unit(offset: float, unit: float) -> None:
    rng = np.random.default_rng(0)
    batch, dose = np.repeat([0, 1], 100), offset + unit * rng.normal(size=(200, 1))
    assert check_design(batch, {"time": dose}) == {"time": 0}
    with pytest.raises(DataError, match=r"1 of its 1 effects"):
        check_design(batch, {"time": offset + unit * 5.0 * batch[:, None]})


def test_a_small_covariate_is_seen_beside_a_large_one() -> None:
    rng = np.random.default_rng(0)
    batch, dose, other = np.repeat([0, 1], 500), rng.normal(size=(1000, 1)), rng.normal(size=(1000, 1))
    X = 3 * dose + 0.1 * rng.normal(size=(1000, 1))
    explained = explained_by(X, batch, np.hstack([1e-9 * dose, 1e6 * other]))
    assert explained.var() == pytest.approx(9 * dose.var(), rel=0.05)


def test_an_infinite_covariate_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"'dose' is infinite in row 2"):
        check_design(np.array([0, 0, 1, 1]), {"dose": np.array([[0.0], [1.0], [np.inf], [2.0]])})


def test_what_batch_and_label_both_explain_is_the_labels() -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat([0, 1], 100)
    label = np.eye(2)[batch]
    X = 2.0 * batch[:, None] + 0.1 * rng.normal(size=(200, 3))
    np.testing.assert_allclose(np.ptp(explained_by(X, batch, label), axis=0), 2.0, atol=0.1)


def test_rows_without_a_label_say_nothing_of_their_batch_unless_it_has_no_others() -> None:
    rng = np.random.default_rng(0)
    batch, label = np.repeat([0, 1, 2], 100), np.eye(2)[np.tile([0, 1], 150)]
    X = 3.0 * label[:, [1]] + batch[:, None] + 0.1 * rng.normal(size=(300, 2))
    unknown = (np.arange(300) % 7 == 0) | (batch == 2)
    explained = explained_by(X, batch, np.where(unknown[:, None], np.nan, label))
    assert np.isnan(explained[unknown & (batch < 2)]).all()
    assert (explained[batch == 2] == 0).all()
    np.testing.assert_allclose(np.ptp(explained[~unknown], axis=0), 3.0, atol=0.1)


def test_nothing_is_explained_where_no_row_has_a_label() -> None:
    X = np.random.default_rng(0).normal(size=(6, 2))
    assert (explained_by(X, np.repeat([0, 1], 3), np.full((6, 2), np.nan)) == 0).all()
