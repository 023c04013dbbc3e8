from __future__ import annotations

import numpy as np
import pandas as pd

from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.why import explain


def gaussians(n: int, seed: int) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(seed).standard_normal((n, 3)), columns=["a", "b", "c"])


def test_a_shifted_column_is_named() -> None:
    shifted = gaussians(1000, 1).assign(b=lambda table: table["b"] + 1)
    why = explain(gather([(gaussians(1000, 0), shifted, None)]), np.random.default_rng(0))
    assert why["column"] == "b"
    assert why["alone"] > 0.7
    assert why["sentence"].startswith("`b` gives most away")


def test_a_broken_relation_is_told_as_one() -> None:
    real = gaussians(1000, 0).assign(b=lambda table: table["a"] + 0.5 * table["b"])
    apart = real.assign(b=real["b"].sample(frac=1, random_state=0).to_numpy())
    why = explain(gather([(real, apart, None)]), np.random.default_rng(0))
    assert why["column"] in {"a", "b"}
    assert "goes with the other columns" in why["sentence"]
