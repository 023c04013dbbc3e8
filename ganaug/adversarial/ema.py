"""The running mean of a network's weights."""

from __future__ import annotations

import copy

import torch
from torch import nn

__all__ = ["Average", "decay"]


def decay(step: int, half_life: float | None, warm_up: float = 0.1) -> float:
    """Share of the old mean that is kept at a step.

    The half life grows with the steps done until it reaches ``half_life``, so that the first weights do not linger
    (arXiv:2106.12423, its training code).

    Parameters
    ----------
    step : int
        Counted from 1.
    half_life : float or None
        Steps after which a weight counts half; 0 for no averaging, None for the plain mean of all steps.
    warm_up : float
        The half life is at most ``warm_up * step``.

    Examples
    --------
    >>> decay(1000, half_life=1.0)
    0.5
    >>> decay(10, half_life=100.0, warm_up=0.1)
    0.5
    """
    if half_life is None:
        return 1 - 1 / step
    life = min(half_life, warm_up * step)
    return float(0.5 ** (1 / life)) if life > 0 else 0.0


class Average:
    """Exponential moving average of a module's weights; buffers are copied.

    Attributes
    ----------
    module : torch.nn.Module
        A copy of the module in evaluation mode, without gradients, with the averaged weights.
    """

    def __init__(self, module: nn.Module, half_life: float | None) -> None:
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.half_life = half_life

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take in the weights of a step, counted from 1."""
        share = 1 - decay(step, self.half_life)
        for mean, weight in zip(self.module.parameters(), module.parameters(), strict=True):
            mean.lerp_(weight, share)
        for kept, buffer in zip(self.module.buffers(), module.buffers(), strict=True):
            kept.copy_(buffer)
