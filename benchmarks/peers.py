"""Other people's generators, each as ``fit(train) -> draw``, for `tabular.py`."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pandas as pd

from ganaug.data.columns import points
from ganaug.data.table import TableCodec

Floats = npt.NDArray[np.float64]
Draw = Callable[[int], pd.DataFrame]

NEIGHBOURS = 5
MOST_EPOCHS = 300  # the default of CTGAN and TVAE


class PlainTable:
    """A table as these packages want it: numbers without gaps, and categories by their level number.

    A missing number becomes the median, and is marked in a category of its own.

    Parameters
    ----------
    codec : TableCodec
        Fitted on the training rows.
    codes : ndarray, shape (n_rows, n_columns)
        Of the training rows.
    """

    def __init__(self, codec: TableCodec, codes: npt.NDArray[np.int32]) -> None:
        self.codec = codec
        self.line = {
            j: points(codec.coder(name).levels, codec.schema[name])
            for j, name in enumerate(codec.names)
            if codec.ordered[j]
        }
        self.gaps = [j for j in self.line if codec.has_missing[j]]
        columns: dict[str, npt.NDArray[Any]] = {str(j): codes[:, j] for j in range(codes.shape[1])}
        for j, line in self.line.items():
            missing = codes[:, j] == len(line)
            known = line[codes[~missing, j]]
            columns[str(j)] = np.full(len(codes), np.median(known))
            columns[str(j)][~missing] = known
            if j in self.gaps:
                columns[f"{j} is missing"] = missing.astype(np.int32)
        self.rows = pd.DataFrame(columns)
        self.categories = [name for name in self.rows if name not in map(str, self.line)]

    def back(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Give rows of this form as a table; numbers stay where they were drawn, integers are rounded."""
        codes = np.empty((len(rows), len(self.codec.names)), dtype=np.int32)
        for j in range(codes.shape[1]):
            value = rows[str(j)].to_numpy(dtype=np.float64)
            codes[:, j] = _nearest(self.line[j], value) if j in self.line else np.round(value).astype(np.int32)
            if j in self.gaps:
                codes[rows[f"{j} is missing"].to_numpy(dtype=np.float64) > 0.5, j] = len(self.line[j])
        table = self.codec.frame(codes, np.random.default_rng(0))
        for j, line in self.line.items():
            name = self.codec.names[j]
            if pd.api.types.is_numeric_dtype(table[name].dtype):
                value = rows[str(j)].to_numpy(dtype=np.float64)
                value = np.round(value) if self.codec.schema[name].kind == "integer" else value
                table[name] = np.where(codes[:, j] == len(line), np.nan, value)
        return table


def fit_smote(plain: PlainTable, target: int, seed: int) -> tuple[Draw, str]:
    """SMOTE in every class, as many rows as the class has (doi:10.1613/jair.953).

    Classes of five rows or fewer have no five neighbours, and get none.
    """
    from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

    label = str(target)
    y = plain.rows[label].to_numpy(dtype=np.int64)
    x = plain.rows.drop(columns=label)
    is_category = x.columns.isin(plain.categories)
    classes, counts = np.unique(y, return_counts=True)
    wanted = {c: 2 * n for c, n in zip(classes.tolist(), counts.tolist(), strict=True) if n > NEIGHBOURS}
    settings: dict[str, Any] = {"sampling_strategy": wanted, "k_neighbors": NEIGHBOURS, "random_state": seed}
    if not is_category.any():
        sampler = SMOTE(**settings)
    elif is_category.all():
        sampler = SMOTEN(**settings)
    else:
        sampler = SMOTENC(np.flatnonzero(is_category).tolist(), **settings)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "After over-sampling")  # classes outgrow the largest: they all double
        rows, labels = sampler.fit_resample(x, y)
    made = pd.DataFrame(rows).assign(**{label: labels}).iloc[len(x) :]
    return lambda n: plain.back(made), ""


def fit_ctgan(name: str, plain: PlainTable, budget: float, seed: int) -> tuple[Draw, str]:
    """CTGAN or TVAE (arXiv:1907.00503), with its 300 epochs, or as many as it gets through in the budget.

    The package is under the Business Source License, and no part of ganaug.
    """
    import ctgan

    deadline, done = time.perf_counter() + budget, 0

    def epochs(planned: range, **_: Any) -> Iterator[int]:
        nonlocal done
        for epoch in planned:
            yield epoch
            done = epoch + 1
            if time.perf_counter() > deadline:
                return

    model = getattr(ctgan, name)(epochs=MOST_EPOCHS, enable_gpu=False)
    model.set_random_state(seed)
    # the package knows no time budget; its loop over epochs runs through a progress bar, whose place this takes
    with patch(f"ctgan.synthesizers.{name.lower()}.tqdm", epochs), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of a package that is not ours, about pandas and torch to come
        model.fit(plain.rows, discrete_columns=plain.categories)
    return lambda n: plain.back(model.sample(n)), f"{done} of {MOST_EPOCHS} epochs"


def _nearest(line: Floats, value: Floats) -> npt.NDArray[np.intp]:
    right = np.searchsorted(line, value).clip(0, len(line) - 1)
    left = (right - 1).clip(0)
    return np.where(value - line[left] < line[right] - value, left, right)
