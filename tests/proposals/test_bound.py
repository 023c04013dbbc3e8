from __future__ import annotations

import numpy as np
import pytest

from ganaug.proposals.bound import Bound


@pytest.mark.usefixtures("two_threads")
def test_on_several_threads_the_same_is_learned_again() -> None:
    rng = np.random.default_rng(0)
    x = rng.poisson(1.0, (600, 400)).astype(np.float32)
    type_, batch = np.arange(600) % 3, np.arange(600) % 2

    def learned() -> dict[str, np.ndarray]:
        return Bound.to_learn(x, np.zeros_like(x), type_, batch, 5, np.random.default_rng(1), "cpu").maximised()

    first = learned()
    for _ in range(3):
        again = learned()
        assert all(np.array_equal(first[name], again[name]) for name in first)


def test_the_loadings_that_made_the_counts_are_found() -> None:
    rng = np.random.default_rng(2)
    loadings = 0.4 * rng.standard_normal((1, 60))
    x = rng.poisson(10 * np.exp(rng.standard_normal((500, 1)) @ loadings)).astype(np.float32)
    none = np.zeros(500, dtype=np.intp)
    found = Bound.to_learn(x, np.full_like(x, np.log(10)), none, none, 1, rng, "cpu").maximised()["loadings"]
    assert abs(np.corrcoef(found.ravel(), loadings.ravel())[0, 1]) > 0.98
    assert 0.8 < np.linalg.norm(found) / np.linalg.norm(loadings) < 1.1
