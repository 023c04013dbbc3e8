"""One tree of the chain: which training rows are like this one, judged by some columns."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.tree._tree import Tree

from ganaug.errors import ModelFileError
from ganaug.proposals.proposal import Arrays, Codes

__all__ = ["Donors", "Features"]

Numbers = npt.NDArray[np.float32]
NODE_FIELDS = ("left_child", "right_child", "feature", "threshold")


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
    start, count : ndarray of int, shape (n_nodes,)
        The part of `rows` that a leaf owns.
    """

    tree: Tree
    rows: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]

    @classmethod
    def grow(
        cls,
        features: Numbers,
        outcome: npt.NDArray[np.float64] | Codes,
        rows: npt.NDArray[np.int64],
        min_leaf: int,
        rng: np.random.Generator,
    ) -> Self:
        """Grow a tree on the training rows `rows`; a float outcome is a number, an integer one a class."""
        grown = (
            DecisionTreeRegressor(min_samples_leaf=min_leaf, random_state=int(rng.integers(2**31)))
            if outcome.dtype.kind == "f"
            else DecisionTreeClassifier(
                criterion="entropy", min_samples_leaf=min_leaf, random_state=int(rng.integers(2**31))
            )
        )
        grown.fit(features[rows], outcome[rows], check_input=False)
        tree = grown.tree_
        leaf = tree.apply(features[rows])
        count = np.bincount(leaf, minlength=tree.node_count)
        start = np.concatenate([[0], np.cumsum(count)[:-1]])
        by_leaf = rows[np.argsort(leaf, kind="stable")].astype(np.int32)
        return cls(_bare(_splits(tree), features.shape[1]), by_leaf, start, count)

    def draw(self, leaf: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int32]:
        """Draw one training row from each leaf."""
        picked: npt.NDArray[np.int32] = self.rows[
            self.start[leaf] + (rng.random(len(leaf)) * self.count[leaf]).astype(np.int64)
        ]
        return picked

    def state(self) -> Arrays:
        """Give all arrays."""
        return {**_splits(self.tree), "rows": self.rows, "start": self.start, "count": self.count}

    @classmethod
    def from_state(cls, arrays: Arrays, n_features: int, n_rows: int) -> Self:
        """Build the tree that gave this state; refuses one that points outside of itself."""
        left, right = arrays["left_child"], arrays["right_child"]
        nodes, inner = np.arange(len(left)), left >= 0
        sound = (
            np.all((left[inner] > nodes[inner]) & (right[inner] > nodes[inner]))
            and max(left.max(initial=0), right.max(initial=0)) < len(nodes)
            and np.all((arrays["feature"][inner] >= 0) & (arrays["feature"][inner] < n_features))
            and np.all(arrays["count"][~inner] > 0)
            and np.all(arrays["start"] + arrays["count"] <= len(arrays["rows"]))
            and np.all((arrays["rows"] >= 0) & (arrays["rows"] < n_rows))
        )
        if not sound:
            raise ModelFileError("the model holds a tree that points outside of itself; it was changed or damaged")
        return cls(_bare(arrays, n_features), arrays["rows"], arrays["start"], arrays["count"])


def _splits(tree: Tree) -> Arrays:
    nodes = tree.__getstate__()["nodes"]
    return {name: np.ascontiguousarray(nodes[name]) for name in NODE_FIELDS}


def _bare(splits: Arrays, n_features: int) -> Tree:
    """A tree that can only be asked for leaves: the values of thousands of levels are not kept."""
    tree = Tree(n_features, np.array([1], dtype=np.intp), 1)
    n = len(splits["left_child"])
    state = DecisionTreeRegressor().fit(np.zeros((1, 1)), [0.0]).tree_.__getstate__()
    nodes = np.zeros(n, dtype=state["nodes"].dtype)
    for name in NODE_FIELDS:
        nodes[name] = splits[name]
    tree.__setstate__({**state, "node_count": n, "nodes": nodes, "values": np.zeros((n, 1, 1))})
    return tree
