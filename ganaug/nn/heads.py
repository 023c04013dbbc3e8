"""From free numbers to the blocks of a layout."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.layout import Layout

__all__ = ["LevelsHead", "straight_through"]


def straight_through(logits: Tensor, rng: torch.Generator, temperature: float) -> Tensor:
    """Draw one-hot rows whose gradient is that of a Gumbel-softmax (arXiv:1611.01144).

    The levels are drawn with the probabilities ``softmax(logits)`` whatever the temperature, which shapes the gradient
    alone.

    Parameters
    ----------
    logits : Tensor (..., n_levels)
        ``-inf`` marks a level that does not exist.
    rng : torch.Generator
        On the device of ``logits``.
    temperature : float
        Low values make the gradient sharper and noisier.

    Returns
    -------
    Tensor (..., n_levels)
        Exactly one-hot.

    Examples
    --------
    >>> straight_through(torch.tensor([[0.0, 99.0]]), torch.Generator().manual_seed(0), temperature=0.5)
    tensor([[0., 1.]])
    """
    gumbel = -torch.empty_like(logits).exponential_(generator=rng).log()
    soft = ((logits + gumbel) / temperature).softmax(dim=-1)
    hard = F.one_hot(soft.argmax(dim=-1), logits.shape[-1]).to(soft.dtype)
    return hard + (soft - soft.detach())  # in this order the forward value is exact


class LevelsHead(nn.Module):
    """Draw every ``"levels"`` block of a layout and pass the other columns through.

    Blocks of unlike width are padded to the widest, so that any number of them costs one softmax.

    Parameters
    ----------
    layout : Layout
        What each column means.
    temperature : float
        See `straight_through`.
    """

    gather: Tensor
    padding: Tensor
    columns: Tensor

    def __init__(self, layout: Layout, *, temperature: float = 0.5) -> None:
        super().__init__()
        self.temperature = temperature
        blocks = [b for b in layout.blocks if b.kind == "levels"]
        widest = max((b.width for b in blocks), default=0)
        gather = torch.tensor([[min(b.start + i, b.stop - 1) for i in range(widest)] for b in blocks], dtype=torch.long)
        real = torch.tensor([[i < b.width for i in range(widest)] for b in blocks], dtype=torch.bool)
        self.register_buffer("gather", gather, persistent=False)
        self.register_buffer("padding", ~real, persistent=False)
        self.register_buffer("columns", gather[real], persistent=False)

    def forward(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Map free numbers ``(n, d)`` to rows ``(n, d)`` of the layout."""
        if not len(self.columns):
            return x
        logits = x[:, self.gather].masked_fill(self.padding, -torch.inf)  # (n, n_blocks, widest)
        drawn = straight_through(logits, rng, self.temperature)
        return x.index_copy(1, self.columns, drawn[:, ~self.padding])
