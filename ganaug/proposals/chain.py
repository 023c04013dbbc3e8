"""The links of a chain of trees, and the chain as a few arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ganaug.errors import ModelFileError
from ganaug.layout import Levels
from ganaug.proposals.proposal import Arrays
from ganaug.proposals.tree import NODES, Donors, Features

__all__ = ["Link", "packed", "unpacked"]


class Link(NamedTuple):
    """How one column is drawn, given the ones before it; without a forest, as it comes."""

    column: int
    features: Features
    forest: tuple[Donors, ...]


def packed(chain: tuple[Link, ...]) -> Arrays:
    """Give a chain as arrays: what belongs to each tree stands end to end, because a wide table has thousands."""
    trees = [donors.state() for link in chain for donors in link.forest]
    return {
        "chain": np.array([link.column for link in chain], dtype=np.int64),
        "n_features": np.array([len(link.features.columns) for link in chain], dtype=np.int64),
        "n_trees": np.array([len(link.forest) for link in chain], dtype=np.int64),
        "n_nodes": np.array([len(tree["start"]) for tree in trees], dtype=np.int64),
        "n_rows": np.array([len(tree["rows"]) for tree in trees], dtype=np.int64),
        "columns": _joined([link.features.columns for link in chain], np.int64),
        "values": _joined([values for link in chain for values in link.features.values], np.float32),
        "rows": _joined([tree["rows"] for tree in trees], np.int32),
        **{name: _joined([tree[name] for tree in trees], dtype) for name, dtype in NODES.items()},
    }


def unpacked(arrays: Arrays, levels: Levels, n_rows: int) -> tuple[Link, ...]:
    """Build the chain that gave these arrays; refuses one that points outside of its table of `n_rows` rows."""
    chain, columns = arrays["chain"], arrays["columns"]
    every = np.arange(levels.n_columns)
    if not (np.array_equal(np.sort(chain), every) and np.isin(columns, every).all()):
        raise ModelFileError("the model holds a chain of columns that do not exist; it was changed or damaged")
    values = _parts(arrays["values"], levels.cardinality[columns])
    nodes = {name: _parts(arrays[name], arrays["n_nodes"]) for name in NODES}
    rows = _parts(arrays["rows"], arrays["n_rows"])
    links = []
    looked_at = _parts(np.arange(len(columns)), arrays["n_features"])
    forests = _parts(np.arange(len(rows)), arrays["n_trees"])
    for column, places, forest in zip(chain.tolist(), looked_at, forests, strict=True):
        features = Features(columns[places], tuple(values[i] for i in places))
        trees = ({"rows": rows[t], **{name: parts[t] for name, parts in nodes.items()}} for t in forest)
        links.append(Link(column, features, tuple(Donors.from_state(tree, len(places), n_rows) for tree in trees)))
    return tuple(links)


def _joined(parts: list[npt.NDArray[Any]], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate([np.empty(0, dtype=dtype), *parts]).astype(dtype, copy=False)


def _parts(joined: npt.NDArray[Any], sizes: npt.NDArray[np.int64]) -> list[npt.NDArray[Any]]:
    if (sizes < 0).any() or sizes.sum() != len(joined):
        raise ModelFileError("the model holds trees whose parts do not add up; it was changed or damaged")
    ends = np.cumsum(sizes)
    return [joined[end - size : end] for end, size in zip(ends.tolist(), sizes.tolist(), strict=True)]
