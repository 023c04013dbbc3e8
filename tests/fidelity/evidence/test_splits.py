from __future__ import annotations

import pandas as pd

from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.evidence.splits import units


def test_rows_of_no_known_group_are_units_of_their_own() -> None:
    rows = pd.DataFrame({"x": [1.5, 2.5, 3.1, 4.2], "donor": ["a", "a", None, None]})
    drawn = pd.DataFrame({"x": [1.5, 2.5], "donor": ["b", None]})
    assert units(gather([(rows, drawn, None)], group="donor")).tolist() == [0, 0, 2, 3, 1, 4]
