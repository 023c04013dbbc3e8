"""A distribution on a line that no formula of two parameters fits: a peak, a tail and a gap.

python examples/one_dimension.py [STEPS]
"""

import sys

import torch
from scipy.stats import ks_2samp
from torch import Tensor

from ganaug.adversarial import NoiseGame, TrainConfig, r3gan, train
from ganaug.nn import mlp

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 3000


def real(n: int, rng: torch.Generator) -> Tensor:
    """Draw from a narrow peak at -2 (two of five rows) and an exponential tail that begins at 0."""
    peak = -2 + 0.1 * torch.randn(n, 1, generator=rng)
    tail = torch.empty(n, 1).exponential_(generator=rng)
    return torch.where(torch.rand(n, 1, generator=rng) < 0.4, peak, tail)


rng = torch.Generator().manual_seed(0)
game = NoiseGame(real, mlp(1, 64, 3, 1, rng=rng), mlp(1, 64, 3, 1, rng=rng), noise_dim=1)
generator = train(game, r3gan(), TrainConfig(steps=steps, generator_lr=1e-3)).generator
with torch.no_grad():
    made = generator(torch.randn(10_000, 1, generator=rng))
wanted = real(10_000, rng)
distance = ks_2samp(made[:, 0], wanted[:, 0]).statistic
inside = ((made > -1.5) & (made < -0.1)).float().mean()
print(f"largest difference of the two distribution functions: {distance:.3f}")
print(f"rows in the gap: {inside:.1%}; in the peak: {(made < -1.5).float().mean():.1%}, asked for 40%")
