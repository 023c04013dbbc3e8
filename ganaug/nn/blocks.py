"""The pieces that generators and critics share."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.layout import Layout
from ganaug.nn.dropout import Dropout

__all__ = ["PeriodicFeatures", "ResidualBlock", "Trunk", "draw_weights", "linear", "mlp", "rank_columns"]

SLOPE = 0.2
Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
Layer = nn.Linear | Convolution


def linear(width_in: int, width_out: int, rng: torch.Generator, *, gain: float = 1.0, bias: bool = True) -> nn.Linear:
    """Make a linear layer with bias 0 (or none) and weights drawn from ``rng``, see `draw_weights`.

    ``nn.Linear`` itself would draw from torch's global stream, which is not ours to move.

    Examples
    --------
    >>> linear(3, 2, torch.Generator().manual_seed(0), gain=0.0)(torch.ones(1, 3))
    tensor([[0., 0.]], grad_fn=<AddmmBackward0>)
    """
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, width_in, width_out, bias=bias)  # type: ignore[no-untyped-call]
    draw_weights(layer, width_in, rng, gain=gain)
    return layer


@torch.no_grad()
def draw_weights(layer: Layer, fan_in: float, rng: torch.Generator, *, gain: float = 1.0) -> None:
    """Set a layer's bias to 0 and draw its weights so that it keeps the scale of what it sees (arXiv:1502.01852).

    Parameters
    ----------
    layer : Linear or convolution
    fan_in : float
        Inputs of each output.
    rng : torch.Generator
        On the device of the layer.
    gain : float
        Scales the weights.

    Examples
    --------
    >>> layer = nn.Linear(400, 300)
    >>> draw_weights(layer, 400, torch.Generator().manual_seed(0))
    >>> round(layer.weight.std().item() * 400**0.5, 1)
    1.4
    """
    layer.weight.normal_(generator=rng).mul_(gain * math.sqrt(2 / (1 + SLOPE**2) / fan_in))
    if layer.bias is not None:
        layer.bias.zero_()


def mlp(width_in: int, width: int, depth: int, width_out: int, *, rng: torch.Generator) -> nn.Sequential:
    """Make a plain network of ``depth`` hidden layers: ``(n, width_in) -> (n, width_out)``.

    Examples
    --------
    >>> mlp(2, 16, 3, 1, rng=torch.Generator().manual_seed(0))(torch.zeros(5, 2)).shape
    torch.Size([5, 1])
    """
    widths = [width_in, *[width] * depth]
    hidden = [layer for a, b in pairwise(widths) for layer in (linear(a, b, rng), nn.LeakyReLU(SLOPE))]
    return nn.Sequential(*hidden, linear(width, width_out, rng))


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
    dropout : float
        Share of the units between the two layers that is dropped, see `Dropout`.
    """

    def __init__(self, width: int, *, rng: torch.Generator, gain: float = 1.0, dropout: float = 0.0) -> None:
        super().__init__()
        self.inner = linear(width, width, rng, gain=gain)
        self.outer = linear(width, width, rng, gain=0.0)
        self.drop = Dropout(dropout, rng=rng) if dropout else None

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, width)`` to ``(n, width)``."""
        hidden = F.leaky_relu(self.inner(F.leaky_relu(x, SLOPE)), SLOPE)
        update: Tensor = self.outer(hidden if self.drop is None else self.drop(hidden))
        return x + update


class Trunk(nn.Sequential):
    """A linear layer, ``depth`` residual blocks and a last activation: ``(n, width_in) -> (n, width)``.

    Parameters
    ----------
    width_in, width, depth : int
        Columns in, columns out, residual blocks.
    rng : torch.Generator
        On the CPU; draws the first weights.
    dropout : float
        Share of the units that is dropped, within each block and at the end, see `Dropout`.

    Examples
    --------
    >>> Trunk(3, 16, 2, rng=torch.Generator().manual_seed(0))(torch.zeros(5, 3)).shape
    torch.Size([5, 16])
    """

    def __init__(self, width_in: int, width: int, depth: int, *, rng: torch.Generator, dropout: float = 0.0) -> None:
        blocks = [ResidualBlock(width, rng=rng, gain=depth**-0.5, dropout=dropout) for _ in range(depth)]
        last = [Dropout(dropout, rng=rng)] if dropout else []
        super().__init__(linear(width_in, width, rng), *blocks, nn.LeakyReLU(SLOPE), *last)


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
