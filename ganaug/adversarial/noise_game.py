"""The plainest game: noise in, rows out."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = ["NoiseGame"]


class NoiseGame:
    """Turn noise into rows that look like those of a sampler; any two networks will do.

    Parameters
    ----------
    real : callable
        ``(n, rng) -> (n, ...)``, draws real rows.
    generator : nn.Module
        ``(n, noise_dim) -> (n, ...)``.
    critic : nn.Module
        ``(n, ...)`` to logits ``(n,)`` or ``(n, 1)``.
    n : int
        Rows of each side in a step.
    noise_dim : int
        Columns of the noise.

    Examples
    --------
    >>> from ganaug.adversarial import TrainConfig, r3gan, train
    >>> def real(n, rng):
    ...     return 3 + torch.randn(n, 1, generator=rng)
    >>> game = NoiseGame(real, nn.Linear(2, 1), nn.Linear(1, 1), noise_dim=2)
    >>> train(game, r3gan(), TrainConfig(steps=5)).generator(torch.zeros(4, 2)).shape
    torch.Size([4, 1])
    """

    def __init__(
        self,
        real: Callable[[int, torch.Generator], Tensor],
        generator: nn.Module,
        critic: nn.Module,
        *,
        n: int = 256,
        noise_dim: int,
    ) -> None:
        self.real, self.generator, self.critic, self.n, self.noise_dim = real, generator, critic, n, noise_dim

    def draw(self, rng: torch.Generator) -> tuple[Tensor, None]:
        """Draw real rows; nothing is given."""
        return self.real(self.n, rng), None

    def fake(self, given: None, rng: torch.Generator) -> Tensor:
        """Make rows from noise, ``(n, ...)``."""
        rows: Tensor = self.generator(torch.randn(self.n, self.noise_dim, generator=rng, device=rng.device))
        return rows

    def judge(self, x: Tensor, given: None) -> Tensor:
        """Say how real each row looks, ``(n,)``."""
        logits: Tensor = self.critic(x)
        return logits.flatten()

    def terms(self, fake: Tensor, given: None) -> Tensor | None:
        """Ask nothing of the generator besides."""
        return None
