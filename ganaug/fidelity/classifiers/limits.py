"""How far the AUC over many splits may be from the truth, also where a few donors are all the draws there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from ganaug.fidelity.classifiers.delong import Scored, combined_auc
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import Rows

__all__ = ["Measured", "freedom", "measured"]


class Measured(NamedTuple):
    """An AUC, its variance, and how well that is known.

    Examples
    --------
    >>> [round(limit, 3) for limit in Measured(0.6, 0.01).limits(0.05)]
    [0.436, 0.764]
    >>> [round(limit, 3) for limit in Measured(0.6, 0.01, freedom=3).limits(0.05)]
    [0.365, 0.835]
    """

    value: float
    variance: float
    freedom: float = np.inf

    def limits(self, alpha: float) -> tuple[float, float]:
        """Return one-sided limits, each at ``1 - alpha``; an AUC is never below 0 or above 1."""
        width = float(student.isf(alpha, self.freedom)) * self.variance**0.5
        return max(0.0, self.value - width), min(1.0, self.value + width)

    def p_beyond(self, margin: float) -> float:
        """Return the p-value against "it is within the margin"."""
        if not self.variance:
            return float(self.value <= margin)
        return float(student.sf((self.value - margin) / self.variance**0.5, self.freedom))


def measured(splits: Sequence[Sequence[Scored]], evidence: Evidence, units: Rows) -> Measured:
    """Return the AUC over splits of the rows, see `combined_auc`; rows without groups are enough for a normal law."""
    return Measured(*combined_auc(splits, units), np.inf if evidence.groups is None else freedom(evidence, units))


def freedom(evidence: Evidence, units: Rows) -> float:
    """Degrees of freedom of a variance from few units: one less, in each fold, than the side with fewest has.

    With a handful of donors normal limits are too narrow; Student's t on the number of clusters less one is the usual
    remedy (Cameron and Miller 2015, doi:10.3368/jhr.50.2.317, section VI). For the difference of means as classifier
    on three columns, donors that differ and synthetic rows of as many others, equal and shifted, upper 95 % limits
    missed the truth in 5.5 to 8.5 % of 400 tables of four donors a side by normal quantiles and in 1.3 to 2.5 % by
    these; of eight donors in 4.3 to 10.5 % and in 1.8 to 7.7 %.

    Parameters
    ----------
    evidence : Evidence
        The rows.
    units : ndarray, shape (n_rows,)
        Number of the unit (donor) of each pooled row.
    """
    fewest = min(len(np.unique(units[side])) for side in (evidence.is_real, ~evidence.is_real))
    return float(max(fewest - evidence.n_folds, 1))
