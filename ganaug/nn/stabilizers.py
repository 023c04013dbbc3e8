"""What steadies a game from within a network: looks at the whole batch, and at how steep its layers are."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

from ganaug.nn.blocks import Layer, draw_weights, linear

__all__ = ["Diversity", "MinibatchDeviation", "MinibatchDiscrimination", "Packed", "packed", "spectral"]

Network = TypeVar("Network", bound=nn.Module)


class MinibatchDiscrimination(nn.Module):
    """Append how many close neighbours a row has in its batch, by several learned measures (arXiv:1606.03498).

    A critic that sees it tells a generator that makes one row again and again. The paper's sum over the other rows is a
    mean here, so that the size of the batch does not matter.

    Parameters
    ----------
    width : int
        Columns in.
    columns : int
        Measures, and so columns appended.
    dims : int
        Dimensions in which each of them compares.
    rng : torch.Generator
        On the CPU; draws the first weights.

    Examples
    --------
    >>> layer = MinibatchDiscrimination(3, columns=2, rng=torch.Generator().manual_seed(0))
    >>> layer(torch.ones(5, 3))[0]
    tensor([1., 1., 1., 1., 1.], grad_fn=<SelectBackward0>)
    """

    def __init__(self, width: int, columns: int = 8, dims: int = 4, *, rng: torch.Generator) -> None:
        super().__init__()
        self.columns = columns
        # the smaller, the more dimensions: distances start around 1, where their exponential has a slope
        self.measures = linear(width, columns * dims, rng, gain=1 / dims, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, width)`` to ``(n, width + columns)``, at the cost of ``n * n * columns * dims`` numbers."""
        measured = self.measures(x).unflatten(1, (self.columns, -1))  # (n, columns, dims)
        distance = (measured[:, None] - measured).abs().sum(dim=3)  # (n, n, columns)
        itself = 1
        near = ((-distance).exp().sum(dim=1) - itself) / max(len(x) - itself, 1)
        return torch.cat([x, near], dim=1)


class MinibatchDeviation(nn.Module):
    """Append the mean standard deviation of all columns over the batch, the same for each row (arXiv:1710.10196).

    Examples
    --------
    >>> MinibatchDeviation()(torch.tensor([[0.0, 5.0], [2.0, 5.0]]))
    tensor([[0.0000, 5.0000, 0.5001],
            [2.0000, 5.0000, 0.5001]])
    """

    columns = 1

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, d)`` to ``(n, d + 1)``, images ``(n, c, h, w)`` to ``(n, c + 1, h, w)``."""
        # of copies the root alone would have no slope
        deviation = (x.var(dim=0, correction=0) + 1e-8).sqrt().mean()
        return torch.cat([x, deviation.expand(len(x), 1, *x.shape[2:])], dim=1)


Diversity = MinibatchDiscrimination | MinibatchDeviation


class Packed(nn.Module):
    """Let any critic judge several rows together, side by side, against mode collapse (PacGAN, arXiv:1712.04086).

    Parameters
    ----------
    critic : nn.Module
        Takes rows of ``size`` times the columns, or images of ``size`` times the channels.
    size : int
        Rows judged together.

    Examples
    --------
    >>> Packed(nn.Sequential(nn.Linear(6, 1), nn.Flatten(0)), size=3)(torch.zeros(12, 2)).shape
    torch.Size([4])
    """

    def __init__(self, critic: nn.Module, size: int) -> None:
        super().__init__()
        self.critic, self.size = critic, size

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map rows ``(n, ...)`` and their condition ``(n, condition_dim)`` to logits ``(n / size,)``."""
        seen = [packed(part, self.size) for part in (x, condition) if part is not None]
        logits: Tensor = self.critic(*seen)
        return logits


def packed(x: Tensor, size: int) -> Tensor:
    """Lay each ``size`` rows side by side: ``(n, d, ...) -> (n / size, size * d, ...)``.

    Raises
    ------
    ValueError
        If ``n`` is no multiple of ``size``.

    Examples
    --------
    >>> packed(torch.tensor([[1, 2], [3, 4]]), 2)
    tensor([[1, 2, 3, 4]])
    """
    if len(x) % size:
        raise ValueError(f"{len(x)} rows cannot be judged in packs of {size}: take a multiple of {size}")
    return x.reshape(len(x) // size, size * x.shape[1], *x.shape[2:])


def spectral(module: Network, rng: torch.Generator | None = None) -> Network:
    """Hold the largest singular value of every linear and convolution layer at 1, in place (arXiv:1802.05957).

    It is torch's own ``spectral_norm``, whose estimate takes one step with each call in training and is part of the
    state dict. A layer that starts at zero, as the last of a `ResidualBlock`, has no direction to keep: its weights are
    drawn.

    Parameters
    ----------
    module : nn.Module
        The network, on the CPU still.
    rng : torch.Generator, optional
        On the CPU; draws the start of each estimate and the weights that are zero. By default one that is seeded with
        0.

    Returns
    -------
    nn.Module
        The same network.

    Examples
    --------
    >>> layer = spectral(nn.Linear(2, 2))
    >>> round(torch.linalg.matrix_norm(layer.weight, 2).item(), 2)
    1.0
    """
    rng = rng if rng is not None else torch.Generator().manual_seed(0)
    layers = [layer for layer in module.modules() if isinstance(layer, Layer)]
    for layer in layers:
        if parametrize.is_parametrized(layer, "weight"):
            continue
        if not layer.weight.any():
            draw_weights(layer, layer.weight[0].numel(), rng)
        _norm(layer, rng)
    return module


def _norm(layer: nn.Module, rng: torch.Generator) -> None:
    # torch draws from the global stream, which is lent the state of ours and put back
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(rng.get_state())
        spectral_norm(layer)
        rng.set_state(torch.get_rng_state())
