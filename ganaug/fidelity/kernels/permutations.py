"""Which rows trade places when labels are permuted: single rows, blocks of them, or whole donors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Units", "labellings", "units_of", "whole_units"]

Bools = NDArray[np.bool_]
Numbers = NDArray[np.intp]

MOST_UNITS = 600
# of the larger side only so many times the smaller one trades places: the rest tells no more about chance
MOST_TO_ONE = 20
FIXED = -1


class Units(NamedTuple):
    """Rows in units whose labels are permuted.

    Attributes
    ----------
    unit : ndarray, shape (n_rows,)
        Unit of each row.
    is_real : ndarray, shape (n_units,)
        Label of each unit; no unit holds both.
    stratum : ndarray, shape (n_units,)
        Units of one stratum trade places; those of ``-1`` stay.
    cluster : ndarray, shape (n_units,)
        Units of one cluster (a donor) are not independent of each other.
    """

    unit: Numbers
    is_real: Bools
    stratum: Numbers
    cluster: Numbers


class _Blocks(NamedTuple):
    """How each family of items is cut ``(n_families,)``: items in a block, blocks of either side, their stratum."""

    size: Numbers
    n_real: Numbers
    n_synthetic: Numbers
    stratum: Numbers


def units_of(
    is_real: Bools, groups: NDArray[np.float64] | None, rng: np.random.Generator, most: int = MOST_UNITS
) -> Units:
    """Deal rows into units whose labels may trade places if real and synthetic rows are equal in distribution.

    Without groups any row may take any other's place. A group (donor, plate) that is wholly real or wholly synthetic
    trades places as a whole, with others of its kind: the donor is the unit. In a group with rows of both sides, rows
    trade places within it. Blocks of equally many of these are moved together once there are more than `most` of
    them, which is a subgroup of all permutations: the test stays exact, and costs the same for any number of rows
    (Domingo-Enrich et al., "Cheap permutation testing", arXiv:2502.07672).

    Parameters
    ----------
    is_real : ndarray, shape (n_rows,)
        The label.
    groups : ndarray, shape (n_rows,), or None
        Number of the group of each row.
    rng : numpy.random.Generator
        Deals rows into blocks.
    most : int
        The most units, or about so.

    Examples
    --------
    >>> units = units_of(np.arange(50) < 20, None, np.random.default_rng(0), most=10)
    >>> np.bincount(units.unit).tolist(), int(units.is_real.sum())
    ([5, 5, 5, 5, 5, 5, 5, 5, 5, 5], 4)
    """
    item, family, is_pool = _families(is_real, groups)
    _, first, row_item = np.unique(item, return_index=True, return_inverse=True)
    side, of = is_real[first], family[first]
    blocks = _cut(np.bincount(of[side], minlength=len(is_pool)), np.bincount(of[~side], minlength=len(is_pool)), most)
    index = _positions(of, side, rng) // np.maximum(blocks.size[of], 1)
    moves = (blocks.size[of] > 0) & (index < np.where(side, blocks.n_real[of], blocks.n_synthetic[of]))
    stratum = np.where(moves, blocks.stratum[of], FIXED)
    key = (2 * stratum + side) * (index.max() + 1) + np.where(moves, index, 0)
    _, first, unit = np.unique(key, return_index=True, return_inverse=True)
    independent = is_pool[of[first]] | ~moves[first]
    cluster = np.where(independent, len(is_pool) + np.arange(len(first)), stratum[first])
    return Units(unit[row_item], side[first], stratum[first], np.unique(cluster, return_inverse=True)[1])


def whole_units(is_real: Bools, fold: Numbers, groups: NDArray[np.float64] | None) -> Units:
    """Let all rows of a side of a group trade places together, and nothing across folds.

    A group with rows of both sides swaps them as a whole or not at all; groups of a single side swap with each other.
    Without groups every row is a unit. This assumes less than `units_of`: rows of a side of a group may depend on each
    other, as they do where a classifier was given whole groups to learn from.

    Parameters
    ----------
    is_real : ndarray, shape (n_rows,)
        The label.
    fold : ndarray, shape (n_rows,)
        Of a cross-fitted table, 0 elsewhere.
    groups : ndarray, shape (n_rows,), or None
        Number of the group of each row.

    Examples
    --------
    >>> groups = np.array([0.0, 0, 1, 1, 2, 2])
    >>> units = whole_units(np.array([1, 1, 0, 0, 1, 0], dtype=bool), np.zeros(6, dtype=int), groups)
    >>> units.unit.tolist(), units.stratum.tolist()  # the first two swap with each other, the last one in itself
    ([0, 0, 1, 1, 3, 2], [3, 3, 2, 2])
    """
    if groups is None:
        rows = np.arange(len(fold))
        return Units(rows, is_real, fold, rows)
    _, group = np.unique(np.stack([fold, groups]), axis=1, return_inverse=True)
    (group, side, of_fold), unit = np.unique(np.stack([group.reshape(-1), is_real, fold]), axis=1, return_inverse=True)
    is_mixed = np.bincount(group)[group] > 1
    stratum = np.where(is_mixed, group, group.max() + 1 + of_fold)
    return Units(unit.reshape(-1), side.astype(bool), stratum, group)


def labellings(units: Units, n_permutations: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Label the units as they are, then at random within strata ``(n_units, 1 + n_permutations)``; 1.0 is real.

    Examples
    --------
    >>> units = units_of(np.arange(6) < 3, np.array([0.0, 0, 1, 1, 2, 2]), np.random.default_rng(0))
    >>> labels = labellings(units, 99, np.random.default_rng(0))
    >>> bool((labels[units.unit[0]] == labels[units.unit[1]]).all())  # the two rows of a donor of one side
    True
    >>> bool((labels[units.unit[2]] + labels[units.unit[3]] == 1).all())  # the two rows of the donor of both sides
    True
    """
    labels = np.repeat(units.is_real.astype(np.float64)[:, None], 1 + n_permutations, axis=1)
    order = np.argsort(units.stratum, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(units.stratum[order])) + 1):
        if units.stratum[members[0]] != FIXED:
            labels[members, 1:] = rng.permuted(labels[members, 1:], axis=0)
    return labels


def _families(is_real: Bools, groups: NDArray[np.float64] | None) -> tuple[Numbers, Numbers, Bools]:
    """Give each row its item and its family of items, and say which families are pools of independent items.

    Without groups an item is a row, and all are of one pool. With them, a group of one side is an item of the pool,
    and a group of both sides is a family of rows.
    """
    rows = np.arange(len(is_real))
    if groups is None:
        return rows, np.zeros_like(rows), np.array([True])
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    n_real, n_rows = np.bincount(group, weights=is_real), np.bincount(group)
    is_mixed = (n_real > 0) & (n_real < n_rows)
    family = np.where(is_mixed, np.cumsum(is_mixed), 0)[group]
    return np.where(is_mixed[group], rows, first[group]), family, np.arange(is_mixed.sum() + 1) == 0


def _cut(n_real: Numbers, n_synthetic: Numbers, most: int) -> _Blocks:
    """Cut families of items into blocks, in all about `most`."""
    families, few, many = np.arange(len(n_real)), np.minimum(n_real, n_synthetic), np.maximum(n_real, n_synthetic)
    if len(families) - 1 <= most // 4:
        moving = np.where(few > 0, few + np.minimum(many, MOST_TO_ONE * few), 0)
        size = np.maximum(1, np.ceil(moving.sum() / most)).astype(np.intp) * np.ones_like(few)
        size = np.minimum(size, few)  # a small family still has one block of a side
        most_blocks = MOST_TO_ONE * (few // np.maximum(size, 1))
        n_blocks = [np.minimum(side // np.maximum(size, 1), most_blocks) for side in (n_real, n_synthetic)]
        return _Blocks(size, n_blocks[0], n_blocks[1], families)
    # many donors with rows of both sides: some of each donor's rows trade places together with those of other donors
    ratio = np.clip(np.array([n_real.sum() / n_synthetic.sum(), n_synthetic.sum() / n_real.sum()]), 1, MOST_TO_ONE)
    a, b = ratio.astype(np.intp)
    ones = np.ones_like(families)
    return _Blocks(np.minimum(n_real // a, n_synthetic // b), a * ones, b * ones, families % max(1, most // 4))


def _positions(family: Numbers, side: Bools, rng: np.random.Generator) -> Numbers:
    """Number the items of each side of each family in random order ``(n_items,)``."""
    order = np.lexsort((rng.random(len(family)), side, family))
    key = (2 * family + side)[order]
    start = np.flatnonzero(np.diff(key, prepend=-1))
    position = np.empty_like(family)
    position[order] = np.arange(len(key)) - np.repeat(start, np.diff(np.append(start, len(key))))
    return position
