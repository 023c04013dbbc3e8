"""Networks for square images: convolutions, and nothing else that rows do not have."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.nn.blocks import SLOPE, draw_weights, linear
from ganaug.nn.conditioning import ConditionalNorm, ProjectionHead
from ganaug.nn.stabilizers import Diversity

__all__ = ["ImageCritic", "ImageGenerator"]

SMALLEST = 4  # side of the image that the generator begins with and the critic ends with
WIDEST = 8  # times the width


class ImageGenerator(nn.Module):
    """Make images from noise: a small one with many channels is doubled until it has its side (arXiv:1511.06434).

    Unlike there, nothing is normalised unless the condition is to do so: the losses here do not need it, and a batch
    norm would let the images of a batch depend on each other.

    Parameters
    ----------
    side : int
        Rows and columns of an image: 8, 16, 32, 64, ...
    channels : int
        Channels of an image.
    noise_dim : int
        Columns of the noise.
    width : int
        Channels of the last layer but one; each smaller layer has twice as many, up to eight times.
    condition_dim : int
        Columns of the condition; 0 for none.
    conditional_norm : bool
        Whether the condition also scales and shifts each layer, see `ConditionalNorm`.
    rng : torch.Generator
        On the CPU; draws the first weights.

    Raises
    ------
    ValueError
        If the side is no doubling of 4, or if a norm is to follow a condition that is not there.

    Examples
    --------
    >>> ImageGenerator(16, channels=3, noise_dim=8, rng=torch.Generator().manual_seed(0))(torch.zeros(5, 8)).shape
    torch.Size([5, 3, 16, 16])
    """

    def __init__(
        self,
        side: int,
        channels: int = 1,
        noise_dim: int = 64,
        width: int = 32,
        *,
        condition_dim: int = 0,
        conditional_norm: bool = False,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        if conditional_norm and not condition_dim:
            raise ValueError("a conditional norm needs a condition: condition_dim must be 1 or more, not 0")
        widths = _widths(side, width)[::-1]
        self.noise_dim = noise_dim
        self.first = linear(noise_dim + condition_dim, widths[0] * SMALLEST**2, rng)
        self.doubling = nn.ModuleList(_doubling(wide, narrow, rng) for wide, narrow in pairwise(widths))
        normed = widths if conditional_norm else []
        self.norms = nn.ModuleList(ConditionalNorm(nn.InstanceNorm2d(wide), condition_dim) for wide in normed)
        self.last = _convolution(width, channels, 3, 1, rng)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map noise ``(n, noise_dim)`` and the condition ``(n, condition_dim)`` to images with values from -1 to 1.

        Returns
        -------
        Tensor (n, channels, side, side)
        """
        seen = z if condition is None else torch.cat([z, condition], dim=1)
        x = self._active(0, self.first(seen).unflatten(1, (-1, SMALLEST, SMALLEST)), condition)
        for k, double in enumerate(self.doubling, start=1):
            x = self._active(k, double(x), condition)
        images: Tensor = self.last(x).tanh()
        return images

    def _active(self, k: int, x: Tensor, condition: Tensor | None) -> Tensor:
        return F.leaky_relu(self.norms[k](x, condition) if self.norms else x, SLOPE)


class ImageCritic(nn.Module):
    """Judge images: each layer halves them and doubles their channels, down to a side of 4 (arXiv:1511.06434).

    Unlike there, no batch norm: gradient penalties want rows that are judged independently.

    Parameters
    ----------
    side, channels : int
        Of the images: 8, 16, 32, 64, ... rows and columns.
    width : int
        Channels of the first layer; each smaller one has twice as many, up to eight times.
    condition_dim : int
        Columns of the condition, which enters by an inner product, see `ProjectionHead`; 0 for none.
    diversity : MinibatchDeviation or MinibatchDiscrimination, optional
        What the head sees of the whole batch, beside the image; the latter's width is ``16 * width`` times the lesser
        of ``side / 4`` and 8.
    rng : torch.Generator
        On the CPU; draws the first weights.

    Raises
    ------
    ValueError
        If the side is no doubling of 4.

    Examples
    --------
    >>> ImageCritic(8, rng=torch.Generator().manual_seed(0))(torch.zeros(5, 1, 8, 8)).shape
    torch.Size([5])
    """

    def __init__(
        self,
        side: int,
        channels: int = 1,
        width: int = 32,
        *,
        condition_dim: int = 0,
        diversity: Diversity | None = None,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        widths = _widths(side, width)
        layers: list[nn.Module] = [_convolution(channels, width, 3, 1, rng)]
        for narrow, wide in pairwise(widths):
            layers += [nn.LeakyReLU(SLOPE), _convolution(narrow, wide, 4, 2, rng)]
        self.body = nn.Sequential(*layers, nn.LeakyReLU(SLOPE), nn.Flatten())
        self.diversity = diversity
        features = widths[-1] * SMALLEST**2 + (diversity.columns if diversity else 0)
        self.head = ProjectionHead(features, condition_dim, rng=rng)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map images ``(n, channels, side, side)`` and the condition ``(n, condition_dim)`` to logits ``(n,)``."""
        features = self.body(x)
        logits: Tensor = self.head(self.diversity(features) if self.diversity else features, condition)
        return logits


def _widths(side: int, width: int) -> list[int]:
    """Channels at each side, from the whole image down to the smallest."""
    doublings = (side // SMALLEST).bit_length() - 1
    if doublings < 1 or side != SMALLEST * 2**doublings:
        raise ValueError(
            f"side must be {SMALLEST} doubled at least once, as 8, 16, 32 or 64, not {side}: pad the images"
        )
    return [width * min(2**k, WIDEST) for k in range(doublings + 1)]


def _convolution(channels_in: int, channels_out: int, kernel: int, stride: int, rng: torch.Generator) -> nn.Conv2d:
    shape = (channels_in, channels_out, kernel, stride)
    layer: nn.Conv2d = nn.utils.skip_init(nn.Conv2d, *shape, padding=1)  # type: ignore[no-untyped-call]
    draw_weights(layer, channels_in * kernel**2, rng)
    return layer


def _doubling(channels_in: int, channels_out: int, rng: torch.Generator) -> nn.ConvTranspose2d:
    shape = (channels_in, channels_out, 4, 2)
    layer: nn.ConvTranspose2d
    layer = nn.utils.skip_init(nn.ConvTranspose2d, *shape, padding=1)  # type: ignore[no-untyped-call]
    draw_weights(layer, channels_in * 4**2 / 2**2, rng)  # of the 16 weights 4 meet in each pixel
    return layer
