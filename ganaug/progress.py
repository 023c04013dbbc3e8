"""What a long run says of itself while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["OnProgress", "Progress"]


class Progress(NamedTuple):
    """One report of a running fit.

    Attributes
    ----------
    stage : str
        ``"proposal"``, ``"refiner"``, ``"corrector"``, ``"judge"`` and so on.
    step, steps : int
        Steps done in this stage, and how many there will be at most.
    score : float or None
        The newest score on V (C2ST AUC, .5 is best).
    seconds_left : float or None
        What is left of the time budget.
    """

    stage: str
    step: int = 0
    steps: int = 0
    score: float | None = None
    seconds_left: float | None = None


OnProgress = Callable[[Progress], None] | None
