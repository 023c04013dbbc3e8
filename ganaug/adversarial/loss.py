"""What an adversarial loss is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

__all__ = ["AdversarialLoss", "LogitLoss"]

LogitLoss = Callable[[Tensor, Tensor], Tensor]


class AdversarialLoss(NamedTuple):
    """What the critic and what the generator minimise.

    Attributes
    ----------
    critic, generator : callable
        ``(real_logits, fake_logits) -> (n,)``, where all three are ``(n,)``.
    """

    critic: LogitLoss
    generator: LogitLoss
