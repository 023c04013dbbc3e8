"""Games with known answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganaug.layout import Layout
from ganaug.nn import Critic, NoiseGenerator, ResidualGenerator

Sampler = Callable[[int, torch.Generator], Tensor]


def numbers(d: int) -> Layout:
    return Layout.of([(f"x{i}", "rank", 1) for i in range(d)])


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(d: int) -> Sampler:
    return lambda n, rng: torch.randn(n, d, generator=rng)


def planted(mean: float, scale: float) -> Sampler:
    return lambda n, rng: mean + scale * torch.randn(n, 1, generator=rng)


def correlated(rho: float) -> Sampler:
    def draw(n: int, rng: torch.Generator) -> Tensor:
        x, y = torch.randn(2, n, generator=rng)
        return torch.stack([x, rho * x + math.sqrt(1 - rho**2) * y], dim=1)

    return draw


def ring(modes: int = 8, radius: float = 2.0, scale: float = 0.05) -> Sampler:
    def draw(n: int, rng: torch.Generator) -> Tensor:
        angle = torch.randint(modes, (n,), generator=rng) * (2 * math.pi / modes)
        centre = radius * torch.stack([angle.cos(), angle.sin()], dim=1)
        return centre + scale * torch.randn(n, 2, generator=rng)

    return draw


@dataclass
class Refine:
    """Move the rows of a proposal onto real ones."""

    real: Sampler
    proposal: Sampler
    generator: nn.Module
    critic: nn.Module
    n: int = 256
    noise_dim: int = 4

    @classmethod
    def of(cls, real: Sampler, proposal: Sampler, d: int, *, width: int = 64, n: int = 256) -> Refine:
        rng = stream(1)
        generator = ResidualGenerator(numbers(d), 4, width, 2, rng=rng)
        return cls(real, proposal, generator, Critic(numbers(d), width, 2, rng=rng), n)

    def draw(self, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        return self.real(self.n, rng), self.proposal(self.n, rng)

    def fake(self, given: Tensor, rng: torch.Generator, generator: nn.Module | None = None) -> Tensor:
        z = torch.randn(len(given), self.noise_dim, generator=rng)
        rows: Tensor = (generator or self.generator)(given, z)
        return rows

    def judge(self, x: Tensor, given: Tensor) -> Tensor:
        logits: Tensor = self.critic(x)
        return logits

    def terms(self, fake: Tensor, given: Tensor) -> Tensor | None:
        return None


@dataclass
class FromNoise:
    """Make rows from noise alone."""

    real: Sampler
    generator: nn.Module
    critic: nn.Module
    n: int = 256
    noise_dim: int = 8

    @classmethod
    def of(cls, real: Sampler, d: int, *, width: int = 128, n: int = 256) -> FromNoise:
        rng = stream(1)
        generator = NoiseGenerator(numbers(d), 8, width, 2, rng=rng)
        return cls(real, generator, Critic(numbers(d), width, 2, rng=rng), n)

    def draw(self, rng: torch.Generator) -> tuple[Tensor, None]:
        return self.real(self.n, rng), None

    def fake(self, given: None, rng: torch.Generator, generator: nn.Module | None = None) -> Tensor:
        z = torch.randn(self.n, self.noise_dim, generator=rng)
        rows: Tensor = (generator or self.generator)(z, rng=rng)
        return rows

    def judge(self, x: Tensor, given: None) -> Tensor:
        logits: Tensor = self.critic(x)
        return logits

    def terms(self, fake: Tensor, given: None) -> Tensor | None:
        return None
