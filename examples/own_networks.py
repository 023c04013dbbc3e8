"""Bring your own networks: a game is two networks, and four methods that say what they play about.

    python examples/own_networks.py [STEPS]

The generator learns to turn noise into numbers with mean 3 and standard deviation 0.5.
"""

import sys

import torch
from torch import Tensor, nn

from ganaug.adversarial import TrainConfig, r3gan, train
from ganaug.nn import linear

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 2000


class Gaussian:
    """The real numbers come from a formula; nothing is given to the generator."""

    def __init__(self) -> None:
        rng = torch.Generator().manual_seed(0)  # of the first weights
        self.generator = linear(1, 1, rng)
        self.critic = nn.Sequential(linear(1, 64, rng), nn.SiLU(), linear(64, 64, rng), nn.SiLU(), linear(64, 1, rng))

    def draw(self, rng: torch.Generator) -> tuple[Tensor, None]:
        """Draw real rows, and what the fake ones are given: nothing."""
        return 3 + 0.5 * torch.randn(256, 1, generator=rng), None

    def fake(self, given: None, rng: torch.Generator) -> Tensor:
        """Make as many rows from noise."""
        return self.generator(torch.randn(256, 1, generator=rng))

    def judge(self, x: Tensor, given: None) -> Tensor:
        """Say how real each row looks."""
        return self.critic(x).squeeze(1)

    def terms(self, fake: Tensor, given: None) -> Tensor | None:
        """Ask nothing of the generator besides."""
        return None


trained = train(Gaussian(), r3gan(), TrainConfig(steps=steps, generator_lr=3e-3, critic_lr=3e-3))
with torch.no_grad():
    rows = trained.generator(torch.randn(10_000, 1))
print(f"after {trained.steps} steps: mean {rows.mean():.2f}, standard deviation {rows.std():.2f}")
