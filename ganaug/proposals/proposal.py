"""What every proposal can do."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from ganaug.layout import Levels

__all__ = ["FREE", "Arrays", "Codes", "Meta", "Proposal"]

Codes = npt.NDArray[np.int32]
Arrays = dict[str, npt.NDArray[Any]]
Meta = dict[str, Any]

FREE = -1  # in `given`: this value is to be drawn


class Proposal(Protocol):
    """A sampler that learns codes ``(n_rows, n_columns)`` and draws more of them."""

    def fit(self, codes: Codes, levels: Levels, first: list[int]) -> Self:
        """Learn rows; the columns `first` are the target and the declared conditions."""

    def sample(self, n: int, rng: np.random.Generator, given: Codes | None = None) -> Codes:
        """Draw `n` rows; where `given` ``(n, n_columns)`` is not `FREE`, that value stands."""

    def state(self) -> tuple[Arrays, Meta]:
        """Give all that was learned, as arrays and JSON."""

    @classmethod
    def from_state(cls, arrays: Arrays, meta: Meta) -> Self:
        """Build the proposal that gave this state."""
