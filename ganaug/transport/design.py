"""Whether batches and what has to survive can be told apart, asked before anything is learned."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats.contingency import association

from ganaug.errors import DataError
from ganaug.transport.style import Floats, batch_means

__all__ = ["check_design", "cramers_v", "explained_by"]

# values that differ by less than this share of the largest are one
ROUNDING = 1e-15
# size of a batch's dummies beside those of covariates, by which what both explain is given to these
LESSER = 1e-4


def cramers_v(batch: NDArray[np.intp], level: NDArray[np.intp]) -> float:
    """Cramér's V of two labellings ``(n_rows,)``: 0 independent, 1 one decides the other (Cramér 1946).

    Examples
    --------
    >>> cramers_v(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    1.0
    """
    table = np.zeros((batch.max() + 1, level.max() + 1), dtype=int)
    np.add.at(table, (batch, level), 1)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    return 0.0 if min(table.shape) < 2 else float(association(table, method="cramer"))


def check_design(
    batch: NDArray[np.intp], covariates: Mapping[Hashable, Floats], *, allow_confounded: bool = False
) -> dict[Hashable, int]:
    """Count, for each covariate, the effects that no design matrix tells from the batches'.

    Parameters
    ----------
    batch : ndarray of int, shape (n_rows,)
    covariates : mapping of name to ndarray, shape (n_rows, n_effects)
        Dummies of each category but one, or the numbers themselves; of any unit, as only how they vary counts.
    allow_confounded : bool
        Whether to go on where a covariate cannot be told from the batches.

    Raises
    ------
    DataError
        If a covariate, or part of it, is the same as which batch a row is from, or if it is infinite somewhere.

    Examples
    --------
    >>> check_design(np.array([0, 0, 1, 1]), {"sex": np.array([[0.0], [1.0], [0.0], [1.0]])})
    {'sex': 0}
    """
    of_batch = np.eye(batch.max() + 1)[batch]
    lost: dict[Hashable, int] = {}
    for name, effects in covariates.items():
        if np.isinf(effects).any():
            row = int(np.flatnonzero(np.isinf(effects).any(axis=1))[0])
            raise DataError(f"the covariate {name!r} is infinite in row {row}; make it a number or leave the row out")
        alike = _of_one_range(effects)
        # equal rows add nothing to a rank, and there may be many
        rank = np.linalg.matrix_rank(np.unique(np.hstack([of_batch, alike]), axis=0)) - of_batch.shape[1]
        lost[name] = int(alike.any(axis=0).sum() - rank)
        if lost[name] and not allow_confounded:
            raise DataError(
                f"the covariate {name!r} and the batch cannot be told apart: {lost[name]} of its {effects.shape[1]} "
                "effects are the same as which batch a row is from, so removing the one removes the other; measure "
                "more than one level in the same batch, leave the covariate out, or give allow_confounded=True"
            )
    return lost


def explained_by(X: Floats, batch: NDArray[np.intp], effects: Floats) -> Floats:
    """What covariates explain of the rows beside the batches ``(n_rows, n_features)``, by least squares.

    What both could explain is the covariates'. A row of which some effect is not known has no value: it says nothing of
    its batch, unless the batch has no others; then nothing is explained there.

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_features)
        A missing value counts as its feature's mean.
    batch : ndarray of int, shape (n_rows,)
    effects : ndarray, shape (n_rows, n_effects)

    Examples
    --------
    >>> batch, sex = np.array([0, 0, 1, 1]), np.array([[0.0], [0.0], [1.0], [1.0]])
    >>> explained_by(np.array([[1.0], [1.0], [3.0], [3.0]]), batch, sex).round(3).ravel().tolist()
    [-1.0, -1.0, 1.0, 1.0]
    """
    filled = np.where(np.isnan(X), batch_means(X, np.ones((len(X), 1)))[0], X)
    told = ~np.isnan(effects).any(axis=1)
    if not told.any():
        return np.zeros_like(filled)
    # where two designs explain rows alike, least squares takes the one of smaller coefficients
    of_batch, alike = LESSER * np.eye(batch.max() + 1)[batch], _of_one_range(effects[told])
    coefficients = np.linalg.lstsq(np.hstack([of_batch[told], alike]), filled[told], rcond=None)[0]
    explained = np.where(np.isin(batch, batch[told])[:, None], np.nan, np.zeros_like(filled))
    explained[told] = alike @ coefficients[of_batch.shape[1] :]
    return explained


def _of_one_range(effects: Floats) -> Floats:
    """Centred effects ``(n_rows, n_effects)`` that range over 1, as dummies do; 0 where they are constant.

    Else what is small or lies far from 0 in its unit would be lost to rounding.
    """
    width = np.ptp(effects, axis=0)
    varies = width > ROUNDING * np.abs(effects).max(axis=0)
    return np.where(varies, (effects - effects.mean(axis=0)) / np.where(varies, width, 1.0), 0.0)
