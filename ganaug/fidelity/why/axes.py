"""Columns as axes that can be correlated: ranks of numbers, levels of categories, what is missing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ganaug.fidelity.evidence.gathering import Evidence

__all__ = ["Axis", "axes_of", "correlations", "has_level", "levels_told", "placed"]

Matrix = NDArray[np.float64]

MOST_LEVELS = 8
# on an axis that fewer rows of a side have, a correlation is noise
RAREST = 0.02


class Axis(NamedTuple):
    """The order of a column's values (`level` is None), or whether a row has that level (NaN: is missing)."""

    column: int
    level: float | None


def axes_of(evidence: Evidence, rows: Matrix, is_real: NDArray[np.bool_], columns: list[int]) -> list[Axis]:
    """Return the axes of the columns that vary enough in both tables."""
    found = []
    for j in columns:
        codes = rows[:, j]
        levels: list[float | None] = [None, np.nan]
        if evidence.categorical[j]:
            levels = [*levels_told(codes, MOST_LEVELS)]
        found += [Axis(j, level) for level in levels if _varies(codes[is_real], level, codes[~is_real])]
    return found


def levels_told(codes: Matrix, most: int) -> list[float]:
    """Return the commonest levels of a category, NaN for missing; of two the first, which says what the other does.

    Examples
    --------
    >>> levels_told(np.array([0.0, 1.0, 2.0, 1.0]), 2), levels_told(np.array([0.0, 1.0, 1.0]), 2)
    ([1.0, 0.0], [1.0])
    """
    levels, counts = np.unique(codes, return_counts=True)
    commonest: list[float] = levels[np.argsort(-counts, kind="stable")].tolist()
    return commonest[: 1 if len(levels) == 2 else most]


def has_level(codes: Matrix, level: float) -> NDArray[np.bool_]:
    """Which codes are of that level; NaN is missing."""
    return np.isnan(codes) if np.isnan(level) else codes == level


def _varies(real: Matrix, level: float | None, synthetic: Matrix) -> bool:
    if level is None:
        return all(len(np.unique(side[~np.isnan(side)])) > 1 for side in (real, synthetic))
    shares = [float(has_level(side, level).mean()) for side in (real, synthetic)]
    return min(*shares, *(1 - share for share in shares)) >= RAREST


def placed(rows: Matrix, where: list[Axis]) -> Matrix:
    """Return ``(n_rows, n_axes)`` of mean 0 and variance 1; missing numbers stay NaN."""
    columns = [
        _ranks(rows[:, j]) if level is None else has_level(rows[:, j], level).astype(float) for j, level in where
    ]
    stacked = np.stack(columns, axis=1) if columns else np.empty((len(rows), 0))
    spread = np.nanstd(stacked, axis=0)
    return np.asarray((stacked - np.nanmean(stacked, axis=0)) / np.where(spread > 0, spread, 1))


def _ranks(codes: Matrix) -> Matrix:
    return np.asarray(rankdata(codes, nan_policy="omit"), dtype=float)


def correlations(z: Matrix) -> tuple[Matrix, Matrix]:
    """Correlations of all axes over the rows that know both, and their variances by the influence function.

    That of the correlation is ``a b - r (a² + b²) / 2`` for standardised a and b (Devlin et al. 1975,
    doi:10.1093/biomet/62.3.531).
    """
    known = (~np.isnan(z)).astype(float)
    z = np.nan_to_num(z)
    powers = [known, z, z**2, z**3, z**4]

    def moment(i: int, k: int) -> Matrix:
        return np.asarray(powers[i].T @ powers[k] / n)

    n = np.maximum(known.T @ known, 1.0)
    a2, b2 = moment(2, 0), moment(0, 2)
    scale = np.sqrt(np.maximum(a2 * b2, 1e-12))
    r = np.clip(moment(1, 1) / scale, -1, 1)
    # E[(a b - r (a² + b²) / 2)²] with a and b brought to variance 1 over the common rows
    mixed = moment(2, 2) / scale**2
    skew = moment(3, 1) / (scale * np.maximum(a2, 1e-12)) + moment(1, 3) / (scale * np.maximum(b2, 1e-12))
    fourth = moment(4, 0) / np.maximum(a2, 1e-12) ** 2 + moment(0, 4) / np.maximum(b2, 1e-12) ** 2
    spread = mixed - r * skew + r**2 / 4 * (fourth + 2 * mixed)
    return r, np.maximum(spread, (1 - r**2) ** 2 / 4) / np.maximum(n - 3, 1)
