"""Generators: one moves the rows of a proposal, one makes rows from noise."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganaug.layout import Layout
from ganaug.nn.blocks import PeriodicFeatures, Trunk, linear, rank_columns
from ganaug.nn.heads import LevelsHead

__all__ = ["NoiseGenerator", "ResidualGenerator"]


class ResidualGenerator(nn.Module):
    """Move the numbers of proposal rows; at the start it is exactly the identity.

    ``"rank"`` columns get ``x + delta(x, z, condition)``; ``"levels"`` and ``"embedding"`` columns are seen by the
    network and handed on unchanged.

    Parameters
    ----------
    layout : Layout
        What each column of a row means.
    noise_dim : int
        Columns of the noise; 0 for a deterministic map.
    width, depth : int
        Hidden units, residual blocks.
    condition_dim : int
        Columns of the condition; 0 for none.
    frequencies : int
        Periodic features for each rank column, see `PeriodicFeatures`.
    rng : torch.Generator
        On the CPU; draws the first weights.

    Examples
    --------
    >>> layout = Layout.of([("age", "rank", 1), ("sex", "levels", 2)])
    >>> generator = ResidualGenerator(layout, noise_dim=4, rng=torch.Generator().manual_seed(0))
    >>> generator(torch.tensor([[0.3, 1.0, 0.0]]), torch.randn(1, 4)).detach()
    tensor([[0.3000, 1.0000, 0.0000]])
    """

    columns: Tensor

    def __init__(
        self,
        layout: Layout,
        noise_dim: int = 16,
        width: int = 128,
        depth: int = 2,
        *,
        condition_dim: int = 0,
        frequencies: int = 0,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.noise_dim = noise_dim
        columns = rank_columns(layout)
        self.register_buffer("columns", columns, persistent=False)
        self.features = PeriodicFeatures(layout, frequencies, rng=rng)
        self.trunk = Trunk(self.features.width + noise_dim + condition_dim, width, depth, rng=rng)
        self.head = linear(width, len(columns), rng, gain=0.0)

    def forward(self, x: Tensor, z: Tensor, condition: Tensor | None = None, frozen: Tensor | None = None) -> Tensor:
        """Move the rows.

        Parameters
        ----------
        x : Tensor (n, d)
            Rows of the proposal.
        z : Tensor (n, noise_dim)
            Standard normal noise.
        condition : Tensor (n, condition_dim), optional
            What the rows are given.
        frozen : bool Tensor (d,) or (n, d), optional
            True where a value was asked for and must stay.

        Returns
        -------
        Tensor (n, d)
        """
        seen = [self.features(x), z] if condition is None else [self.features(x), z, condition]
        delta = self.head(self.trunk(torch.cat(seen, dim=1)))
        moved = x.index_add(1, self.columns, delta)
        return moved if frozen is None else torch.where(frozen, x, moved)


class NoiseGenerator(nn.Module):
    """Make rows from noise and a condition.

    ``"rank"`` and ``"embedding"`` columns are free numbers, ``"levels"`` blocks are drawn one-hot.

    Parameters
    ----------
    layout : Layout
        What each column of a row means.
    noise_dim : int
        Columns of the noise.
    width, depth : int
        Hidden units, residual blocks.
    condition_dim : int
        Columns of the condition; 0 for none.
    temperature : float
        See `straight_through`.
    rng : torch.Generator
        On the CPU; draws the first weights.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> layout = Layout.of([("age", "rank", 1), ("sex", "levels", 2)])
    >>> NoiseGenerator(layout, noise_dim=8, rng=rng)(torch.zeros(1, 8), rng=rng).shape
    torch.Size([1, 3])
    """

    def __init__(
        self,
        layout: Layout,
        noise_dim: int = 64,
        width: int = 128,
        depth: int = 2,
        *,
        condition_dim: int = 0,
        temperature: float = 0.5,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.noise_dim = noise_dim
        self.trunk = Trunk(noise_dim + condition_dim, width, depth, rng=rng)
        self.head = linear(width, layout.width, rng)
        self.levels = LevelsHead(layout, temperature=temperature)

    def forward(self, z: Tensor, condition: Tensor | None = None, *, rng: torch.Generator) -> Tensor:
        """Make one row for each row of noise.

        Parameters
        ----------
        z : Tensor (n, noise_dim)
            Standard normal noise.
        condition : Tensor (n, condition_dim), optional
            What the rows are given.
        rng : torch.Generator
            On the device of ``z``; draws the levels.

        Returns
        -------
        Tensor (n, d)
        """
        seen = z if condition is None else torch.cat([z, condition], dim=1)
        rows: Tensor = self.levels(self.head(self.trunk(seen)), rng)
        return rows
