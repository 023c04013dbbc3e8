"""Every loss, without and with what usually holds it, on two problems where modes can be counted.

    python benchmarks/modes.py [--losses minimax,hinge] [--steps 8000] [--jobs 2] [--write docs/adversarial.md]

Eight Gaussians on a ring (radius 4, spread 0.08) and twenty-five on a grid (2 apart, spread 0.05). A row is good if it
lies within three spreads of a centre, as 98.9 % of the real ones do; a mode is found if a good row lies there. Width is
how far good rows lie from their centre, over that of real ones: less than 1 is collapse within a mode. MMD is the
unbiased square, of 2,000 rows a side. All losses play with the same networks, steps and rates, and were not tuned.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import replace
from pathlib import Path

import torch
from joblib import Parallel, delayed
from printing import run_of, show
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganaug.adversarial import (
    LOSSES,
    Equilibrium,
    Noise,
    NoiseGame,
    Objective,
    TrainConfig,
    gradient_penalty,
    r3gan,
    regularised,
    train,
)
from ganaug.adversarial.alarms import alarms
from ganaug.adversarial.diagnostics import mmd2
from ganaug.errors import TrainingDiverged
from ganaug.layout import Layout
from ganaug.nn import AutoencoderCritic, PeriodicFeatures, mlp

ANGLE, SIDE = torch.arange(8) * (2 * math.pi / 8), 2 * (torch.arange(5.0) - 2)
PROBLEMS = {
    "ring": (4 * torch.stack([ANGLE.cos(), ANGLE.sin()], dim=1), 0.08),
    "grid": (torch.cartesian_prod(SIDE, SIDE), 0.05),
}
GAMMA = 0.01  # sharp modes want a weak penalty
CODES, NOISE, NOISE_SCALE = 512, 2, 0.35
HELD = ("none", "usual")


class Real:
    """Draw a centre, and a row near it."""

    def __init__(self, name: str) -> None:
        self.centres, self.spread = PROBLEMS[name]

    def __call__(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw ``(n, 2)``."""
        chosen = self.centres[torch.randint(len(self.centres), (n,), generator=rng)]
        return chosen + self.spread * torch.randn(n, 2, generator=rng)


class Coded(nn.Module):
    """Give the generator a code beside its noise: without one it leaves threads of rows between modes.

    The code is which of the first columns of the noise is the largest (a mixture in the noise, arXiv:1706.02071). The
    rest of the noise is made small beside it, or single codes straddle two modes.
    """

    def __init__(self, rng: torch.Generator) -> None:
        super().__init__()
        self.body = mlp(CODES + NOISE, 128, 4, 2, rng=rng)

    def forward(self, z: Tensor) -> Tensor:
        """Map ``(n, CODES + NOISE)`` to rows ``(n, 2)``."""
        code = one_hot(z[:, :CODES].argmax(dim=1), CODES).to(z.dtype)
        rows: Tensor = self.body(torch.cat([code, NOISE_SCALE * z[:, CODES:]], dim=1))
        return rows


def new_critic(name: str, rng: torch.Generator) -> nn.Module:
    """A plain network that sees its input through sines too, so that sharp edges are within its reach."""
    layout = Layout.of([("x", "rank", 1), ("y", "rank", 1)])
    if name in {"energy", "began"}:
        return AutoencoderCritic(layout, code=2, rng=rng)
    features = PeriodicFeatures(layout, 4, rng=rng, scale=0.2)
    return nn.Sequential(features, mlp(features.width, 128, 3, 1, rng=rng))


def objectives(name: str) -> dict[str, Objective]:
    """The loss by itself, and with what usually holds it."""
    loss, noise = LOSSES[name], Noise(start=2.0, half_life=800)
    usual = {
        "wasserstein": Objective(loss, ((gradient_penalty, 10.0),)),
        "energy": Objective(loss),
        "began": Objective(loss, equilibrium=Equilibrium(gamma=0.8, rate=0.05)),
        "relativistic": r3gan(GAMMA),
    }.get(name, regularised(loss, GAMMA))
    return {"none": Objective(loss), "usual": replace(usual, noise=noise)}


def play(name: str, held: str, problem: str, steps: int) -> dict[str, object]:
    torch.set_num_threads(1)
    rng, real = torch.Generator().manual_seed(0), Real(problem)
    game = NoiseGame(real, Coded(rng), new_critic(name, rng), noise_dim=CODES + NOISE)
    every = max(1, steps // 80)
    config = TrainConfig(steps=steps, generator_lr=2e-3, critic_lr=2e-3, half_life=300, cooldown=0.5, log_every=every)
    row: dict[str, object] = {"loss": name, "held by": held, "problem": problem}
    start = time.perf_counter()
    try:
        trained = train(game, objectives(name)[held], config, rng=rng)
    except TrainingDiverged as error:
        return row | {"alarms": f"diverged at step {error.step}"}
    seconds = time.perf_counter() - start
    with torch.no_grad():
        made = trained.generator(torch.randn(10_000, CODES + NOISE, generator=rng))
    distance, mode = torch.cdist(made, real.centres).min(dim=1)
    good = distance < 3 * real.spread
    return row | {
        "modes": len(mode[good].unique()),
        "good": good.float().mean().item(),
        "width": distance[good].square().mean().sqrt().item() / (math.sqrt(2) * real.spread),
        "mmd": mmd2(made[:2000], real(2000, rng)).item(),
        "steps/s": steps / seconds,
        "alarms": ", ".join(alarm.name for alarm in alarms(trained.history)),
    }


def table(rows: list[dict[str, object]]) -> str:
    held = {"energy": "its margin, noise", "began": "its equilibrium, noise", "wasserstein": "gradient penalty, noise"}
    lines = [
        "| loss | held by | ring: modes | good | width | MMD² | grid: modes | good | width | MMD² | steps/s | alarms |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["loss"] for row in rows):
        for how in HELD:
            ring, grid = (
                next(r for r in rows if (r["loss"], r["held by"], r["problem"]) == (name, how, problem))
                for problem in PROBLEMS
            )
            by = "nothing" if how == "none" else held.get(str(name), "R1, R2, noise")
            cells = [cell for row in (ring, grid) for cell in quality(row)]
            speed = " / ".join(f"{row['steps/s']:.0f}" if "steps/s" in row else "-" for row in (ring, grid))
            said = "; ".join(f"{row['problem']}: {row['alarms']}" for row in (ring, grid) if row["alarms"])
            lines.append(f"| {name} | {by} | {' | '.join(cells)} | {speed} | {said} |")
    return "\n".join(lines)


def quality(row: dict[str, object]) -> list[str]:
    if "modes" not in row:
        return ["-"] * 4
    modes = f"{row['modes']} of {len(PROBLEMS[str(row['problem'])][0])}"
    width = f"{row['width']:.2f}" if row["modes"] else "-"
    return [modes, f"{row['good']:.1%}", width, f"{row['mmd']:.4f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--losses", default=",".join(LOSSES))
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", type=Path, help="put the table between the marks of this file")
    args = parser.parse_args()
    runs = [(name, held, problem) for name in args.losses.split(",") for held in HELD for problem in PROBLEMS]
    rows = Parallel(args.jobs)(delayed(play)(*run, args.steps) for run in runs)
    said = f"{run_of('modes.py')}, {args.steps:,} steps of 256 rows, {args.jobs} at once."
    show(f"{table(rows)}\n\n{said}", args.write, "modes")


if __name__ == "__main__":
    main()
