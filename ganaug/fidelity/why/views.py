"""The ways to look at one column: as levels, by size, at its spikes, its gaps, its decimals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from ganaug.fidelity.evidence.gathering import Evidence

__all__ = ["View", "auc_by_bins", "column_views", "divergence", "equality_p", "two_counts"]

Bins = NDArray[np.intp]

QUANTILES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
# a bin holds at least as many rows as its chi-square needs
FEWEST = 10
MOST_LEVELS = 30
# of a number, a value that is this frequent is a spike
SPIKE = 0.04
MOST_SPIKES = 5


class View(NamedTuple):
    """One way to look at a column.

    Attributes
    ----------
    what : str
        ``"levels"``, ``"missing"``, ``"spikes"``, ``"decimals"`` or ``"size"``.
    bins : ndarray, shape (n_rows,)
        Bin of each pooled row, -1 where it cannot be looked at this way.
    codes : ndarray, shape (n_bins,)
        What the bins are: level numbers (NaN: missing; inf: all others), decimals, or the highest level in a bin.
    """

    what: str
    bins: Bins
    codes: NDArray[np.float64]


def column_views(evidence: Evidence, rows: NDArray[np.float64], j: int) -> list[View]:
    """Return the ways to look at column `j` of level numbers ``(n_rows, n_columns)``, the plainest first."""
    codes = rows[:, j]
    if evidence.categorical[j]:
        views = [_frequent(codes, "levels", FEWEST, MOST_LEVELS)]
    else:
        known = ~np.isnan(codes)
        spike = max(FEWEST, SPIKE * known.sum())
        views = [
            View("missing", (~known).astype(np.intp), np.array([np.inf, np.nan])),
            _frequent(np.where(known, codes, np.inf), "spikes", spike, MOST_SPIKES),
            *([_decimals(codes, evidence.levels[j])] if evidence.kinds[j] == "number" else []),
            _size(codes),
        ]
    return [view for view in views if len(np.unique(view.bins[view.bins >= 0])) > 1]


def two_counts(bins: Bins, is_real: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Count real and synthetic rows in each bin ``(2, n_bins)``."""
    n_bins = bins.max(initial=0) + 1
    return np.stack([np.bincount(bins[side & (bins >= 0)], minlength=n_bins) for side in (is_real, ~is_real)])


def divergence(bins: Bins, is_real: NDArray[np.bool_]) -> float:
    """Jensen-Shannon divergence of real and synthetic bins in nats, less what chance gives; at most log 2.

    What a column tells of "real or not" is never more than what the column does from which its change comes (data
    processing inequality), so the culprit has the largest.

    Lin (1991), doi:10.1109/18.61115.

    Examples
    --------
    >>> is_real = np.repeat([True, False], 500)
    >>> round(divergence(np.repeat([0, 1], 500), is_real), 2), round(divergence(np.tile([0, 1], 500), is_real), 2)
    (0.69, -0.0)
    """
    counts = two_counts(bins, is_real).astype(float)
    sizes = counts.sum(axis=1, keepdims=True)
    if not sizes.all():
        return 0.0
    shares = counts / sizes
    mean = shares.mean(axis=0)
    ratio = np.divide(shares, mean, out=np.ones_like(shares), where=shares > 0)
    chance = (np.count_nonzero(mean) - 1) / 8 * float((1 / sizes).sum())
    seen = np.mean(bins >= 0)
    return float(seen * ((shares * np.log(ratio)).sum() / 2 - chance))


def equality_p(bins: Bins, is_real: NDArray[np.bool_]) -> float:
    """P-value of Pearson's chi-square that both sides have the same shares."""
    counts = two_counts(bins, is_real)
    counts = counts[:, counts.any(axis=0)]
    if counts.shape[1] < 2 or not counts.any(axis=1).all():
        return 1.0
    return float(chi2_contingency(counts, correction=False).pvalue)


def auc_by_bins(learned: NDArray[np.intp], tested: NDArray[np.intp]) -> float:
    """AUC on the `tested` counts ``(2, n_bins)`` when bins are ordered by how real they are in the `learned` ones."""
    real, synthetic = (learned + 0.5) / (learned.sum(axis=1, keepdims=True) + 0.5)
    ratio, order = np.unique(real / synthetic, return_inverse=True)
    a, b = (np.bincount(order, weights=side, minlength=len(ratio)) for side in tested)
    pairs = a.sum() * b.sum()
    return float(a @ (np.cumsum(b) - b / 2) / pairs) if pairs else 0.5


def _frequent(codes: NDArray[np.float64], what: str, fewest: float, most: int) -> View:
    """Bin by level; the rare ones share the last bin."""
    levels, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    order = np.argsort(-np.where(np.isinf(levels), 0, counts), kind="stable")
    kept = order[:most][counts[order[:most]] >= fewest]
    kept = kept[~np.isinf(levels[kept])]
    place = np.full(len(levels), len(kept))
    place[kept] = np.arange(len(kept))
    return View(what, place[inverse], np.append(levels[kept], np.inf))


def _size(codes: NDArray[np.float64]) -> View:
    known = np.sort(codes[~np.isnan(codes)])
    if not len(known):
        return View("size", np.full(len(codes), -1), np.array([]))
    wanted = [q for q in QUANTILES if min(q, 1 - q) * len(known) >= FEWEST]
    edges = np.unique(known[[int(q * len(known)) for q in wanted]])
    bins = np.where(np.isnan(codes), -1, np.searchsorted(edges, codes))
    return View("size", bins, np.append(edges, np.inf))


def _decimals(codes: NDArray[np.float64], levels: NDArray[np.float64]) -> View:
    """Bin by the decimals that a value needs, from hundreds (-2) to six."""
    finite = np.where(np.isfinite(levels), levels, 0.0)
    needed = np.full(len(levels), 7.0)
    for d in range(6, -3, -1):
        with np.errstate(over="ignore", invalid="ignore"):  # what leaves the floats keeps its seven decimals
            scaled = finite * 10.0**d if d >= 0 else finite / 10.0**-d
            needed[np.abs(scaled - np.round(scaled)) <= 1e-9 * np.maximum(np.abs(scaled), 1)] = d
    needed[(finite == 0)] = np.nan  # zero has any number of decimals
    known = ~np.isnan(codes)
    value = np.full(len(codes), np.nan)
    value[known] = needed[codes[known].astype(np.intp)]
    found = np.unique(value[~np.isnan(value)])
    return View("decimals", np.where(np.isnan(value), -1, np.searchsorted(found, value)), found)
