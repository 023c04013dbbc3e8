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
