"""Pairs of columns that go together differently in real and synthetic rows."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, norm

from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.why.axes import Axis, axes_of, correlations, placed

__all__ = ["Pair", "differing_pairs"]

Matrix = NDArray[np.float64]


class Pair(NamedTuple):
    """Two columns, by the axes in which they go together most differently.

    Attributes
    ----------
    a, b : Axis
        Those axes.
    real, synthetic : float
        Their correlation in each table.
    low, high : float
        95 % limits of synthetic less real, for all axes of the two columns at once.
    z : float
        Standard errors from real to synthetic.
    p, q : float
        The p-value, corrected for the axes, and the false discovery rate among all pairs.
    surplus : float
        What chi-square of all axes of the two columns has beyond its expectation.
    """

    a: Axis
    b: Axis
    real: float
    synthetic: float
    low: float
    high: float
    z: float
    p: float
    q: float
    surplus: float


def differing_pairs(evidence: Evidence, rows: Matrix, is_real: NDArray[np.bool_], columns: list[int]) -> list[Pair]:
    """Compare the correlation of every two columns, the most different first.

    Numbers enter by their ranks (Spearman), categories by the level in which the tables differ most. The variance of a
    correlation is that of its influence function, so nothing is assumed of the columns' distributions; the p-values
    are Bonferroni-corrected over the levels of a pair, and the false discovery rate is controlled over all pairs
    (Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x).
    """
    where = axes_of(evidence, rows, is_real, columns)
    owner = np.array([axis.column for axis in where], dtype=np.intp)
    (r, v), (s, w) = (correlations(placed(rows[side], where)) for side in (is_real, ~is_real))
    se = np.sqrt(np.maximum(v + w, 1e-12))
    z = (s - r) / se
    best, tried, surplus = _of_columns(z, owner, _freedom(evidence, owner))
    if not best:
        return []
    p = np.minimum(1.0, tried * 2 * norm.sf([abs(z[at]) for at in best]))
    q = false_discovery_control(p)
    found = []
    for at, n, one, each, beyond in zip(best, tried, p.tolist(), q.tolist(), surplus, strict=True):
        low, high = _limits(float(s[at] - r[at]), float(se[at]), n)
        found.append(
            Pair(where[at[0]], where[at[1]], float(r[at]), float(s[at]), low, high, float(z[at]), one, each, beyond)
        )
    return sorted(found, key=lambda pair: (pair.p, -abs(pair.z)))


def _freedom(evidence: Evidence, owner: NDArray[np.intp]) -> Matrix:
    """Return the weight of each axis: the levels of a category add up to one, so one of them says nothing new."""
    n_axes = np.bincount(owner, minlength=len(evidence.names))[owner]
    full = evidence.categorical[owner] & (n_axes > 1)
    return np.where(full, (n_axes - 1) / np.maximum(n_axes, 1), 1.0)


def _of_columns(
    z: Matrix, owner: NDArray[np.intp], weight: Matrix
) -> tuple[list[tuple[int, int]], NDArray[np.intp], list[float]]:
    """Return for every two columns the axes that differ most, how many there are, and the surplus of all."""
    best, tried, surplus = [], [], []
    surplus_of = (z**2 - 1) * weight[:, None] * weight
    parts = [np.flatnonzero(owner == column) for column in np.unique(owner)]
    for a, b in combinations(parts, 2):
        block = np.ix_(a, b)
        i, k = np.unravel_index(np.abs(z[block]).argmax(), (len(a), len(b)))
        best.append((int(a[i]), int(b[k])))
        tried.append(len(a) * len(b))
        surplus.append(max(0.0, float(surplus_of[block].sum())))
    return best, np.array(tried, dtype=np.intp), surplus


def _limits(difference: float, se: float, tried: int) -> tuple[float, float]:
    width = float(norm.isf(0.025 / tried)) * se
    return max(-2.0, difference - width), min(2.0, difference + width)
