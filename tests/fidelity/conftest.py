from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from problems import clusters, shuffled

Draw = Callable[[int, int], pd.DataFrame]


@pytest.fixture
def draw() -> Draw:
    return clusters


@pytest.fixture
def shuffle() -> Callable[[pd.DataFrame, int, int], pd.DataFrame]:
    return shuffled
