import math
import re
from dataclasses import fields, replace

import pytest
import torch
from adversarial.games import FromNoise, Refine, normal, planted, ring, stream
from torch import nn

import ganaug.adversarial
import ganaug.nn
from ganaug.adversarial import LOSSES, History, Objective, TrainConfig, alarms, r3gan, regularised, train, wgan_gp

FAST = TrainConfig(steps=300, log_every=10, generator_lr=1e-3, critic_lr=1e-3, half_life=30)
HEALTHY = {
    "critic_loss": 1.3,
    "generator_loss": 0.8,
    "real_accuracy": 0.6,
    "fake_accuracy": 0.55,
    "real_logit": 0.3,
    "fake_logit": 0.1,
    "critic_gradient": 0.5,
    "generator_gradient": 0.4,
    "gradient_ratio": 0.8,
    "modes": 0.95,
    "validation_logit": 0.28,
    "mmd": 0.001,
    "score": None,
}
CRITIC_WINS = {"real_accuracy": 1.0, "fake_accuracy": 0.98, "real_logit": 9.0, "fake_logit": -9.0}
CRITIC_WINS |= {"generator_gradient": 0.02, "validation_logit": 8.0}
MEMORISES = {
    "real_accuracy": 0.9,
    "fake_accuracy": 0.9,
    "real_logit": 2.0,
    "fake_logit": -1.0,
    "validation_logit": -0.5,
}
SIGNS = {
    "critic_wins": CRITIC_WINS,
    "generator_wins": {"real_accuracy": 0.2, "fake_accuracy": 0.3},
    "mode_collapse": {"modes": 0.13},
    "critic_memorises": MEMORISES,
}


class Watched(FromNoise):
    def held_out(self, rng):
        return self.real(self.n, rng), None


class Dirac:
    """The game that circles: one number against a line through zero (arXiv:1801.04406)."""

    def __init__(self):
        self.generator, self.critic = (nn.Linear(1, 1, bias=False) for _ in range(2))
        nn.init.ones_(self.generator.weight)
        nn.init.constant_(self.critic.weight, 0.5)

    def draw(self, rng):
        return 0.1 * torch.randn(64, 1, generator=rng), torch.ones(64, 1)

    def fake(self, given, rng):
        return self.generator(given) + 0.1 * torch.randn(64, 1, generator=rng)

    def judge(self, x, given):
        return self.critic(x)[:, 0]

    def terms(self, fake, given):
        return None


def history(*rows, every=50):
    return History([{"step": every * k, "seconds": 0.0, **HEALTHY, **row} for k, row in enumerate(rows, 1)])


def names(history):
    return [alarm.name for alarm in alarms(history)]


def few(n=24, seed=9):
    rows = torch.randn(n, 5, generator=stream(seed))
    return lambda k, rng: rows[torch.randint(n, (k,), generator=rng)]


def memorised():
    game = Watched.of(few(), 5, width=32, n=64)
    game.held_out = lambda rng: (torch.randn(64, 5, generator=rng), None)
    return game


def on_ring():
    return Watched.of(ring(), 2, width=64, n=128)


@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_is_raised_where_it_first_held(name):
    found = alarms(history(*[{}] * 10, *[SIGNS[name]] * 20))
    assert [alarm.name for alarm in found] == [name]
    # after at least half a window, and at most two
    assert 650 <= found[0].step <= 1100


@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_that_ends_is_still_told(name):
    still = alarms(history(*[{}] * 10, *[SIGNS[name]] * 20))
    assert alarms(history(*[{}] * 10, *[SIGNS[name]] * 20, *[{}] * 50)) == still


@pytest.mark.parametrize("name", SIGNS)
def test_one_bad_row_raises_nothing(name):
    assert names(history(*([*[{}] * 6, SIGNS[name]] * 5))) == []


@pytest.mark.parametrize("name", SIGNS)
def test_the_first_hundred_steps_do_not_count(name):
    assert names(history(*[SIGNS[name]] * 100, every=1)) == []


def test_rows_that_are_close_are_not_many_looks():
    assert names(history(*[{}] * 110, *[SIGNS["critic_wins"]] * 20, *[{}] * 200, every=1)) == []


@pytest.mark.parametrize("name", SIGNS)
def test_what_was_not_measured_raises_nothing(name):
    assert names(history(*[dict.fromkeys(HEALTHY)] * 30)) == names(History()) == []
    assert names(History([{"step": 50 * k, "score": 0.5} for k in range(1, 30)])) == []


def test_rows_on_their_way_have_not_collapsed():
    coming = [{"modes": 0.02 * 1.1**k, "real_logit": 3 * 0.95**k, "fake_logit": -3 * 0.95**k} for k in range(25)]
    assert names(history(*coming)) == []


def test_a_critic_that_cannot_tell_equal_rows_has_not_lost():
    guess = {"real_accuracy": 0.5, "fake_accuracy": 0.5}
    assert names(history(*[guess] * 30)) == []
    assert names(history(*[guess | {"mmd": 0.05}] * 30)) == ["generator_wins"]
    (alarm,) = alarms(history(*[guess | {"mmd": None, "modes": 0.3}] * 11))
    assert "modes 0.3" in alarm.why
    assert "nan" not in alarm.why


@pytest.mark.parametrize("column", ["generator_loss", "modes", "real_logit"])
@pytest.mark.parametrize("period", [3.0, 5.5, 9.0])
def test_cycles_are_found(column, period):
    rng = stream()
    noise = torch.randn(80, generator=rng).mul(0.02).tolist()
    rows = [{column: 0.9 - 0.002 * k + 0.3 * math.sin(2 * math.pi * k / period) + noise[k]} for k in range(80)]
    (alarm,) = [alarm for alarm in alarms(history(*rows)) if alarm.name == "oscillation"]
    assert float(re.search(r"every (\d+) steps", alarm.why)[1]) == pytest.approx(50 * period, rel=0.2)


def walk(rng):
    steps = torch.randn(200, generator=rng).mul(0.05)
    return [{"generator_loss": value} for value in steps.cumsum(0).add(0.8).tolist()]


def shake(rng):
    return [
        {"real_logit": value, "modes": 1 + value / 9} for value in torch.randn(200, generator=rng).mul(0.2).tolist()
    ]


def penalties_every_fourth_row(rng):
    return [{"critic_loss": 1.3 + (k % 4 == 0)} for k in range(200)]


@pytest.mark.parametrize("rows", [walk, shake, penalties_every_fourth_row])
def test_what_is_not_a_cycle_of_the_game(rows):
    assert all("oscillation" not in names(history(*rows(stream(seed)))) for seed in range(10))


def test_a_game_at_rest_may_tremble():
    rows = [{"real_logit": 0.1 + 5 * 0.8**k + 0.02 * math.sin(k)} for k in range(100)]
    assert names(history(*rows)) == []


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_divergence_is_told_beside_what_led_to_it(value):
    broken = {"critic_loss": value, "real_accuracy": None}
    found = alarms(history(*[SIGNS["critic_wins"]] * 20, broken))
    assert [(alarm.name, alarm.step) for alarm in found] == [("critic_wins", 400), ("diverged", 1050)]
    assert f"critic_loss {value}" in found[1].why


def test_an_alarm_is_two_lines_for_a_person():
    raised = [alarm for sign in SIGNS.values() for alarm in alarms(history(*[sign] * 30))]
    raised += alarms(history(*[{"modes": 0.9 + 0.3 * (-1) ** (k // 2)} for k in range(80)], {"critic_loss": math.nan}))
    assert {alarm.name for alarm in raised} == {*SIGNS, "oscillation", "diverged"}
    known = {*ganaug.adversarial.__all__, *ganaug.nn.__all__}
    options = {field.name for kind in (TrainConfig, Objective) for field in fields(kind)} | {"pack"}
    for alarm in raised:
        assert "\n" not in alarm.why + alarm.fix
        assert "nan" not in alarm.why or alarm.name == "diverged"
        assert {*re.findall(r"(\w+)\(", alarm.fix)} <= known
        assert {*re.findall(r"(\w+)=", alarm.fix)} <= options
        assert {*re.findall(r"\w+_\w+", alarm.fix)} <= options | known


FAILURES = {
    "critic_wins": (on_ring, Objective(LOSSES["minimax"]), FAST),
    "generator_wins": (on_ring, r3gan(), replace(FAST, critic_lr=0.0, steps=200)),
    "mode_collapse": (on_ring, Objective(LOSSES["nonsaturating"]), FAST),
    "critic_memorises": (memorised, r3gan(), replace(FAST, steps=200)),
    "oscillation": (
        Dirac,
        Objective(LOSSES["wasserstein"]),
        TrainConfig(steps=500, log_every=10, optimizer="sgd", generator_lr=0.03, critic_lr=0.03),
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_game_that_fails_raises_its_alarm(name):
    game, objective, config = FAILURES[name]
    raised = names(train(game(), objective, config).history)
    assert name in raised
    if name in {"critic_wins", "critic_memorises"}:
        assert raised == [name]


@pytest.mark.parametrize(
    ("game", "objective"),
    [
        (on_ring, r3gan(gamma=0.05)),
        (on_ring, regularised(LOSSES["hinge"])),
        (on_ring, replace(wgan_gp(), critic_steps=2)),
        (lambda: Refine.of(planted(1, 0.5), normal(1), 1, width=16, n=64), r3gan()),
        (lambda: Refine.of(planted(1, 0.5), normal(1), 1, width=16, n=64), regularised(LOSSES["nonsaturating"])),
    ],
)
def test_a_healthy_game_raises_none(game, objective):
    assert alarms(train(game(), objective, FAST).history) == ()
