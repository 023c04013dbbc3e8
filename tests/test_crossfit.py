from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import linked_table

from ganaug import ConditionError, TabularGAN
from ganaug.crossfit import Member, draw_for_judge, fit_members, split_sides
from ganaug.data.schema import Schema
from ganaug.data.table import TableCodec
from ganaug.seeding import Seeds
from ganaug.wanted import Wanted

QUICK = TabularGAN(proposal="independent", refine=False, correct=False, time_budget=50)


def table(n: int) -> pd.DataFrame:
    return linked_table(n, np.random.default_rng(0))


def codec(df: pd.DataFrame) -> TableCodec:
    return TableCodec(Schema.infer(df)).fit(df)


def sides_of(df: pd.DataFrame, wanted: list[Wanted], by: str | None = None):
    return split_sides(df, QUICK, wanted, codec(df), Seeds(0), by=by)


@pytest.mark.parametrize(("n", "generators"), [(8, 2), (60, 5), (399, 5), (400, 1)])
def test_every_row_of_a_small_table_is_held_out_once(n, generators):
    df = table(n)
    sides = sides_of(df, [Wanted(n)])
    assert len(sides) == generators
    held_out = [i for _, side in sides for i in side.index]
    assert len(set(held_out)) == len(held_out) == (n if generators > 1 else 80)
    for train, side in sides:
        assert sorted([*train.index, *side.index]) == list(range(n))


def test_a_level_of_one_row_cannot_be_learned_and_judged():
    df = table(60)
    df.loc[7, "site"] = "rare"
    with pytest.raises(ConditionError, match="1 of 60 rows have site=rare: too few"):
        sides_of(df, [Wanted(5, {"site": "rare"})])


@given(st.integers(1, 40))
def test_the_generators_share_the_rows_between_them(n):
    df = table(40)
    wanted = [Wanted(n)]
    fitted = QUICK.set_params(random_state=0).fit(df)
    members = [Member(fitted, train, held_out) for train, held_out in sides_of(df, wanted)]
    drawn, folds = draw_for_judge(members, wanted, codec(df), Seeds(0))
    assert len(drawn) == n
    assert [len(held_out) for held_out, _, _ in folds] == [8] * 5
    assert all(len(synthetic) >= 4 * 8 for _, synthetic, _ in folds)


def test_progress_names_the_generator_and_counts_down_over_all():
    df, said = table(60), []
    fit_members(sides_of(df, [Wanted(60)]), QUICK, Seeds(0), said.append, None)
    assert said[0].stage == "generator 1 of 5: proposal"
    left = [progress.seconds_left for progress in said]
    assert left == sorted(left, reverse=True)
    assert left[0] == pytest.approx(50, abs=2)
