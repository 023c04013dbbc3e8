"""What an equaliser does to a matrix, as a scale for each feature and a product of two thin matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ganaug.transport.centring import Centring
from ganaug.transport.chain import Chain
from ganaug.transport.quantiles import Quantiles

if TYPE_CHECKING:
    from ganaug.models.equalizer import BatchEqualizer

__all__ = ["LowRank", "Thin"]

Floats = NDArray[np.float64]


class Thin(NamedTuple):
    """What is particular to each row: its factor ``(n_rows, 1)`` and its shift ``(n_rows, n_directions)``."""

    factor: Floats
    shift: Floats


class Block(NamedTuple):
    """What one chain has learned of some batches: their names, and their numbers there."""

    chain: Chain
    names: NDArray[Any]
    codes: NDArray[np.intp]

    def loadings(self) -> Floats:
        """Directions of the coordinates, and where each batch's centre is moved ``(n_features, n_directions)``."""
        loadings = self.chain.space.loadings
        if isinstance(self.chain.first, Centring):
            return np.hstack([loadings, self.chain.first.shift[self.codes].T])
        return loadings

    def scale(self) -> Floats:
        """What each batch's features are multiplied by ``(n_features, n_batches)``."""
        first = self.chain.first
        if isinstance(first, Centring):
            return first.scale[self.codes].T
        return np.ones((len(self.chain.space.loadings), len(self.codes)))

    def thin(self, X: Floats, labels: NDArray[Any], coordinates: Floats | None = None) -> Thin:
        """Say what happens to rows of these batches; the coordinates that they are moved to may be known already."""
        chain, place = self.chain, np.searchsorted(self.names, labels)
        batch, rows = self.codes[place], chain.rows(X)
        z = chain.space.encode(rows if chain.first is None else chain.first.move(rows, batch))
        shift = ((chain.carry(rows, batch)[1] if coordinates is None else coordinates) - z) / chain.space.weight
        if isinstance(chain.first, Centring):
            shift = np.hstack([shift, np.eye(len(self.names))[place]])
        if chain.lengths is None:
            return Thin(np.ones((len(X), 1)), shift)
        longer, length = chain.lengths.moved(X, batch), np.sqrt(np.nansum(X**2, axis=1, keepdims=True))
        return Thin(longer * chain.lengths.typical / np.where(length > 0, length, 1.0), longer * shift)


@dataclass(frozen=True)
class LowRank:
    """The equalised matrix without the matrix.

    A row x of batch b becomes ``x * factor * scale[:, b] + shift @ loadings.T``, and is then held within the range
    that was seen.

    Parameters
    ----------
    blocks : tuple of Block
        That of the batches that `fit` saw, and one for each batch that came later.

    Examples
    --------
    >>> from ganaug.models.equalizer import BatchEqualizer
    >>> rng = np.random.default_rng(0)
    >>> batch, X = np.repeat([0, 1], 100), rng.normal(size=(200, 60))
    >>> X[batch == 1] = 2 * X[batch == 1] + 3
    >>> model = BatchEqualizer(random_state=0).fit(X, batch=batch)
    >>> low = LowRank.of(model)
    >>> factor, shift = low.thin(X, batch, model.equalized(X, batch)[1])
    >>> moved = X * factor * low.scale.T[batch] + shift @ low.loadings.T
    >>> bool(np.allclose(np.clip(moved, X.min(axis=0), X.max(axis=0)), model.transform(X, batch)))
    True
    """

    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, model: BatchEqualizer) -> Self | None:
        """Take a fitted model apart; None if it maps quantiles, which no such form has, or learned nothing."""
        chains = [model.chain_, *model.adapted_.values()]
        if model.chain_ is None or any(isinstance(chain.first, Quantiles) for chain in chains if chain):
            return None
        known = Block(model.chain_, model.batches_, np.arange(len(model.batches_)))
        late = [Block(chain, np.array([name]), np.array([1])) for name, chain in model.adapted_.items()]
        return cls((known, *late))

    @property
    def loadings(self) -> Floats:
        """Shape ``(n_features, n_directions)``."""
        return np.hstack([block.loadings() for block in self.blocks])

    @property
    def scale(self) -> Floats:
        """Shape ``(n_features, n_batches)``."""
        return np.hstack([block.scale() for block in self.blocks])

    def thin(self, X: Floats, labels: NDArray[Any], coordinates: Floats) -> Thin:
        """Say what happens to rows ``(n_rows, n_features)``, given what `BatchEqualizer.equalized` says of them."""
        widths = [block.loadings().shape[1] for block in self.blocks]
        ends = np.cumsum(widths)
        factor, shift = np.ones((len(X), 1)), np.zeros((len(X), ends[-1]))
        for k, block in enumerate(self.blocks):
            rows = np.flatnonzero(np.isin(labels, block.names))
            # coordinates of batches that came later are those of the first chain, not of their own
            found = block.thin(X[rows], labels[rows], coordinates[rows] if k == 0 else None)
            factor[rows], shift[rows, ends[k] - widths[k] : ends[k]] = found
        return Thin(factor, shift)
