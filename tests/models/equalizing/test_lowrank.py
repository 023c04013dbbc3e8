from __future__ import annotations

import numpy as np
import pytest

from ganaug import BatchEqualizer
from ganaug.models.equalizing.lowrank import LowRank
from ganaug.seeding import Seeds
from ganaug.transport.chain import WAYS, Chain
from ganaug.transport.style import Roles


def fitted(way: str, X: np.ndarray, batch: np.ndarray) -> BatchEqualizer:
    """A model that has taken one way, whatever the guard thinks of it."""
    model = BatchEqualizer().fit(X)
    model.batches_ = np.unique(batch)
    model.chain_ = Chain.fit(way, X, Roles.common(batch), Seeds(0).rng("way"))
    model.way_ = way
    return model


@pytest.mark.parametrize("way", [way for way in WAYS if way not in {"quantiles", "directions"}])
def test_every_linear_way_is_a_scale_and_a_product(way: str) -> None:
    rng = np.random.default_rng(0)
    batch, kind = rng.integers(2, size=300), rng.integers(3, size=300)
    X = rng.gamma(1 + rng.gamma(1.0, size=(3, 70))[kind], 1 + 0.5 * batch[:, None])
    X[:3] = 0
    model = fitted(way, X, batch)
    moved, z = model.equalized(X, batch)
    low = LowRank.of(model)
    assert low is not None
    factor, shift = low.thin(X, batch, z)
    written = X * factor * low.scale.T[batch] + shift @ low.loadings.T
    np.testing.assert_allclose(np.clip(written, model.lowest_, model.highest_), moved, atol=1e-9)


def test_quantiles_and_a_single_batch_have_no_such_form() -> None:
    rng = np.random.default_rng(0)
    X, batch = rng.normal(size=(300, 4)), np.repeat([0, 1], 150)
    assert LowRank.of(fitted("quantiles", X, batch)) is None
    assert LowRank.of(BatchEqualizer().fit(X)) is None


def test_a_row_with_a_missing_value_keeps_its_length() -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat([0, 1], 150)
    X = rng.gamma(1 + batch[:, None], size=(300, 70))
    model = fitted("centring of directions", X, batch)
    later, low = X[:4].copy(), LowRank.of(model)
    later[1, 7] = np.nan
    moved, z = model.equalized(later, batch[:4])
    assert low is not None
    factor, shift = low.thin(later, batch[:4], z)
    assert factor[1, 0] == pytest.approx(
        low.thin(X[:4], batch[:4], model.equalized(X[:4], batch[:4])[1])[0][1, 0], rel=0.05
    )
    written = np.clip(later * factor * low.scale.T[batch[:4]] + shift @ low.loadings.T, model.lowest_, model.highest_)
    np.testing.assert_allclose(written, moved, atol=1e-9)
