"""Does the generator find every cluster? Eight Gaussians on a ring, then twenty-five on a grid.

    python examples/modes.py [STEPS]

A generator that drops modes makes rows that each look fine: only counting shows what is missing.
"""

import math
import sys

import torch
from torch import Tensor

from ganaug.adversarial import NoiseGame, TrainConfig, r3gan, train
from ganaug.nn import mlp

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
angle = torch.arange(8) * (2 * math.pi / 8)
side = torch.arange(5.0) - 2
PROBLEMS = {"ring": torch.stack([angle.cos(), angle.sin()], dim=1), "grid": torch.cartesian_prod(side, side)}
SPREAD = 0.05

for name, centres in PROBLEMS.items():

    def real(n: int, rng: torch.Generator, centres: Tensor = centres) -> Tensor:
        """Draw a centre, and a row near it."""
        chosen = centres[torch.randint(len(centres), (n,), generator=rng)]
        return chosen + SPREAD * torch.randn(n, 2, generator=rng)

    rng = torch.Generator().manual_seed(0)
    game = NoiseGame(real, mlp(2, 128, 3, 2, rng=rng), mlp(2, 128, 3, 1, rng=rng), noise_dim=2)
    generator = train(game, r3gan(), TrainConfig(steps=steps)).generator
    with torch.no_grad():
        distance, mode = torch.cdist(generator(torch.randn(10_000, 2, generator=rng)), centres).min(dim=1)
    good = distance < 3 * SPREAD
    print(f"{name}: {len(mode[good].unique())} of {len(centres)} modes, {good.float().mean():.0%} good rows")
