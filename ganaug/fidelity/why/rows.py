"""The most obvious fakes, and the real rows that are most neglected."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.classifiers.boosting import scores
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.why.trees import Judge
from ganaug.fidelity.why.values import value_text

__all__ = ["extreme_rows", "row_scores"]

SHOWN_ROWS = 5
SHOWN_COLUMNS = 12


def row_scores(judges: list[Judge], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how real each row looks to trees that have not seen it ``(n_rows,)``; NaN where all have."""
    total, times = np.zeros(len(rows)), np.zeros(len(rows))
    for trees, test in judges:
        total[test] += scores(trees, rows[test])
        times[test] += 1
    return np.asarray(np.divide(total, times, out=np.full(len(rows), np.nan), where=times > 0))


def extreme_rows(
    evidence: Evidence, score: NDArray[np.float64], columns: list[int], *, real: bool
) -> list[dict[str, Any]]:
    """Return the synthetic rows that look least real, or the real ones that look least synthetic.

    Parameters
    ----------
    evidence : Evidence
        The rows.
    score : ndarray, shape (n_rows,)
        From `row_scores`.
    columns : list of int
        The most telling first.
    real : bool
        Which side is asked for; ``row`` is the place in that side's table, see `Evidence.places`.
    """
    codes, start = (evidence.real, 0) if real else (evidence.synthetic, len(evidence.real))
    side = score[start : start + len(codes)]
    order = np.argsort(-side if real else side, kind="stable")  # NaN comes last
    worst = [int(row) for row in order[:SHOWN_ROWS] if not np.isnan(side[row])]
    return [
        {
            "row": int(evidence.places[start + row]),
            "score": float(side[row]),
            "values": {str(evidence.names[j]): value_text(evidence, j, codes[row, j]) for j in columns[:SHOWN_COLUMNS]},
        }
        for row in worst
    ]
