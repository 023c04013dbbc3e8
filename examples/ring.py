"""A ring from a two-dimensional Gaussian: a hole in the middle, which no stretching makes.

python examples/ring.py [STEPS]
"""

import sys

import torch
from torch import Tensor

from ganaug.adversarial import NoiseGame, TrainConfig, r3gan, train
from ganaug.nn import mlp

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 3000


def ring(n: int, rng: torch.Generator) -> Tensor:
    """Draw real rows: radius 1, give or take 0.05, in any direction."""
    angle = 2 * torch.pi * torch.rand(n, generator=rng)
    radius = 1 + 0.05 * torch.randn(n, generator=rng)
    return radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)


rng = torch.Generator().manual_seed(0)
game = NoiseGame(ring, mlp(2, 64, 3, 2, rng=rng), mlp(2, 64, 3, 1, rng=rng), noise_dim=2)
generator = train(game, r3gan(), TrainConfig(steps=steps, generator_lr=1e-3)).generator
with torch.no_grad():
    rows = generator(torch.randn(10_000, 2, generator=rng))
radius, angle = rows.norm(dim=1), torch.atan2(rows[:, 1], rows[:, 0])
sectors = torch.histc(angle, 12, -torch.pi, torch.pi) / len(rows)
print(f"radius {radius.mean():.2f}, spread {radius.std():.2f}; asked for 1.00 and 0.05")
print(f"of 12 directions each has {sectors.min():.1%} to {sectors.max():.1%} of the rows; even would be 8.3%")
