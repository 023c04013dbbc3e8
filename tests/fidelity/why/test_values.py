from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.why.values import two_values, value_text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("9999-12-31", "9999-12-31"),
        ("9999-12-31T23:59:58.7", "9999-12-31 23:59:59"),
        ("1969-12-31T12:30", "1969-12-31 12:30:00"),
    ],
)
def test_moments_of_all_centuries_are_written(moment: str, text: str) -> None:
    table = pd.DataFrame({"day": np.array([moment, "2024-01-01"], "datetime64[us]")})
    evidence = gather([(table, table, None)])
    assert value_text(evidence, 0, evidence.real[evidence.places[:2].argmin(), 0]) == text


def test_the_time_between_centuries_is_written() -> None:
    table = pd.DataFrame({"day": np.array(["2024-01-01"], "datetime64[us]")})
    evidence = gather([(table, table, None)])
    assert two_values(evidence, 0, 0.0, 2932896 * 864e8, wide=True)[1] == "2932896 days 00:00:00"
