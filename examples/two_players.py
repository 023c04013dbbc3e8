"""The smallest game there is: one player picks x and wants x * y small, the other picks y and wants it large.

    python examples/two_players.py [STEPS]

Plain simultaneous gradient descent circles ever further from the solution, (0, 0); consensus optimisation
(arXiv:1705.10461) converges. Every GAN has such circles in it.
"""

import sys

import torch
from torch import Tensor, nn

from ganaug.adversarial import Objective, TrainConfig, train, wasserstein

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200


class Product:
    """x is the generator's only weight, y the critic's: the logit of the fake row is x * y."""

    def __init__(self) -> None:
        self.generator, self.critic = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        for player in (self.generator, self.critic):
            nn.init.ones_(player.weight)

    def draw(self, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return a real row, 0, whose logit is always 0, and what the generator is given: 1."""
        return torch.zeros(1, 1), torch.ones(1, 1)

    def fake(self, given: Tensor, rng: torch.Generator) -> Tensor:
        """Return x."""
        return self.generator(given)

    def judge(self, x: Tensor, given: Tensor) -> Tensor:
        """Return x * y."""
        return self.critic(x).flatten()

    def terms(self, fake: Tensor, given: Tensor) -> Tensor | None:
        """Ask nothing besides."""
        return None


plain = TrainConfig(steps=steps, optimizer="sgd", generator_lr=0.1, critic_lr=0.1, half_life=0)
for name, weight in (("simultaneous descent", 0.0), ("consensus optimisation", 1.0)):
    game = Product()
    train(game, Objective(wasserstein(), consensus=weight), plain)
    x, y = game.generator.weight.item(), game.critic.weight.item()
    print(f"{name}: ({x:z.3f}, {y:z.3f}), {(x**2 + y**2) ** 0.5:.3g} from the solution; it began at 1.41")
