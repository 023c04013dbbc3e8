"""Two ways for a condition to enter a network besides as more columns."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganaug.nn.blocks import linear

__all__ = ["ConditionalNorm", "ProjectionHead"]

Norm = nn.BatchNorm1d | nn.BatchNorm2d | nn.InstanceNorm2d


class ProjectionHead(nn.Module):
    """One logit a row, to which the condition adds its inner product with the features (arXiv:1802.05637).

    That is the form of the best logit where each class is of one exponential family.

    Parameters
    ----------
    width : int
        Features of a row.
    condition_dim : int
        Columns of the condition; 0 for none.
    rng : torch.Generator
        On the CPU; draws the first weights.

    Examples
    --------
    >>> head = ProjectionHead(16, condition_dim=3, rng=torch.Generator().manual_seed(0))
    >>> head(torch.zeros(5, 16), torch.eye(3)[[0, 0, 1, 1, 2]]).shape
    torch.Size([5])
    """

    def __init__(self, width: int, condition_dim: int, *, rng: torch.Generator) -> None:
        super().__init__()
        self.alone = linear(width, 1, rng)
        # so small that a sum over the features starts as large as the logit of the row alone
        gain = width**-0.5
        self.wanted = linear(condition_dim, width, rng, gain=gain, bias=False) if condition_dim else None

    def forward(self, features: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map features ``(n, width)`` and the condition ``(n, condition_dim)`` to logits ``(n,)``.

        Raises
        ------
        ValueError
            If there is a condition and the head is built without one, or the other way round.
        """
        logits: Tensor = self.alone(features).squeeze(1)
        if self.wanted is None and condition is None:
            return logits
        if self.wanted is None or condition is None:
            built, shape = getattr(self.wanted, "in_features", 0), None if condition is None else tuple(condition.shape)
            raise ValueError(f"the critic was built with condition_dim={built}, but its condition is {shape}")
        wanted: Tensor = self.wanted(condition)  # (n, width)
        return logits + (features * wanted).sum(dim=1)


class ConditionalNorm(nn.Module):
    """Normalise, then scale and shift each column or channel as the condition says; at the start it only normalises.

    With a batch norm it is conditional batch normalisation (arXiv:1707.00683), with an instance norm, for images,
    conditional instance normalisation (arXiv:1610.07629). In a critic use the latter alone: gradient penalties want
    rows that are judged independently.

    Parameters
    ----------
    norm : BatchNorm1d, BatchNorm2d or InstanceNorm2d
        What normalises; of a scale and shift of its own there must be none: ``affine=False``.
    condition_dim : int
        Columns of the condition.

    Raises
    ------
    ValueError
        If the norm has a scale and shift of its own.

    Examples
    --------
    >>> norm = ConditionalNorm(nn.BatchNorm1d(1, affine=False), condition_dim=2)
    >>> norm(torch.tensor([[3.0], [5.0]]), torch.eye(2)).detach()
    tensor([[-1.0000],
            [ 1.0000]])
    """

    def __init__(self, norm: Norm, condition_dim: int) -> None:
        super().__init__()
        if norm.affine:
            raise ValueError(f"{norm} has a scale and shift of its own: build it with affine=False")
        self.norm = norm
        self.scale = nn.Parameter(torch.zeros(condition_dim, norm.num_features))  # less 1, so that decay does no harm
        self.shift = nn.Parameter(torch.zeros(condition_dim, norm.num_features))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map ``(n, columns)`` or ``(n, channels, h, w)``, with ``(n, condition_dim)`` beside, to the same shape."""
        per_row = (..., *[None] * (x.ndim - 2))
        scaled: Tensor = self.norm(x) * (1 + condition @ self.scale)[per_row] + (condition @ self.shift)[per_row]
        return scaled
