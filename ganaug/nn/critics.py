"""Critics: one number a row, higher for what looks real."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganaug.layout import Layout
from ganaug.nn.blocks import PeriodicFeatures, Trunk, linear
from ganaug.nn.conditioning import ProjectionHead
from ganaug.nn.stabilizers import Diversity, packed

__all__ = ["AutoencoderCritic", "Critic"]


class Critic(nn.Module):
    """Judge rows, beside their condition if there is one.

    Parameters
    ----------
    layout : Layout
        What each column of a row means.
    width, depth : int
        Hidden units, residual blocks.
    condition_dim : int
        Columns of the condition; 0 for none.
    frequencies : int
        Periodic features for each rank column, see `PeriodicFeatures`; each widens the first layer by two inputs a
        column.
    pack : int
        Rows judged together, against mode collapse (PacGAN, arXiv:1712.04086).
    projection : bool
        Whether the condition enters by an inner product at the end, see `ProjectionHead`, rather than as more columns.
    dropout : float
        Share of the units that is dropped in training, see `Dropout`.
    diversity : MinibatchDeviation or MinibatchDiscrimination, optional
        What the head sees of the whole batch, beside the row; the latter is of this `width`.
    rng : torch.Generator
        On the CPU; draws the first weights.

    Raises
    ------
    ValueError
        If there is a projection and nothing to project.

    Examples
    --------
    >>> layout = Layout.of([("x", "rank", 1), ("y", "rank", 1)])
    >>> Critic(layout, pack=2, rng=torch.Generator().manual_seed(0))(torch.zeros(6, 2)).shape
    torch.Size([3])
    """

    def __init__(
        self,
        layout: Layout,
        width: int = 128,
        depth: int = 2,
        *,
        condition_dim: int = 0,
        frequencies: int = 8,
        pack: int = 1,
        projection: bool = False,
        dropout: float = 0.0,
        diversity: Diversity | None = None,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        if projection and not condition_dim:
            raise ValueError("a projection needs a condition: condition_dim must be 1 or more, not 0")
        self.pack, self.diversity = pack, diversity
        self.features = PeriodicFeatures(layout, frequencies, rng=rng)
        beside = 0 if projection else condition_dim
        self.trunk = Trunk(pack * (self.features.width + beside), width, depth, rng=rng, dropout=dropout)
        width += diversity.columns if diversity else 0
        self.head = ProjectionHead(width, pack * condition_dim, rng=rng) if projection else linear(width, 1, rng)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map rows ``(n, d)`` and their condition ``(n, condition_dim)`` to logits ``(n / pack,)``.

        Raises
        ------
        ValueError
                If ``n`` is no multiple of ``pack``, or if a projection gets no condition.
        """
        seen = self.features(x)
        if isinstance(self.head, ProjectionHead):
            wanted = None if condition is None else packed(condition, self.pack)
            logits: Tensor = self.head(self._look(seen), wanted)
        else:
            seen = seen if condition is None else torch.cat([seen, condition], dim=1)
            logits = self.head(self._look(seen)).squeeze(1)
        return logits

    def _look(self, seen: Tensor) -> Tensor:
        features: Tensor = self.trunk(packed(seen, self.pack))
        return features if self.diversity is None else self.diversity(features)


class AutoencoderCritic(nn.Module):
    """Judge rows by how well they can be rebuilt from a short code: for the losses `energy` and `began`.

    A logit is minus the mean squared error over the columns of the row, so it is never above 0 (arXiv:1609.03126).

    Parameters
    ----------
    layout : Layout
        What each column of a row means.
    width, depth : int
        Hidden units, residual blocks, of the encoder and of the decoder.
    code : int
        Numbers that a row is rebuilt from. `began` wants fewer than the row has columns, or the critic copies whatever
        it is shown; `energy`, which is paid for rebuilding fake rows badly, does not.
    condition_dim : int
        Columns of the condition, which both encoder and decoder see; 0 for none.
    dropout : float
        Share of the units that is dropped in training, see `Dropout`.
    rng : torch.Generator
        On the CPU; draws the first weights.

    Examples
    --------
    >>> layout = Layout.of([("x", "rank", 1), ("y", "rank", 1)])
    >>> AutoencoderCritic(layout, code=1, rng=torch.Generator().manual_seed(0))(torch.zeros(6, 2)).shape
    torch.Size([6])
    """

    def __init__(
        self,
        layout: Layout,
        width: int = 128,
        depth: int = 1,
        *,
        code: int = 8,
        condition_dim: int = 0,
        dropout: float = 0.0,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        encoder = Trunk(layout.width + condition_dim, width, depth, rng=rng, dropout=dropout)
        self.encoder = nn.Sequential(encoder, linear(width, code, rng))
        decoder = Trunk(code + condition_dim, width, depth, rng=rng, dropout=dropout)
        self.decoder = nn.Sequential(decoder, linear(width, layout.width, rng))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map rows ``(n, d)`` and their condition ``(n, condition_dim)`` to logits ``(n,)``."""
        beside = [] if condition is None else [condition]
        code = self.encoder(torch.cat([x, *beside], dim=1))
        rebuilt: Tensor = self.decoder(torch.cat([code, *beside], dim=1))
        return -(rebuilt - x).square().mean(dim=1)
