"""GANAugmenter: synthetic rows inside a pipeline, where only training folds are ever seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from ganaug.augment import augment_plan
from ganaug.data.schema import Schema
from ganaug.errors import DataError
from ganaug.models.rows import as_table
from ganaug.models.tabular import TabularGAN
from ganaug.seeding import RandomState

__all__ = ["GANAugmenter", "wanted_by_class"]

Strategy = str | float | Mapping[Any, int] | Sequence[Any] | Callable[[Any], Mapping[Any, int]]


class GANAugmenter(BaseEstimator):  # type: ignore[misc]
    """Raise classes with synthetic rows that the judge has let through.

    Works wherever imbalanced-learn's samplers do: in `imblearn.pipeline.Pipeline` it is called in `fit` only.

    Parameters
    ----------
    model : TabularGAN, optional
        An unfitted model whose settings are used.
    sampling_strategy : str, float, dict, list or callable
        As in imbalanced-learn: ``"auto"`` and ``"not majority"`` raise all classes but the largest to its size,
        ``"minority"`` only the smallest, ``"not minority"`` and ``"all"`` the others named; a float is the wanted ratio
        of two classes; a list names classes; a dict or what a callable of `y` returns gives the rows wanted in each.
    profile : {"strict", "standard", "lenient"} or None
        What the judge lets through; None hands rows over unjudged.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Attributes
    ----------
    sampling_strategy_ : dict
        How many rows are made for each class.
    report_ : FidelityReport or None
        What the judge says; None where nothing was made or judged.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(60, 2)), np.repeat(["many", "few"], [50, 10])
    >>> model = TabularGAN(refine=False, correct=False)
    >>> X_new, y_new = GANAugmenter(model, profile=None, random_state=0).fit_resample(X, y)
    >>> X_new.shape, (y_new == "few").sum()
    ((100, 2), np.int64(50))
    """

    def __init__(
        self,
        model: TabularGAN | None = None,
        *,
        sampling_strategy: Strategy = "auto",
        profile: str | None = "standard",
        random_state: RandomState = None,
    ) -> None:
        self.model = model
        self.sampling_strategy = sampling_strategy
        self.profile = profile
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Look at the rows and the classes, and learn nothing: that is for `fit_resample`."""
        self._look(X, y)
        return self

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Return the rows followed by synthetic ones, as the same types.

        Parameters
        ----------
        X : DataFrame or array, shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)
            Classes.

        Raises
        ------
        FidelityError
            If the judge refuses, or there are too few rows to tell; it carries the report.
        DataError
            If the rows cannot be learned.
        """
        table, target = self._look(X, y)
        self.report_ = None
        made = table.iloc[:0]
        if self.sampling_strategy_:
            schema = Schema.infer(table, target=target, override={"columns": {str(target): {"kind": "category"}}})
            made, self.report_ = augment_plan(
                table,
                {label: count for label, count in self.sampling_strategy_.items() if count},
                target=target,
                schema=schema,
                model=self.model,
                profile=self.profile,
                random_state=self.random_state,
            )
            if self.report_ is not None:
                self.report_.raise_for_verdict()
        return _after(X, made.drop(columns=target)), _after(y, made[target])

    def __sklearn_tags__(self) -> Any:
        """Missing values, text and categories are all welcome; there have to be classes."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        return tags

    @property
    def target(self) -> None:
        """The classes come as `y`."""
        return None

    def _look(self, X: Any, y: Any) -> tuple[pd.DataFrame, Any]:
        if y is None:
            raise ValueError("GANAugmenter requires y to be passed, but the target y is None")
        labels = y if isinstance(y, pd.Series) else column_or_1d(y, warn=True)
        if (missing := pd.isna(labels)).any():
            raise DataError(f"row {int(np.flatnonzero(missing)[0])} has no class; give it one or leave it out")
        check_classification_targets(labels)
        table, target = as_table(self, X, labels)
        self.sampling_strategy_ = wanted_by_class(table[target], self.sampling_strategy)
        return table, target


def wanted_by_class(y: pd.Series[Any], strategy: Strategy) -> dict[Any, int]:
    """How many rows each class is to be given, by a strategy of imbalanced-learn.

    Raises
    ------
    ValueError
        If the strategy is unknown, names a class that is not there, or wants fewer rows than there are.

    Examples
    --------
    >>> wanted_by_class(pd.Series(["a", "a", "a", "b"]), "auto")
    {'b': 2}
    >>> wanted_by_class(pd.Series(["a", "a", "a", "b"]), {"b": 2})
    {'b': 1}
    """
    counts = {label: int(count) for label, count in y.value_counts(sort=False).items() if count}
    if len(counts) < 2:
        raise ValueError(f"y has {len(counts)} class, {list(counts)}; at least 2 classes are needed")
    totals = _totals(counts, y, strategy)
    for label, total in totals.items():
        if label not in counts:
            raise ValueError(f"sampling_strategy names the class {label!r}, and y has {list(counts)}")
        if total < counts[label]:
            raise ValueError(
                f"sampling_strategy wants {total} rows of class {label!r}, which has {counts[label]}; none is removed"
            )
    return {label: total - counts[label] for label, total in totals.items() if total > counts[label]}


def _totals(counts: dict[Any, int], y: pd.Series[Any], strategy: Strategy) -> dict[Any, int]:
    most, fewest = max(counts, key=lambda k: counts[k]), min(counts, key=lambda k: counts[k])
    named = {
        "auto": [label for label in counts if label != most],
        "not majority": [label for label in counts if label != most],
        "not minority": [label for label in counts if label != fewest],
        "minority": [fewest],
        "all": list(counts),
    }
    if callable(strategy):
        return dict(strategy(y))
    if isinstance(strategy, Mapping):
        return dict(strategy)
    if isinstance(strategy, str):
        if strategy not in named:
            raise ValueError(
                f"sampling_strategy must be one of {list(named)}, a number, a dict or a list, not {strategy!r}"
            )
        return dict.fromkeys(named[strategy], counts[most])
    if isinstance(strategy, (int, float)):
        if len(counts) != 2 or not 0 < strategy <= 1:
            raise ValueError(
                f"sampling_strategy={strategy!r}: a number is the ratio of two classes, above 0 and at most 1"
            )
        return {fewest: round(strategy * counts[most])}
    return dict.fromkeys(strategy, counts[most])


def _after(real: Any, made: Any) -> Any:
    """The rows as they came, then those that were made."""
    if isinstance(real, pd.DataFrame):
        made.columns = real.columns
        return pd.concat([real, made], ignore_index=True).astype(real.dtypes) if len(made) else real
    if isinstance(real, pd.Series):
        return pd.concat([real, made.astype(real.dtype)], ignore_index=True).rename(real.name) if len(made) else real
    array = np.asarray(real)
    return np.concatenate([array, made.to_numpy().astype(array.dtype).reshape(-1, *array.shape[1:])])
