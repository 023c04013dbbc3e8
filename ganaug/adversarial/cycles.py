"""Whether a series goes up and down, by Fisher's g test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["Cycle", "cycles"]

Floats = npt.NDArray[np.float64]
LENGTHS = (16, 24, 32, 48, 64)  # values in which a cycle is looked for
P_CYCLE = 1e-6  # many windows are looked at
P_STEPS = 1e-4
TIMES = 3  # that it has to be seen


class Cycle(NamedTuple):
    """How many values from one top to the next, and half the height."""

    period: float
    amplitude: float


def cycles(series: Floats) -> Iterator[tuple[int, Cycle]]:
    """Find where one frequency stands out, at the first window of each length that shows it.

    Fisher (1929, doi:10.1098/rspa.1929.0151), on the detrended series and on its differences.

    Parameters
    ----------
    series : ndarray, shape (n,)
        Nothing is found in one that holds NaN.

    Yields
    ------
    int
        Position of the window's last value.
    Cycle

    Examples
    --------
    >>> wave = np.sin(np.arange(64) * 2 * np.pi / 8)
    >>> [(at, round(cycle.period)) for at, cycle in cycles(wave)][0]
    (23, 8)
    """
    for length in LENGTHS:
        yield from _cycles(series, length)


def _cycles(series: Floats, length: int) -> Iterator[tuple[int, Cycle]]:
    """Where the last `length` rows first hold a cycle, its period in rows, and its amplitude."""
    if len(series) < length or not np.isfinite(series).all():
        return
    top, p, amplitude = _waves(sliding_window_view(series, length))
    # a random walk seems to cycle too, but its steps do not
    top_of_steps, p_of_steps, _ = _waves(np.diff(sliding_window_view(series, length), axis=1))
    # the reach so far, because a game that has come to rest still trembles
    reach = (np.maximum.accumulate(series) - np.minimum.accumulate(series))[length - 1 :] / 2
    shown = (
        (top >= TIMES)
        & (p < P_CYCLE)
        & (p_of_steps < P_STEPS)
        & (abs(top - top_of_steps) <= 1)
        & (amplitude > 0.2 * reach)
    )
    for at in np.flatnonzero(shown)[:1]:
        yield int(at) + length - 1, Cycle(length / top[at], float(amplitude[at]))


def _waves(rows: Floats) -> tuple[npt.NDArray[np.intp], Floats, Floats]:
    """Of each row: how often its strongest wave goes up and down, Fisher's p that it is chance, and its amplitude."""
    length = rows.shape[1]
    line = np.linalg.qr(np.vander(np.arange(length), 2))[0]
    waves = np.fft.rfft(rows - rows @ line @ line.T)[:, 1 : (length + 1) // 2]
    power = (2 * np.abs(waves) / length) ** 2
    largest, total = power.max(axis=1), power.sum(axis=1)
    share = np.divide(largest, total, out=np.zeros_like(total), where=total > 0)
    p = power.shape[1] * (1 - share) ** (power.shape[1] - 1)
    return power.argmax(axis=1) + 1, p, np.sqrt(largest)
