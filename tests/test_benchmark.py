from __future__ import annotations

import numpy as np
import pytest
from problems import linked_table

from ganaug import DataError
from ganaug.benchmark import METHODS, benchmark
from ganaug.progress import Progress


def test_every_method_is_scored_beside_real_rows():
    said: list[Progress] = []
    df = linked_table(300, np.random.default_rng(0))
    rows = benchmark(df, target="label", time_budget=1, on_progress=said.append)
    assert [row["method"] for row in rows] == ["real rows again", *METHODS]
    assert [progress.stage for progress in said] == list(METHODS)
    auc = {row["method"]: row["c2st_auc"] for row in rows}
    assert auc["independent columns"] > max(auc["trees"], auc["real rows again"]) + 0.1
    assert rows[0]["near_train"] > 0.9, "real rows again are copies"
    assert all(row["rows_per_second"] > 0 and row["fit_seconds"] > 0 for row in rows[1:])


def test_a_target_that_is_not_learned_is_refused():
    df = linked_table(60, np.random.default_rng(0)).assign(plate=1)
    with pytest.raises(DataError, match="target 'plate' is constant: there is nothing to predict"):
        benchmark(df, target="plate")
