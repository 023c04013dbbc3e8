"""The pieces that generators and critics share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.layout import Layout

__all__ = ["PeriodicFeatures", "ResidualBlock", "Trunk", "linear", "rank_columns"]

SLOPE = 0.2


def linear(width_in: int, width_out: int, rng: torch.Generator, *, gain: float = 1.0) -> nn.Linear:
    """Make a linear layer with bias 0 and weights drawn from ``rng`` (arXiv:1502.01852), scaled by ``gain``.

    ``nn.Linear`` itself would draw from torch's global stream, which is not ours to move.

    Examples
    --------
    >>> linear(3, 2, torch.Generator().manual_seed(0), gain=0.0)(torch.ones(1, 3))
    tensor([[0., 0.]], grad_fn=<AddmmBackward0>)
    """
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, width_in, width_out)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        layer.weight.normal_(generator=rng).mul_(gain * math.sqrt(2 / (1 + SLOPE**2) / width_in))
        layer.bias.zero_()
    return layer


class ResidualBlock(nn.Module):
    """``x + f(x)`` with two layers, no normalisation and a last layer that starts at zero.

    The initialisation is Fixup's (arXiv:1901.09321), as in R3GAN (arXiv:2501.05441). Leaky ReLU rather than a smooth
    activation because the second derivative that a gradient penalty asks for is then zero and costs nothing.

    Parameters
    ----------
    width : int
        Columns in and out.
    gain : float
        Scale of the first layer; ``depth ** -0.5`` keeps a stack of ``depth`` blocks in range.
    """

    def __init__(self, width: int, *, rng: torch.Generator, gain: float = 1.0) -> None:
        super().__init__()
        self.inner = linear(width, width, rng, gain=gain)
        self.outer = linear(width, width, rng, gain=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, width)`` to ``(n, width)``."""
        update: Tensor = self.outer(F.leaky_relu(self.inner(F.leaky_relu(x, SLOPE)), SLOPE))
        return x + update


class Trunk(nn.Sequential):
    """A linear layer, ``depth`` residual blocks and a last activation: ``(n, width_in) -> (n, width)``.

    Examples
    --------
    >>> Trunk(3, 16, 2, rng=torch.Generator().manual_seed(0))(torch.zeros(5, 3)).shape
    torch.Size([5, 16])
    """

    def __init__(self, width_in: int, width: int, depth: int, *, rng: torch.Generator) -> None:
        blocks = [ResidualBlock(width, rng=rng, gain=depth**-0.5) for _ in range(depth)]
        super().__init__(linear(width_in, width, rng), *blocks, nn.LeakyReLU(SLOPE))


class PeriodicFeatures(nn.Module):
    """The rows and, beside them, sines and cosines of their rank columns at learned frequencies.

    A plain network is slow to see sharp edges in raw scores; periodic features make them visible (arXiv:2203.05556).

    Parameters
    ----------
    layout : Layout
        Its ``"rank"`` blocks are expanded.
    frequencies : int
        Frequencies a column; 0 leaves the rows as they are.
    scale : float
        Standard deviation of the frequencies at the start.
    """

    columns: Tensor

    def __init__(self, layout: Layout, frequencies: int, *, rng: torch.Generator, scale: float = 0.3) -> None:
        super().__init__()
        columns = rank_columns(layout)
        self.register_buffer("columns", columns, persistent=False)
        self.frequencies = nn.Parameter(scale * torch.randn(len(columns), frequencies, generator=rng))
        self.width = layout.width + 2 * self.frequencies.numel()

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, d)`` to ``(n, d + 2 * frequencies * rank columns)``."""
        if not self.frequencies.numel():
            return x
        angle = (2 * math.pi * x[:, self.columns, None] * self.frequencies).flatten(1)
        return torch.cat([x, angle.sin(), angle.cos()], dim=1)


def rank_columns(layout: Layout) -> Tensor:
    """Return the tensor columns of the ``"rank"`` blocks."""
    columns = [c for b in layout.blocks if b.kind == "rank" for c in range(b.start, b.stop)]
    return torch.tensor(columns, dtype=torch.long)
