"""Cells of three types with negative-binomial counts."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ganaug.data.counts import log_normalized
from ganaug.fidelity.cells.evidence import Side

N_GENES = 120


def counts(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three types, ten markers each, a programme that ten genes share within types, library sizes that vary."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(99)
    kind = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    profile = np.tile(fixed.lognormal(0.0, 0.8, N_GENES), (3, 1))
    for k in range(3):
        profile[k, 10 * k : 10 * k + 10] *= 6
    programme = np.ones((n, N_GENES))
    programme[:, :45] *= np.exp(rng.normal(size=(n, 1)) * np.repeat([1.0, -1.0, 0.7], 15))
    size = rng.lognormal(0.0, 0.4, (n, 1))
    mean = size * profile[kind] * programme
    return rng.poisson(mean * rng.gamma(2.0, 0.5, mean.shape)).astype(np.float32), kind


def made(values: np.ndarray, labels: np.ndarray | None = None) -> Side:
    counts = sparse.csr_matrix(values.astype(np.float32))
    return Side(counts, log_normalized(counts), labels)


def side(n: int, seed: int) -> Side:
    values, kind = counts(n, seed)
    return made(values, np.array(["B", "NK", "T"], dtype=object)[kind])
