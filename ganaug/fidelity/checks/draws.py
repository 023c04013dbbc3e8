"""How many independent draws the rows are."""

from __future__ import annotations

import numpy as np

from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import units

__all__ = ["different_draws", "held_out_draws"]


def different_draws(evidence: Evidence) -> tuple[float, float]:
    """Count real and synthetic rows, less where they repeat each other: n² over the sum of squares (Kish 1965).

    Where real rows repeat each other by nature, and with groups, all rows count.

    Examples
    --------
    >>> import pandas as pd
    >>> from ganaug.fidelity.evidence.gathering import gather
    >>> real, drawn = pd.DataFrame({"x": [0.5, 1.5, 2.5]}), pd.DataFrame({"x": [0.7, 0.7, 0.9, 0.9]})
    >>> different_draws(gather([(real, drawn, None)]))
    (3.0, 2.0)
    """
    if evidence.groups is not None:
        return len(evidence.real), len(evidence.synthetic)
    unit = units(evidence)
    times = [np.bincount(unit[side]).astype(float) for side in (evidence.is_real, ~evidence.is_real)]
    real, synthetic = (float(each.sum() ** 2 / (each**2).sum()) for each in times)
    return real, synthetic


def held_out_draws(evidence: Evidence) -> int:
    """Count the groups that the held-out rows come from; each row without a known one is a draw of its own."""
    if evidence.groups is None:
        return len(evidence.real)
    known = ~np.isnan(evidence.groups[: len(evidence.real)])
    return len(np.unique(evidence.groups[: len(known)][known])) + int((~known).sum())
