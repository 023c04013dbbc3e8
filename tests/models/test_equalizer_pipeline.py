from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ganaug import BatchEqualizer

SHIFT = 3.0


@pytest.fixture(autouse=True)
def routing() -> Iterator[None]:
    with config_context(enable_metadata_routing=True):
        yield


def plates(n: int = 360, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of two kinds on three plates; what plates shift is larger than what the kind does, in the same features."""
    rng = np.random.default_rng(seed)
    kind, plate = rng.integers(2, size=n), rng.integers(3, size=n)
    direction = np.array([[0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, -1.0], [-1.0, -1.0, 1.0, 0.0]])
    X = rng.normal(size=(n, 4)) + 2 * kind[:, None] * np.array([1.0, 1.0, 0.0, 0.0]) + SHIFT * direction[plate]
    return X, kind, np.array(["P1", "P2", "P3"])[plate]


def table() -> tuple[pd.DataFrame, np.ndarray]:
    X, kind, plate = plates()
    return pd.DataFrame(X, columns=list("abcd")).assign(plate=plate), kind


def routed(**settings: Any) -> BatchEqualizer:
    equalizer = BatchEqualizer(random_state=0, **settings)
    return equalizer.set_fit_request(batch=True).set_transform_request(batch=True)


def cross_validated(model: Any, X: Any, y: np.ndarray, params: dict[str, Any] | None = None) -> float:
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    return float(cross_validate(model, X, y, cv=folds, params=params or {})["test_score"].mean())


def test_equalising_inside_cross_validation_beats_not_equalising() -> None:
    X, kind, plate = plates()
    without = cross_validated(make_pipeline(StandardScaler(), LogisticRegression()), X, kind)
    with_it = cross_validated(
        make_pipeline(routed(), StandardScaler(), LogisticRegression()), X, kind, {"batch": plate}
    )
    assert with_it > without + 0.05
    assert with_it > 0.85


def test_a_grid_search_over_the_reference_and_the_classifier() -> None:
    X, kind, plate = plates()
    pipe = Pipeline([("equalize", routed()), ("classify", LogisticRegression())])
    grid = {"equalize__reference": ["common", "P1"], "classify__C": [0.01, 1.0]}
    search = GridSearchCV(pipe, grid, cv=3, error_score="raise").fit(X, kind, batch=plate)
    assert len(search.cv_results_["mean_test_score"]) == 4
    assert search.best_params_["equalize__reference"] in grid["equalize__reference"]
    assert search.best_score_ > cross_validated(LogisticRegression(), X, kind) + 0.05
    later, its_kind, its_plate = plates(seed=1)
    assert search.score(later, its_kind, batch=its_plate) > 0.85


def test_a_column_of_the_table_needs_no_routing() -> None:
    rows, kind = table()
    pipe = make_pipeline(BatchEqualizer(batch="plate", random_state=0), LogisticRegression())
    assert cross_validated(pipe, rows, kind) > 0.85


def test_pandas_comes_out_where_it_is_asked_for() -> None:
    X, kind, plate = plates()
    equalizer = routed().set_output(transform="pandas")
    moved = equalizer.fit(X, batch=plate).transform(X, batch=plate)
    assert isinstance(moved, pd.DataFrame)
    assert list(moved.columns) == ["x0", "x1", "x2", "x3"]
    pipe = make_pipeline(StandardScaler(), routed(), LogisticRegression()).set_output(transform="pandas")
    rows, _ = table()
    pipe.fit(rows[list("abcd")], kind, batch=plate)
    assert list(pipe[:-1].get_feature_names_out()) == list("abcd") == list(pipe[-1].feature_names_in_)


@pytest.mark.parametrize("settings", [{"labels": "kind"}, {"covariates": ["kind"]}])
def test_what_later_rows_may_lack_is_missing_where_columns_were_promised(settings: dict[str, Any]) -> None:
    rows, kind = table()
    rows.insert(2, "kind", np.where(kind, "T", "B"))
    equalizer = BatchEqualizer(batch="plate", random_state=0, **settings).fit(rows)
    later = rows.drop(columns="kind")
    plain = equalizer.transform(later)
    assert list(plain.columns) == list("abcd")
    moved = equalizer.set_output(transform="pandas").transform(later)
    assert list(moved.columns) == list(equalizer.get_feature_names_out()) == ["a", "b", "kind", "c", "d"]
    assert moved["kind"].isna().all()
    pd.testing.assert_frame_equal(moved[list("abcd")], plain)
    assert equalizer.transform(rows)["kind"].equals(rows["kind"])


def test_a_clone_has_the_settings_and_the_routing_and_nothing_learned() -> None:
    X, _, plate = plates()
    equalizer = routed(reference="P2", allow_confounded=True).fit(X, batch=plate)
    copy = clone(equalizer)
    assert copy.get_params() == equalizer.get_params()
    assert not hasattr(copy, "chain_")
    assert copy.get_metadata_routing().fit.requests == {"batch": True}
    np.testing.assert_array_equal(copy.fit(X, batch=plate).transform(X, batch=plate), equalizer.transform(X, plate))


def test_in_a_column_transformer_the_batch_is_a_column() -> None:
    rows, kind = table()
    rows = rows.assign(dose=np.arange(len(rows)) % 4)
    both = ColumnTransformer(
        [
            ("equalized", BatchEqualizer(batch="plate", random_state=0), [*"abcd", "plate"]),
            ("scaled", StandardScaler(), ["dose"]),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    moved = both.fit_transform(rows)
    assert list(moved.columns) == [*"abcd", "dose"]
    spread = [t[list("abcd")].groupby(rows["plate"]).mean().std(ddof=0).mean() for t in (rows, moved)]
    assert spread[1] < 0.3 * spread[0]
    assert cross_validated(make_pipeline(both, LogisticRegression()), rows, kind) > 0.85


@pytest.mark.parametrize("names", [[0, 1, 2, 3, 4], [(name, 1) for name in "abcde"]])
def test_pandas_comes_out_whatever_columns_are_called(names: list[Any]) -> None:
    rows = table()[0].set_axis(names, axis=1)
    equalizer = BatchEqualizer(batch=names[4], random_state=0).fit(rows)
    moved = equalizer.transform(rows)
    assert list(moved.columns) == list(equalizer.get_feature_names_out()) == names[:4]
    assert list(equalizer.get_feature_names_out([f"f{j}" for j in range(5)])) == ["f0", "f1", "f2", "f3"]
    promised = equalizer.set_output(transform="pandas").transform(rows)
    assert list(promised.columns) == names[:4]
    np.testing.assert_array_equal(promised, moved)


def test_columns_called_by_numbers_may_be_left_out_later_as_others_may() -> None:
    rows, kind = table()
    rows = rows.assign(kind=kind).set_axis(range(6), axis=1)
    equalizer = BatchEqualizer(batch=4, covariates=[5], random_state=0).fit(rows)
    moved, later = equalizer.transform(rows), rows.drop(columns=5)
    pd.testing.assert_frame_equal(equalizer.transform(later), moved.drop(columns=5))
    promised = equalizer.set_output(transform="pandas").transform(later)
    assert list(promised.columns) == [0, 1, 2, 3, 5]
    assert promised[5].isna().all()
