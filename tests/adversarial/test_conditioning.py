import math
from dataclasses import replace

import pytest
import torch
from adversarial.games import numbers, stream
from torch import nn
from torch.nn.functional import one_hot

from ganaug.adversarial import Round, TrainConfig, r3gan, train
from ganaug.adversarial.conditioning import auxiliary_classifier, mutual_information, wanted_class
from ganaug.nn import Critic, NoiseGenerator, Trunk, linear


def of(fake, given, real=None):
    logits = torch.zeros(len(fake))
    return Round(fake if real is None else real, fake, logits, logits, lambda x: x, stream(), given)


def itself(x):
    return x


class TestAuxiliaryClassifier:
    # logits are the rows themselves: 2 classes and, last, fake
    real, fake = torch.tensor([[3.0, 0, 0], [0, 0, 0]]), torch.tensor([[0.0, 0, 2], [0, 5, 0]])
    given = torch.tensor([0, 1])

    def test_real_rows_have_their_class_and_fake_ones_the_last(self):
        paid = auxiliary_classifier(itself, itself)(of(self.fake, self.given, self.real))
        first = math.log(1 + 2 * math.exp(-3)) + math.log(1 + 2 * math.exp(-2))
        second = math.log(3) + math.log(2 + math.exp(5))
        assert paid.tolist() == pytest.approx([first, second], abs=1e-5)

    def test_the_generator_pays_for_the_class_it_was_given(self):
        paid = wanted_class(itself, itself)(of(self.fake, self.given))
        assert paid.tolist() == pytest.approx([math.log(2 + math.exp(2)), math.log(1 + 2 * math.exp(-5))], abs=1e-5)


class TestMutualInformation:
    def test_a_shown_category_tells_its_entropy_and_a_hidden_one_nothing(self):
        code = torch.randint(4, (1000,), generator=stream())
        shown, hidden = one_hot(code, 4).float(), torch.zeros(1000, 4)
        bound = [
            math.log(4) - mutual_information(lambda x: 50 * x, itself)(of(x, code)).mean() for x in (shown, hidden)
        ]
        assert bound == pytest.approx([math.log(4), 0], abs=1e-4)

    def test_no_recogniser_finds_more_than_nothing_in_a_hidden_category(self):
        code = torch.arange(1000) % 4
        guess = 3 * torch.randn(1000, 4, generator=stream())
        assert math.log(4) - mutual_information(itself, itself)(of(guess, code)).mean() < 0

    def test_a_noisy_number_tells_what_shannon_says(self):
        # row = code + noise of variance s; the code given the row has mean row / (1 + s) and variance s / (1 + s)
        noise = 0.25
        code = torch.randn(50_000, 1, generator=stream())
        row = code + noise**0.5 * torch.randn(50_000, 1, generator=stream(1))

        def recognise(x):
            return torch.cat([x / (1 + noise), torch.full_like(x, math.log(noise / (1 + noise)))], dim=1)

        entropy = 0.5 * math.log(2 * math.pi * math.e)
        bound = entropy - mutual_information(recognise, itself)(of(row, code)).mean().item()
        assert bound == pytest.approx(0.5 * math.log(1 + 1 / noise), abs=0.02)

    def test_numbers_of_several_columns_add_up(self):
        code = torch.zeros(3, 2)
        paid = mutual_information(lambda x: torch.zeros(3, 4), itself)(of(code, code))
        assert paid.tolist() == pytest.approx([math.log(2 * math.pi)] * 3)

    def test_the_bound_ends_where_the_variance_is_too_small_to_claim(self):
        code = torch.zeros(1, 1)
        paid = mutual_information(lambda x: torch.tensor([[0.0, -90.0]]), itself)(of(code, code))
        assert paid.item() == pytest.approx(0.5 * math.log(2 * math.pi * 1e-3), abs=1e-4)


MEANS = torch.tensor([-2.0, 2.0])


class Coded:
    """Two Gaussians, at -2 and 2, of which the generator is given the number, or a code of its own making."""

    def __init__(self):
        rng = stream(1)
        self.generator = NoiseGenerator(numbers(1), 4, 32, 1, condition_dim=2, rng=rng)
        self.generator.recognise = nn.Sequential(Trunk(1, 16, 1, rng=rng), linear(16, 2, rng))
        self.critic = Critic(numbers(1), 32, 1, rng=rng)
        self.critic.classify = nn.Sequential(Trunk(1, 16, 1, rng=rng), linear(16, 3, rng))

    def draw(self, rng):
        label = torch.randint(2, (128,), generator=rng)
        return MEANS[label, None] + 0.5 * torch.randn(128, 1, generator=rng), label

    def fake(self, given, rng, generator=None):
        z = torch.randn(len(given), 4, generator=rng)
        return (generator or self.generator)(z, one_hot(given, 2).float(), rng=rng)

    def judge(self, x, given):
        return self.critic(x)

    def terms(self, fake, given):
        return None


class Uncoded(Coded):
    """The same, but the code says nothing of the real row."""

    def draw(self, rng):
        real, _ = super().draw(rng)
        return real, torch.randint(2, (128,), generator=rng)


def learned(game, objective):
    trained = train(game, objective, TrainConfig(steps=400, generator_lr=1e-3, critic_lr=1e-3), rng=stream(3))
    with torch.no_grad():
        return [game.fake(torch.full((2000,), k), stream(5), trained.generator)[:, 0] for k in range(2)]


def test_an_auxiliary_classifier_puts_each_class_at_its_mean():
    game, alone = Coded(), r3gan(penalty_every=2)
    objective = replace(
        alone,
        penalties=(*alone.penalties, (auxiliary_classifier(game.critic.classify, itself), 0.5)),
        generator_penalties=((wanted_class(game.critic.classify, itself), 0.5),),
    )
    for rows, mean in zip(learned(game, objective), MEANS, strict=True):
        assert rows.mean().item() == pytest.approx(mean.item(), abs=0.25)
        assert rows.std().item() == pytest.approx(0.5, abs=0.2)


def test_a_code_finds_the_modes_by_itself():
    game = Uncoded()
    read = mutual_information(game.generator.recognise, itself)
    objective = replace(r3gan(gamma=0.5), generator_penalties=((read, 1.0),))
    low, high = sorted(learned(game, objective), key=lambda rows: rows.mean().item())
    assert (low < 0).float().mean() > 0.98
    assert (high > 0).float().mean() > 0.98
    assert [low.mean().item(), high.mean().item()] == pytest.approx([-2, 2], abs=0.3)
