"""What every proposal can do."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from ganaug.errors import ModelFileError
from ganaug.layout import Levels

__all__ = ["FREE", "Arrays", "Codes", "Meta", "Proposal", "checked"]

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


def checked(codes: Codes, cardinality: npt.NDArray[np.int64]) -> Codes:
    """Give the codes ``(n_rows, n_columns)`` of a state; refuses levels and columns that do not exist."""
    if codes.ndim != 2 or codes.shape[1:] != cardinality.shape or not ((codes >= 0) & (codes < cardinality)).all():
        raise ModelFileError("the model holds rows of levels that do not exist; it was changed or damaged")
    return codes
