"""Scores of several lessons on the same held-out rows, and the limits of their differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ganaug.fidelity.checks.measures import f1

__all__ = ["beside", "of_classes", "resampled"]

Floats = NDArray[np.float64]

N_RESAMPLES = 200
# rows or groups of a class; of fewer a bootstrap says next to nothing
FEWEST_OF_CLASS = 20


def resampled(units: NDArray[Any], rng: np.random.Generator) -> Floats:
    """How often each row is in each resample ``(1 + N_RESAMPLES, n_rows)``, whole units at a time; first, all once."""
    _, unit = np.unique(units, return_inverse=True)
    n_units = int(unit.max()) + 1
    drawn = rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=N_RESAMPLES)
    return np.concatenate([np.ones((1, len(unit))), drawn[:, unit]])


def beside(scores: Floats, of_real: Floats, alpha: float) -> dict[str, float]:
    """Return the score after one lesson, its difference to that after real rows, and limits of the difference.

    Parameters
    ----------
    scores, of_real : ndarray, shape (n_seeds, 1 + n_resamples)
        First those of all rows.
    alpha : float
        The limits are two-sided at 1 - alpha; they count the rows and the seeds.
    """
    apart = scores - of_real
    difference, of_rows = apart[:, 0].mean(), apart[:, 1:].mean(axis=0)
    se = np.sqrt(np.var(of_rows, ddof=1) + np.var(apart[:, 0], ddof=1) / len(apart))
    width = norm.isf(alpha / 2) * se
    values = {"score": scores[:, 0].mean(), "difference": difference}
    limits = {"low": difference - width, "high": difference + width}
    return {key: float(value) for key, value in (values | limits).items()}


def of_classes(
    predicted: Mapping[str, Floats],
    outcome: Floats,
    units: NDArray[Any],
    weights: Floats,
    names: Sequence[Any] | NDArray[Any],
    alpha: float,
) -> list[dict[str, Any]]:
    """Return the F1 of each class after real rows, and `beside` it that after others; rarest class first.

    Classes of fewer than twenty held-out rows, or groups of rows, have no score.

    Parameters
    ----------
    predicted : mapping of str to ndarray, shape (n_seeds, n_rows)
        Classes, after real rows and after the others.
    outcome : ndarray, shape (n_rows,)
        The true ones.
    units : ndarray, shape (n_rows,)
        What is resampled: the rows, or their groups.
    weights : ndarray, shape (1 + n_resamples, n_rows)
    names : sequence
        Of the classes.
    alpha : float
    """
    classes, n = np.unique(outcome, return_counts=True)
    found: list[dict[str, Any]] = []
    for code in classes[np.argsort(n, kind="stable")]:
        of_class = outcome == code
        found.append({"class": str(names[int(code)]), "rows": int(of_class.sum())})
        if len(np.unique(units[of_class])) >= FEWEST_OF_CLASS:
            real, other = (f1(each, outcome, weights, code) for each in predicted.values())
            found[-1] |= {"of_real": float(real[:, 0].mean())} | beside(other, real, alpha)
    return found
