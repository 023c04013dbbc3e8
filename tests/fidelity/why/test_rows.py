from __future__ import annotations

import numpy as np
import pandas as pd

from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.why import explain


def test_the_odd_rows_are_found_with_their_values() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 600)).clip(-1, 1).round(2)
    real, synthetic = (pd.DataFrame({"x": each, "kind": "ash"}) for each in x)
    synthetic.loc[:59, "x"] = 8.25
    real.loc[:59, "kind"] = "elm"
    why = explain(gather([(real, synthetic, None)]), rng)
    assert all(each["row"] < 60 and each["values"]["x"] == "8.25" for each in why["fakes"])
    assert all(each["row"] < 60 and each["values"]["kind"] == "elm" for each in why["neglected"])
    assert max(each["score"] for each in why["fakes"]) < min(each["score"] for each in why["neglected"])


def test_rows_of_many_columns_show_the_most_telling_ones() -> None:
    rng = np.random.default_rng(1)
    real, synthetic = (pd.DataFrame(rng.standard_normal((300, 15))).add_prefix("c") for _ in range(2))
    why = explain(gather([(real, synthetic.assign(c9=synthetic["c9"] + 1), None)]), rng)
    for each in [*why["fakes"], *why["neglected"]]:
        assert len(each["values"]) == 12
        assert next(iter(each["values"])) == "c9"
