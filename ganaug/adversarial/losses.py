"""Losses: pairs of pure functions of logits, one number a row, reduced by whoever trains.

A logit is the critic's answer, higher for what looks real. To add a loss, write one function and one row of `LOSSES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import softplus

__all__ = ["LOSSES", "AdversarialLoss", "nonsaturating", "relativistic", "wasserstein"]

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


def relativistic() -> AdversarialLoss:
    """Pair each fake row with a real one: only the difference of their logits counts (R3GAN, arXiv:2501.05441).

    Without the bias that lets a critic give one value to everything there is no flat basin to drop modes into.

    Examples
    --------
    >>> import torch
    >>> relativistic().critic(torch.zeros(2), torch.zeros(2))
    tensor([0.6931, 0.6931])
    """
    return AdversarialLoss(
        critic=lambda real, fake: softplus(fake - real),
        generator=lambda real, fake: softplus(real - fake),
    )


def nonsaturating() -> AdversarialLoss:
    """Play the classic game so that the generator keeps its gradient while the critic wins (arXiv:1406.2661).

    Examples
    --------
    >>> import torch
    >>> nonsaturating().generator(torch.zeros(1), torch.zeros(1))
    tensor([0.6931])
    """
    return AdversarialLoss(
        critic=lambda real, fake: softplus(-real) + softplus(fake),
        generator=lambda real, fake: softplus(-fake),
    )


def wasserstein() -> AdversarialLoss:
    """Estimate the earth mover's distance, for a critic kept 1-Lipschitz by a penalty (arXiv:1701.07875).

    Examples
    --------
    >>> import torch
    >>> wasserstein().critic(torch.tensor([2.0]), torch.tensor([0.5]))
    tensor([-1.5000])
    """
    return AdversarialLoss(
        critic=lambda real, fake: fake - real,
        generator=lambda real, fake: -fake,
    )


LOSSES: Mapping[str, AdversarialLoss] = {
    "nonsaturating": nonsaturating(),
    "relativistic": relativistic(),
    "wasserstein": wasserstein(),
}
