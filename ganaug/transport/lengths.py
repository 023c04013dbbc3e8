"""Rows brought to one length, so that how much of a cell was caught is no direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ganaug.transport.centring import Centring
from ganaug.transport.style import Floats, Roles

__all__ = ["Lengths", "can_be_unit"]

TINY = 1e-12


@dataclass(frozen=True)
class Lengths:
    """The length that all rows are given, and what each batch does to lengths.

    Directions are compared instead of values (cosine normalisation; Haghverdi et al. 2018, doi:10.1038/nbt.4091); the
    length is put back afterwards, equalised as a feature of its own.

    Parameters
    ----------
    typical : float
        The mean length.
    centring : Centring
        Of the logarithms of lengths.

    Examples
    --------
    >>> X = np.array([[3.0, 4.0], [6.0, 8.0], [3.0, 4.0], [6.0, 8.0]])
    >>> lengths = Lengths.fit(X, Roles.common(np.array([0, 0, 1, 1])), np.random.default_rng(0))
    >>> lengths.unit(X)[:2].tolist()
    [[4.5, 6.0], [4.5, 6.0]]
    """

    typical: float
    centring: Centring

    @classmethod
    def fit(cls, X: Floats, roles: Roles, rng: np.random.Generator) -> Self:
        """Measure rows ``(n_rows, n_features)``."""
        return cls(float(_lengths(X).mean()), Centring.fit(np.log(_lengths(X)), roles, rng))

    def unit(self, X: Floats) -> Floats:
        """Return rows ``(n_rows, n_features)`` of the typical length; empty rows stay empty."""
        return np.asarray(X * (self.typical / _lengths(X)))

    def moved(self, X: Floats, batch: NDArray[np.intp]) -> Floats:
        """Return how much longer than the typical row each is to be ``(n_rows, 1)``."""
        return np.asarray(np.exp(self.centring.move(np.log(_lengths(X)), batch)) / self.typical)


def can_be_unit(X: Floats) -> bool:
    """Whether directions mean something: amounts, none of them missing or negative."""
    return bool(np.nanmin(X, initial=0.0) >= 0 and not np.isnan(X).any())


def _lengths(X: Floats) -> Floats:
    length = np.linalg.norm(np.where(np.isnan(X), 0.0, X), axis=1, keepdims=True)
    # an empty row has no direction, and any length does for it
    return np.asarray(np.where(length > TINY, length, 1.0))
