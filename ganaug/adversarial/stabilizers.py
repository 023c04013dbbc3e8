"""What steadies a game besides its losses and penalties; `Objective` says which of it is played."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

__all__ = ["Equilibrium", "Noise", "Slopes", "Unroll", "clip_weights", "drift", "field_energy", "unrolled"]

Slopes = tuple[Tensor, ...]


class Noise(NamedTuple):
    """Gaussian noise on all rows that the critic sees, so that the two sides always overlap (arXiv:1701.04862).

    Attributes
    ----------
    start : float
        Its standard deviation at first.
    half_life : float
        Steps in which it halves.

    Examples
    --------
    >>> Noise(start=1.0, half_life=100.0).at(200)
    0.25
    """

    start: float = 0.1
    half_life: float = 1000.0

    def at(self, step: int) -> float:
        """Return the standard deviation at a step."""
        return float(self.start * 0.5 ** (step / self.half_life))

    def on(self, rows: Tensor, step: int, rng: torch.Generator) -> Tensor:
        """Return the rows with noise on them."""
        return rows + self.at(step) * torch.randn(rows.shape, generator=rng, device=rows.device, dtype=rows.dtype)


class Equilibrium(NamedTuple):
    """The controller that keeps an auto-encoding critic and its generator in balance (BEGAN, arXiv:1703.10717).

    Attributes
    ----------
    gamma : float
        Energy of fake rows over that of real ones that is aimed at: low values ask for quality, high ones for
        diversity.
    rate : float
        How fast the weight follows.
    """

    gamma: float = 0.5
    rate: float = 0.001

    def move(self, weight: Tensor, real: Tensor, fake: Tensor) -> Tensor:
        """Return the next weight of the fake rows, a number from 0 to 1.

        Examples
        --------
        >>> import torch
        >>> Equilibrium(gamma=0.5, rate=0.1).move(torch.tensor(0.0), torch.tensor([-2.0]), torch.tensor([-0.5]))
        tensor(0.0500)
        """
        return (weight + self.rate * (fake.mean() - self.gamma * real.mean())).clamp(0, 1)


class Unroll(NamedTuple):
    """Let the generator see how the critic would answer (unrolled GAN, arXiv:1611.02163).

    Attributes
    ----------
    steps : int
        Gradient steps of the critic that the generator looks ahead and differentiates through.
    rate : float
        Their step size.
    """

    steps: int = 5
    rate: float = 0.1


class _Judge(nn.Module):
    """A judge whose critic's weights can be exchanged for a call."""

    def __init__(self, critic: nn.Module, judge: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.critic, self.judge = critic, judge

    def forward(self, rows: Tensor) -> Tensor:
        return self.judge(rows)


def unrolled(
    critic: nn.Module,
    judge: Callable[[Tensor], Tensor],
    loss: Callable[[Callable[[Tensor], Tensor]], Tensor],
    unroll: Unroll,
) -> Callable[[Tensor], Tensor]:
    """Return the judge after the critic's next steps, as a differentiable function of the fake rows in them.

    Parameters
    ----------
    critic : nn.Module
        Its weights stay as they are.
    judge : callable
        ``(n, ...) -> (n,)``, by way of `critic`.
    loss : callable
        What the critic minimises, a number, given a judge.
    unroll : Unroll
        How far to look ahead.

    Examples
    --------
    >>> critic = nn.Linear(1, 1, bias=False)
    >>> judge = lambda rows: critic(rows)[:, 0]
    >>> one = torch.ones(1, 1)
    >>> ahead = unrolled(critic, judge, lambda judge: judge(one).sum(), Unroll(steps=3, rate=0.5))
    >>> round((judge(one) - ahead(one)).item(), 4)
    1.5
    """
    box = _Judge(critic, judge)
    weights: dict[str, Tensor] = {f"critic.{name}": weight for name, weight in critic.named_parameters()}

    def ahead(rows: Tensor) -> Tensor:
        logits: Tensor = functional_call(box, weights, (rows,))
        return logits

    for _ in range(unroll.steps):
        slopes = torch.autograd.grad(loss(ahead), list(weights.values()), create_graph=True)
        weights = {name: w - unroll.rate * s for (name, w), s in zip(weights.items(), slopes, strict=True)}
    return ahead


def field_energy(field: Sequence[Slopes]) -> Tensor:
    """Half the squared norm of both players' gradients: its own gradient is consensus optimisation (arXiv:1705.10461).

    Examples
    --------
    >>> field_energy([(torch.tensor([3.0]),), (torch.tensor([4.0]),)])
    tensor(12.5000)
    """
    return torch.stack([slope.square().sum() for player in field for slope in player]).sum() / 2


@torch.no_grad()
def clip_weights(module: nn.Module, limit: float) -> None:
    """Hold every weight within ``[-limit, limit]`` (the first WGAN, arXiv:1701.07875).

    Examples
    --------
    >>> layer = nn.Linear(4, 4)
    >>> clip_weights(layer, 0.01)
    >>> bool(layer.weight.abs().max() <= 0.01)
    True
    """
    for weight in module.parameters():
        weight.clamp_(-limit, limit)


def drift(module: nn.Module, past: nn.Module) -> Tensor:
    """Squared distance of the weights from their mean over all steps so far (historical averaging, arXiv:1606.03498).

    Examples
    --------
    >>> layer = nn.Linear(2, 1)
    >>> drift(layer, layer)
    tensor(0., grad_fn=<SumBackward0>)
    """
    pairs = zip(module.parameters(), past.parameters(), strict=True)
    return torch.stack([(weight - mean.detach()).square().sum() for weight, mean in pairs]).sum()
