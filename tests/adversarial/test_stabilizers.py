import math

import pytest
import torch
from adversarial.games import Refine, normal, planted, stream
from torch import Tensor, nn

from ganaug.adversarial import LOSSES, Equilibrium, Noise, Objective, TrainConfig, Unroll, nonsaturating, train
from ganaug.adversarial.stabilizers import clip_weights, drift, field_energy, unrolled


class Product:
    """The critic's weight y times the generator's x: one wants it large, the other small."""

    def __init__(self, x: float = 1.0, y: float = 1.0) -> None:
        self.generator, self.critic = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        for net, value in ((self.generator, x), (self.critic, y)):
            nn.init.constant_(net.weight, value)

    def draw(self, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        return torch.zeros(1, 1), torch.ones(1, 1)

    def fake(self, given: Tensor, rng: torch.Generator) -> Tensor:
        row: Tensor = self.generator(given)
        return row

    def judge(self, x: Tensor, given: Tensor) -> Tensor:
        logit: Tensor = self.critic(x)
        return logit[:, 0]

    def terms(self, fake: Tensor, given: Tensor) -> None:
        return None

    @property
    def radius(self) -> float:
        return math.hypot(self.generator.weight.item(), self.critic.weight.item())


def descend(steps, **kwargs):
    game = Product()
    plain = TrainConfig(steps=steps, optimizer="sgd", generator_lr=0.1, critic_lr=0.1, half_life=0)
    train(game, Objective(LOSSES["wasserstein"], **kwargs), plain)
    return game


@pytest.mark.parametrize("steps", [1, 50])
def test_simultaneous_descent_circles_outwards(steps):
    # each step turns (x, y) and stretches it by sqrt(1 + rate ** 2)
    assert descend(steps, consensus=0.0).radius == pytest.approx(math.sqrt(2) * math.sqrt(1.01) ** steps, rel=1e-5)


def test_consensus_converges():
    # the pull adds -rate * weight * (x, y), so each step turns and shrinks
    shrink = math.hypot(1 - 0.1 * 1.0, 0.1)
    assert descend(50, consensus=1.0).radius == pytest.approx(math.sqrt(2) * shrink**50, rel=1e-4)
    assert descend(50, consensus=1.0).radius < 0.02


def test_turns_stay_on_a_circle_where_simultaneous_steps_leave_it():
    assert 0.9 < descend(200).radius / math.sqrt(2) < 1.1


def test_the_field_energy_of_no_gradient_is_zero():
    assert field_energy([(torch.zeros(2),), (torch.zeros(3), torch.zeros(1))]).item() == 0


def test_an_unrolled_critic_is_the_one_that_descent_would_give():
    critic, twin = nn.Linear(2, 1), nn.Linear(2, 1)
    twin.load_state_dict(critic.state_dict())
    real, fake = torch.randn(2, 16, 2)

    def loss(judge):
        return nonsaturating().critic(judge(real), judge(fake)).mean()

    ahead = unrolled(critic, lambda rows: critic(rows)[:, 0], loss, Unroll(steps=3, rate=0.2))
    optimizer = torch.optim.SGD(twin.parameters(), 0.2)
    for _ in range(3):
        optimizer.zero_grad()
        loss(lambda rows: twin(rows)[:, 0]).backward()
        optimizer.step()
    torch.testing.assert_close(ahead(real), twin(real)[:, 0])


def test_the_generator_sees_through_the_unrolled_steps():
    # with the critic's answer in view, moving a fake row pays less than the critic of now promises
    critic = nn.Linear(1, 1, bias=False)
    nn.init.constant_(critic.weight, 1.0)
    fake = torch.tensor([[1.0]], requires_grad=True)

    def judge(rows):
        return critic(rows)[:, 0]

    ahead = unrolled(critic, judge, lambda judge: judge(fake).mean(), Unroll(steps=1, rate=0.25))
    (now,) = torch.autograd.grad(judge(fake).sum(), fake)
    (then,) = torch.autograd.grad(ahead(fake).sum(), fake)
    # w' = w - rate * x, so the logit w' x has slope w - 2 rate x
    assert (now.item(), then.item()) == pytest.approx((1.0, 0.5))


def test_unrolling_leaves_the_critics_gradients_and_weights_alone():
    game = Product()
    config = TrainConfig(steps=1, optimizer="sgd", generator_lr=0.1, critic_lr=0.0)
    train(game, Objective(LOSSES["wasserstein"], unroll=Unroll(2, 0.1)), config)
    assert game.critic.weight.item() == 1.0
    assert game.generator.weight.item() != 1.0


def test_noise_halves_and_has_its_size():
    noise = Noise(start=2.0, half_life=10)
    rows = noise.on(torch.zeros(20_000, 1), 10, stream())
    assert rows.std().item() == pytest.approx(1.0, rel=0.03)


def test_noise_hides_what_is_smaller_than_it():
    def gap(noise):
        game = Refine.of(planted(0.5, 0.01), planted(-0.5, 0.01), 1, width=16, n=64)
        objective = Objective(nonsaturating(), noise=noise)
        return train(game, objective, TrainConfig(steps=100, generator_lr=0)).history.rows[-1]["critic_loss"]

    assert gap(None) < 0.2
    assert gap(Noise(5.0, 1e9)) > 1.0  # of log 4 where nothing can be told


def test_clipped_weights_stay_within_the_limit():
    game = Refine.of(planted(1, 0.5), normal(1), 1, width=16, n=32)
    train(game, Objective(LOSSES["wasserstein"], clip=0.02), TrainConfig(steps=5))
    assert max(weight.abs().max().item() for weight in game.critic.parameters()) <= 0.02 + 1e-8


@torch.no_grad()
def test_clipping_leaves_small_weights_alone():
    layer = nn.Linear(1, 2, bias=False)
    layer.weight.copy_(torch.tensor([[0.005], [3.0]]))
    clip_weights(layer, 0.01)
    assert layer.weight.flatten().tolist() == pytest.approx([0.005, 0.01])


def test_drift_is_the_squared_distance_of_all_weights():
    one, two = nn.Linear(2, 1), nn.Linear(2, 1)
    two.load_state_dict({name: weight + 2 for name, weight in one.state_dict().items()})
    assert drift(one, two).item() == pytest.approx(3 * 4)


def test_a_memory_holds_the_players_back():
    free, held = descend(60, consensus=0.0), descend(60, consensus=0.0, memory=1.0)
    assert held.radius < 0.6 * free.radius


def test_the_equilibrium_moves_the_weight_until_the_energies_balance():
    control, weight = Equilibrium(gamma=0.5, rate=0.1), torch.tensor(0.5)
    real, fake = torch.tensor([-1.0, -3.0]), torch.tensor([-1.0])  # energies 2 and 1: in balance
    assert control.move(weight, real, fake).item() == pytest.approx(0.5)
    assert control.move(weight, real, 0 * fake).item() == pytest.approx(0.6)
    assert control.move(weight, real, 100 * fake).item() == 0


def test_began_weighs_the_fake_rows_by_its_controller():
    game = Refine.of(planted(1, 0.5), normal(1), 1, width=16, n=32)
    saved = []
    config = TrainConfig(steps=3, save=lambda arrays, meta: saved.append(arrays))
    train(game, Objective(LOSSES["began"], equilibrium=Equilibrium(rate=100.0)), config)
    assert saved[-1]["fake_weight"].item() in {0.0, 1.0}
