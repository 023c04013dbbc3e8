from __future__ import annotations

import numpy as np
import pandas as pd

from ganaug.fidelity.classifiers.snapping import snapped
from ganaug.fidelity.evidence.gathering import gather


def after(real: list[object], synthetic: list[object], train: list[object] | None = None) -> list[object]:
    tables = [None if side is None else pd.DataFrame({"x": side}) for side in (real, synthetic, train)]
    evidence = gather([tuple(tables)])
    codes = snapped(evidence)[evidence.places[len(evidence.real) :].argsort(), 0]
    return [None if np.isnan(code) else evidence.levels[0][int(code)] for code in codes]


def test_numbers_go_to_the_nearest_real_one() -> None:
    assert after([1, 2, 5], [-3, 1.4, 1.6, 3.4, 3.6, 9, None]) == [1, 1, 2, 2, 5, 5, None]


def test_training_rows_are_real_rows_too() -> None:
    assert after([1, 5], [3.2], [3, 7]) == [3]


def test_real_values_stay_and_so_do_infinite_ones() -> None:
    assert after([1.0, np.inf, 2.0], [1.0, np.inf, -np.inf]) == [1.0, np.inf, 1.0]


def test_categories_stay_as_they_are() -> None:
    assert after(["a", "b"], ["a", "c"]) == ["a", "c"]


def test_a_column_without_real_values_is_left_alone() -> None:
    assert after([None, np.nan], [1.0, None]) == [1.0, None]
