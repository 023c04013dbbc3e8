"""The steps that numbers and times keep to: decimals, whole minutes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ganaug.fidelity.evidence.columns import Kind
from ganaug.fidelity.rule import newcombe
from ganaug.fidelity.wording import percent

__all__ = ["coarser", "off_grid", "off_steps"]

Values = NDArray[np.float64]

# where n values keep to a grid, up to 3 / n of all values need not: with fewer than this, more than the margin
FEWEST_VALUES = 60
MOST_DECIMALS = 6
# microseconds in a day, an hour, a minute, a second and a millisecond
TIME_STEPS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1000)
# a column that was rounded is beyond doubt; anything less is left to the other checks
Z_ROUNDED = float(norm.isf(1e-4))


def off_steps(name: str, kind: Kind, real: Values, synthetic: Values, eps: float) -> tuple[float, str]:
    """Return the share of values that do not keep to the real steps, or keep to coarser ones, and the fault in words.

    Parameters
    ----------
    name : str
        The column.
    kind : {"number", "time"}
        Times are in microseconds.
    real, synthetic : ndarray, shape (n_rows,)
        Values, NaN where missing.
    eps : float
        Relative precision of the values.
    """
    steps = [10.0**-d for d in range(MOST_DECIMALS + 1)] if kind == "number" else TIME_STEPS
    share, step = off_grid(real, synthetic, steps, eps)
    if kind == "time":
        finer = f"is finer than the real times in {percent(share)} of the synthetic rows"
    else:
        more = f"more than {_decimals(step)}" if step < 1 else "decimals"
        finer = f"has {more} in {percent(share)} of the synthetic rows, and in none of the real ones"
    surplus, drawn, known, step = coarser(real, synthetic, steps, eps)
    what = f"has at most {_decimals(step)}" if kind == "number" else "has rounder times"
    rounded = f"{what} in {percent(drawn)} of its different synthetic values, and in {percent(known)} of the real ones"
    return max((share, f"`{name}` {finer}"), (surplus, f"`{name}` {rounded}"))


def off_grid(real: Values, synthetic: Values, steps: Sequence[float], eps: float) -> tuple[float, float]:
    """Return the share of synthetic values between the steps of the real ones, and the step (0 for none).

    Parameters
    ----------
    real, synthetic : ndarray, shape (n_rows,)
        Values, NaN where missing.
    steps : sequence of float
        Candidates, coarsest first; the first that all real values keep to is the grid.
    eps : float
        Relative precision of the values.

    Examples
    --------
    >>> off_grid(np.array([39.1, 39.5, 40.3] * 20), np.array([38.2, 39.123]), (1, 0.1, 0.01), 1e-15)
    (0.5, 0.1)
    """
    real, synthetic = (values[np.isfinite(values)] for values in (real, synthetic))
    if len(real) < FEWEST_VALUES or not len(synthetic):
        return 0.0, 0.0
    step = next((step for step in steps if not _between(real, step, eps).any()), None)
    return (0.0, 0.0) if step is None else (float(_between(synthetic, step, eps).mean()), step)


def coarser(real: Values, synthetic: Values, steps: Sequence[float], eps: float) -> tuple[float, float, float, float]:
    """Find a step that far more of the synthetic values keep to than of the real ones: they were rounded.

    Of each value one is counted, or a column with many zeros would look rounded.

    Returns
    -------
    surplus : float
        A lower limit of how much larger the share is among the synthetic values, at least 0.
    drawn, known, step : float
        The share among synthetic and among real values, and the step.

    Examples
    --------
    >>> real = np.linspace(0, 1, 101)
    >>> surplus, drawn, known, step = coarser(real, real.round(1), (1, 0.1, 0.01), 1e-15)
    >>> round(surplus, 1), drawn, round(known, 2), step
    (0.3, 1.0, 0.11, 0.1)
    """
    real, synthetic = (np.unique(values[np.isfinite(values)]) for values in (real, synthetic))
    nothing = 0.0, 0.0, 0.0, float(steps[-1])
    if len(real) < FEWEST_VALUES or not len(synthetic):
        return nothing
    found = [nothing]
    for step in steps:
        p, q = (float(np.mean(~_between(side, step, eps))) for side in (synthetic, real))
        found.append((max(0.0, newcombe(p, len(synthetic), q, len(real), Z_ROUNDED)[0]), p, q, float(step)))
    return max(found)


def _decimals(step: float) -> str:
    places = round(-np.log10(step)) if step else 0
    return f"{places} decimal{'s' * (places != 1)}"


def _between(values: NDArray[np.float64], step: float, eps: float) -> NDArray[np.bool_]:
    # what leaves the floats when scaled keeps to no step
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = values * round(1 / step) if step < 1 else values / step
        return np.asarray(~(np.abs(scaled - np.round(scaled)) <= 4 * eps * np.abs(scaled) + 1e-12))
