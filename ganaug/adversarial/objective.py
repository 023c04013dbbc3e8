"""Objectives: a loss, its penalties, what steadies it, and how often each is played."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from ganaug.adversarial.loss import AdversarialLoss
from ganaug.adversarial.losses import LOSSES, nonsaturating, relativistic, wasserstein
from ganaug.adversarial.penalties import Penalty, Round, dragan, gradient_penalty, r1, r2
from ganaug.adversarial.stabilizers import Equilibrium, Noise, Unroll

__all__ = ["OBJECTIVES", "Objective", "r3gan", "regularised", "wgan", "wgan_gp"]

Weighted = tuple[tuple[Penalty, float], ...]


@dataclass(frozen=True)
class Objective:
    """What the two players of a game minimise, and how they move.

    Attributes
    ----------
    loss : AdversarialLoss
        The game itself.
    penalties, generator_penalties : tuple of (Penalty, weight)
        Added to the critic's loss, and to the generator's.
    penalty_every : int
        Critic steps from one penalised step to the next. The weight is multiplied by it, so that the mean force stays
        (lazy regularisation, arXiv:1912.04958).
    critic_steps : int
        Steps of the critic for each of the generator.
    noise : Noise, optional
        On the rows that the critic sees.
    unroll : Unroll, optional
        How far the generator looks ahead.
    equilibrium : Equilibrium, optional
        Weighs the fake logits in the critic's loss, from step to step.
    clip : float, optional
        Where the critic's weights are clipped.
    memory : float
        Weight of `drift`, the distance of each player from the mean of its past.
    consensus : float, optional
        None: the players take turns. A number: both move at once, and each is pulled with this weight to where the
        gradients of both vanish (arXiv:1705.10461); 0 is plain simultaneous descent.
    """

    loss: AdversarialLoss
    penalties: Weighted = ()
    penalty_every: int = 1
    critic_steps: int = 1
    generator_penalties: Weighted = ()
    noise: Noise | None = None
    unroll: Unroll | None = None
    equilibrium: Equilibrium | None = None
    clip: float | None = None
    memory: float = 0.0
    consensus: float | None = None

    def __post_init__(self) -> None:
        for name in ("penalty_every", "critic_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, not {getattr(self, name)}")
        if self.clip is not None and not self.clip > 0:
            raise ValueError(f"clip must be more than 0, not {self.clip}")
        if self.consensus is not None and (self.critic_steps > 1 or self.unroll):
            raise ValueError("consensus moves both players at once: it goes neither with critic_steps nor with unroll")

    def penalised(self, critic_step: int) -> bool:
        """Say whether this step of the critic, counted from 0, carries the penalties."""
        return bool(self.penalties) and critic_step % self.penalty_every == 0

    def critic_loss(self, game: Round, *, penalised: bool, fake_weight: Tensor | None = None) -> Tensor:
        """Reduce a round to the number that the critic minimises."""
        fake = game.fake_logits if fake_weight is None else fake_weight * game.fake_logits
        loss = self.loss.critic(game.real_logits, fake).mean()
        for penalty, weight in self.penalties if penalised else ():
            loss = loss + self.penalty_every * weight * penalty(game).mean()
        return loss

    def generator_loss(self, game: Round) -> Tensor:
        """Reduce a round to the number that the generator minimises."""
        loss = self.loss.generator(game.real_logits, game.fake_logits).mean()
        for penalty, weight in self.generator_penalties:
            loss = loss + weight * penalty(game).mean()
        return loss


def r3gan(gamma: float = 0.1, penalty_every: int = 4) -> Objective:
    """Relativistic pairing with zero-centred penalties on both sides (arXiv:2501.05441).

    Parameters
    ----------
    gamma : float
        Weight of the penalties: ``gamma / 2`` on R1 and on R2. Sharp structure wants a small one; a large one with a
        large ``penalty_every`` makes the game swing.
    penalty_every : int
        See `Objective`.

    Examples
    --------
    >>> [weight for _, weight in r3gan(gamma=2.0).penalties]
    [1.0, 1.0]
    """
    return regularised(relativistic(), gamma, penalty_every)


def wgan_gp(weight: float = 10.0, critic_steps: int = 5) -> Objective:
    """Wasserstein loss with a gradient penalty and several critic steps (arXiv:1704.00028).

    Examples
    --------
    >>> wgan_gp().critic_steps
    5
    """
    return Objective(wasserstein(), ((gradient_penalty, weight),), critic_steps=critic_steps)


def wgan(clip: float = 0.01, critic_steps: int = 5) -> Objective:
    """Wasserstein loss with clipped weights, as at first (arXiv:1701.07875).

    Examples
    --------
    >>> wgan().clip
    0.01
    """
    return Objective(wasserstein(), clip=clip, critic_steps=critic_steps)


def regularised(loss: AdversarialLoss, gamma: float = 0.1, penalty_every: int = 4) -> Objective:
    """Any loss with squared gradients at real and fake rows held small (arXiv:1705.09367, arXiv:1801.04406).

    Examples
    --------
    >>> regularised(LOSSES["hinge"]).penalty_every
    4
    """
    return Objective(loss, ((r1, gamma / 2), (r2, gamma / 2)), penalty_every=penalty_every)


OBJECTIVES: Mapping[str, Callable[..., Objective]] = {
    **{name: partial(regularised, loss) for name, loss in LOSSES.items()},
    "wasserstein": wgan_gp,
    # their critics reconstruct, and what holds them is the margin and the controller
    "energy": partial(Objective, LOSSES["energy"]),
    "began": partial(Objective, LOSSES["began"], equilibrium=Equilibrium()),
    "r3gan": r3gan,
    "wgan_gp": wgan_gp,
    "wgan": wgan,
    "dragan": partial(Objective, nonsaturating(), ((dragan, 10.0),)),
    "consensus": partial(Objective, nonsaturating(), consensus=10.0),
    "unrolled": partial(Objective, nonsaturating(), unroll=Unroll()),
}
