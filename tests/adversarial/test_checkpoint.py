import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from adversarial.games import Refine, normal, planted, stream

from ganaug.adversarial import (
    LOSSES,
    OBJECTIVES,
    Equilibrium,
    Noise,
    Objective,
    TrainConfig,
    Unroll,
    dragan,
    r3gan,
    train,
    wgan_gp,
)
from ganaug.errors import ModelFileError


def game(width=16):
    return Refine.of(planted(1, 0.5), normal(1), 1, width=width, n=32)


def score(step, generator, history):
    """A score that rises and falls, so that the best weights are not the last ones."""
    return abs(step - 38) + generator.head.bias.detach().abs().sum().item() * 1e-3


def play(steps, **kwargs):
    saved = []
    config = TrainConfig(steps=steps, log_every=10, save=lambda *checkpoint: saved.append(checkpoint))
    return train(game(), r3gan(), config, rng=stream(3), on_log=score, **kwargs), saved


def through_json(checkpoint):
    arrays, meta = checkpoint
    return arrays, json.loads(json.dumps(meta))


def bytes_of(module):
    return {name: tensor.numpy().tobytes() for name, tensor in module.state_dict().items()}


def without_time(history):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in history.rows]


def test_a_resumed_run_ends_with_the_same_bytes():
    whole, whole_saved = play(60)
    _, saved = play(30)
    resumed, resumed_saved = play(60, resume_from=through_json(saved[-1]))
    assert bytes_of(resumed.generator) == bytes_of(whole.generator)
    assert without_time(resumed.history) == without_time(whole.history)
    assert resumed.history.best["step"] == 40
    last, again = whole_saved[-1][0], resumed_saved[-1][0]
    assert last.keys() == again.keys()
    assert all(np.array_equal(last[name], again[name]) for name in last)


STEADIED = {
    "critic steps": wgan_gp(),
    "memory": Objective(LOSSES["hinge"], memory=0.1),
    "noise": Objective(LOSSES["minimax"], ((dragan, 1.0),), noise=Noise(0.5, 10)),
    "balance": Objective(LOSSES["began"], equilibrium=Equilibrium(rate=0.05)),
    "consensus": OBJECTIVES["consensus"](),
    "unrolled": Objective(LOSSES["nonsaturating"], unroll=Unroll(2, 0.1)),
}


@pytest.mark.parametrize("objective", STEADIED.values(), ids=STEADIED)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_what_steadies_a_run_is_resumed_too(objective, optimizer):
    def run(steps, **kwargs):
        saved = []
        config = TrainConfig(steps, optimizer=optimizer, log_every=5, save=lambda *checkpoint: saved.append(checkpoint))
        return train(game(), objective, config, rng=stream(3), **kwargs), saved

    whole, _ = run(20)
    _, saved = run(10)
    resumed, _ = run(20, resume_from=through_json(saved[-1]))
    assert bytes_of(resumed.generator) == bytes_of(whole.generator)
    assert without_time(resumed.history) == without_time(whole.history)


def test_time_used_before_a_resume_counts():
    _, saved = play(10)
    arrays, meta = saved[-1]
    config = TrainConfig(steps=60, seconds=100)
    trained = train(game(), r3gan(), config, resume_from=(arrays, {**meta, "seconds": 101.0}))
    assert (trained.stopped, trained.steps) == ("time", 10)


def test_an_interrupt_saves_the_last_logged_step_and_is_passed_on():
    whole, _ = play(60)
    saved = []

    def interrupted(rng):
        if rng.initial_seed() == 3 and len(drawn) == 44:
            raise KeyboardInterrupt
        drawn.append(1)
        return draw(rng)

    stopped, drawn = game(), []
    draw, stopped.draw = stopped.draw, interrupted
    config = TrainConfig(
        steps=60, log_every=10, checkpoint_every=100, save=lambda *checkpoint: saved.append(checkpoint)
    )
    with pytest.raises(KeyboardInterrupt):
        train(stopped, r3gan(), config, rng=stream(3), on_log=score)
    ((arrays, meta),) = saved
    assert meta["step"] == 40
    resumed, _ = play(60, resume_from=(arrays, meta))
    assert bytes_of(resumed.generator) == bytes_of(whole.generator)


def test_checkpoints_come_every_kth_row_and_at_the_end():
    saved = []
    config = TrainConfig(steps=50, log_every=10, checkpoint_every=2, save=lambda _, meta: saved.append(meta["step"]))
    train(game(), r3gan(), config)
    assert saved == [20, 40, 50]


def test_a_checkpoint_of_another_game_is_refused():
    _, saved = play(10)
    with pytest.raises(ModelFileError, match="belongs to another game"):
        train(game(width=8), r3gan(), TrainConfig(), resume_from=saved[-1])


INTERRUPTED = """
import json, sys
import numpy as np
from adversarial.test_checkpoint import game, score, stream
from ganaug.adversarial import (
    LOSSES,
    OBJECTIVES,
    Equilibrium,
    Noise,
    Objective,
    TrainConfig,
    Unroll,
    dragan,
    r3gan,
    train,
    wgan_gp,
)

def save(arrays, meta):
    np.savez(sys.argv[1], **arrays)
    with open(sys.argv[1] + ".json", "w") as file:
        json.dump(meta, file)

def on_log(step, generator, history):
    print(step, flush=True)
    return score(step, generator, history)

config = TrainConfig(steps=10**6, log_every=10, checkpoint_every=10**6, save=save)
train(game(), r3gan(), config, rng=stream(3), on_log=on_log)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
def test_a_real_ctrl_c_leaves_a_checkpoint_that_resumes(tmp_path):
    tests = Path(__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests)])}
    path = tmp_path / "checkpoint.npz"
    command = [sys.executable, "-c", INTERRUPTED, str(path)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.stdout.readline().strip() != "30":
            pass
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in stderr

    with np.load(path) as file:
        arrays = dict(file)
    meta = json.loads(Path(f"{path}.json").read_text())
    assert meta["step"] >= 20  # the signal may come before the row of step 30 is whole
    end = meta["step"] + 20
    whole, _ = play(end)
    resumed, _ = play(end, resume_from=(arrays, meta))
    assert bytes_of(resumed.generator) == bytes_of(whole.generator)
    assert torch.equal(resumed.generator.head.weight, whole.generator.head.weight)
