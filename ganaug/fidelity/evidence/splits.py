"""Which rows a classifier learns from, and which ones it is tested on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.evidence.gathering import Evidence

__all__ = ["Rows", "Split", "deal", "splits", "units"]

Rows = NDArray[np.intp]

N_SPLITS = 7
N_SPLITS_FOLDED = 3
TRAIN_ROWS = 1000
TEST_ROWS = 10_000
FEWEST_IN_A_CELL = 5


class Split(NamedTuple):
    """Row numbers of the pooled rows: to learn from, and to be tested on."""

    train: Rows
    test: Rows


def splits(evidence: Evidence, rng: np.random.Generator, groups: Rows | None = None) -> Iterator[list[Split]]:
    """Split the pooled rows at random, again and again; a folded table in one part for each fold.

    Rows of one of the `groups`, by default `units`, stay on one side.
    """
    is_real, groups = evidence.is_real, units(evidence) if groups is None else groups
    if evidence.n_folds > 1:
        for _ in range(N_SPLITS_FOLDED):
            half = _halves(groups, evidence, rng)
            yield [_fold_split(evidence, half, k, rng) for k in range(evidence.n_folds)]
        return
    for _ in range(N_SPLITS):
        half = _halves(groups, evidence, rng)
        train, test = np.flatnonzero(half == 0), np.flatnonzero(half == 1)
        yield [Split(_balanced(train, is_real, TRAIN_ROWS, rng), _capped(test, is_real, TEST_ROWS, rng))]


def units(evidence: Evidence) -> Rows:
    """Give rows that must stay on one side of a split one number: those of a given group, or else identical ones.

    Groups that are too few to be dealt to both sides are not kept. Where real rows repeat each other the repetition is
    part of the distribution, and is left to chance.
    """
    if evidence.groups is not None:
        # rows of which no group is known are each a unit of their own
        unknown = np.isnan(evidence.groups)
        own = np.where(unknown, evidence.groups[~unknown].max(initial=0) + 1 + np.cumsum(unknown), evidence.groups)
        return np.unique(own, return_inverse=True)[1]
    filled = np.nan_to_num(evidence.pooled, nan=-1.0)
    row = np.unique(filled, axis=0, return_inverse=True)[1].reshape(-1)
    real = row[: len(evidence.real)]
    return np.arange(len(row)) if len(np.unique(real)) < 0.9 * len(real) else row


def _halves(groups: Rows, evidence: Evidence, rng: np.random.Generator) -> Rows:
    """Deal groups into two halves; rows one by one where that would leave a side of a half nearly empty."""
    is_real = evidence.is_real
    half = deal(groups, is_real, 2, rng)
    # of a fold only the synthetic rows are halved
    halved = ~is_real | (evidence.n_folds == 1)
    _, counts = np.unique(np.stack([evidence.fold, is_real, half])[:, halved], axis=1, return_counts=True)
    n_cells = 2 * evidence.n_folds if evidence.n_folds > 1 else 4
    kept = len(counts) == n_cells and counts.min() >= FEWEST_IN_A_CELL
    return half if kept else deal(np.arange(len(groups)), is_real, 2, rng)


def _fold_split(evidence: Evidence, half: Rows, k: int, rng: np.random.Generator) -> Split:
    """Learn from the other folds' real rows and half of this fold's synthetic ones; test on the rest of this fold.

    Other folds' synthetic rows must stay out: their generators have seen this fold's real rows, so a classifier that
    learned from both would take held-out rows for synthetic ones, and copying would look like fidelity.
    """
    here, is_real = evidence.fold == k, evidence.is_real
    train = np.flatnonzero(np.where(is_real, ~here, here & (half == 0)))
    return Split(_balanced(train, is_real, TRAIN_ROWS, rng), np.flatnonzero(here & (is_real | (half == 1))))


def deal(groups: Rows, is_real: NDArray[np.bool_], n_folds: int, rng: np.random.Generator) -> Rows:
    """Deal whole groups into folds at random, real and synthetic ones evenly ``(n_rows,)``."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    order = np.lexsort((rng.random(len(first)), is_real[first]))
    fold = np.empty(len(first), dtype=np.intp)
    fold[order] = (np.arange(len(first)) + rng.integers(n_folds)) % n_folds
    return np.asarray(fold[group])


def _balanced(rows: Rows, is_real: NDArray[np.bool_], most: int, rng: np.random.Generator) -> Rows:
    n_real = int(is_real[rows].sum())
    return _capped(rows, is_real, min(most, n_real, len(rows) - n_real), rng)


def _capped(rows: Rows, is_real: NDArray[np.bool_], most: int, rng: np.random.Generator) -> Rows:
    mixed = rng.permutation(rows)
    return np.concatenate([mixed[is_real[mixed]][:most], mixed[~is_real[mixed]][:most]])
