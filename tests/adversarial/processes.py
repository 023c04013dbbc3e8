"""What each of several processes does, for `test_distributed.py`: ``python processes.py <case> <folder>``."""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))
from adversarial.games import FromNoise, normal, stream

from ganaug.adversarial import LOSSES, NoiseGame, Objective, TrainConfig, alone, r1, r3gan, rank, together, train
from ganaug.adversarial import distributed as several
from ganaug.errors import TrainingDiverged
from ganaug.nn import mlp
from ganaug.persistence import load_folder, save_folder

ROWS, BATCH = 16, 8
SGD = TrainConfig(steps=1, optimizer="sgd", generator_lr=0.1, critic_lr=0.1, half_life=0.0)


class Dealt:
    """Rows that are known beforehand: each process has its part of them, one process all."""

    def __init__(self, part):
        everything, start = stream(5), stream(6)
        self.real = torch.randn(ROWS, 3, generator=everything)[part]
        self.noise = torch.randn(ROWS, 2, generator=everything)[part]
        self.generator = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3))
        self.critic = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        for weight in [*self.generator.parameters(), *self.critic.parameters()]:
            nn.init.normal_(weight, generator=start)

    def draw(self, rng):
        return self.real, self.noise

    def fake(self, given, rng):
        return self.generator(given)

    def judge(self, x, given):
        return self.critic(x)[:, 0]

    def terms(self, fake, given):
        return fake.square().mean(dim=1)


class Linear(Dealt):
    """A linear critic and a generator that rests: the gradient is known in closed form."""

    def __init__(self, part):
        super().__init__(part)
        self.critic = nn.Linear(3, 1, bias=False)
        nn.init.ones_(self.critic.weight)


def weights(module):
    return {name: weight.double().tolist() for name, weight in module.state_dict().items()}


def dealt(part, game=Dealt, objective=None, config=SGD):
    game = game(part)
    generator = train(game, objective or r3gan(penalty_every=1), config).generator
    return {"generator": weights(game.generator), "critic": weights(game.critic), "average": weights(generator)}


def consensus(part):
    return dealt(part, objective=Objective(LOSSES["minimax"], consensus=0.0))


def closed(part):
    return dealt(part, Linear, Objective(LOSSES["wasserstein"], ((r1, 0.5),)))


def game():
    """Every process starts elsewhere: the first one's weights count."""
    rng = stream(rank())
    return NoiseGame(normal(1), mlp(2, 8, 1, 1, rng=rng), mlp(1, 8, 1, 1, rng=rng), n=32, noise_dim=2)


def score(step, generator, history):
    return float((generator(torch.ones(1, 2)) - 1).abs())


def plain(saved=None, **kwargs):
    rng = stream(3)
    played = game()
    save = None if saved is None else lambda arrays, meta: saved.append((arrays, meta))
    config = TrainConfig(steps=40, log_every=5, patience=3, save=save)
    trained = train(played, r3gan(), config, rng=rng, on_log=score, **kwargs)
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in trained.history.rows]
    return {
        "weights": [weights(played.generator), weights(played.critic), weights(trained.generator)],
        "stopped": [trained.stopped, trained.steps],
        "history": rows,
        "next": torch.rand(1, generator=rng).item(),
    }


def saving():
    saved = []
    found = plain(saved)
    return found | {"saved": [meta["step"] for _, meta in saved], "streams": [sorted(a) for a, _ in saved[:1]]}


def resumed(folder):
    saved = []
    found = plain(saved)
    file = folder / "checkpoint"
    if rank() == 0:
        save_folder(file, *saved[1], kind="checkpoint")
    torch.distributed.barrier()
    again = plain(resume_from=load_folder(file, kind="checkpoint"))
    return {"straight": found, "again": again}


def on_time():
    return train(game(), r3gan(), TrainConfig(steps=10**6, seconds=0.3 + rank())).steps


def diverging():
    played = FromNoise.of(normal(1), 1, width=8, n=8)
    played.terms = lambda fake, given: fake.mean() * (float("nan") if rank() == 1 else 1.0)
    try:
        train(played, r3gan(), TrainConfig(steps=50))
    except TrainingDiverged as error:
        return error.step


def failing_score():
    try:
        train(game(), r3gan(), TrainConfig(steps=5), on_log=lambda *_: 1 / 0)
    except (ZeroDivisionError, RuntimeError) as error:
        return repr(error)


def by_itself():
    with alone():
        return plain()


def gradients():
    layer = nn.Linear(2, 1)
    layer.weight.grad = torch.full((1, 2), 1.0 + 2 * rank()) if rank() else None
    several.average_gradients(layer.parameters())
    return [layer.weight.grad.tolist(), layer.bias.grad.tolist()]


def everything(folder):
    mine = slice(rank() * BATCH, (rank() + 1) * BATCH)
    return {
        "dealt": dealt(mine),
        "consensus": consensus(mine),
        "closed": closed(mine),
        "plain": saving(),
        "resumed": resumed(folder),
        "on_time": on_time(),
        "diverging": diverging(),
        "failing_score": failing_score(),
        "alone": by_itself(),
        "gradients": gradients(),
    }


def raising(folder):
    """The second process leaves in the middle of a step, and lives on."""
    played = game()
    draw = played.draw

    def draw_or_raise(rng):
        played.drawn = getattr(played, "drawn", 0) + 1
        if rank() == 1 and played.drawn == 3:
            raise ValueError("no rows here")
        return draw(rng)

    played.draw = draw_or_raise
    try:
        with together(timeout=20):
            train(played, r3gan(), TrainConfig(steps=50))
    except (ValueError, RuntimeError) as error:
        return type(error).__name__


def threads_left():
    """A thread of the group that is still there when Python ends takes the process with it, now and then."""
    names = [thread.read_text().strip() for thread in Path("/proc/self/task").glob("*/comm")]
    return [name for name in names if "gloo" in name]


def main(case, folder):
    number = os.environ["RANK"]
    if case == "raising":
        found = {"raised": raising(folder)}
    else:
        with together(timeout=60):
            found = everything(folder)
    found["threads"] = threads_left()
    (folder / f"{number}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("error")
    main(sys.argv[1], Path(sys.argv[2]))
