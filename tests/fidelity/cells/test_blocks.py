from __future__ import annotations

import numpy as np

from ganaug.fidelity.cells.blocks import block_sums, compare, deal_blocks


def gap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Difference of the means."""
    return b[:, 1] / b[:, 0] - a[:, 1] / a[:, 0]


def test_limits_of_a_mean_are_as_wide_as_they_should_be_and_hold() -> None:
    values, missed = [], 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(100, 1)), 0.5 + rng.normal(size=(100, 1))
        blocks = deal_blocks(100, 100, rng)
        compared = compare([block_sums(x, blocks.real), block_sums(y, blocks.synthetic)], blocks.half, gap, rng)
        effect, low, high = compared.limits(compared.synthetic - compared.fresh, 0.05)
        values.append((effect, compared.se(compared.synthetic - compared.fresh)))
        missed += (low > 0.5) + (high < 0.5)
    effects, ses = np.array(values).T
    assert abs(effects.mean() - 0.5) < 0.04
    assert effects.std() * 0.85 < ses.mean() < effects.std() * 1.3
    assert missed < 34  # 10 % of 200 give or take three standard errors


def test_blocks_are_of_equally_many_cells_and_a_few_cells_are_left_out() -> None:
    blocks = deal_blocks(405, 2000, np.random.default_rng(0))
    assert set(np.bincount(blocks.real[blocks.real >= 0])) == {20}
    assert set(np.bincount(blocks.synthetic[blocks.synthetic >= 0])) == {20}
    assert blocks.synthetic.max() == 39
    assert deal_blocks(15, 100, np.random.default_rng(0)) is None


def test_donors_are_blocks_of_their_own_and_three_cannot_be_halved() -> None:
    donors = np.repeat(list("abcd"), 5)
    blocks = deal_blocks(20, 20, np.random.default_rng(0), (donors, donors))
    assert blocks.half == 2
    assert np.array_equal(blocks.real, np.repeat(range(4), 5))
    assert deal_blocks(15, 20, np.random.default_rng(0), (donors[:15], donors)) is None
