"""The classes of the target, each with its rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.why.values import value_text

__all__ = ["class_rows", "rows_of_class"]

Bools = NDArray[np.bool_]

N_QUARTERS = 4


def class_rows(evidence: Evidence, target: int) -> dict[str, tuple[Bools, Bools]]:
    """Return which real and which synthetic rows belong to each class, or to each quarter of a numeric target.

    Synthetic rows of folds without real rows of the class are left out: their generators have learned the very rows
    that they would be compared with in another fold.
    """
    real, synthetic = evidence.real[:, target], evidence.synthetic[:, target]
    found = {}
    for name, low, high in _limits(evidence, target):
        inside = (real > low) & (real <= high)
        folds = np.unique(evidence.real_fold[inside])
        found[name] = inside, (synthetic > low) & (synthetic <= high) & np.isin(evidence.synthetic_fold, folds)
    return found


def rows_of_class(evidence: Evidence, real: Bools, synthetic: Bools) -> Evidence:
    """Return the evidence of these real and synthetic rows alone, without the target."""
    folds = np.unique(evidence.real_fold[real])
    kept = [j for j in range(len(evidence.names)) if j != evidence.target]
    both = np.concatenate([real, synthetic])
    return replace(
        evidence,
        names=tuple(evidence.names[j] for j in kept),
        kinds=tuple(evidence.kinds[j] for j in kept),
        levels=tuple(evidence.levels[j] for j in kept),
        real=evidence.real[real][:, kept],
        synthetic=evidence.synthetic[synthetic][:, kept],
        real_fold=np.searchsorted(folds, evidence.real_fold[real]),
        synthetic_fold=np.searchsorted(folds, evidence.synthetic_fold[synthetic]),
        places=evidence.places[both],
        train=(),
        groups=None if evidence.groups is None else evidence.groups[both],
        target=None,
    )


def _limits(evidence: Evidence, target: int) -> list[tuple[str, float, float]]:
    """Name the classes, each of the level numbers above one limit up to another."""
    real = evidence.real[:, target]
    shown = np.unique(real[~np.isnan(real)])
    if evidence.categorical[target] or len(shown) <= N_QUARTERS:
        return [(name, code - 1, code) for name, code in zip(_texts(evidence, target, shown), shown, strict=True)]
    cuts = np.unique(np.nanquantile(real, [0.25, 0.5, 0.75], method="lower"))
    edges, texts = [-np.inf, *cuts, np.inf], ["", *_texts(evidence, target, cuts), ""]
    names = [
        f"above {below}" * bool(below) + " and " * bool(below and upto) + f"at most {upto}" * bool(upto)
        for below, upto in pairwise(texts)
    ]
    return [(name, low, high) for name, (low, high) in zip(names, pairwise(edges), strict=True)]


def _texts(evidence: Evidence, target: int, codes: NDArray[np.float64]) -> list[str]:
    """Write values as a reader knows them, and in full where that is the same for two: each class has its own name."""
    texts = [value_text(evidence, target, code) for code in codes]
    levels = evidence.levels[target][codes.astype(int)]
    return [f"{text} ({level})" if texts.count(text) > 1 else text for text, level in zip(texts, levels, strict=True)]
