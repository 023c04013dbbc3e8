"""Yesterday's measurements in today's style: batch equalisation as style transfer, on a toy whose answer is known.

    python examples/two_days.py [STEPS]

The second day stretches one axis, bends it and shifts both. A generator that starts as the identity moves the rows of
that day, as little as it can, until a critic no longer tells them from rows of the first day. Nobody tells it which row
would have been which.
"""

import sys

import torch
from torch import Tensor

from ganaug.adversarial import TrainConfig, r3gan, train
from ganaug.layout import Layout
from ganaug.nn import Critic, ResidualGenerator

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
types = torch.tensor([[-1.5, 0.0], [0.5, 1.2], [1.2, -1.0]])
layout = Layout.of([("marker 1", "rank", 1), ("marker 2", "rank", 1)])


def cells(n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw cells of three types, as they are; and their types."""
    kind = torch.randint(3, (n,), generator=rng)
    return types[kind] + 0.2 * torch.randn(n, 2, generator=rng), kind


def second_day(x: Tensor) -> Tensor:
    """Measure them on the second day."""
    return torch.stack([1.3 * x[:, 0] + 1.0, x[:, 1] + 0.15 * x[:, 0].square() - 1.0], dim=1)


class TwoDays:
    """Carry rows of the second day into the style of the first."""

    def __init__(self, rng: torch.Generator) -> None:
        self.generator = ResidualGenerator(layout, noise_dim=0, width=64, rng=rng)
        self.critic = Critic(layout, width=64, rng=rng)

    def draw(self, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw rows of the first day, and others of the second."""
        return cells(256, rng)[0], second_day(cells(256, rng)[0])

    def fake(self, given: Tensor, rng: torch.Generator) -> Tensor:
        """Move rows of the second day."""
        return self.generator(given, given.new_empty(len(given), 0))

    def judge(self, x: Tensor, given: Tensor) -> Tensor:
        """Say how much like the first day each row looks."""
        return self.critic(x)

    def terms(self, fake: Tensor, given: Tensor) -> Tensor:
        """Move no further than needed."""
        return 0.02 * (fake - given).square().sum(dim=1)


rng = torch.Generator().manual_seed(0)
generator = train(TwoDays(rng), r3gan(), TrainConfig(steps=steps), rng=rng).generator
true, kind = cells(5000, rng)
measured = second_day(true)
with torch.no_grad():
    moved = generator(measured, torch.empty(len(true), 0))
for name, rows in (("as measured", measured), ("equalised", moved)):
    off = (rows - true).square().sum(dim=1).mean().sqrt()
    kept = (torch.cdist(rows, types).argmin(dim=1) == kind).float().mean()
    print(f"{name}: {off:.2f} from the truth on average; {kept:.1%} lie nearest to their own type")
