from __future__ import annotations

import numpy as np
from scipy import sparse

from ganaug.models.cellular.learning import Learning, Plan
from ganaug.models.cellular.sampler import CellSampler
from ganaug.seeding import Seeds


def test_margins_of_few_cells_are_those_of_all_batches_in_whatever_order_they_come() -> None:
    rng = np.random.default_rng(0)
    type_, batch = np.tile(np.arange(4), 30), np.repeat(np.arange(3), 40)
    means = np.full((120, 20), 5.0)
    means[:, 0] = np.array([60.0, 6.0, 1.0])[batch]
    counts = sparse.csr_matrix(rng.poisson(means).astype(np.float32))
    learning = Learning(counts, type_, batch, Plan(1, True, "r3gan", 1, 60.0, "cpu"), Seeds(0))
    every = np.arange(120)
    sampler = learning._with_margins(CellSampler(learning._proposal(every, 1)), every, None)
    drawn = sampler.draw(np.repeat(type_, 20), rng, np.repeat(batch, 20))
    for kind in range(4):
        real, made = (side[:, 0].mean() for side in (counts[type_ == kind], drawn[np.repeat(type_, 20) == kind]))
        assert 0.7 * real < made < 1.3 * real
