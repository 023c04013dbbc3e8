"""What the critic's loss means: trained to its end, it measures a divergence.

    python examples/divergence.py [STEPS]

For a generator that stands still, the value of the classic game is -log 4 + 2 JS, with the Jensen-Shannon divergence
between real and fake rows (arXiv:1406.2661). Here both are Gaussians, one apart, for which it is known.
"""

import sys

import numpy as np
import torch
from torch import Tensor, nn

from ganaug.adversarial import NoiseGame, Objective, TrainConfig, f_gan_bound, minimax, train
from ganaug.divergences import js
from ganaug.nn import mlp

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 600


def gaussian(n: int, rng: torch.Generator) -> Tensor:
    """Draw real rows, from N(1, 1); the generator hands its noise on, N(0, 1)."""
    return 1 + torch.randn(n, 1, generator=rng)


critic = mlp(1, 32, 2, 1, rng=torch.Generator().manual_seed(0))
handing_on = nn.Linear(1, 1)
handing_on.load_state_dict({"weight": torch.ones(1, 1), "bias": torch.zeros(1)})
game = NoiseGame(gaussian, handing_on, critic, n=4096, noise_dim=1)
train(game, Objective(minimax()), TrainConfig(steps=steps, generator_lr=0, critic_lr=5e-3, cooldown=0.5))

with torch.no_grad():
    fresh = torch.Generator().manual_seed(1)
    noise = torch.randn(500_000, 1, generator=fresh)
    measured = f_gan_bound(critic(gaussian(500_000, fresh)), critic(noise), "gan")

grid = np.linspace(-8, 9, 10_001)
real, fake = (np.exp(-((grid - mean) ** 2) / 2) for mean in (1, 0))
known = -np.log(4) + 2 * js(real / real.sum(), fake / fake.sum())
print(f"the critic's value is {measured:.4f}; -log 4 + 2 JS = {known:.4f}; off by {abs(measured / known - 1):.1%}")
