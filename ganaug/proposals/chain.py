"""The links of chains of trees, and all chains as a few arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ganaug.errors import ModelFileError
from ganaug.layout import Levels
from ganaug.proposals.proposal import Arrays
from ganaug.proposals.tree import NODES, Donors, Features

__all__ = ["NO_FEATURES", "Chain", "Link", "packed", "split_chains", "unpacked"]

NO_FEATURES = Features(np.empty(0, dtype=np.int64), ())


class Link(NamedTuple):
    """How one column is drawn, given the ones before it; without a tree, as it comes."""

    column: int
    features: Features
    tree: Donors | None


Chain = tuple[Link, ...]


def packed(chains: tuple[Chain, ...]) -> Arrays:
    """Give chains as arrays: what belongs to each tree stands end to end, because there are thousands."""
    links = [link for chain in chains for link in chain]
    trees = [link.tree.state() for link in links if link.tree is not None]
    return {
        "chain": np.array([link.column for link in links], dtype=np.int64),
        "n_features": np.array([len(link.features.columns) for link in links], dtype=np.int64),
        "n_trees": np.array([link.tree is not None for link in links], dtype=np.int64),
        "n_nodes": np.array([len(tree["start"]) for tree in trees], dtype=np.int64),
        "n_rows": np.array([len(tree["rows"]) for tree in trees], dtype=np.int64),
        "columns": _joined([link.features.columns for link in links], np.int64),
        "values": _joined([values for link in links for values in link.features.values], np.float32),
        "rows": _joined([tree["rows"] for tree in trees], np.int32),
        **{name: _joined([tree[name] for tree in trees], dtype) for name, dtype in NODES.items()},
    }


def unpacked(arrays: Arrays, levels: Levels, n_rows: int) -> tuple[Chain, ...]:
    """Build the chains that gave these arrays; refuses any that points outside of its table of `n_rows` rows."""
    chain, columns = arrays["chain"], arrays["columns"]
    n_chains = len(chain) // max(levels.n_columns, 1)
    every = np.arange(levels.n_columns)
    complete = np.array_equal(np.sort(chain), np.repeat(every, n_chains)) and n_chains > 0
    if not (complete and np.isin(columns, every).all()):
        raise ModelFileError("the model holds a chain of columns that do not exist; it was changed or damaged")
    values = _parts(arrays["values"], levels.cardinality[columns])
    nodes = {name: _parts(arrays[name], arrays["n_nodes"]) for name in NODES}
    rows = _parts(arrays["rows"], arrays["n_rows"])
    looked_at = _parts(np.arange(len(columns)), arrays["n_features"])
    forests = _parts(np.arange(len(rows)), arrays["n_trees"])
    links = []
    for column, places, forest in zip(chain.tolist(), looked_at, forests, strict=True):
        features = Features(columns[places], tuple(values[i] for i in places))
        trees = ({"rows": rows[t], **{name: parts[t] for name, parts in nodes.items()}} for t in forest)
        tree = next((Donors.from_state(tree, len(places), n_rows) for tree in trees), None)
        links.append(Link(column, features, tree))
    return split_chains(tuple(links), n_chains)


def split_chains(links: Chain, n_chains: int) -> tuple[Chain, ...]:
    """Part links that stand end to end into chains of equal length."""
    length = len(links) // n_chains
    return tuple(links[k * length : (k + 1) * length] for k in range(n_chains))


def _joined(parts: list[npt.NDArray[Any]], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate([np.empty(0, dtype=dtype), *parts]).astype(dtype, copy=False)


def _parts(joined: npt.NDArray[Any], sizes: npt.NDArray[np.int64]) -> list[npt.NDArray[Any]]:
    if (sizes < 0).any() or sizes.sum() != len(joined):
        raise ModelFileError("the model holds trees whose parts do not add up; it was changed or damaged")
    ends = np.cumsum(sizes)
    return [joined[end - size : end] for end, size in zip(ends.tolist(), sizes.tolist(), strict=True)]
