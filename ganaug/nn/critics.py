"""Critics: one number a row, higher for what looks real."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganaug.layout import Layout
from ganaug.nn.blocks import PeriodicFeatures, Trunk, linear

__all__ = ["Critic"]


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
    rng : torch.Generator
        On the CPU; draws the first weights.

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
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.pack = pack
        self.features = PeriodicFeatures(layout, frequencies, rng=rng)
        self.trunk = Trunk(pack * (self.features.width + condition_dim), width, depth, rng=rng)
        self.head = linear(width, 1, rng)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map rows ``(n, d)`` and their condition ``(n, condition_dim)`` to logits ``(n / pack,)``.

        Raises
        ------
        ValueError
            If ``n`` is no multiple of ``pack``.
        """
        if len(x) % self.pack:
            raise ValueError(f"{len(x)} rows cannot be judged in packs of {self.pack}: take a multiple of {self.pack}")
        seen = self.features(x)
        if condition is not None:
            seen = torch.cat([seen, condition], dim=1)
        logits: Tensor = self.head(self.trunk(seen.reshape(len(x) // self.pack, -1))).squeeze(1)
        return logits
