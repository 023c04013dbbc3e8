"""Adversarial losses: pairs of pure functions of logits, one number a row.

A new one is a function here and a row in `LOSSES`; nothing else has to change.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch.nn.functional import softplus

from ganaug.adversarial.f_gan import CONJUGATES, f_gan
from ganaug.adversarial.loss import AdversarialLoss, LogitLoss

__all__ = [
    "LOSSES",
    "began",
    "energy",
    "hinge",
    "least_squares",
    "maximum_likelihood",
    "minimax",
    "nonsaturating",
    "relativistic",
    "wasserstein",
]


def minimax(smoothing: float = 0.0) -> AdversarialLoss:
    """Play the zero-sum game, whose value at the optimum is ``-log 4`` (Goodfellow et al., arXiv:1406.2661).

    The generator's gradient vanishes where the critic is sure: at ``D(fake) = 0``.

    Parameters
    ----------
    smoothing : float
        See `nonsaturating`.

    Examples
    --------
    >>> import torch
    >>> minimax().generator(torch.zeros(1), torch.zeros(1))
    tensor([-0.6931])
    """
    return AdversarialLoss(critic=_cross_entropy(smoothing), generator=lambda real, fake: -softplus(fake))


def nonsaturating(smoothing: float = 0.0) -> AdversarialLoss:
    """Play the classic game so that the generator keeps its gradient while the critic wins (arXiv:1406.2661).

    Parameters
    ----------
    smoothing : float
        The critic's target for real rows is ``1 - smoothing``, one-sided: smoothing the fake side too would hold
        the generator to its own mistakes (arXiv:1606.03498). The optimal critic is ``(1 - smoothing) p / (p + q)``.

    Examples
    --------
    >>> import torch
    >>> nonsaturating().generator(torch.zeros(1), torch.zeros(1))
    tensor([0.6931])
    """
    return AdversarialLoss(critic=_cross_entropy(smoothing), generator=lambda real, fake: softplus(-fake))


def maximum_likelihood(smoothing: float = 0.0) -> AdversarialLoss:
    """Follow the likelihood's gradient, where the critic is optimal (Goodfellow's tutorial, arXiv:1701.00160, 3.2.4).

    The generator's loss is ``-exp(sigma^-1(D))``, minus the density ratio: few rows carry all of it.

    Parameters
    ----------
    smoothing : float
        See `nonsaturating`.

    Examples
    --------
    >>> import torch
    >>> maximum_likelihood().generator(torch.zeros(1), torch.zeros(1))
    tensor([-1.])
    """
    return AdversarialLoss(critic=_cross_entropy(smoothing), generator=lambda real, fake: -fake.exp())


def least_squares() -> AdversarialLoss:
    """Regress on 1 for real and 0 for fake rows: rows far on the right side are pulled back too (arXiv:1611.04076).

    Examples
    --------
    >>> import torch
    >>> least_squares().critic(torch.ones(1), torch.ones(1))
    tensor([0.5000])
    """
    return AdversarialLoss(
        critic=lambda real, fake: ((real - 1).square() + fake.square()) / 2,
        generator=lambda real, fake: (fake - 1).square() / 2,
    )


def hinge() -> AdversarialLoss:
    """Let the critic rest where it is right by a margin of 1 (geometric GAN, arXiv:1705.02894).

    Examples
    --------
    >>> import torch
    >>> hinge().critic(torch.tensor([2.0]), torch.tensor([0.0]))
    tensor([1.])
    """
    return AdversarialLoss(
        critic=lambda real, fake: (1 - real).relu() + (1 + fake).relu(),
        generator=lambda real, fake: -fake,
    )


def wasserstein() -> AdversarialLoss:
    """Estimate the earth mover's distance, for a critic kept 1-Lipschitz by a penalty (arXiv:1701.07875).

    Examples
    --------
    >>> import torch
    >>> wasserstein().critic(torch.tensor([2.0]), torch.tensor([0.5]))
    tensor([-1.5000])
    """
    return AdversarialLoss(
        critic=lambda real, fake: fake - real,
        generator=lambda real, fake: -fake,
    )


def energy(margin: float = 1.0) -> AdversarialLoss:
    """Give real rows a low energy and fake ones at least `margin` (EBGAN, arXiv:1609.03126).

    A logit is minus an energy, which is never negative: the reconstruction error of an `AutoencoderCritic`.

    Examples
    --------
    >>> import torch
    >>> energy(margin=1.0).critic(torch.tensor([-0.2]), torch.tensor([-0.7]))
    tensor([0.5000])
    """
    return AdversarialLoss(
        critic=lambda real, fake: (margin + fake).relu() - real,
        generator=lambda real, fake: -fake,
    )


def began() -> AdversarialLoss:
    """Match the distributions of the reconstruction errors of real and of fake rows (BEGAN, arXiv:1703.10717).

    A logit is minus an energy, as for `energy`. The fake logits of the critic come in times the weight ``k`` of the
    controller that holds the two in balance: `Objective.equilibrium`.

    Examples
    --------
    >>> import torch
    >>> began().critic(torch.tensor([-0.2]), 0.5 * torch.tensor([-0.6]))
    tensor([-0.1000])
    """
    return wasserstein()


def relativistic() -> AdversarialLoss:
    """Pair each fake row with a real one: only the difference of their logits counts (R3GAN, arXiv:2501.05441).

    Without the bias that lets a critic give one value to everything there is no flat basin to drop modes into.

    Examples
    --------
    >>> import torch
    >>> relativistic().critic(torch.zeros(2), torch.zeros(2))
    tensor([0.6931, 0.6931])
    """
    return AdversarialLoss(
        critic=lambda real, fake: softplus(fake - real),
        generator=lambda real, fake: softplus(real - fake),
    )


def _cross_entropy(smoothing: float) -> LogitLoss:
    if not 0 <= smoothing < 0.5:
        raise ValueError(f"smoothing must be from 0 up to, not with, 0.5, not {smoothing}")
    # softplus(-real) + smoothing * real is the cross-entropy with the target 1 - smoothing
    return lambda real, fake: softplus(-real) + smoothing * real + softplus(fake)


LOSSES: Mapping[str, AdversarialLoss] = {
    "minimax": minimax(),
    "nonsaturating": nonsaturating(),
    "maximum_likelihood": maximum_likelihood(),
    "least_squares": least_squares(),
    "hinge": hinge(),
    "wasserstein": wasserstein(),
    "energy": energy(),
    "began": began(),
    "relativistic": relativistic(),
    # "gan" is there as minimax and nonsaturating
    **{divergence: f_gan(divergence) for divergence in CONJUGATES if divergence != "gan"},
}
