"""One tree of the chain: which training rows are like this one, judged by some columns."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.tree._tree import NODE_DTYPE, Tree

from ganaug.errors import ModelFileError
from ganaug.proposals.proposal import Arrays, Codes

__all__ = ["NODES", "Donors", "Features"]

Numbers = npt.NDArray[np.float32]
SPLITS = {"left_child": np.int64, "right_child": np.int64, "feature": np.int64, "threshold": np.float64}
NODES = {**SPLITS, "start": np.int64, "size": np.int64}  # what is kept of each node


class Features(NamedTuple):
    """How columns of codes become the numbers that a tree splits.

    Attributes
    ----------
    columns : ndarray of int, shape (n_features,)
        The columns that are looked at.
    values : tuple of ndarray
        The number of every level of each of them.
    """

    columns: npt.NDArray[np.int64]
    values: tuple[Numbers, ...]

    def __call__(self, codes: Codes) -> Numbers:
        """Give the features ``(n_rows, n_features)`` of rows."""
        out = np.empty((len(codes), len(self.columns)), dtype=np.float32, order="F")
        for i, (column, values) in enumerate(zip(self.columns, self.values, strict=True)):
            np.take(values, codes[:, column], out=out[:, i])
        return np.ascontiguousarray(out)


class Donors(NamedTuple):
    """A tree whose leaves hold training rows: a row that falls into a leaf takes a value from one of them.

    Attributes
    ----------
    tree : Tree
        scikit-learn's tree structure; only its splits are kept.
    rows : ndarray of int
        Training rows, leaf by leaf.
    start, size : ndarray of int, shape (n_nodes,)
        The part of `rows` that a leaf owns.
    """

    tree: Tree
    rows: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]

    @classmethod
    def grow(
        cls,
        features: Numbers,
        outcome: npt.NDArray[np.float64] | Codes,
        rows: npt.NDArray[np.int64],
        min_leaf: int,
        rng: np.random.Generator,
    ) -> Self:
        """Grow a tree on the training rows that `rows` names.

        A float outcome is a number, an integer one a class.
        """
        grown = (
            DecisionTreeRegressor(min_samples_leaf=min_leaf, random_state=int(rng.integers(2**31)))
            if outcome.dtype.kind == "f"
            else DecisionTreeClassifier(
                criterion="entropy", min_samples_leaf=min_leaf, random_state=int(rng.integers(2**31))
            )
        )
        grown.fit(features, outcome, check_input=False)
        tree = grown.tree_
        leaf = tree.apply(features)
        size = np.bincount(leaf, minlength=tree.node_count)
        start = np.concatenate([[0], np.cumsum(size)[:-1]])
        by_leaf = rows[np.argsort(leaf, kind="stable")].astype(np.int32)
        return cls(_bare(_splits(tree), features.shape[1]), by_leaf, start, size)

    def draw(self, leaf: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int32]:
        """Draw one training row from each leaf."""
        picked: npt.NDArray[np.int32] = self.rows[
            self.start[leaf] + (rng.random(len(leaf)) * self.size[leaf]).astype(np.int64)
        ]
        return picked

    def state(self) -> Arrays:
        """Give all arrays."""
        return {**_splits(self.tree), "rows": self.rows, "start": self.start, "size": self.size}

    @classmethod
    def from_state(cls, arrays: Arrays, n_features: int, n_rows: int) -> Self:
        """Build the tree that gave this state; refuses one that points outside of itself."""
        left, right, size = arrays["left_child"], arrays["right_child"], arrays["size"]
        nodes, inner = np.arange(len(size)), left >= 0
        sound = (
            len({len(arrays[name]) for name in NODES}) == 1
            and len(nodes) > 0
            and np.all((left[inner] > nodes[inner]) & (right[inner] > nodes[inner]))
            and max(left.max(), right.max()) < len(nodes)
            and np.all((arrays["feature"][inner] >= 0) & (arrays["feature"][inner] < n_features))
            and np.all((size[~inner] > 0) & (arrays["start"][~inner] >= 0))
            and np.all(arrays["start"] + size <= len(arrays["rows"]))
            and np.all((arrays["rows"] >= 0) & (arrays["rows"] < n_rows))
        )
        if not sound:
            raise ModelFileError("the model holds a tree that points outside of itself; it was changed or damaged")
        return cls(_bare(arrays, n_features), arrays["rows"], arrays["start"], size)


def _splits(tree: Tree) -> Arrays:
    nodes = tree.__getstate__()["nodes"]
    return {name: np.ascontiguousarray(nodes[name]) for name in SPLITS}


def _bare(splits: Arrays, n_features: int) -> Tree:
    """A tree that can only be asked for leaves: the values of thousands of levels are not kept."""
    tree = Tree(n_features, np.array([1], dtype=np.intp), 1)
    nodes = np.zeros(len(splits["left_child"]), dtype=NODE_DTYPE)
    for name in SPLITS:
        nodes[name] = splits[name]
    values = np.zeros((len(nodes), 1, 1))
    tree.__setstate__({"max_depth": 0, "node_count": len(nodes), "nodes": nodes, "values": values})
    return tree
