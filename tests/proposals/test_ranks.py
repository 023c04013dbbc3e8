from __future__ import annotations

import numpy as np
from scipy import sparse

from ganaug.proposals.ranks import Sorted


def test_different_counts_say_how_many_cells_have_fewer_and_as_many() -> None:
    x = sparse.csr_matrix(np.array([[1, 0], [1, 2], [3, 0]], dtype=np.float32))
    different = Sorted.of(x, np.zeros(3, dtype=np.intp), 1).different
    # the last of each gene is its end
    assert different.key.tolist() == [0, 0, 0, 1, 1]
    assert different.below.tolist() == [0, 2, 3, 2, 3]
    assert different.many.tolist() == [2, 1, 0, 1, 0]
    wanted = [(0, 1), (0, 2), (0, 3), (0, 9), (1, 1), (1, 2), (1, 1e9)]
    key, value = np.array([gene for gene, _ in wanted]), np.array([count for _, count in wanted], dtype=np.float32)
    assert different.find(key, value).tolist() == [0, 1, 1, 2, 3, 3, 4]


def test_types_without_cells_have_no_counts() -> None:
    x = sparse.csr_matrix(np.array([[1.0, 0.0]], dtype=np.float32))
    side = Sorted.of(x, np.array([1]), 3)
    assert side.start.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert side.n.tolist() == [1, 1, 1, 1, 1, 1]
