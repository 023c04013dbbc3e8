"""The game: all that a new domain writes."""

from __future__ import annotations

from typing import Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

__all__ = ["Game", "WatchedGame"]

Given = TypeVar("Given")


class Game(Protocol[Given]):
    """Two networks and what they play about.

    A game holds no random state of its own: whatever it draws it draws from the ``rng`` it is handed, so that a run can
    be stopped and resumed. ``Given`` is any type: proposal rows, a condition, both, nothing.

    Attributes
    ----------
    generator, critic : torch.nn.Module
        The players.
    """

    generator: nn.Module
    critic: nn.Module

    def draw(self, rng: torch.Generator) -> tuple[Tensor, Given]:
        """Draw real rows ``(n, ...)`` and what the fake ones are given."""

    def fake(self, given: Given, rng: torch.Generator) -> Tensor:
        """Let the generator make one fake row for each real one, ``(n, ...)``."""

    def judge(self, x: Tensor, given: Given) -> Tensor:
        """Return the critic's logits ``(n,)``, higher for what looks real."""

    def terms(self, fake: Tensor, given: Given) -> Tensor | None:
        """Return what the generator minimises besides, one number or one a row, or None."""


@runtime_checkable
class WatchedGame(Game[Given], Protocol[Given]):
    """A game that keeps rows back, from which neither player learns: the monitors look at them.

    A game becomes one by having the method; it is called at the logged steps alone, and not with the run's ``rng``.
    """

    def held_out(self, rng: torch.Generator) -> tuple[Tensor, Given]:
        """Draw real rows ``(n, ...)`` that `draw` never returns, and what the fake ones beside them are given."""
