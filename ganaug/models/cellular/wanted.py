"""Which cells are asked for: their types, their batch, their totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.data.checks import nearest
from ganaug.errors import ConditionError

__all__ = ["place", "wanted_totals", "wanted_types"]

Codes = NDArray[np.intp]

LARGEST_TOTAL = 1e9


def wanted_types(
    n: int | Mapping[str, int],
    label: str | Sequence[str] | None,
    composition: Mapping[str, int],
    key: str | None,
    rng: np.random.Generator,
) -> Codes:
    """Return the number of each wanted cell's type ``(n,)``.

    Parameters
    ----------
    n, label
        As of `CellGAN.sample`.
    composition : mapping of str to int
        The types, in their order, and how many real cells are of each.
    key : str or None
        Where they came from; None if there are no types.
    rng : numpy.random.Generator
        Draws types if none are named.

    Raises
    ------
    ConditionError
        If there is no such type.
    ValueError
        If a number is no whole number, or there are not as many labels as cells.

    Examples
    --------
    >>> wanted_types({"T": 2, "B": 1}, None, {"B": 50, "T": 90}, "cell_type", np.random.default_rng(0)).tolist()
    [1, 1, 0]
    """
    types = list(composition)
    if isinstance(n, Mapping):
        if label is not None:
            raise ValueError("n says how many of each type, so label is not needed; give one of the two")
        places = [place(name, types, "type", key) for name in n]
        return np.repeat(places, [_whole(k) for k in n.values()]).astype(np.intp)
    n = _whole(n)
    if label is None:
        shares = np.array([*composition.values()], dtype=float)
        return np.sort(rng.choice(len(shares), n, p=shares / shares.sum()))
    names: list[Any] = [label] * n if np.ndim(label) == 0 else list(label)
    if len(names) != n:
        raise ValueError(f"label names {len(names)} types for {n} cells; give one type, or one for each cell")
    number = {name: place(name, types, "type", key) for name in dict.fromkeys(names)}
    return np.array([number[name] for name in names], dtype=np.intp)


def wanted_totals(size: float | NDArray[Any] | None, n: int) -> NDArray[np.float32] | None:
    """Return the total count of each of `n` cells, if it was asked for.

    Raises
    ------
    ValueError
        If there are not as many as cells, or one is no total that a cell may have.
    """
    if size is None:
        return None
    given = np.asarray(size, dtype=np.float32)
    if given.ndim and given.shape != (n,):
        raise ValueError(f"library_size has shape {given.shape}; expected one number, or {n} of them")
    if not ((given >= 1) & (given <= LARGEST_TOTAL)).all():
        raise ValueError(f"library_size must be from 1 to {LARGEST_TOTAL:,.0f} everywhere: a cell has a count at least")
    return np.full(n, given, dtype=np.float32)


def place(name: str, known: Sequence[str], what: str, key: str | None) -> int:
    """Return the number of a type or a batch (`what`) among those that are `known`.

    Raises
    ------
    ConditionError
        If it is not among them.
    """
    if key is None:
        raise ConditionError(f"the model was fitted without {'label_key' if what == 'type' else 'batch_key'}")
    if str(name) not in known:
        raise ConditionError(f"there is no {what} {name!r} among the cells learned from{nearest(name, known)}")
    return list(known).index(str(name))


def _whole(n: Any) -> int:
    if n < 0 or n != int(n):
        raise ValueError(f"n must be a whole number from 0, not {n!r}")
    return int(n)
