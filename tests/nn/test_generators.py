import pytest
import torch

from ganaug.layout import Layout
from ganaug.nn import NoiseGenerator, ResidualGenerator

LAYOUT = Layout.of([("age", "rank", 1), ("sex", "levels", 2), ("city", "embedding", 3), ("pay", "rank", 1)])


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def stirred(generator):
    """Leave the identity, as training would."""
    torch.nn.init.ones_(generator.head.weight)
    return generator


def residual(rng, **kwargs):
    return ResidualGenerator(LAYOUT, noise_dim=4, width=16, rng=rng, **kwargs)


@pytest.mark.parametrize("frequencies", [0, 4])
def test_it_starts_as_exactly_the_identity(rng, frequencies):
    x = torch.randn(20, 7)
    assert torch.equal(residual(rng, frequencies=frequencies)(x, torch.randn(20, 4)), x)


def test_the_identity_can_be_left(rng):
    generator = residual(rng)
    generator(torch.randn(20, 7), torch.randn(20, 4)).sum().backward()
    assert generator.head.weight.grad.abs().min() > 0


def test_only_numbers_move(rng):
    x = torch.randn(20, 7)
    moved = stirred(residual(rng))(x, torch.randn(20, 4))
    assert torch.equal(moved[:, 1:6], x[:, 1:6])
    assert (moved[:, [0, 6]] != x[:, [0, 6]]).all()


@pytest.mark.parametrize("per_row", [False, True])
def test_frozen_values_stay(rng, per_row):
    x = torch.randn(20, 7)
    frozen = torch.zeros(20, 7, dtype=torch.bool) if per_row else torch.zeros(7, dtype=torch.bool)
    frozen[..., 0] = True
    moved = stirred(residual(rng))(x, torch.randn(20, 4), frozen=frozen)
    assert torch.equal(moved[:, 0], x[:, 0])
    assert (moved[:, 6] != x[:, 6]).all()


def test_noise_and_condition_are_heard(rng):
    x, z, c = torch.randn(20, 7), torch.randn(20, 4), torch.randn(20, 2)
    generator = stirred(residual(rng, condition_dim=2))
    assert not torch.equal(generator(x, z, c), generator(x, z, -c))
    assert not torch.equal(generator(x, z, c), generator(x, -z, c))


def test_noise_becomes_rows_of_the_layout(rng):
    generator = NoiseGenerator(LAYOUT, noise_dim=8, condition_dim=2, rng=rng)
    rows = generator(torch.randn(50, 8), torch.randn(50, 2), rng=rng)
    assert rows.shape == (50, 7)
    assert set(rows[:, 1:3].unique().tolist()) == {0.0, 1.0}
    rows.square().sum().backward()
    assert all(p.grad.isfinite().all() for p in generator.parameters())
