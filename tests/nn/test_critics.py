import pytest
import torch
from adversarial.games import Refine, normal, numbers, planted, stream
from torch.nn.functional import one_hot, softplus

from ganaug.adversarial import PENALTIES, Objective, Round, TrainConfig, energy, train
from ganaug.layout import Layout
from ganaug.nn import (
    AutoencoderCritic,
    Critic,
    ImageCritic,
    MinibatchDeviation,
    MinibatchDiscrimination,
    Packed,
    spectral,
)

LAYOUT = Layout.of([("age", "rank", 1), ("sex", "levels", 2)])


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def test_one_logit_a_row(rng):
    assert Critic(LAYOUT, rng=rng)(torch.randn(5, 3)).shape == (5,)


def test_rows_are_judged_one_by_one(rng):
    critic, x = Critic(LAYOUT, frequencies=4, rng=rng), torch.randn(6, 3)
    torch.testing.assert_close(critic(x)[2:4], critic(x[2:4]))


def test_the_condition_is_heard(rng):
    critic, x, c = Critic(LAYOUT, condition_dim=2, rng=rng), torch.randn(5, 3), torch.randn(5, 2)
    assert not torch.equal(critic(x, c), critic(x, -c))


def test_packs_share_a_logit(rng):
    critic = Critic(LAYOUT, pack=3, condition_dim=1, rng=rng)
    assert critic(torch.randn(6, 3), torch.randn(6, 1)).shape == (2,)
    with pytest.raises(ValueError, match="5 rows cannot be judged in packs of 3"):
        critic(torch.randn(5, 3), torch.randn(5, 1))


def test_a_projection_hears_the_condition_and_asks_for_it(rng):
    critic = Critic(LAYOUT, condition_dim=2, projection=True, pack=2, rng=rng)
    x, c = torch.randn(6, 3), torch.randn(6, 2)
    assert critic(x, c).shape == (3,)
    assert not torch.equal(critic(x, c), critic(x, -c))
    with pytest.raises(ValueError, match="condition_dim=4, but its condition is None"):
        critic(x)
    with pytest.raises(ValueError, match="condition_dim must be 1 or more, not 0"):
        Critic(LAYOUT, projection=True, rng=rng)


@pytest.mark.parametrize("projection", [False, True])
def test_both_ways_to_condition_learn_a_sign_that_flips_with_the_class(rng, projection):
    # real rows are those whose x has the sign of their class: without the condition nobody can tell
    critic = Critic(numbers(1), 32, 1, condition_dim=2, projection=projection, rng=rng)
    optimizer = torch.optim.Adam(critic.parameters(), 3e-3)
    x, label = torch.randn(400, 1, generator=rng), torch.randint(2, (400,), generator=rng)
    real = (x[:, 0] > 0) == (label == 1)
    for _ in range(60):
        loss = softplus(torch.where(real, -1, 1) * critic(x, one_hot(label).float())).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ((critic(x, one_hot(label).float()) > 0) == real).float().mean() > 0.97


def test_an_autoencoder_gives_minus_the_error_of_each_row(rng):
    critic, x, c = AutoencoderCritic(LAYOUT, 16, code=2, condition_dim=2, rng=rng), torch.randn(6, 3), torch.randn(6, 2)
    logits = critic(x, c)
    assert logits.shape == (6,)
    assert (logits < 0).all()
    torch.testing.assert_close(critic(x[:2], c[:2]), logits[:2])
    assert not torch.equal(critic(x, -c), logits)
    torch.nn.init.zeros_(critic.decoder[1].weight)
    torch.testing.assert_close(critic(x, c), -x.square().mean(1))


def test_an_autoencoder_learns_what_rows_lie_on(rng):
    line = torch.randn(256, 1, generator=rng) * torch.tensor([1.0, 2.0])  # two columns, one number
    critic = AutoencoderCritic(numbers(2), 32, code=1, rng=rng)
    optimizer = torch.optim.Adam(critic.parameters(), 3e-3)
    for _ in range(200):
        optimizer.zero_grad()
        (-critic(line)).mean().backward()
        optimizer.step()
    assert critic(line).mean() > -0.02
    assert critic(line.flip(1)).mean() < -0.2


def test_an_energy_game_moves_rows_to_where_they_should_be():
    game = Refine.of(planted(1, 0.5), normal(1), 1, width=32, n=64)
    game.critic = AutoencoderCritic(numbers(1), 32, rng=stream(2))
    config = TrainConfig(steps=400, generator_lr=1e-3, critic_lr=1e-3, half_life=30)
    trained = train(game, Objective(energy(margin=0.3)), config, rng=stream(2))
    moved = game.fake(torch.randn(4000, 1, generator=stream(5)), stream(6), trained.generator)
    assert moved.mean().item() == pytest.approx(1, abs=0.15)
    assert moved.std().item() == pytest.approx(0.5, abs=0.25)


def critics():
    rng = stream()
    return {
        "projection": Critic(numbers(2), 8, condition_dim=2, projection=True, rng=rng),
        "dropout": Critic(numbers(2), 8, condition_dim=2, dropout=0.2, rng=rng),
        "deviation": Critic(numbers(2), 8, condition_dim=2, diversity=MinibatchDeviation(), rng=rng),
        "discrimination": Critic(
            numbers(2), 8, condition_dim=2, diversity=MinibatchDiscrimination(8, 3, rng=rng), rng=rng
        ),
        "packed": Packed(Critic(numbers(4), 8, condition_dim=4, rng=rng), 2),
        "autoencoder": AutoencoderCritic(numbers(2), 8, code=1, condition_dim=2, rng=rng),
        "spectral": spectral(Critic(numbers(2), 8, condition_dim=2, projection=True, rng=rng)),
        "images": spectral(ImageCritic(8, width=4, condition_dim=2, diversity=MinibatchDeviation(), rng=rng)),
    }


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("name", critics())
def test_gradient_penalties_pass_through_every_critic(name, penalty):
    critic, rng = critics()[name], stream(4)
    shape = (6, 1, 8, 8) if name == "images" else (6, 2)
    real, fake = (torch.randn(shape, generator=rng, requires_grad=True) for _ in range(2))
    condition = torch.randn(6, 2, generator=rng)

    def judge(x):
        return critic(x, condition)

    paid = PENALTIES[penalty](Round(real, fake, judge(real), judge(fake), judge, rng))
    paid.mean().backward()
    forces = [p.grad for p in critic.parameters() if p.grad is not None]
    assert all(force.isfinite().all() for force in forces)
    assert sum(force.abs().sum() for force in forces) > 0
