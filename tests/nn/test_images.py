import pytest
import torch

from ganaug.nn import ImageCritic, ImageGenerator, MinibatchDeviation


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("side", [8, 16, 32, 64])
@pytest.mark.parametrize("conditional_norm", [False, True])
def test_images_are_made_and_judged_at_every_side(rng, side, conditional_norm):
    generator = ImageGenerator(side, 3, 8, 4, condition_dim=2, conditional_norm=conditional_norm, rng=rng)
    critic = ImageCritic(side, 3, 4, condition_dim=2, diversity=MinibatchDeviation(), rng=rng)
    images = generator(torch.randn(2, 8, generator=rng), torch.eye(2))
    assert images.shape == (2, 3, side, side)
    assert images.abs().max() < 1
    logits = critic(images, torch.eye(2))
    assert logits.shape == (2,)
    logits.sum().backward()
    assert all(p.grad.isfinite().all() for p in [*generator.parameters(), *critic.parameters()])


@pytest.mark.parametrize("side", [8, 32])
def test_first_weights_keep_the_scale(rng, side):
    images = ImageGenerator(side, noise_dim=32, rng=rng)(torch.randn(50, 32, generator=rng))
    assert 0.3 < images.std() < 0.9
    assert 0.1 < ImageCritic(side, rng=rng)(torch.randn(50, 1, side, side, generator=rng)).std() < 3


def test_the_condition_is_heard(rng):
    z, x, c = torch.randn(4, 8), torch.randn(4, 1, 8, 8), torch.randn(4, 2)
    for net, seen in (
        (ImageGenerator(8, 1, 8, condition_dim=2, rng=rng), z),
        (ImageCritic(8, condition_dim=2, rng=rng), x),
    ):
        assert not torch.equal(net(seen, c), net(seen, -c))
        with pytest.raises((ValueError, RuntimeError)):
            net(seen)


def test_a_conditional_norm_hears_it_in_each_layer(rng):
    generator = ImageGenerator(8, 1, 8, 4, condition_dim=2, conditional_norm=True, rng=rng)
    generator(torch.randn(4, 8), torch.randn(4, 2)).square().sum().backward()
    assert all(norm.shift.grad.abs().max() > 0 and norm.scale.grad.abs().max() > 0 for norm in generator.norms)
    assert len(generator.norms) == 2


@pytest.mark.parametrize("conditional_norm", [False, True])
def test_images_of_a_batch_do_not_depend_on_each_other(rng, conditional_norm):
    generator = ImageGenerator(8, 1, 8, 4, condition_dim=2, conditional_norm=conditional_norm, rng=rng)
    critic = ImageCritic(8, width=4, rng=rng)
    z, c = torch.randn(6, 8), torch.randn(6, 2)
    images = generator(z, c)
    torch.testing.assert_close(generator(z[:2], c[:2]), images[:2])
    torch.testing.assert_close(critic(images[:2]), critic(images)[:2])


def test_weights_come_from_the_given_stream_alone():
    before = torch.get_rng_state()
    one, two = (ImageGenerator(8, rng=torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


@pytest.mark.parametrize("side", [0, 4, 12, 28])
def test_other_sides_are_refused(rng, side):
    for net in (ImageGenerator, ImageCritic):
        with pytest.raises(ValueError, match=f"not {side}: pad"):
            net(side, rng=rng)


def test_a_norm_without_a_condition_is_refused(rng):
    with pytest.raises(ValueError, match="condition_dim must be 1 or more, not 0"):
        ImageGenerator(8, conditional_norm=True, rng=rng)
