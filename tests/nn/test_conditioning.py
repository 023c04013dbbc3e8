import pytest
import torch
from torch import nn
from torch.nn.functional import one_hot

from ganaug.nn import ConditionalNorm, ProjectionHead


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def test_the_inner_product_is_added(rng):
    head = ProjectionHead(5, 3, rng=rng)
    features, condition = torch.randn(7, 5), torch.randn(7, 3)
    expected = head.alone(features)[:, 0] + (features @ head.wanted.weight * condition).sum(1)
    torch.testing.assert_close(head(features, condition), expected)


def test_the_best_logit_of_two_gaussians_a_class_is_linear_in_the_features(rng):
    # real rows of class k are N(m_k, 1), fake ones N(0, 1): the log ratio is m_k x - m_k**2 / 2, and m differs in sign
    head = ProjectionHead(2, 2, rng=rng)
    with torch.no_grad():
        head.alone.weight.copy_(torch.tensor([[0.0, -0.5]]))
        head.wanted.weight.copy_(torch.tensor([[1.0, -1.0], [0.0, 0.0]]))
    x, label = torch.randn(50, generator=rng), torch.arange(50) % 2
    features = torch.stack([x, torch.ones(50)], dim=1)
    mean = 1 - 2 * label
    torch.testing.assert_close(head(features, one_hot(label).float()), mean * x - 0.5)


@pytest.mark.parametrize(("built", "given"), [(3, None), (0, torch.zeros(4, 3))])
def test_a_condition_that_is_missing_or_not_heard_is_refused(rng, built, given):
    with pytest.raises(ValueError, match=f"condition_dim={built}"):
        ProjectionHead(5, built, rng=rng)(torch.zeros(4, 5), given)


def set_to(norm, mean, scale):
    with torch.no_grad():
        norm.shift.copy_(mean)
        norm.scale.copy_(scale - 1)
    return norm


MEAN, SCALE = torch.tensor([[5.0, 0.0], [-3.0, 1.0]]), torch.tensor([[2.0, 1.0], [0.5, 4.0]])  # class, column


def test_rows_of_a_class_get_its_mean_and_deviation(rng):
    norm = set_to(ConditionalNorm(nn.BatchNorm1d(2, affine=False), 2), MEAN, SCALE)
    x = 7 + 9 * torch.randn(20_000, 2, generator=rng)
    label = torch.arange(20_000) % 2
    rows = norm(x, one_hot(label).float())
    for k in range(2):
        torch.testing.assert_close(rows[label == k].mean(0), MEAN[k], atol=0.1, rtol=0)
        torch.testing.assert_close(rows[label == k].std(0), SCALE[k], atol=0.1, rtol=0)


def test_each_image_gets_the_mean_and_deviation_of_its_class(rng):
    norm = set_to(ConditionalNorm(nn.InstanceNorm2d(2), 2), MEAN, SCALE)
    label = torch.tensor([0, 1, 1])
    images = norm(4 + 3 * torch.randn(3, 2, 16, 16, generator=rng), one_hot(label).float())
    torch.testing.assert_close(images.mean((2, 3)), MEAN[label], atol=1e-4, rtol=0)
    torch.testing.assert_close(images.std((2, 3), correction=0), SCALE[label], atol=1e-3, rtol=0)


def test_it_starts_as_the_norm_alone():
    x, norm = torch.randn(5, 3), nn.BatchNorm1d(3, affine=False)
    torch.testing.assert_close(ConditionalNorm(norm, 4)(x, torch.randn(5, 4)), norm(x))


def test_a_second_scale_is_refused():
    with pytest.raises(ValueError, match="affine=False"):
        ConditionalNorm(nn.BatchNorm1d(3), 2)
