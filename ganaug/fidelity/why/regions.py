"""Where real and synthetic rows are not equally many, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.why.axes import Axis, has_level, levels_told
from ganaug.fidelity.why.values import value_text

__all__ = ["differing_regions"]

Matrix = NDArray[np.float64]

DEPTH = 3
SHOWN = 5
MOST_LEVELS = 10
# a missing number is placed below all others
MISSING = -1.0
# regions that differ by less than this many standard errors may do so by chance
SURE = 3.0


def differing_regions(
    evidence: Evidence, rows: Matrix, is_real: NDArray[np.bool_], columns: list[int], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the leaves of a shallow tree in which the shares differ beyond chance, the most different first.

    The tree is grown on one half of the rows and the shares are those of the other half.
    """
    axes = [axis for j in columns for axis in _axes(evidence, rows[:, j], j)]
    matrix = np.stack([_placed(rows, axis) for axis in axes], axis=1)
    grown = rng.permutation(len(rows)) % 2 == 0
    weights = np.where(is_real, 1 / is_real.sum(), 1 / (~is_real).sum())
    leaf = max(10, len(rows) // 200)
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=leaf, criterion="log_loss", random_state=0)
    tree.fit(matrix[grown], is_real[grown], sample_weight=weights[grown] * len(rows))
    where = tree.apply(matrix[~grown])
    sides = [where[is_real[~grown]], where[~is_real[~grown]]]
    counts = np.array([np.bincount(side, minlength=tree.tree_.node_count) for side in sides], dtype=float)
    sizes = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares, either = counts / sizes, counts.sum(axis=0) / sizes.sum()
    se = np.sqrt(np.maximum(either * (1 - either), 1e-12) * (1 / sizes).sum())
    z = np.abs(shares[0] - shares[1]) / se
    told = [int(leaf) for leaf in np.argsort(-z, kind="stable")[:SHOWN] if z[leaf] > SURE]
    paths = _paths(tree)
    return [
        {
            "where": _where(evidence, [(axes[f], t, below) for f, t, below in paths[leaf]]),
            "real": float(shares[0, leaf]),
            "synthetic": float(shares[1, leaf]),
        }
        for leaf in told
    ]


def _axes(evidence: Evidence, codes: Matrix, j: int) -> list[Axis]:
    return [Axis(j, level) for level in (levels_told(codes, MOST_LEVELS) if evidence.categorical[j] else [None])]


def _placed(rows: Matrix, axis: Axis) -> Matrix:
    codes = rows[:, axis.column]
    return np.nan_to_num(codes, nan=MISSING) if axis.level is None else has_level(codes, axis.level).astype(float)


def _paths(tree: DecisionTreeClassifier) -> dict[int, list[tuple[int, float, bool]]]:
    """Return the splits (axis, threshold, whether below) that lead to each leaf."""
    grown, found = tree.tree_, {}
    paths: dict[int, list[tuple[int, float, bool]]] = {0: []}
    for node in range(grown.node_count):  # a parent comes before its children
        path = paths[node]
        if grown.children_left[node] < 0:
            found[node] = path
            continue
        split = int(grown.feature[node]), float(grown.threshold[node])
        paths[int(grown.children_left[node])] = [*path, (*split, True)]
        paths[int(grown.children_right[node])] = [*path, (*split, False)]
    return found


def _where(evidence: Evidence, path: list[tuple[Axis, float, bool]]) -> str:
    """Write a path as conditions, one for each column that it asks for."""
    limits: dict[Axis, tuple[float, float]] = {}
    for axis, threshold, below in path:
        low, high = limits.get(axis, (-np.inf, np.inf))
        limits[axis] = (low, min(high, threshold)) if below else (max(low, threshold), high)
    return " and ".join(_condition(evidence, axis, *both) for axis, both in limits.items()) or "anywhere"


def _condition(evidence: Evidence, axis: Axis, low: float, high: float) -> str:
    name, (j, level) = f"`{evidence.names[axis.column]}`", axis
    if level is not None:
        what = "missing" if np.isnan(level) else f"`{value_text(evidence, j, level)}`"
        return f"{name} is {'not ' * (high < 1)}{what}"
    if high < 0:
        return f"{name} is missing"
    # between two level numbers: the lower one is below, the next is above
    at_least = value_text(evidence, j, np.floor(low) + 1) if low > 0 else None
    at_most = value_text(evidence, j, np.floor(high)) if np.isfinite(high) else None
    if at_most is None:
        return f"{name} is known" if at_least is None else f"{name} ≥ {at_least}"
    if at_least is not None:
        return f"{name} from {at_least} to {at_most}"
    can_be_missing = low < MISSING and any(np.isnan(side[:, j]).any() for side in (evidence.real, evidence.synthetic))
    return f"{name} ≤ {at_most}{' or missing' * can_be_missing}"
