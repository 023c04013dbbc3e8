from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom

from ganaug.proposals.negative_binomial import drawn_counts


class Lowest(np.random.Generator):
    """Gives the lowest number there is, which of a thousand cells some genes will get."""

    def random(self, size, dtype):
        return np.zeros(size, dtype)


def test_the_lowest_number_gives_no_endless_count() -> None:
    means, dispersion = np.array([3.0, 3.0, 1.0]), np.array([0.0, 0.5, 2.0])
    logs = np.log(means).astype(np.float32)[None]
    lowest = Lowest(np.random.PCG64(0))
    drawn = drawn_counts(logs, np.array([7.0], np.float32), dispersion.astype(np.float32), lowest).toarray()[0]
    size = 1 / np.maximum(dispersion, 1e-4)
    assert np.allclose(drawn, nbinom(size, size / (size + means)).isf(2.0**-25), atol=1)


@pytest.mark.parametrize("mean", [0.05, 2.0, 15.0, 200.0])
@pytest.mark.parametrize("dispersion", [0.0, 0.3, 2.0])
def test_counts_are_negative_binomial(mean: float, dispersion: float) -> None:
    n = 50_000
    logs = np.log(np.array([[mean, 1e4 - mean]], dtype=np.float32)).repeat(n, axis=0)
    both = np.array([dispersion, 0.0], dtype=np.float32)
    drawn = drawn_counts(logs, np.full(n, 1e4, dtype=np.float32), both, np.random.default_rng(8)).toarray()[:, 0]
    size = 1 / max(dispersion, 1e-4)
    truth = nbinom(size, size / (size + mean))
    at = np.unique(truth.ppf([0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]))
    below = (drawn[:, None] <= at).mean(axis=0)
    error = np.sqrt(truth.cdf(at) * (1 - truth.cdf(at)) / n)
    assert (np.abs(below - truth.cdf(at)) < 4.5 * error + 1e-9).all()
