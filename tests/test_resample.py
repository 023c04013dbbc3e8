from __future__ import annotations

import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.utils import check_sampling_strategy
from problems import linked_table
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from ganaug import DataError, FidelityError, GANAugmenter, TabularGAN
from ganaug.resample import wanted_by_class

QUICK = TabularGAN(proposal="trees", refine=False, correct=False)
CHEAP = TabularGAN(proposal="independent", refine=False, correct=False)
THREE = pd.Series(["a"] * 40 + ["b"] * 25 + ["c"] * 10)
TWO = pd.Series([0] * 40 + [1] * 10)


def rows(n_many: int, n_few: int, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Rows of two classes, one of them rare."""
    df = linked_table(8 * (n_many + n_few), np.random.default_rng(seed))
    parts = [df[df["label"] == label][:n] for label, n in (("high", n_many), ("low", n_few))]
    df = pd.concat(parts).sample(frac=1, random_state=seed)
    return df.drop(columns="label"), df["label"]


@pytest.mark.parametrize(
    ("y", "strategy"),
    [
        *((THREE, name) for name in ("auto", "not majority", "not minority", "minority", "all")),
        (THREE, {"b": 30, "c": 10}),
        (THREE, {"c": 100}),
        (THREE, lambda y: {"c": 2 * Counter(y)["c"]}),
        (TWO, 0.5),
        (TWO, 0.33),
        (TWO, 1.0),
    ],
)
def test_strategies_mean_what_they_mean_in_imbalanced_learn(y, strategy):
    theirs = check_sampling_strategy(strategy, y, "over-sampling")
    ours = wanted_by_class(y, strategy)
    assert ours == {label: count for label, count in theirs.items() if count}


@pytest.mark.parametrize(
    ("y", "strategy"),
    [
        (THREE, "most"),
        (THREE, 0.5),
        (TWO, 0.1),
        (TWO, 1.5),
        (THREE, {"d": 50}),
        (THREE, {"a": 5}),
        (pd.Series(["a"] * 9), "auto"),
    ],
)
def test_strategies_are_refused_where_imbalanced_learn_does(y, strategy):
    with pytest.raises(ValueError):
        check_sampling_strategy(strategy, y, "over-sampling")
    with pytest.raises(ValueError):
        wanted_by_class(y, strategy)


def test_a_list_names_classes():
    assert wanted_by_class(THREE, ["c"]) == {"c": 30}


def test_a_frame_comes_back_as_a_frame_with_its_dtypes():
    X, y = rows(60, 20)
    X = X.assign(site=X["site"].astype("category"), n=pd.array([1, None] * 40, dtype="Int64"))
    X_new, y_new = GANAugmenter(CHEAP, profile=None, random_state=0).fit_resample(X, y)
    assert y_new.value_counts().to_dict() == {"high": 60, "low": 60}
    assert y_new.name == "label"
    pd.testing.assert_series_equal(X_new.dtypes, X.dtypes)
    pd.testing.assert_frame_equal(X_new[:80], X.reset_index(drop=True))
    assert (y_new[80:] == "low").all()


@pytest.mark.parametrize("labels", [np.array([0, 1]), np.array(["many", "few"]), np.array([False, True])])
def test_arrays_come_back_as_arrays(labels):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)).astype(np.float32), np.repeat(labels, [45, 15])
    X_new, y_new = GANAugmenter(CHEAP, profile=None, random_state=0).fit_resample(X, y)
    assert (X_new.shape, y_new.shape) == ((90, 3), (90,))
    assert (X_new.dtype, y_new.dtype) == (X.dtype, y.dtype)
    assert (X_new[:60] == X).all()
    assert (y_new[60:] == labels[1]).all()


def test_rows_the_judge_lets_through_come_with_its_report():
    X, y = rows(150, 80)
    augmenter = GANAugmenter(QUICK, random_state=0)
    _, y_new = augmenter.fit_resample(X, y)
    assert len(y_new) == 300
    assert augmenter.report_.verdict in {"pass", "warn"}
    assert augmenter.sampling_strategy_ == {"low": 70}


def test_a_refusal_carries_the_report():
    X, y = rows(300, 150)
    X["z"] = X["x"] + X["y"]
    with pytest.raises(FidelityError, match="refused") as caught:
        GANAugmenter(CHEAP, random_state=0).fit_resample(X, y)
    assert caught.value.report.verdict == "fail"


def test_too_few_rows_are_refused_too():
    with pytest.raises(FidelityError, match="it takes") as caught:
        GANAugmenter(CHEAP, random_state=0).fit_resample(*rows(20, 10))
    assert caught.value.report.verdict == "inconclusive"


def test_balanced_classes_are_left_alone():
    X, y = rows(20, 20)
    augmenter = GANAugmenter(CHEAP)
    X_new, y_new = augmenter.fit_resample(X, y)
    assert X_new is X
    assert y_new is y
    assert augmenter.report_ is None


def test_same_seed_same_rows():
    X, y = rows(40, 20)
    first, again, other = (GANAugmenter(CHEAP, profile=None, random_state=s).fit_resample(X, y)[0] for s in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert not first.equals(other)


def test_an_unknown_profile_is_refused():
    with pytest.raises(ValueError, match="profile must be one of"):
        GANAugmenter(CHEAP, profile="loose").fit_resample(*rows(40, 20))


def test_a_column_named_like_the_classes():
    X, y = rows(40, 20)
    with pytest.raises(DataError, match="already has a column 'label'"):
        GANAugmenter(CHEAP).fit_resample(X.assign(label=1), y)


def test_no_test_fold_is_ever_touched():
    X, y = rows(60, 30)
    X = X.drop(columns="site").set_axis(range(90)).reset_index(names="row")
    y = y.set_axis(range(90))
    touched: list[set[int]] = []

    class Spy(GANAugmenter):
        def fit_resample(self, X, y, **params):
            touched.append(set(X["row"]))
            X_new, y_new = super().fit_resample(X, y, **params)
            return X_new.assign(row=0), y_new

    pipeline = make_pipeline(Spy(CHEAP, profile=None, random_state=0), LogisticRegression())
    splits = list(StratifiedKFold(3).split(X, y))
    scores = cross_val_score(pipeline, X, y, cv=splits, scoring="balanced_accuracy")
    assert np.isfinite(scores).all()
    assert touched == [set(train) for train, _ in splits]
    for learned, (_, test) in zip(touched, splits, strict=True):
        assert not learned & set(test)


def test_a_pipeline_predicts_without_resampling():
    X, y = rows(60, 30)
    X = X[["x", "y"]]
    pipeline = make_pipeline(GANAugmenter(CHEAP, profile=None, random_state=0), LogisticRegression()).fit(X, y)
    assert len(pipeline.predict(X[:7])) == 7


def test_grid_search_and_clone():
    X, y = rows(60, 30)
    augmenter = GANAugmenter(CHEAP, profile=None, random_state=0)
    copy = clone(augmenter)
    assert copy.model is not augmenter.model
    assert copy.get_params()["model__proposal"] == "independent"
    pipeline = make_pipeline(augmenter, LogisticRegression())
    grid = {"ganaugmenter__sampling_strategy": ["auto", 0.8], "ganaugmenter__model__proposal": ["independent"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X[["x", "y"]], y)
    assert search.best_params_["ganaugmenter__model__proposal"] == "independent"


@parametrize_with_checks([GANAugmenter(CHEAP, profile=None)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_imbalanced_learn_is_never_imported():
    code = (
        "import sys, numpy as np, ganaug\n"
        "model = ganaug.TabularGAN(proposal='independent', refine=False, correct=False)\n"
        "X, y = np.random.default_rng(0).normal(size=(30, 2)), np.repeat([0, 1], [20, 10])\n"
        "ganaug.GANAugmenter(model, profile=None).fit_resample(X, y)\n"
        "print('imblearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_classes_without_rows_are_none():
    y = pd.Series(pd.Categorical([*THREE], categories=["a", "b", "c", "never"]))
    assert wanted_by_class(y, "auto") == wanted_by_class(THREE, "auto")


def test_rows_without_a_class_are_named():
    y = pd.Series([*THREE[:-1], None])
    with pytest.raises(DataError, match=f"row {len(y) - 1} has no class"):
        GANAugmenter().fit_resample(pd.DataFrame({"x": range(len(y))}), y)
