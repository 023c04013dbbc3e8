"""Kernels between rows by random Fourier features: the cost grows with the rows, not with their square."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ganaug.fidelity.kernels.exact import KERNELS, WIDTHS, Medians, Sums

__all__ = ["N_FREQUENCIES", "feature_sums", "frequencies"]

Floats = NDArray[np.float64]
Points = NDArray[np.float32]

N_FREQUENCIES = 512
CHUNK = 512  # rows whose features fit the cache


def frequencies(n_axes: int, medians: Medians, rng: np.random.Generator, n: int = N_FREQUENCIES) -> dict[str, Points]:
    """Draw the frequencies of both kernels at their widest ``(n_axes, n)``.

    Normal ones for the Gaussian kernel, Cauchy ones for the Laplace kernel.
    Rahimi and Recht (2007), "Random features for large-scale kernel machines", NeurIPS 20.

    Parameters
    ----------
    n_axes : int
        Axes of the points.
    medians : Medians
        What the widths are multiples of.
    rng : numpy.random.Generator
        Draws them.
    n : int
        How many; the error of a kernel is about ``(2 n) ** -0.5``.
    """
    drawn = {"gaussian": rng.standard_normal((n_axes, n)), "laplace": rng.standard_cauchy((n_axes, n))}
    return {shape: (w / (WIDTHS[-1] * getattr(medians, shape))).astype(np.float32) for shape, w in drawn.items()}


def feature_sums(
    points: Callable[[NDArray[np.intp]], Points],
    unit: NDArray[np.intp],
    waves: dict[str, Points],
    n_kernels: int,
) -> Iterator[Sums]:
    """Sum the first kernels of `KERNELS` over units, by features; memory does not grow with the rows.

    Parameters
    ----------
    points : callable
        Places the rows of these numbers ``(n_rows,) -> (n_rows, n_axes)``.
    unit : ndarray, shape (n_rows,)
        Unit of each row.
    waves : dict of str to ndarray, shape (n_axes, n_frequencies)
        From `frequencies`.
    n_kernels : int
        Five for the Gaussian ones alone.
    """
    n_units, size = int(unit.max()) + 1, np.bincount(unit).astype(np.float64)
    shapes = dict.fromkeys(shape for shape, _ in KERNELS[:n_kernels])
    totals = {shape: np.zeros((len(WIDTHS), 2, n_units, waves[shape].shape[1])) for shape in shapes}
    order = np.argsort(unit, kind="stable")
    with threadpool_limits(limits=1):
        for start in range(0, len(order), CHUNK):
            rows = order[start : start + CHUNK]
            first, last, placed = unit[rows[0]], unit[rows[-1]], points(rows)
            of = (np.arange(first, last + 1)[:, None] == unit[rows]).astype(np.float32)
            for shape, total in totals.items():
                _add(placed @ waves[shape], of, total[:, :, first : last + 1])
        for shape, width in KERNELS[:n_kernels]:
            cosines, sines = totals[shape][WIDTHS.index(width)]
            # cos² + sin² = 1: a row with itself has kernel 1
            yield Sums((cosines @ cosines.T + sines @ sines.T) / cosines.shape[1], size, size)


def _add(angle: Points, of: Points, total: Floats) -> None:
    """Add the features of some rows to their units' ``(n_widths, 2, n_units, n_frequencies)``, the widest kernel last.

    The kernel of half the width has twice the angle, and costs three products in place of a sine and a cosine.
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    for level in reversed(range(len(total))):
        total[level, 0] += of @ cosine
        total[level, 1] += of @ sine
        if level:
            sine, cosine = 2 * sine * cosine, 1 - 2 * sine * sine
