from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from problems import clusters
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score

from ganaug import TabularGAN
from ganaug.errors import DataError
from ganaug.fidelity import fidelity_score


class Blurred(BaseEstimator):
    """Hand out training rows, blurred by a setting; nothing of the rows but the numbers."""

    def __init__(self, blur: float = 0.0) -> None:
        self.blur = blur

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        self.rows_ = X
        return self

    def sample(self, n: int, *, random_state: int) -> pd.DataFrame:
        rng = np.random.default_rng(random_state)
        rows = self.rows_.sample(n, replace=True, random_state=rng)
        return rows + self.blur * rng.standard_normal(rows.shape)


def test_a_grid_search_finds_the_setting_that_is_not_told_apart() -> None:
    numbers = clusters(600, 0)[["length", "width"]]
    search = GridSearchCV(Blurred(), {"blur": [0.05, 2.0]}, scoring=fidelity_score, cv=3).fit(numbers)
    assert search.best_params_ == {"blur": 0.05}
    assert search.best_score_ > 0.8


def test_a_table_gan_is_scored_on_rows_it_has_not_seen() -> None:
    plain = TabularGAN(refine=False, correct=False, random_state=0)
    scores = cross_val_score(plain, clusters(600, 0), scoring=fidelity_score, cv=2)
    assert (scores > 0.3).all()


def test_rows_with_other_columns_are_refused() -> None:
    numbers = clusters(100, 0)[["length", "width"]]
    with pytest.raises(DataError, match="the synthetic rows lack the column `mass`"):
        fidelity_score(Blurred().fit(numbers), numbers.assign(mass=0.0))
