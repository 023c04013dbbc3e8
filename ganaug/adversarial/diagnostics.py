"""What the monitors measure at a step: plain functions of rows and logits, on the device and without a graph."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ganaug.adversarial.checkpoint import Run
from ganaug.adversarial.config import TrainConfig
from ganaug.adversarial.game import Game, WatchedGame
from ganaug.adversarial.objective import Objective
from ganaug.adversarial.turns import Turn, play

__all__ = ["accuracies", "duality_gap", "effective_modes", "measure", "mmd2"]

Given = TypeVar("Given")
ROWS = 512  # that are counted at most, however large the batch
PAIRS = 256  # and compared with each other
WIDEST, KERNELS = 4, 5  # widths 4, 2, 1, 1/2 and 1/4 of the median distance
DRAWS = 10  # batches over which a game's value is averaged


def measure(game: Game[Given], run: Run, turn: Turn) -> dict[str, Tensor | None]:
    """Measure a step.

    Nothing that the run depends on is touched: what is drawn here comes from a generator seeded by the step, and what
    a pass through a network moves, say the statistics of a normalisation, is put back.

    Returns
    -------
    dict of str to Tensor () or None
        The measured columns of a row of `History`; None for what this game cannot show.
    """
    rng = torch.Generator(run.rng.device).manual_seed(run.step)
    real_accuracy, fake_accuracy = accuracies(turn.real_logits, turn.fake_logits)
    critic_gradient, generator_gradient = _gradient_norm(run.critic), _gradient_norm(run.generator)
    return {
        "critic_loss": turn.critic_loss,
        "generator_loss": turn.generator_loss,
        "real_accuracy": real_accuracy,
        "fake_accuracy": fake_accuracy,
        "real_logit": turn.real_logits.mean(),
        "fake_logit": turn.fake_logits.mean(),
        "critic_gradient": critic_gradient,
        "generator_gradient": generator_gradient,
        "gradient_ratio": generator_gradient / critic_gradient,
        "modes": effective_modes(turn.real[:ROWS], turn.fake[:ROWS], rng=rng),
        **_on_held_out(game, turn, rng),
    }


def accuracies(real_logits: Tensor, fake_logits: Tensor) -> tuple[Tensor, Tensor]:
    """Shares of real logits above, and of fake ones below, the midpoint of their two means; a tie counts half.

    The midpoint stands in for zero because the logits of a relativistic or a Wasserstein critic have none. At .5 and .5
    the critic does not tell the two apart (a classifier as a two-sample test, arXiv:1610.06545).

    Parameters
    ----------
    real_logits, fake_logits : Tensor (n,)

    Examples
    --------
    >>> accuracies(torch.tensor([3.0, 4.0, 9.0]), torch.tensor([1.0, 2.0]))
    (tensor(0.6667), tensor(1.))
    """
    midpoint = (real_logits.mean() + fake_logits.mean()) / 2
    above, below = ((apart.sign().mean() + 1) / 2 for apart in (real_logits - midpoint, midpoint - fake_logits))
    return above, below


def effective_modes(real: Tensor, fake: Tensor, *, rng: torch.Generator) -> Tensor:
    """Effective number of modes that the fake rows reach, as a share of the real ones'; no labels are needed.

    Some real rows are anchors. Other real rows, and as many fake ones, are each counted at the nearest anchor; the
    effective number of a histogram is the exponential of its entropy (Hill 1973, doi:10.2307/1934352), and cells around
    real rows are the bins of arXiv:1805.12462. About 1 where all is well, 1/8 for one of eight modes.

    Parameters
    ----------
    real, fake : Tensor (n, ...)
    rng : torch.Generator
        On their device; draws the anchors.

    Examples
    --------
    >>> real, rng = torch.arange(8.0).repeat(64)[:, None], torch.Generator().manual_seed(0)
    >>> round(effective_modes(real, 0 * real, rng=rng).item(), 2)
    0.13
    """
    order = torch.randperm(len(real), generator=rng, device=real.device)
    anchors, others = order.tensor_split([max(1, len(real) // 4)])
    seen = real.flatten(1)[anchors]
    of_fake, of_real = (_effective_number(rows.flatten(1)[others], seen) for rows in (fake, real))
    return of_fake / of_real


def _effective_number(rows: Tensor, anchors: Tensor) -> Tensor:
    nearest = torch.cdist(rows, anchors).argmin(dim=1)
    share = nn.functional.one_hot(nearest, len(anchors)).to(rows.dtype).mean(dim=0)
    number: Tensor = torch.special.entr(share).sum().exp()
    return number


def mmd2(x: Tensor, y: Tensor) -> Tensor:
    """Unbiased squared maximum mean discrepancy of two sets of rows: about 0, also below, where they are alike.

    The kernel is the mean of five Gaussians around the median distance (Gretton et al. 2012, "A kernel two-sample
    test", Journal of Machine Learning Research 13).

    Parameters
    ----------
    x, y : Tensor (n, ...), (m, ...)
        At least two rows each.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> x, y = torch.randn(2, 500, 2, generator=rng)
    >>> [round(mmd2(x, rows).abs().item(), 2) for rows in (y, y + 1)]
    [0.0, 0.12]
    """
    n, m = len(x), len(y)
    rows = torch.cat([x.flatten(1), y.flatten(1)])
    squared = torch.cdist(rows, rows).square()
    median, mean = squared.median(), squared.mean()
    # most rows may be equal, and all of them
    unit = torch.where(median > 0, median, torch.where(mean > 0, mean, 1.0))
    power = (squared / (-2 * unit * WIDEST**2)).exp().fill_diagonal_(0)
    kernel = power.clone()
    for _ in range(KERNELS - 1):
        # half the width: the fourth power, which costs less than another exponential
        kernel += power.square_().square_()
    kernel /= KERNELS
    within = kernel[:n, :n].sum() / (n * (n - 1)) + kernel[n:, n:].sum() / (m * (m - 1))
    apart: Tensor = within - 2 * kernel[:n, n:].mean()
    return apart


def duality_gap(
    game: Game[Given], objective: Objective, config: TrainConfig, *, steps: int = 200, rng: torch.Generator
) -> float:
    """How much a game's value could still move if either player stood still: about 0 at an equilibrium.

    A copy of the critic learns against the frozen generator, a copy of the generator against the frozen critic; the gap
    is the difference of the two values, minus the critic's loss without penalties (Grnarova et al., arXiv:1811.05512).

    Parameters
    ----------
    game : Game
        Stays as it is.
    objective : Objective
    config : TrainConfig
        Its optimiser and its learning rates.
    steps : int
        Of each copy.
    rng : torch.Generator
        On the device of the game.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from ganaug.adversarial import LOSSES
    >>> x, y = (nn.utils.skip_init(nn.Linear, 1, 1, bias=False) for _ in range(2))
    >>> _ = nn.init.zeros_(x.weight), nn.init.zeros_(y.weight)
    >>> game = SimpleNamespace(  # min over x, max over y of -x y
    ...     generator=x,
    ...     critic=y,
    ...     draw=lambda rng: (torch.zeros(4, 1), torch.ones(4, 1)),
    ...     fake=lambda given, rng: x(given),
    ...     judge=lambda rows, given: y(rows)[:, 0],
    ...     terms=lambda fake, given: None,
    ... )
    >>> duality_gap(game, Objective(LOSSES["wasserstein"]), TrainConfig(), steps=5, rng=torch.Generator())
    0.0
    """
    seed = int(torch.randint(2**62, (), generator=rng, device=rng.device))

    def value(config: TrainConfig) -> float:
        with _kept(game.generator, game.critic):
            run = Run.start(game, objective, config, rng)
            while run.step < steps:
                run.step += 1
                play(game, objective, run)
                run.average_in()
            return _value(game, objective, torch.Generator(rng.device).manual_seed(seed))

    return value(replace(config, generator_lr=0.0)) - value(replace(config, critic_lr=0.0))


@torch.no_grad()
def _value(game: Game[Given], objective: Objective, rng: torch.Generator) -> float:
    losses = []
    for _ in range(DRAWS):
        real, given = game.draw(rng)
        fake = game.fake(given, rng)
        losses.append(objective.loss.critic(game.judge(real, given), game.judge(fake, given)).mean())
    return -float(torch.stack(losses).mean())


@torch.no_grad()
def _on_held_out(game: Game[Given], turn: Turn, rng: torch.Generator) -> dict[str, Tensor | None]:
    if not isinstance(game, WatchedGame):
        return {"validation_logit": None, "mmd": None}
    # in training mode, as the logits that they are compared with; torch's own dropout draws from the global stream
    cards = [rng.device] if rng.device.type == "cuda" else []
    with _kept(game.generator, game.critic), torch.random.fork_rng(cards):
        real, given = game.held_out(rng)
        fake = game.fake(given, rng)
        # both have learned since the turn's logits, so held-out rows are compared with others that are judged now
        ahead = game.judge(real, given).mean() - game.judge(*game.draw(rng)).mean()
        return {"validation_logit": turn.real_logits.mean() + ahead, "mmd": mmd2(real[:PAIRS], fake[:PAIRS])}


@contextmanager
def _kept(*modules: nn.Module) -> Iterator[None]:
    """Put all that a checkpoint holds of the modules, and their gradients, back as they were."""
    states = [{name: _copy(part) for name, part in module.state_dict().items()} for module in modules]
    weights = [weight for module in modules for weight in module.parameters()]
    gradients = [weight.grad for weight in weights]
    try:
        yield
    finally:
        for module, state in zip(modules, states, strict=True):
            module.load_state_dict(state)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient


def _copy(part: Any) -> Any:
    # what a module keeps besides tensors may be anything
    return part.clone() if isinstance(part, Tensor) else copy.deepcopy(part)


def _gradient_norm(module: nn.Module) -> Tensor:
    norms = [torch.linalg.vector_norm(weight.grad) for weight in module.parameters() if weight.grad is not None]
    norm: Tensor = torch.linalg.vector_norm(torch.stack(norms))
    return norm
