from __future__ import annotations

import pytest
import torch

from ganaug.models.cellular.game import CellGame, CellGenerator, Genes, Given, Look, _log_normalised


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_a_generator_starts_as_the_identity() -> None:
    head = CellGenerator(3, 4, 10, generator())
    factors, type_ = torch.randn(5, 4, generator=generator()), torch.tensor([0, 1, 2, 0, 1])
    assert torch.equal(head(factors, type_), factors)
    assert not head.offset.any()
    assert not head.loadings.any()


def test_counts_hand_on_the_derivative_of_their_mean() -> None:
    # a gene beside one that holds nearly all counts: the total, and so the scale, hardly moves
    total, beside, n = 1e4, 1e4, 200_000

    def expected(mean: float) -> float:
        rows = torch.tensor([[mean, beside]]).expand(n, 2)
        return float(_log_normalised(rows, torch.zeros(2), total, generator())[:, 0].mean())

    mean = torch.tensor(2.0, requires_grad=True)
    rows = torch.stack([mean.expand(n), torch.full((n,), beside)], dim=1)
    _log_normalised(rows, torch.zeros(2), total, generator())[:, 0].mean().backward()
    slope = (expected(2.2) - expected(1.8)) / 0.4
    assert mean.grad is not None
    assert abs(float(mean.grad) - slope) < 0.03 * slope


def test_dispersed_counts_hand_on_the_derivative_too() -> None:
    total, beside, n, wide = 1e4, 1e4, 400_000, torch.tensor([0.5, 0.0])

    def expected(mean: float) -> float:
        rows = torch.tensor([[mean, beside]]).expand(n, 2)
        return float(_log_normalised(rows, wide, total, generator())[:, 0].mean())

    mean = torch.tensor(2.0, requires_grad=True)
    rows = torch.stack([mean.expand(n), torch.full((n,), beside)], dim=1)
    _log_normalised(rows, wide, total, generator())[:, 0].mean().backward()
    slope = (expected(2.4) - expected(1.6)) / 0.8
    assert mean.grad is not None
    assert abs(float(mean.grad) - slope) < 0.05 * slope


@pytest.mark.usefixtures("two_threads")
def test_on_several_threads_genes_move_the_same_way() -> None:
    n, p = 256, 2000
    head = CellGenerator(3, 2, p, generator())
    genes = Genes(torch.zeros(3, p), torch.zeros(1, p), torch.zeros(2, p), torch.zeros(p))
    look = Look(1e4, torch.zeros(p), torch.randn(p, 5, generator=generator()), torch.ones(5))
    given = Given(torch.zeros(n, 2), torch.arange(n) % 3, torch.zeros(n, dtype=torch.long), torch.full((n,), 1e3))
    game = CellGame(torch.zeros(n, 5), given, genes, look, head, torch.nn.Identity())

    def slope() -> torch.Tensor:
        (found,) = torch.autograd.grad(game.fake(given, generator()).square().sum(), head.slow_offset)
        return found

    first = slope()
    assert all(torch.equal(first, slope()) for _ in range(20))
