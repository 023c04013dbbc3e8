"""The f-GAN family: every f-divergence as a game, from one table of convex conjugates (arXiv:1606.00709)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import softplus

from ganaug.adversarial.loss import AdversarialLoss

__all__ = ["CONJUGATES", "Conjugate", "alpha_conjugate", "f_gan", "f_gan_bound"]


class Conjugate(NamedTuple):
    """An f-divergence in its dual form: it is the most that ``E_p[output(v)] - E_q[conjugate(v)]`` reaches over all v.

    Attributes
    ----------
    output : callable
        Maps a logit v to the domain of f's convex conjugate f*; it grows with v.
    conjugate : callable
        ``f*(output(v))``, worked out as a function of v, which does not overflow where the two by themselves would.
    """

    output: Callable[[Tensor], Tensor]
    conjugate: Callable[[Tensor], Tensor]


def alpha_conjugate(alpha: float) -> Conjugate:
    """Dual form of the alpha divergence ``(t**alpha - 1 - alpha * (t - 1)) / (alpha * (alpha - 1))``, 0 < alpha < 1.

    Examples
    --------
    >>> import torch
    >>> alpha_conjugate(0.5).conjugate(torch.zeros(1))
    tensor([0.])
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, not {alpha}: 1 is 'kl', 0 is 'reverse_kl', 2 'pearson_chi2'")
    # v is the logarithm of the density ratio t: output = f'(t), conjugate = t f'(t) - f(t)
    return Conjugate(
        output=lambda v: ((alpha - 1) * v).expm1() / (alpha - 1),
        conjugate=lambda v: (alpha * v).expm1() / alpha,
    )


CONJUGATES: Mapping[str, Conjugate] = {
    "kl": Conjugate(lambda v: v, lambda v: (v - 1).exp()),
    "reverse_kl": Conjugate(lambda v: -(-v).exp(), lambda v: v - 1),
    "pearson_chi2": Conjugate(lambda v: v, lambda v: v.square() / 4 + v),
    "neyman_chi2": Conjugate(lambda v: 1 - (-v).exp(), lambda v: 2 - 2 * (-v / 2).exp()),
    "squared_hellinger": Conjugate(lambda v: 1 - (-v).exp(), lambda v: v.expm1()),
    "jensen_shannon": Conjugate(
        lambda v: (math.log(2) - softplus(-v)) / 2,
        lambda v: (softplus(v) - math.log(2)) / 2,
    ),
    "gan": Conjugate(lambda v: -softplus(-v), softplus),
    "total_variation": Conjugate(lambda v: v.tanh() / 2, lambda v: v.tanh() / 2),
    "alpha": alpha_conjugate(0.5),
}


def f_gan(divergence: str | Conjugate, *, saturating: bool = False) -> AdversarialLoss:
    """Play the game whose value is an f-divergence (Nowozin et al., arXiv:1606.00709).

    Parameters
    ----------
    divergence : str or Conjugate
        A key of `CONJUGATES`, or say ``alpha_conjugate(0.3)``.
    saturating : bool
        Whether the generator minimises the critic's bound itself. Otherwise it raises the critic's output on its rows,
        section 3.2 of the paper, and keeps its gradient while the critic wins.

    Raises
    ------
    ValueError
        If there is no divergence of that name.

    Examples
    --------
    >>> import torch
    >>> f_gan("jensen_shannon").critic(torch.zeros(1), torch.zeros(1))
    tensor([0.])
    """
    output, conjugate = _conjugate(divergence)
    return AdversarialLoss(
        critic=lambda real, fake: conjugate(fake) - output(real),
        generator=(lambda real, fake: -conjugate(fake)) if saturating else (lambda real, fake: -output(fake)),
    )


def f_gan_bound(real_logits: Tensor, fake_logits: Tensor, divergence: str | Conjugate) -> float:
    """Lower bound of an f-divergence, in nats, from any critic's logits on rows that it has not learned from.

    Examples
    --------
    >>> import torch
    >>> f_gan_bound(torch.zeros(9), torch.zeros(9), "total_variation")
    0.0
    """
    output, conjugate = _conjugate(divergence)
    return float(output(real_logits).mean() - conjugate(fake_logits).mean())


def _conjugate(divergence: str | Conjugate) -> Conjugate:
    if isinstance(divergence, Conjugate):
        return divergence
    if divergence not in CONJUGATES:
        raise ValueError(f"divergence must be one of {list(CONJUGATES)}, not {divergence!r}")
    return CONJUGATES[divergence]
