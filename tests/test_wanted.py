from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import linked_table

from ganaug import ConditionError, DataError
from ganaug.data.schema import Schema
from ganaug.data.table import TableCodec
from ganaug.wanted import Wanted, alike, each_level, met, wanted_rows

TABLE = linked_table(60, np.random.default_rng(0))
NOTHING = {"target": None, "group": None, "n": None, "balance": None, "conditions": None}


def codec(df: pd.DataFrame = TABLE) -> TableCodec:
    return TableCodec(Schema.infer(df)).fit(df)


def asked(df: pd.DataFrame = TABLE, **options) -> list[Wanted]:
    return wanted_rows(df, codec(df), **NOTHING | options)


def test_as_many_rows_as_the_table_has_unless_said():
    assert asked() == [Wanted(60, None)]
    assert asked(n=7, conditions={"label": "low"}) == [Wanted(7, {"label": "low"})]


def test_balancing_raises_every_level_to_the_commonest():
    df = TABLE.assign(plate=["a"] * 30 + ["b"] * 20 + ["c"] * 10)
    assert asked(df, balance="plate") == [Wanted(10, {"plate": "b"}), Wanted(20, {"plate": "c"})]


def test_a_missing_level_is_not_raised():
    df = TABLE.assign(plate=["a"] * 30 + ["b"] * 20 + [None] * 10)
    assert asked(df, balance="plate") == [Wanted(10, {"plate": "b"})]


def test_a_condition_without_support_is_refused_at_once():
    with pytest.raises(ConditionError, match="low"):
        asked(conditions={"label": ["lowest"]})


def test_numbers_cannot_be_balanced():
    with pytest.raises(DataError, match="continuous; only levels"):
        asked(balance="x")


def test_every_held_out_level_is_drawn_to_be_judged():
    held_out = pd.Series(["a", "b", "c", None])
    assert each_level([Wanted(5, {"plate": "b"})], held_out, "plate") == [
        Wanted(5, {"plate": "b"}),
        Wanted(0, {"plate": "a"}),
        Wanted(0, {"plate": "c"}),
    ]


def test_alike_are_the_rows_that_meet_the_conditions_or_have_a_level():
    low = TABLE[TABLE["label"] == "low"]
    pd.testing.assert_frame_equal(alike(codec(), {"label": "low"}, TABLE, None), low)
    some = TABLE.assign(label=TABLE["label"].mask(np.arange(60) < 9))
    assert len(alike(codec(), None, some, "label")) == 51
    assert met(codec(), None, TABLE).all()
