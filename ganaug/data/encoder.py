"""Level numbers as tensors, and back: randomised ranks, one-hot groups, embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from scipy.spatial import KDTree

from ganaug.data.embedding import WIDTH, embed_levels
from ganaug.layout import Block, Layout

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import numpy.typing as npt

__all__ = ["TableEncoder"]

BOUND = 5.0  # normal scores stay within these; one row in three million lies outside
MARGIN = 1e-7  # keeps a drawn rank off the border of its level, where float32 would round it into the next


class TableEncoder:
    """Turn codes (n_rows, n_columns) into float tensors (n_rows, width), and such tensors into codes.

    An ordered column becomes one normal score: a level owns an interval of the rank axis as wide as it is frequent, a
    row takes a uniform point in it (randomised ranks: Dunn & Smyth 1996, doi:10.1080/10618600.1996.10474708). The
    inverse is the empirical quantile function, so every output is a value that was seen. Where values can be missing,
    a one-hot pair (there, missing) follows. Other columns are one-hot, or embedded above `max_onehot` levels.

    Parameters
    ----------
    cardinality : sequence of int, length n_columns
        Levels of each column, the missing one (always the last) included.
    ordered, has_missing : sequence of bool, length n_columns
    names : sequence of Hashable, length n_columns
    max_onehot : int
        The most levels a one-hot group has.

    Attributes
    ----------
    layout : Layout
        The blocks of the tensor.

    Examples
    --------
    >>> codes = np.array([[0, 1], [1, 0], [2, 1]], dtype=np.int32)
    >>> encoder = TableEncoder([3, 2], [True, False], [False, False], ["age", "sex"])
    >>> encoded = encoder.fit(codes, np.random.default_rng(0)).encode(codes, torch.Generator().manual_seed(0))
    >>> encoded.shape
    torch.Size([3, 3])
    >>> encoder.decode(encoded).tolist()
    [[0, 1], [1, 0], [2, 1]]
    """

    def __init__(
        self,
        cardinality: Sequence[int] | npt.NDArray[np.int64],
        ordered: Sequence[bool] | npt.NDArray[np.bool_],
        has_missing: Sequence[bool] | npt.NDArray[np.bool_],
        names: Sequence[Hashable],
        max_onehot: int = 64,
    ) -> None:
        self.cardinality = np.asarray(cardinality, dtype=np.int64)
        self.ordered = np.asarray(ordered, dtype=bool)
        self.has_missing = np.asarray(has_missing, dtype=bool)
        self.names = [str(name) for name in names]
        self.max_onehot = max_onehot
        self.blocks = self._blocks()
        self.layout = Layout(tuple(block for blocks in self.blocks for block in blocks))

    def fit(self, codes: npt.NDArray[np.integer[Any]], rng: np.random.Generator) -> Self:
        """Learn how frequent the levels of ordered columns are, and embed the columns with many levels."""
        counts, embeddings = {}, {}
        for position, (first, *_) in enumerate(self.blocks):
            if first.kind == "rank":
                every = np.bincount(codes[:, position], minlength=self.cardinality[position])
                counts[position] = every[: self._n_values(position)]
            elif first.kind == "embedding":
                embeddings[position] = embed_levels(codes, position, self.cardinality, self.ordered, rng)
        return self._build(counts, embeddings)

    def recount(self, codes: npt.NDArray[np.integer[Any]]) -> Self:
        """Learn anew how frequent the levels are, and leave the embeddings as they are."""
        every = {j: np.bincount(codes[:, j], minlength=self.cardinality[j])[: self._n_values(j)] for j in self._counts}
        return self._build(every, self._embeddings)

    def encode(self, codes: npt.NDArray[np.integer[Any]], generator: torch.Generator) -> torch.Tensor:
        """Give the tensor (n_rows, width) of `codes`, on the device of `generator`; ranks are drawn anew."""
        device = generator.device
        encoded = torch.zeros(len(codes), self.layout.width, device=device)
        for position, blocks in enumerate(self.blocks):
            column = torch.as_tensor(codes[:, position].astype(np.int64), device=device)
            block = blocks[0]
            part = encoded[:, block.start : block.stop]
            if block.kind == "rank":
                part[:, 0] = self._scores(position, column, generator)
            elif block.kind == "levels":
                part.scatter_(1, column[:, None], 1.0)
            else:
                part.copy_(torch.as_tensor(self._embeddings[position], device=device)[column])
            if len(blocks) > 1:
                missing = (column == self._n_values(position)).long()
                encoded[:, blocks[1].start : blocks[1].stop].scatter_(1, missing[:, None], 1.0)
        return encoded

    def decode(self, encoded: torch.Tensor) -> npt.NDArray[np.int32]:
        """Give the codes (n_rows, n_columns) of a tensor (n_rows, width); ordered columns give levels seen in `fit`."""
        codes = np.empty((len(encoded), len(self.blocks)), dtype=np.int32)
        encoded = encoded.detach()
        for position, blocks in enumerate(self.blocks):
            part = encoded[:, blocks[0].start : blocks[0].stop]
            if blocks[0].kind == "rank":
                level = self._levels(position, part[:, 0])
            elif blocks[0].kind == "levels":
                level = part.argmax(dim=1)
            else:
                codes[:, position] = self._trees[position].query(part.cpu().numpy(), workers=-1)[1]
                continue
            if len(blocks) > 1:
                missing = encoded[:, blocks[1].start : blocks[1].stop].argmax(dim=1) == 1
                level = torch.where(missing, self._n_values(position), level)
            codes[:, position] = level.cpu().numpy()
        return codes

    def state(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Give all that was learned, as arrays and JSON."""
        arrays: dict[str, npt.NDArray[Any]] = {f"counts.{key}": array for key, array in self._counts.items()}
        arrays |= {f"embedding.{key}": array for key, array in self._embeddings.items()}
        meta = {key: getattr(self, key).tolist() for key in ("cardinality", "ordered", "has_missing")}
        return arrays, meta | {"names": self.names, "max_onehot": self.max_onehot}

    @classmethod
    def from_state(cls, arrays: Mapping[str, npt.NDArray[Any]], meta: Mapping[str, Any]) -> Self:
        """Build the encoder that gave this state."""
        learned: dict[str, dict[int, npt.NDArray[Any]]] = {"counts": {}, "embedding": {}}
        for key, array in arrays.items():
            what, position = key.split(".")
            learned[what][int(position)] = array
        return cls(**meta)._build(learned["counts"], learned["embedding"])

    def _blocks(self) -> list[tuple[Block, ...]]:
        """Give the blocks of each column: one, and a second for the missing mark of an ordered column."""
        columns: list[tuple[Block, ...]] = []
        start = 0
        for name, n, ordered, missing in zip(self.names, self.cardinality, self.ordered, self.has_missing, strict=True):
            if ordered:
                blocks = [Block(name, "rank", start, start + 1)]
                if missing:
                    blocks.append(Block(f"{name} is missing", "levels", start + 1, start + 3))
            elif n <= self.max_onehot:
                blocks = [Block(name, "levels", start, start + int(n))]
            else:
                blocks = [Block(name, "embedding", start, start + WIDTH)]
            columns.append(tuple(blocks))
            start = blocks[-1].stop
        return columns

    def _n_values(self, position: int) -> int:
        """Levels of an ordered column without the missing one."""
        return int(self.cardinality[position] - self.has_missing[position])

    def _build(self, counts: dict[int, npt.NDArray[Any]], embeddings: dict[int, npt.NDArray[np.float32]]) -> Self:
        self._counts, self._embeddings = counts, embeddings
        self._trees = {position: KDTree(embedding) for position, embedding in embeddings.items()}
        self._ranks = {position: _ranks(count) for position, count in counts.items()}
        return self

    def _scores(self, position: int, column: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Draw a point in the interval of each level, as a normal score; a missing value's is any point."""
        device = generator.device
        ranks = torch.cat([self._ranks[position], torch.ones(1, dtype=torch.float64)]).to(device)
        missing = column == self._n_values(position)
        low = torch.where(missing, 0.0, ranks[column])
        width = torch.where(missing, 1.0, ranks[column + 1] - low)
        margin = torch.minimum(torch.full_like(width, MARGIN), width / 4)
        uniform = torch.rand(len(column), generator=generator, dtype=torch.float64, device=device)
        point = low + margin + uniform * (width - 2 * margin)
        scores: torch.Tensor = torch.special.ndtri(point)
        return scores.clamp(-BOUND, BOUND).float()

    def _levels(self, position: int, scores: torch.Tensor) -> torch.Tensor:
        """Give the level whose interval holds each normal score; a level never seen has none."""
        ranks = self._ranks[position].to(scores.device)
        point = torch.special.ndtr(scores.double()).clamp(max=1 - 1e-12)
        return torch.searchsorted(ranks[1:], point, right=True)


def _ranks(counts: npt.NDArray[Any]) -> torch.Tensor:
    """Give the borders of the levels' intervals on the rank axis, shape (n_levels + 1,), from 0 to 1."""
    seen = counts if counts.sum() else np.ones_like(counts)
    ranks = np.concatenate([[0], np.cumsum(seen)])
    return torch.as_tensor(ranks / ranks[-1] if len(counts) else np.array([0.0]), dtype=torch.float64)
