"""ganaug beside its own stages and baselines, on any table."""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import Any

import pandas as pd

from ganaug.data.schema import Schema
from ganaug.data.split import folds
from ganaug.data.table import TableCodec
from ganaug.errors import DataError
from ganaug.layout import Levels
from ganaug.models.tabular import TabularGAN
from ganaug.models.validation import Validation
from ganaug.progress import OnProgress, Progress
from ganaug.seeding import RandomState, Seeds

__all__ = ["benchmark"]

METHODS: dict[str, dict[str, Any]] = {
    "ganaug": {},
    "trees + refiner": {"proposal": "trees", "correct": False},
    "trees + corrector": {"proposal": "trees", "refine": False},
    "trees": {"proposal": "trees", "refine": False, "correct": False},
    "noise GAN": {"proposal": "noise", "correct": False},
    "independent columns": {"proposal": "independent", "refine": False, "correct": False},
}
DRAWN = 100_000


def benchmark(
    df: pd.DataFrame,
    *,
    target: Hashable | None = None,
    time_budget: float = 120.0,
    random_state: RandomState = 0,
    on_progress: OnProgress = None,
) -> list[dict[str, Any]]:
    """Fit every method on four fifths of the rows, and score it on the last fifth.

    Parameters
    ----------
    df : DataFrame, shape (n_rows, n_columns)
    target : hashable, optional
        Column that is to be predicted.
    time_budget : float
        Seconds for each method.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
    on_progress : callable, optional

    Returns
    -------
    list of dict
        For each method ``method, c2st_auc, near_train, gap, fit_seconds, rows_per_second``. The first row, real rows
        again, shows the best that can be had: its rows are those that were learned from.
    """
    schema, seeds = Schema.infer(df, target=target), Seeds(random_state)
    codec = TableCodec(schema).fit(df)
    levels = Levels(codec.cardinality, codec.ordered)
    held_out = folds(df, 5, target=target, random_state=seeds.integer("folds")) == 0
    train, test = df[~held_out], df[held_out]
    if target is not None and target not in codec.names:
        raise DataError(f"target {target!r} is {schema[target].kind}: there is nothing to predict")
    place = None if target is None else codec.names.index(target)
    judge = Validation(codec.codes(train), codec.codes(test), levels, place, seeds.integer("judge"))
    real = judge.score(judge.train)
    rows: list[dict[str, Any]] = [
        {"method": "real rows again", **real._asdict(), "fit_seconds": None, "rows_per_second": None}
    ]
    for i, (name, settings) in enumerate(METHODS.items()):
        if on_progress is not None:
            on_progress(Progress(name, i, len(METHODS)))
        begun = time.perf_counter()
        model = TabularGAN(target=target, time_budget=time_budget, schema=schema, random_state=seeds.root, **settings)
        model.fit(train)
        fitted = time.perf_counter()
        drawn = model.sample(len(train), random_state=seeds.integer("sample"))
        score = judge.score(codec.codes(drawn))
        begun_drawing = time.perf_counter()
        model.sample(DRAWN if model.sampler_.corrector is None else len(train))
        speed = (DRAWN if model.sampler_.corrector is None else len(train)) / (time.perf_counter() - begun_drawing)
        rows.append({"method": name, **score._asdict(), "fit_seconds": fitted - begun, "rows_per_second": round(speed)})
    return [{"method": row["method"], "c2st_auc": row.pop("auc"), **row} for row in rows]
