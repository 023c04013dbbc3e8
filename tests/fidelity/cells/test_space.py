from __future__ import annotations

import numpy as np
from scipy import sparse

from ganaug.data.counts import log_normalized
from ganaug.fidelity.cells.space import pooled_components, variable_genes


def logged(n: int, seed: int) -> sparse.csr_matrix:
    rng = np.random.default_rng(seed)
    return log_normalized(sparse.csr_matrix(1 + rng.poisson(0.5, size=(n, 100)), dtype=np.float32))


def test_a_set_that_is_left_out_of_the_fit_would_lie_nearer_to_the_middle() -> None:
    a, b = logged(150, 0), logged(150, 1)
    space = pooled_components([a, b], 0)
    spread = [part[:, -5:].var() for part in space.parts]
    assert abs(np.log(spread[0] / spread[1])) < 0.2
    alone = pooled_components([a], 0)
    outside = (b[:, alone.genes] - a[:, alone.genes].mean(axis=0)) @ alone.loadings.T
    assert np.asarray(outside)[:, -5:].var() < 0.7 * alone.parts[0][:, -5:].var()


def test_there_is_a_component_for_ten_cells_and_fifty_at_most() -> None:
    assert pooled_components([logged(100, 0), logged(60, 1)], 0).parts[1].shape == (60, 16)
    assert pooled_components([logged(400, 0), logged(400, 1)], 0).parts[0].shape == (400, 50)


def test_equal_cells_have_equal_components_and_the_same_seed_gives_the_same() -> None:
    first, second = (pooled_components([logged(80, 0), logged(80, 0)], 3).parts for _ in range(2))
    assert np.array_equal(first[0], first[1])
    assert np.array_equal(first[0], second[0])


def test_genes_that_do_not_vary_are_left_out() -> None:
    values = sparse.csr_matrix(np.array([[1.0, 0.0, 2.0], [1.0, 3.0, 0.0]], dtype=np.float32))
    assert variable_genes(values).tolist() == [1, 2]
