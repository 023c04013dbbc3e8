"""Which columns give synthetic rows away."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from ganaug.fidelity.checks.marginals import column_distance
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.why.pairs import Pair
from ganaug.fidelity.why.views import View, auc_by_bins, column_views, divergence, equality_p, two_counts

__all__ = ["MOST_COLUMNS", "Told", "evidence_of_pairs", "stands_out", "sure_pairs", "tell"]

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]

# what differs less surely than this may do so by chance
SURE = 0.05
# a plainer view is preferred if it tells this much of what the best one does
PLAIN = 0.9
# beyond this many columns only those that differ most are asked for
MOST_COLUMNS = 40


class Told(NamedTuple):
    """One column on its own: how far it differs, and the view in which it does so most."""

    column: int
    nats: float
    alone: float
    distance: float
    p: float
    view: View | None


def tell(evidence: Evidence, rows: Matrix, is_real: Mask, j: int, rng: np.random.Generator) -> Told:
    """Look at one column of level numbers in every way, and keep the most telling."""
    views = column_views(evidence, rows, j)
    nats = [divergence(view.bins, is_real) for view in views]
    ordered = not evidence.categorical[j]
    a, b = (np.nan_to_num(rows[side, j], nan=-1.0) for side in (is_real, ~is_real))
    looks = [equality_p(view.bins, is_real) for view in views]
    # bins are blind to a small shift of everything
    looks += [float(ks_2samp(a, b, method="asymp").pvalue)] if ordered and views else []
    # looking in several ways is paid for (Bonferroni)
    p = min([1.0, *(len(looks) * each for each in looks)])
    distance = column_distance(a, b, ordered=ordered)[0]
    most = max(nats, default=0.0)
    plain = [view for view, each in zip(views, nats, strict=True) if each >= min(most, PLAIN * most)]
    return Told(j, max(0.0, most), _auc_alone(views, is_real, rng), distance, p, plain[0] if plain else None)


def stands_out(told: Told, n_columns: int) -> bool:
    """Whether a column differs alone by more than chance may in any of so many columns (Bonferroni)."""
    return told.p * n_columns <= SURE


def sure_pairs(pairs: list[Pair]) -> list[Pair]:
    """Return the pairs that differ by more than chance may, the false discovery rate of all controlled."""
    return [pair for pair in pairs if pair.q <= SURE]


def evidence_of_pairs(pairs: list[Pair], n_columns: int, is_real: Mask) -> Matrix:
    """Return what the relations of each column tell, in nats ``(n_columns,)``.

    A correlation that is z standard errors off weighs (z² - 1) / 8 times 1/n + 1/m, as in `divergence`. A column that
    was changed has all its relations off, its partners only the one with it.
    """
    found = np.zeros(n_columns)
    for pair in pairs:
        for axis in (pair.a, pair.b):
            found[axis.column] += pair.surplus
    return np.asarray(found * (1 / is_real.sum() + 1 / (~is_real).sum()) / 8)


def _auc_alone(views: list[View], is_real: Mask, rng: np.random.Generator) -> float:
    """AUC of the column alone: the view and the order of its bins are learned on the other half."""
    half = rng.permutation(len(is_real)) % 2 == 0
    found = []
    for learn in (half, ~half):
        if views:
            best = max(views, key=lambda view: divergence(view.bins[learn], is_real[learn]))
            # rows that cannot be looked at this way share a bin
            bins = best.bins + 1
            n_bins = bins.max() + 1
            counts = [
                np.pad(each, ((0, 0), (0, n_bins - each.shape[1])))
                for each in (two_counts(bins[side], is_real[side]) for side in (learn, ~learn))
            ]
            found.append(auc_by_bins(*counts))
    return float(np.mean(found)) if found else 0.5
