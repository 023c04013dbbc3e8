"""Columns of codes as numbers that a tree can split well, and which columns to look at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ganaug.layout import Levels
from ganaug.proposals.proposal import Codes
from ganaug.proposals.tree import Features

__all__ = ["MAX_CLASSES", "features_for", "outcome_of"]

MAX_CLASSES = 64  # above, a column of categories is learned as a number: a node would hold a count for each level
MAX_PARENTS = 64  # a wide table's column looks at those columns that go with it most: the cost stays linear
SCREEN_ROWS = 2000

Floats = npt.NDArray[np.float64]


def outcome_of(codes: Codes, levels: Levels, column: int, seen: list[int]) -> Floats | Codes:
    """Give what a tree for `column` learns: mid-ranks of an ordered column, else classes ``(n_rows,)``.

    A category of very many levels is ordered by the mean, within each level, of the strongest direction of the
    columns `seen` before it, and then learned as a number.
    """
    own = codes[:, column]
    if levels.ordered[column]:
        return _mid_ranks(own, int(levels.cardinality[column]))
    if levels.cardinality[column] <= MAX_CLASSES:
        return own
    return _level_means(own, _direction(codes, seen), int(levels.cardinality[column]))[own].astype(np.float64)


def features_for(codes: Codes, levels: Levels, outcome: Floats | Codes, seen: list[int]) -> Features:
    """Choose among the columns `seen`, and order their categories by what they say of the outcome.

    For a numeric or two-class outcome this order makes the best split of a category one threshold (Breiman et al.
    1984, section 4.2.2); for several classes the first principal direction of the class shares stands in (Coppersmith
    et al. 1999, doi:10.1023/A:1009869804967).
    """
    parents = _parents(codes, outcome, seen)
    values = []
    for column in parents:
        n_levels = int(levels.cardinality[column])
        if levels.ordered[column]:
            values.append(np.arange(n_levels, dtype=np.float32))
        elif outcome.dtype.kind == "f":
            values.append(_level_means(codes[:, column], outcome.astype(np.float64), n_levels))
        else:
            values.append(_class_direction(codes[:, column], outcome.astype(np.int32), n_levels))
    return Features(np.array(parents, dtype=np.int64), tuple(values))


def _mid_ranks(column: Codes, n_levels: int) -> Floats:
    share = np.bincount(column, minlength=n_levels) / len(column)
    ranks: Floats = (np.cumsum(share) - share / 2)[column]
    return ranks


def _level_means(column: Codes, outcome: Floats, n_levels: int) -> npt.NDArray[np.float32]:
    """Mean outcome of every level, drawn to the overall mean by one row's weight."""
    total, count = np.bincount(column, outcome, n_levels), np.bincount(column, minlength=n_levels)
    means: npt.NDArray[np.float32] = ((total + outcome.mean()) / (count + 1)).astype(np.float32)
    return means


def _class_direction(column: Codes, outcome: Codes, n_levels: int) -> npt.NDArray[np.float32]:
    n_classes = int(outcome.max()) + 1
    pairs = np.bincount(column.astype(np.int64) * n_classes + outcome, minlength=n_levels * n_classes)
    table = pairs.reshape(n_levels, n_classes).astype(np.float64)
    base, count = table.sum(axis=0) / table.sum(), table.sum(axis=1, keepdims=True)
    surplus = (table + base) / (count + 1) - base
    _, vectors = np.linalg.eigh((surplus * count).T @ surplus)
    vectors = vectors[:, ::-1] * np.sign(np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], 0))[:, ::-1]
    # in a balanced design two levels can lie at the same place of the first direction: a little of the next ones parts
    # them
    direction = vectors @ 0.01 ** np.arange(n_classes)
    values: npt.NDArray[np.float32] = (surplus @ direction).astype(np.float32)
    return values


def _parents(codes: Codes, outcome: Floats | Codes, seen: list[int]) -> list[int]:
    if len(seen) <= MAX_PARENTS:
        return list(seen)
    part = codes[:SCREEN_ROWS][:, seen].astype(np.float32)
    part -= part.mean(axis=0)
    y = outcome[:SCREEN_ROWS].astype(np.float32)
    spread = np.sqrt(np.einsum("ij,ij->j", part, part))
    strength = np.abs(part.T @ (y - y.mean())) / np.where(spread > 0, spread, np.inf)
    return [seen[i] for i in np.sort(np.argsort(-strength, kind="stable")[:MAX_PARENTS])]


def _direction(codes: Codes, seen: list[int]) -> Floats:
    """The strongest direction ``(n_rows,)`` of some columns."""
    if not seen:
        return np.zeros(len(codes))
    part = codes[:, seen[:MAX_PARENTS]].astype(np.float64)
    part = (part - part.mean(axis=0)) / np.maximum(part.std(axis=0), 1e-12)
    _, vectors = np.linalg.eigh(part.T @ part)
    direction: Floats = part @ vectors[:, -1]
    return direction
