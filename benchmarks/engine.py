"""What the engine costs: a step of `train` beside a loop written by hand, with the same networks and penalties.

    python benchmarks/engine.py [STEPS]

All are timed in one run, in turns, and the median of the turns counts. The loop by hand has no averaged weights, no
log, no check for numbers that are not finite and no checkpoint; it plays the same r3gan game with the same penalties,
as often.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ganaug.adversarial import NoiseGame, TrainConfig, r3gan, train
from ganaug.nn import mlp

ROUNDS = 7
COLUMNS, NOISE, WIDTH, ROWS, EVERY = 16, 16, 128, 512, 4


def new_game() -> NoiseGame:
    rng = torch.Generator().manual_seed(0)
    real = torch.randn(20_000, COLUMNS, generator=rng)

    def draw(n: int, rng: torch.Generator) -> Tensor:
        return real[torch.randint(len(real), (n,), generator=rng)]

    nets = mlp(NOISE, WIDTH, 3, COLUMNS, rng=rng), mlp(COLUMNS, WIDTH, 3, 1, rng=rng)
    return NoiseGame(draw, *nets, n=ROWS, noise_dim=NOISE)


def by_hand(steps: int) -> None:
    game, rng, gamma = new_game(), torch.Generator().manual_seed(0), 0.1
    adam_g = torch.optim.Adam(game.generator.parameters(), 3e-4, (0.0, 0.99), fused=True)
    adam_c = torch.optim.Adam(game.critic.parameters(), 1e-3, (0.0, 0.99), fused=True)

    def slope(logits: Tensor, rows: Tensor) -> Tensor:
        return torch.autograd.grad(logits.sum(), rows, create_graph=True)[0].square().sum(dim=1).mean()

    for step in range(steps):
        real = game.real(ROWS, rng)
        fake = game.generator(torch.randn(ROWS, NOISE, generator=rng))
        penalised = step % EVERY == 0
        shown = real.detach().requires_grad_(penalised), fake.detach().requires_grad_(penalised)
        on_real, on_fake = (game.critic(rows).flatten() for rows in shown)
        loss = softplus(on_fake - on_real).mean()
        if penalised:
            loss = loss + EVERY * gamma / 2 * (slope(on_real, shown[0]) + slope(on_fake, shown[1]))
        adam_c.zero_grad(set_to_none=True)
        loss.backward()
        adam_c.step()

        with torch.no_grad():
            on_real = game.critic(real).flatten()
        loss = softplus(on_real - game.critic(fake).flatten()).mean()
        adam_g.zero_grad(set_to_none=True)
        loss.backward(inputs=list(game.generator.parameters()))
        adam_g.step()


def engine(steps: int, **changes: object) -> None:
    objective = replace(r3gan(penalty_every=EVERY), **changes)
    train(new_game(), objective, TrainConfig(steps=steps, log_every=100))


def main(steps: int) -> None:
    loops: dict[str, Callable[[], None]] = {
        "by hand": lambda: by_hand(steps),
        "train, r3gan": lambda: engine(steps),
        "train, no penalties": lambda: engine(steps, penalties=()),
        "train, penalties at every step": lambda: engine(steps, penalty_every=1),
    }
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(ROUNDS):
        for name, loop in loops.items():
            start = time.perf_counter()
            loop()
            seconds[name].append((time.perf_counter() - start) / steps)
    cost = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"{steps} steps of {ROWS} rows x {COLUMNS} columns, median of {ROUNDS}; {torch.get_num_threads()} threads")
    for name, value in cost.items():
        print(f"{name:<31} {1e3 * value:6.2f} ms a step")
    print(f"train over by hand: {cost['train, r3gan'] / cost['by hand']:.2f} (at most 1.25)")
    print(f"lazy penalties over none: {cost['train, r3gan'] / cost['train, no penalties']:.2f} (at most 1.4)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
