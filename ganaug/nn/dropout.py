"""Dropout without torch's global stream."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Dropout"]


class Dropout(nn.Module):
    """Dropout whose masks come from a stream of its own, while torch's would move the global one (arXiv:1207.0580).

    The stream's place is in the state dict, so that a resumed run drops the same units. It is read anew for each call,
    which costs no more than the mask.

    Parameters
    ----------
    share : float
        Share of the units that is dropped in training; the others are scaled up.
    rng : torch.Generator
        On the CPU; chooses the stream.

    Raises
    ------
    ValueError
        If the share is not from 0 up to, not with, 1.

    Examples
    --------
    >>> Dropout(0.5, rng=torch.Generator().manual_seed(0))(torch.ones(8)).unique()
    tensor([0., 2.])
    """

    def __init__(self, share: float, *, rng: torch.Generator) -> None:
        super().__init__()
        if not 0 <= share < 1:
            raise ValueError(f"the share of dropped units must be from 0 up to, not with, 1, not {share}")
        self.share = share
        self.place = int(torch.randint(2**31, (), generator=rng))

    def forward(self, x: Tensor) -> Tensor:
        """Drop units of ``(n, ...)`` in training; leave them alone in evaluation."""
        if not self.training or not self.share:
            return x
        self.place += 1
        stream = torch.Generator(x.device).manual_seed(self.place)
        kept = torch.rand(x.shape, generator=stream, device=x.device) >= self.share
        return x * kept / (1 - self.share)

    def get_extra_state(self) -> Tensor:
        """Return the stream's place, for the state dict."""
        return torch.tensor(self.place)

    def set_extra_state(self, state: Tensor) -> None:
        """Go to a place of the stream."""
        self.place = int(state)
