"""Objectives: a loss, its penalties and how often each is played."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from ganaug.adversarial.losses import AdversarialLoss, relativistic, wasserstein
from ganaug.adversarial.penalties import Penalty, Round, gradient_penalty, r1, r2

__all__ = ["OBJECTIVES", "Objective", "r3gan", "wgan_gp"]


@dataclass(frozen=True)
class Objective:
    """What the two players of a game minimise.

    Attributes
    ----------
    loss : AdversarialLoss
        The game itself.
    penalties : tuple of (Penalty, weight)
        Added to the critic's loss.
    penalty_every : int
        Critic steps from one penalised step to the next. The weight is multiplied by it, so that the mean force stays
        (lazy regularisation, arXiv:1912.04958).
    critic_steps : int
        Steps of the critic for each of the generator.
    """

    loss: AdversarialLoss
    penalties: tuple[tuple[Penalty, float], ...] = ()
    penalty_every: int = 1
    critic_steps: int = 1

    def __post_init__(self) -> None:
        for name in ("penalty_every", "critic_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, not {getattr(self, name)}")

    def penalised(self, critic_step: int) -> bool:
        """Say whether this step of the critic, counted from 0, carries the penalties."""
        return bool(self.penalties) and critic_step % self.penalty_every == 0

    def critic_loss(self, game: Round, *, penalised: bool) -> Tensor:
        """Reduce a round to the number that the critic minimises."""
        loss = self.loss.critic(game.real_logits, game.fake_logits).mean()
        for penalty, weight in self.penalties if penalised else ():
            loss = loss + self.penalty_every * weight * penalty(game).mean()
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
    return Objective(relativistic(), ((r1, gamma / 2), (r2, gamma / 2)), penalty_every=penalty_every)


def wgan_gp(weight: float = 10.0, critic_steps: int = 5) -> Objective:
    """Wasserstein loss with a gradient penalty and several critic steps (arXiv:1704.00028).

    Examples
    --------
    >>> wgan_gp().critic_steps
    5
    """
    return Objective(wasserstein(), ((gradient_penalty, weight),), critic_steps=critic_steps)


OBJECTIVES: Mapping[str, Callable[..., Objective]] = {"r3gan": r3gan, "wgan_gp": wgan_gp}
