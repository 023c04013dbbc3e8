"""Penalties on the critic: functions of one round of the game, one number a row, differentiable twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["PENALTIES", "Penalty", "Round", "gradient_penalty", "r1", "r2"]


class Round(NamedTuple):
    """One round of the critic's side of the game.

    Attributes
    ----------
    real, fake : Tensor (n, ...)
        Rows, each of which wants a gradient.
    real_logits, fake_logits : Tensor (n,)
        The critic's answers to them.
    critic : callable
        ``(n, ...) -> (n,)``, already bound to the condition.
    rng : torch.Generator
        For penalties that draw.
    """

    real: Tensor
    fake: Tensor
    real_logits: Tensor
    fake_logits: Tensor
    critic: Callable[[Tensor], Tensor]
    rng: torch.Generator


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
    """Squared gradient at the fake rows, ``(n,)`` (arXiv:1801.04406)."""
    return _slope(game.fake_logits, game.fake).square().sum(dim=1)


def gradient_penalty(game: Round) -> Tensor:
    """How far the slope between real and fake rows is from 1, squared, ``(n,)`` (WGAN-GP, arXiv:1704.00028)."""
    shape = (len(game.real), *[1] * (game.real.ndim - 1))
    share = torch.rand(shape, generator=game.rng, device=game.real.device)
    between = torch.lerp(game.real.detach(), game.fake.detach(), share).requires_grad_()
    slope: Tensor = torch.linalg.vector_norm(_slope(game.critic(between), between), dim=1)
    return (slope - 1).square()


def _slope(logits: Tensor, rows: Tensor) -> Tensor:
    # rows are judged independently, so the gradient of the sum holds each row's own gradient
    (gradient,) = torch.autograd.grad(logits.sum(), rows, create_graph=True)
    return gradient.flatten(1)


PENALTIES: Mapping[str, Penalty] = {"r1": r1, "r2": r2, "gradient_penalty": gradient_penalty}
