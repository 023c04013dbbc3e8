"""How often a further row shows something new: little, where a generator repeats few patterns."""

from __future__ import annotations

import numpy as np

from ganaug.fidelity.evidence.gathering import Codes, Evidence

__all__ = ["chance_of_new"]

ROWS = 5000


def chance_of_new(evidence: Evidence, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return the chance among real and among synthetic rows, and the standard error of the difference.

    A pattern is a combination of levels, and of numbers above or below their real median; new is one that no row before
    has shown (Good 1953, doi:10.1093/biomet/40.3-4.237). It falls with the number of rows: each fold has equally many
    of either side.

    Parameters
    ----------
    evidence : Evidence
        The rows; each fold has patterns of its own.
    rng : numpy.random.Generator
        Draws the rows.
    """
    coarse = _coarse(evidence)
    found, sizes = [], []
    for k in range(evidence.n_folds):
        sides = [coarse[(evidence.fold == k) & side] for side in (evidence.is_real, ~evidence.is_real)]
        n = min(ROWS, *(len(side) for side in sides))
        found.append([_unseen(rng.permutation(side)[:n]) for side in sides])
        sizes.append(n)
    weights = np.array(sizes) / sum(sizes)
    chance, variance = np.moveaxis(np.array(found), -1, 0)
    real, synthetic = weights @ chance
    return float(real), float(synthetic), float(np.sqrt((weights**2 @ variance).sum()))


def _coarse(evidence: Evidence) -> Codes:
    """Levels, and numbers above or below the real median; -1 where missing."""
    filled = np.nan_to_num(evidence.pooled, nan=-1.0)
    real = np.where(np.isnan(evidence.real).all(axis=0), -1.0, evidence.real)
    halves = np.where(filled < 0, -1.0, filled > np.nanmedian(real, axis=0))
    return np.where(evidence.categorical, filled, halves)


def _unseen(rows: Codes) -> tuple[float, float]:
    """Good and Turing's estimate, and its variance by Esty (1983), doi:10.1214/aos/1176346256."""
    counts = np.unique(rows, axis=0, return_counts=True)[1]
    once, twice = (counts == 1).sum(), (counts == 2).sum()
    n = len(rows)
    return float(once / n), float((once * (1 - once / n) + 2 * twice) / n**2)
