"""Penalties: functions of one round of the game, one number a row.

Those on the critic are differentiable twice. A new one is a function here and a row in `PENALTIES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

__all__ = ["PENALTIES", "Penalty", "Round", "dragan", "feature_matching", "gradient_penalty", "r1", "r2"]


class Round(NamedTuple):
    """One round of the game, of one player.

    Attributes
    ----------
    real, fake : Tensor (n, ...)
        Rows. Both want a gradient in a penalised round of the critic, the fake ones in each of the generator.
    real_logits, fake_logits : Tensor (n,)
        The critic's answers to them.
    critic : callable
        ``(n, ...) -> (n,)``, already bound to the condition.
    rng : torch.Generator
        For penalties that draw.
    given : Any
        What the fake rows were given, as the game drew it.
    """

    real: Tensor
    fake: Tensor
    real_logits: Tensor
    fake_logits: Tensor
    critic: Callable[[Tensor], Tensor]
    rng: torch.Generator
    given: Any = None


Penalty = Callable[[Round], Tensor]


def r1(game: Round) -> Tensor:
    """Squared gradient at the real rows, ``(n,)``: holds the critic still where the game should end (arXiv:1801.04406).

    Examples
    --------
    >>> x = torch.zeros(2, 2, requires_grad=True)
    >>> critic = lambda rows: rows @ torch.tensor([3.0, 4.0])
    >>> r1(Round(x, x, critic(x), critic(x), critic, torch.Generator())).tolist()
    [25.0, 25.0]
    """
    return _slope(game.real_logits, game.real).square().sum(dim=1)


def r2(game: Round) -> Tensor:
    """Squared gradient at the fake rows, ``(n,)`` (arXiv:1801.04406).

    Examples
    --------
    >>> x = torch.zeros(1, 2, requires_grad=True)
    >>> critic = lambda rows: rows @ torch.tensor([3.0, 4.0])
    >>> r2(Round(x, x, critic(x), critic(x), critic, torch.Generator())).tolist()
    [25.0]
    """
    return _slope(game.fake_logits, game.fake).square().sum(dim=1)


def gradient_penalty(game: Round) -> Tensor:
    """How far the slope between real and fake rows is from 1, squared, ``(n,)`` (WGAN-GP, arXiv:1704.00028).

    Examples
    --------
    >>> x = torch.zeros(1, 2)
    >>> critic = lambda rows: rows @ torch.tensor([3.0, 4.0])
    >>> gradient_penalty(Round(x, x, critic(x), critic(x), critic, torch.Generator())).tolist()
    [16.0]
    """
    shape = (len(game.real), *[1] * (game.real.ndim - 1))
    share = torch.rand(shape, generator=game.rng, device=game.real.device)
    between = torch.lerp(game.real.detach(), game.fake.detach(), share).requires_grad_()
    return _away_from_one(game.critic, between)


def dragan(game: Round, spread: float = 0.5) -> Tensor:
    """How far the slope around the real rows is from 1, squared, ``(n,)`` (DRAGAN, arXiv:1705.07215).

    Parameters
    ----------
    game : Round
    spread : float
        How far around, in standard deviations of the real rows.

    Examples
    --------
    >>> x = torch.zeros(1, 2)
    >>> critic = lambda rows: rows @ torch.tensor([3.0, 4.0])
    >>> dragan(Round(x, x, critic(x), critic(x), critic, torch.Generator())).tolist()
    [16.0]
    """
    real = game.real.detach()
    noise = torch.rand(real.shape, generator=game.rng, device=real.device, dtype=real.dtype)
    return _away_from_one(game.critic, (real + spread * real.std(correction=0) * noise).requires_grad_())


def feature_matching(features: Callable[[Tensor], Tensor]) -> Penalty:
    """Squared distance of the mean features of real and of fake rows: for the generator (arXiv:1606.03498).

    Parameters
    ----------
    features : callable
        ``(n, ...) -> (n, k)``, say a layer of the critic.

    Examples
    --------
    >>> rows = torch.tensor([[0.0], [2.0]])
    >>> game = Round(rows, rows + 3, rows[:, 0], rows[:, 0], lambda x: x[:, 0], torch.Generator())
    >>> feature_matching(lambda x: x)(game)
    tensor(9.)
    """
    return lambda game: (features(game.real).detach().mean(dim=0) - features(game.fake).mean(dim=0)).square().sum()


def _away_from_one(critic: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    slope: Tensor = torch.linalg.vector_norm(_slope(critic(rows), rows), dim=1)
    return (slope - 1).square()


def _slope(logits: Tensor, rows: Tensor) -> Tensor:
    # rows are judged independently, so the gradient of the sum holds each row's own gradient
    (gradient,) = torch.autograd.grad(logits.sum(), rows, create_graph=True)
    return gradient.flatten(1)


PENALTIES: Mapping[str, Penalty] = {
    "r1": r1,
    "r2": r2,
    "gradient_penalty": gradient_penalty,
    "dragan": dragan,
}
