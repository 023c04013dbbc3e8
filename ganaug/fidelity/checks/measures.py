"""How well held-out outcomes are predicted, for many predictions and many resamples of the rows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["balanced_accuracy", "explained", "f1"]

Floats = NDArray[np.float64]


def balanced_accuracy(predicted: Floats, outcome: Floats, weights: Floats) -> Floats:
    """Mean share of each class that is found.

    Parameters
    ----------
    predicted : ndarray, shape (n_seeds, n_rows)
        Classes.
    outcome : ndarray, shape (n_rows,)
        The true ones.
    weights : ndarray, shape (n_resamples, n_rows)
        How often each row is in each resample.

    Returns
    -------
    ndarray, shape (n_seeds, n_resamples)

    Examples
    --------
    >>> balanced_accuracy(np.array([[0.0, 0, 0, 1]]), np.array([0.0, 0, 1, 1]), np.ones((1, 4)))
    array([[0.75]])
    """
    of_class = (outcome == np.unique(outcome)[:, None]).astype(float)
    rows = of_class @ weights.T
    found = np.einsum("sn,cn,rn->scr", (predicted == outcome).astype(float), of_class, weights, optimize=True)
    # a resample may lack a class
    return np.asarray((found / np.maximum(rows, 1)).sum(axis=1) / (rows > 0).sum(axis=0))


def explained(predicted: Floats, outcome: Floats, weights: Floats) -> Floats:
    """Share of the variance that is explained (R²) ``(n_seeds, n_resamples)``; see `balanced_accuracy`.

    Examples
    --------
    >>> explained(np.array([[1.0, 2, 4]]), np.array([1.0, 2, 3]), np.ones((1, 3)))
    array([[0.5]])
    """
    total = weights.sum(axis=1)
    centred = outcome - outcome.mean()
    spread = weights @ centred**2 - (weights @ centred) ** 2 / total
    return np.asarray(1 - (predicted - outcome) ** 2 @ weights.T / np.maximum(spread, 1e-300))


def f1(predicted: Floats, outcome: Floats, weights: Floats, code: float) -> Floats:
    """F1 of one class ``(n_seeds, n_resamples)``: finding more of it is worth nothing if as much is wrongly called it.

    Examples
    --------
    >>> f1(np.array([[0.0, 1, 1, 1]]), np.array([0.0, 0, 1, 1]), np.ones((1, 4)), code=1)
    array([[0.8]])
    """
    said, true = predicted == code, outcome == code
    found, of_said, of_true = (part.astype(float) @ weights.T for part in (said & true, said, true))
    return np.asarray(2 * found / np.maximum(of_said + of_true, 1))
