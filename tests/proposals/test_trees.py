from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given as drawn_by
from hypothesis import settings
from hypothesis import strategies as st
from problems import dependent_codes, unique_codes

from ganaug.errors import ModelFileError
from ganaug.layout import Levels
from ganaug.proposals.proposal import FREE
from ganaug.proposals.trees import SequentialTrees


def fitted(codes, levels, first=(), **settings) -> SequentialTrees:
    return SequentialTrees(**settings).fit(codes, levels, list(first))


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("first", [[], [1]])
def test_keeps_a_deterministic_relation(ordered, first):
    a = np.arange(600, dtype=np.int32) % 6
    codes = np.stack([a, (a * 5 + 2) % 6 // 2, np.random.default_rng(0).integers(4, size=600)], axis=1).astype(np.int32)
    levels = Levels(np.array([6, 3, 4]), np.array([ordered, False, ordered]))
    rows = fitted(codes, levels, first).sample(500, np.random.default_rng(1))
    assert ((rows[:, 0] * 5 + 2) % 6 // 2 == rows[:, 1]).all()


def test_keeps_a_noisy_relation():
    codes, levels = dependent_codes(3000, np.random.default_rng(0))
    rows = fitted(codes, levels).sample(3000, np.random.default_rng(1))
    assert abs((rows[:, 0] == rows[:, 1]).mean() - (codes[:, 0] == codes[:, 1]).mean()) < 0.03
    assert abs(np.corrcoef(rows.T)[0, 2] - np.corrcoef(codes.T)[0, 2]) < 0.02


@settings(max_examples=20)
@drawn_by(st.integers(1, 40), st.integers(1, 5), st.integers(0, 1000))
def test_never_draws_a_value_that_was_not_seen(n, c, seed):
    rng = np.random.default_rng(seed)
    codes = (rng.integers(4, size=(n, c)) * 2).astype(np.int32)
    rows = fitted(codes, Levels(np.full(c, 8), rng.random(c) < 0.5)).sample(60, rng)
    for column in range(c):
        assert set(rows[:, column].tolist()) <= set(codes[:, column].tolist())


@pytest.mark.parametrize(("n", "c"), [(200, 2), (201, 2), (202, 3), (150, 6)])
def test_hardly_ever_copies_a_row_of_unique_values(n, c):
    codes, levels = unique_codes(n, c, np.random.default_rng(0))
    real = {tuple(row) for row in codes.tolist()}
    rows = fitted(codes, levels).sample(2000, np.random.default_rng(1)).tolist()
    assert sum(tuple(row) in real for row in rows) <= 5


def test_combinations_that_are_common_may_come_again():
    codes = np.repeat(np.array([[0, 0, 0], [1, 1, 1]], dtype=np.int32), 50, axis=0)
    rows = fitted(codes, Levels(np.full(3, 2), np.zeros(3, dtype=bool))).sample(100, np.random.default_rng(0))
    assert (rows == rows[:, :1]).all()


def test_rare_levels_come_back():
    codes, levels = dependent_codes(1000, np.random.default_rng(0))
    codes[:3, 1] = 3
    rows = fitted(codes, Levels(np.array([3, 4, 50]), levels.ordered)).sample(20_000, np.random.default_rng(1))
    assert 0.001 < (rows[:, 1] == 3).mean() < 0.01


@drawn_by(st.lists(st.booleans(), min_size=3, max_size=3), st.integers(0, 100))
@settings(max_examples=15)
def test_given_values_stand_for_any_pattern(held, seed):
    codes, levels = dependent_codes(120, np.random.default_rng(0))
    given = np.where(held, codes[:50], FREE).astype(np.int32)
    given[::2, 1] = FREE
    rows = fitted(codes, levels, [0], n_chains=1).sample(50, np.random.default_rng(seed), given)
    assert (rows[given != FREE] == given[given != FREE]).all()
    assert ((rows >= 0) & (rows < levels.cardinality)).all()


def test_the_rest_of_a_row_follows_what_is_given():
    codes, levels = dependent_codes(2000, np.random.default_rng(0))
    given = np.full((900, 3), FREE, dtype=np.int32)
    given[:, 2] = np.repeat([10, 20, 30], 300)  # the middles of the three classes
    rows = fitted(codes, levels).sample(900, np.random.default_rng(1), given)
    assert (rows[:, 0] == np.repeat([0, 1, 2], 300)).mean() > 0.9


def chains_of(proposal: SequentialTrees) -> list[list[int]]:
    columns = proposal.state()[0]["chain"]
    return columns.reshape(-1, proposal.codes.shape[1]).tolist()


def test_every_chain_draws_all_columns_in_its_own_order_and_the_first_ones_first():
    rng = np.random.default_rng(0)
    codes = rng.integers(4, size=(200, 8)).astype(np.int32)
    chains = chains_of(fitted(codes, Levels(np.full(8, 4), np.ones(8, dtype=bool)), [5, 2]))
    assert len(chains) == 24
    assert all(sorted(chain) == list(range(8)) for chain in chains)
    assert all(chain[:2] == [5, 2] for chain in chains)
    assert len({tuple(chain) for chain in chains}) == 24


def test_several_orders_keep_a_relation_better_than_one():
    # a sum is hard on trees that draw the parts first, and easy on those that draw the sum first
    rng = np.random.default_rng(0)
    parts = rng.integers(20, size=(3000, 3))
    codes = np.column_stack([parts, parts.sum(axis=1)]).astype(np.int32)
    levels = Levels(np.array([20, 20, 20, 58]), np.ones(4, dtype=bool))

    def error(n_chains: int, seed: int) -> float:
        rows = fitted(codes, levels, n_chains=n_chains, random_state=seed).sample(4000, np.random.default_rng(1))
        return float(np.abs(rows[:, :3].sum(axis=1) - rows[:, 3]).mean())

    alone = [error(1, seed) for seed in range(6)]
    together = [error(24, seed) for seed in range(3)]
    assert max(together) < max(alone)
    assert np.std(together) < np.std(alone)


def test_no_rows():
    codes, levels = dependent_codes(50, np.random.default_rng(0))
    assert fitted(codes, levels).sample(0, np.random.default_rng(0)).shape == (0, 3)


def test_same_seed_same_rows_and_another_seed_others():
    codes, levels = dependent_codes(300, np.random.default_rng(0))
    a, b, c = (fitted(codes, levels, random_state=s).sample(50, np.random.default_rng(1)) for s in (0, 0, 1))
    assert a.tobytes() == b.tobytes() != c.tobytes()


def test_state_gives_back_the_same_rows():
    codes, levels = dependent_codes(300, np.random.default_rng(0))
    proposal = fitted(codes, levels, [1])
    again = SequentialTrees.from_state(*proposal.state())
    given = np.where([True, False, False], codes, FREE).astype(np.int32)
    for held in (None, given):
        sides = [side.sample(300, np.random.default_rng(2), held).tobytes() for side in (proposal, again)]
        assert sides[0] == sides[1]


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("chain", lambda a: a[:-1], "do not exist"),
        ("chain", lambda a: a * 0, "do not exist"),
        ("columns", lambda a: a + 99, "do not exist"),
        ("columns", lambda a: a - 99, "do not exist"),
        ("values", lambda a: a[:-1], "do not add up"),
        ("n_nodes", lambda a: -a, "do not add up"),
        ("n_rows", lambda a: a + 1, "do not add up"),
        ("n_trees", lambda a: a + 1, "do not add up"),
        ("n_features", lambda a: a + 1, "do not add up"),
        ("left_child", lambda a: a * 0, "outside of itself"),
        ("rows", lambda a: a + 10**6, "outside of itself"),
        ("codes", lambda a: a + 10**6, "do not exist"),
        ("codes", lambda a: a[:, :2], "do not exist"),
    ],
)
def test_refuses_a_changed_state(name, change, says):
    codes, levels = dependent_codes(200, np.random.default_rng(0))
    arrays, meta = fitted(codes, levels).state()
    with pytest.raises(ModelFileError, match=says):
        SequentialTrees.from_state({**arrays, name: change(arrays[name])}, meta)


def test_five_thousand_columns():
    rng = np.random.default_rng(0)
    codes = np.stack([rng.permutation(60) if j % 5 else rng.integers(5, size=60) for j in range(5000)], axis=1)
    codes = codes.astype(np.int32)
    begun = time.process_time()
    proposal = fitted(codes, Levels(codes.max(axis=0) + 1, np.arange(5000) % 5 > 0))
    rows = proposal.sample(60, rng)
    assert time.process_time() - begun < 60  # about 12 on an idle core
    assert len(proposal.state()[0]) < 20
    assert rows.shape == codes.shape


HUGE = """
import numpy as np
from ganaug.layout import Levels
from ganaug.proposals.trees import SequentialTrees
rng = np.random.default_rng(0)
codes = np.stack([rng.integers(9, size=120_000), np.arange(120_000) % 100_000, rng.integers(40, size=120_000)], axis=1)
levels = Levels(np.array([9, 100_000, 40]), np.array([False, False, True]))
rows = SequentialTrees().fit(codes.astype(np.int32), levels, [0]).sample(120_000, rng)
assert len(np.unique(rows[:, 1])) > 50_000
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux")
def test_a_hundred_thousand_levels_stay_below_two_gigabytes():
    subprocess.run([sys.executable, "-c", HUGE], check=True)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2e6
