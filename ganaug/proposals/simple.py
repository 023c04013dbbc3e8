"""Two proposals without structure: noise, and independent columns."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ganaug.layout import Levels
from ganaug.proposals.proposal import FREE, Arrays, Codes, Meta, checked

__all__ = ["IndependentColumns", "Noise"]


class _Remembering:
    """What both keep: the rows."""

    def fit(self, codes: Codes, levels: Levels, first: list[int]) -> Self:
        """Learn rows ``(n_rows, n_columns)``."""
        self.codes, self.first = codes, list(first)
        self.cardinality = levels.cardinality
        return self

    def state(self) -> tuple[Arrays, Meta]:
        """Give all that was learned, as arrays and JSON."""
        return {"codes": self.codes, "cardinality": self.cardinality}, {"first": self.first}

    @classmethod
    def from_state(cls, arrays: Arrays, meta: Meta) -> Self:
        """Build the proposal that gave this state."""
        new = cls()
        new.cardinality, new.first = arrays["cardinality"], list(meta["first"])
        new.codes = checked(arrays["codes"], new.cardinality)
        return new

    def _fill(self, drawn: Codes, given: Codes | None) -> Codes:
        return drawn if given is None else np.where(given == FREE, drawn, given).astype(np.int32)


class IndependentColumns(_Remembering):
    """Every column by itself, as often as in the real rows: all marginals right, all relations lost.

    Examples
    --------
    >>> codes = np.array([[0, 0], [1, 1]], dtype=np.int32)
    >>> levels = Levels(np.array([2, 2]), np.array([False, False]))
    >>> rows = IndependentColumns().fit(codes, levels, []).sample(400, np.random.default_rng(0))
    >>> bool((rows[:, 0] != rows[:, 1]).mean() > 0.4)
    True
    """

    def sample(self, n: int, rng: np.random.Generator, given: Codes | None = None) -> Codes:
        """Draw `n` rows; given values stand."""
        rows = rng.integers(len(self.codes), size=(n, self.codes.shape[1]))
        return self._fill(np.take_along_axis(self.codes, rows, axis=0), given)


class Noise(_Remembering):
    """Any level of any column, all alike; only the columns `first`, which a noise GAN is given, are drawn from rows.

    Examples
    --------
    >>> codes = np.array([[0, 0], [0, 4]], dtype=np.int32)
    >>> levels = Levels(np.array([1, 5]), np.array([False, True]))
    >>> rows = Noise().fit(codes, levels, [0]).sample(50, np.random.default_rng(0))
    >>> sorted(set(rows[:, 1].tolist()))
    [0, 1, 2, 3, 4]
    """

    def sample(self, n: int, rng: np.random.Generator, given: Codes | None = None) -> Codes:
        """Draw `n` rows; given values stand."""
        drawn: np.ndarray[Any, Any] = rng.integers(self.cardinality, size=(n, len(self.cardinality)))
        rows = rng.integers(len(self.codes), size=n)
        drawn[:, self.first] = self.codes[rows][:, self.first]
        return self._fill(drawn.astype(np.int32), given)
