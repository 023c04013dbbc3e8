"""Every loss, without and with what usually holds it, on two problems where modes can be counted.

    python benchmarks/modes.py [--losses minimax,hinge] [--steps 4000] [--jobs 2] [--write docs/adversarial.md]

Eight Gaussians on a ring (radius 1, spread 0.02) and twenty-five on a grid (2 apart, spread 0.05), as in VEEGAN
(arXiv:1705.07761) and PacGAN (arXiv:1712.04086). A row is good if it lies within three spreads of a centre: 98.9 % of
the real ones do. A mode is found if a good row lies there. MMD is the unbiased square, of 2,000 rows a side. All losses
play with the same networks, steps and rates: none was tuned for.
"""

from __future__ import annotations

import argparse
import math
import platform
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import torch
from joblib import Parallel, delayed
from torch import Tensor, nn

from ganaug.adversarial import (
    LOSSES,
    OBJECTIVES,
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
    "ring": (torch.stack([ANGLE.cos(), ANGLE.sin()], dim=1), 0.02),
    "grid": (torch.cartesian_prod(SIDE, SIDE), 0.05),
}
GAMMA = 0.001  # sharp modes want a weak penalty
NOISE = 2


class Real:
    """Draw a centre, and a row near it."""

    def __init__(self, name: str) -> None:
        self.centres, self.spread = PROBLEMS[name]

    def __call__(self, n: int, rng: torch.Generator) -> Tensor:
        chosen = self.centres[torch.randint(len(self.centres), (n,), generator=rng)]
        return chosen + self.spread * torch.randn(n, 2, generator=rng)


def seeing(columns: int, frequencies: int, scale: float, width_out: int, rng: torch.Generator) -> nn.Module:
    """A plain network that sees its input through sines: sharp edges are within its reach."""
    features = PeriodicFeatures(Layout.of([(f"x{i}", "rank", 1) for i in range(columns)]), frequencies, rng=rng, scale=scale)
    return nn.Sequential(features, mlp(features.width, 128, 3, width_out, rng=rng))


def objectives(name: str) -> dict[str, Objective]:
    """The loss by itself, and with what usually holds it."""
    loss, noise = LOSSES[name], Noise(start=1.0, half_life=500)
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
    critic: nn.Module = seeing(2, 4, 0.2, 1, rng)
    if name in {"energy", "began"}:
        critic = AutoencoderCritic(Layout.of([("x", "rank", 1), ("y", "rank", 1)]), code=2, rng=rng)
    game = NoiseGame(real, seeing(NOISE, 32, 1.0, 2, rng), critic, noise_dim=NOISE)
    config = TrainConfig(
        steps=steps, generator_lr=1e-3, critic_lr=1e-3, half_life=500, cooldown=0.5, log_every=max(1, steps // 80)
    )
    row: dict[str, object] = {"loss": name, "held by": held, "problem": problem}
    start = time.perf_counter()
    try:
        trained = train(game, objectives(name)[held], config, rng=rng)
    except TrainingDiverged as error:
        return row | {"alarms": f"diverged at step {error.step}"}
    seconds = time.perf_counter() - start
    with torch.no_grad():
        made = trained.generator(torch.randn(10_000, NOISE, generator=rng))
    distance, mode = torch.cdist(made, real.centres).min(dim=1)
    good = distance < 3 * real.spread
    return row | {
        "modes": len(mode[good].unique()),
        "good": good.float().mean().item(),
        "mmd": mmd2(made[:2000], real(2000, rng)).item(),
        "steps/s": steps / seconds,
        "alarms": ", ".join(alarm.name for alarm in alarms(trained.history)),
    }


def table(rows: list[dict[str, object]]) -> str:
    held = {"energy": "its margin, noise", "began": "its equilibrium, noise", "wasserstein": "gradient penalty, noise"}
    lines = [
        "| loss | held by | ring: modes | good | MMD² | grid: modes | good | MMD² | steps a second | alarms |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["loss"] for row in rows):
        for how in ("none", "usual"):
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
        return ["-", "-", "-"]
    return [f"{row['modes']} of {len(PROBLEMS[str(row['problem'])][0])}", f"{row['good']:.1%}", f"{row['mmd']:.4f}"]


def write(text: str, file: Path) -> None:
    """Put the table between its two marks."""
    head, rest = file.read_text().split("<!-- modes -->\n")
    file.write_text(f"{head}<!-- modes -->\n{text}\n<!-- modes -->\n{rest.split('<!-- modes -->')[-1].lstrip()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--losses", default=",".join(LOSSES))
    parser.add_argument("--held", default="none,usual")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    runs = [(n, held, p) for n in args.losses.split(",") for held in ("none", "usual") for p in PROBLEMS]
    rows = Parallel(args.jobs)(delayed(play)(*run, args.steps) for run in runs)
    print(f"{date.today()}, {platform.machine()}, {args.jobs} runs at once, {args.steps} steps of 256 rows each\n")
    print(table(rows))


if __name__ == "__main__":
    main()
