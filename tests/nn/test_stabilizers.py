import copy
import itertools

import numpy as np
import pytest
import torch
from adversarial.games import Refine, normal, numbers, planted
from torch import nn

from ganaug.adversarial import TrainConfig, r3gan, train
from ganaug.nn import (
    Critic,
    ImageCritic,
    ImageGenerator,
    MinibatchDeviation,
    MinibatchDiscrimination,
    Packed,
    linear,
    spectral,
)


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def largest(layer):
    return torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item()


def layers(module):
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]


class TestMinibatchDeviation:
    def test_copies_have_none(self):
        assert MinibatchDeviation()(torch.randn(1, 4).expand(9, 4))[:, 4].max() < 1e-3

    def test_it_is_the_mean_deviation_of_the_columns(self):
        x = torch.randn(500, 3) * torch.tensor([1.0, 2.0, 6.0])
        appended = MinibatchDeviation()(x)
        assert torch.equal(appended[:, :3], x)
        torch.testing.assert_close(appended[:, 3], x.std(0, correction=0).mean().expand(500))

    def test_images_get_a_channel(self):
        assert MinibatchDeviation()(torch.randn(5, 2, 4, 4)).shape == (5, 3, 4, 4)

    def test_copies_feel_finite_forces_twice_over(self):
        x = torch.zeros(5, 2, requires_grad=True)
        (slope,) = torch.autograd.grad(MinibatchDeviation()(x).square().sum(), x, create_graph=True)
        slope.square().sum().backward()
        assert x.grad.isfinite().all()


class TestMinibatchDiscrimination:
    def test_copies_are_as_near_as_can_be_and_strangers_far(self):
        layer = MinibatchDiscrimination(3, columns=4, rng=stream())
        torch.testing.assert_close(layer(torch.randn(1, 3).expand(6, 3))[:, 3:], torch.ones(6, 4))
        assert layer(1e3 * torch.randn(6, 3, generator=stream()))[:, 3:].max() < 0.01
        assert 0.05 < layer(torch.randn(200, 3, generator=stream()))[:, 3:].mean() < 0.6  # where there is a slope

    def test_it_is_the_formula_of_the_paper(self):
        layer, x = MinibatchDiscrimination(3, columns=2, dims=5, rng=stream()), torch.randn(7, 3)
        measured = (x @ layer.measures.weight.T).reshape(7, 2, 5)
        for i, b in itertools.product(range(7), range(2)):
            near = [torch.exp(-(measured[i, b] - measured[j, b]).abs().sum()) for j in range(7) if j != i]
            torch.testing.assert_close(layer(x)[i, 3 + b], torch.stack(near).mean())

    def test_a_row_alone_has_no_neighbours(self):
        assert MinibatchDiscrimination(3, rng=stream())(torch.randn(1, 3))[:, 3:].abs().max() == 0


@pytest.mark.parametrize("diversity", [MinibatchDeviation(), MinibatchDiscrimination(16, rng=stream())])
def test_a_critic_that_sees_its_batch_can_tell_copies_by_it(diversity):
    critic = Critic(numbers(2), 16, diversity=diversity, rng=stream())
    x = torch.randn(8, 2, generator=stream())
    assert critic(x)[0].item() != pytest.approx(critic(x[:1].expand(8, 2))[0].item(), abs=1e-4)


class TestPacked:
    def test_rows_stand_side_by_side(self):
        seen = []
        Packed(lambda_(lambda x: seen.append(x) or x.sum(1)), 2)(torch.arange(8.0).reshape(4, 2))
        assert seen[0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]

    def test_images_share_channels_and_conditions_go_along(self):
        critic = Packed(ImageCritic(8, channels=3, condition_dim=6, width=4, rng=stream()), 3)
        assert critic(torch.randn(6, 1, 8, 8), torch.randn(6, 2)).shape == (2,)

    def test_left_over_rows_are_refused(self):
        with pytest.raises(ValueError, match="5 rows cannot be judged in packs of 2"):
            Packed(nn.Linear(4, 1), 2)(torch.zeros(5, 2))


def lambda_(function):
    module = nn.Module()
    module.forward = function
    return module


def nets():
    rng = stream(1)
    return [
        Critic(numbers(2), 32, rng=rng),
        ImageCritic(16, width=8, condition_dim=3, rng=rng),
        ImageGenerator(16, noise_dim=8, width=8, rng=rng),
    ]


class TestSpectral:
    @pytest.mark.parametrize("net", nets(), ids=lambda net: type(net).__name__)
    def test_every_layer_gets_norm_1(self, net):
        assert spectral(net) is net
        inputs = [torch.zeros(2, 2)] if isinstance(net, Critic) else [torch.zeros(2, 1, 16, 16), torch.zeros(2, 3)]
        inputs = [torch.zeros(2, 8)] if isinstance(net, ImageGenerator) else inputs
        for _ in range(100):
            net(*inputs)
        net.eval()
        # torch measures the norm of a transposed convolution over its second axis
        found = [largest(c) for c in layers(net) if not isinstance(c, nn.ConvTranspose2d)]
        assert found == pytest.approx([1] * len(found), abs=0.02)
        assert len(layers(net)) > 3

    def test_the_estimate_follows_the_weights(self):
        layer = spectral(linear(20, 20, stream()))
        with torch.no_grad():
            layer.parametrizations.weight.original.mul_(3).add_(0.3 * torch.randn(20, 20, generator=stream(4)))
        for _ in range(30):
            layer(torch.zeros(1, 20))
        assert largest(layer.eval()) == pytest.approx(1, abs=0.02)

    def test_it_moves_no_stream_but_ours(self):
        before = torch.get_rng_state()
        one, two, three = (spectral(linear(9, 9, stream()), rng) for rng in (stream(3), stream(3), stream(4)))
        assert torch.equal(before, torch.get_rng_state())
        vectors = [layer.parametrizations.weight[0]._u for layer in (one, two, three)]
        assert torch.equal(vectors[0], vectors[1])
        assert not torch.equal(vectors[0], vectors[2])

    def test_layers_that_start_at_zero_are_drawn(self):
        critic = spectral(Critic(numbers(2), 16, rng=stream()))
        assert critic(torch.randn(4, 2)).isfinite().all()

    def test_twice_is_once(self):
        layer = linear(4, 4, stream())
        assert spectral(spectral(layer)).state_dict().keys() == spectral(layer).state_dict().keys()
        assert len(layer.parametrizations.weight) == 1

    def test_copies_and_loaded_states_judge_alike(self):
        critic, x = spectral(Critic(numbers(2), 16, rng=stream())), torch.randn(4, 2)
        critic(x)
        twin = copy.deepcopy(critic)
        other = spectral(Critic(numbers(2), 16, rng=stream(8)), stream(9))
        other.load_state_dict(critic.state_dict())
        following = critic(x)
        assert torch.equal(twin(x), following)
        assert torch.equal(other(x), following)


def steadied():
    game = Refine.of(planted(1, 0.5), normal(1), 1, width=16, n=32)
    game.critic = spectral(Critic(numbers(1), 16, dropout=0.2, diversity=MinibatchDeviation(), rng=stream()))
    return game


def test_a_resumed_run_with_all_of_them_ends_with_the_same_bytes():
    saved = []
    config = TrainConfig(steps=20, log_every=10, save=lambda *checkpoint: saved.append(checkpoint))
    train(steadied(), r3gan(), config, rng=stream(3))
    train(steadied(), r3gan(), config, rng=stream(3), resume_from=saved[0])
    first, again = saved[1][0], saved[-1][0]
    assert len(saved) == 3
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_a_game_with_all_of_them_is_learned():
    game = steadied()
    train(game, r3gan(), TrainConfig(steps=300, generator_lr=1e-3, critic_lr=1e-3), rng=stream(3))
    given = torch.randn(4000, 1, generator=stream(5))
    moved = game.fake(given, stream(6)).detach()
    assert moved.mean().item() == pytest.approx(1, abs=0.25)
