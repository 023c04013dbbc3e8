"""The ways in which all batches are carried into one style, in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from ganaug.transport.centring import Centring
from ganaug.transport.design import explained_by
from ganaug.transport.guard import Kept
from ganaug.transport.lengths import Lengths
from ganaug.transport.quantiles import Quantiles
from ganaug.transport.space import Space
from ganaug.transport.states import States
from ganaug.transport.style import Floats, Roles

__all__ = ["IDENTITY", "UNIT", "WAYS", "Chain", "Mover", "Way"]


class Way(NamedTuple):
    """What is done first, how hard states then hold all batches alike, whether to rows of one length.

    With `within`, what states explain is no batch effect for the first step.
    """

    first: type[Centring | Quantiles] | None = None
    mixing: float | None = None
    unit: bool = False
    within: bool = False


# clusters within which centres are compared
ROWS_OF_A_CLUSTER, MOST_CLUSTERS = 100, 20
IDENTITY, UNIT = "identity", "directions"
# by preference; after quantiles there is no second step, as it would move values off the floor
WAYS = {
    IDENTITY: Way(),
    "quantiles": Way(Quantiles),
    "centring": Way(Centring, 0.25),
    "states": Way(None, 0.25),
    "mixed states": Way(None, 2.0),
    "centring within states": Way(Centring, 0.25, within=True),
    UNIT: Way(unit=True),
    "centring of directions": Way(Centring, 0.25, unit=True),
    "centring within states of directions": Way(Centring, 0.25, unit=True, within=True),
    "states of directions": Way(None, 0.25, unit=True),
    "mixed states of directions": Way(None, 2.0, unit=True),
}


class Mover(Protocol):
    """What moves coordinates ``(n_rows, n_components)`` of rows whose batch is known."""

    def move(self, z: Floats, batch: NDArray[np.intp]) -> Floats:
        """Return rows ``(n_rows, n_components)`` in the reference's style."""


@dataclass(frozen=True)
class Chain:
    """One step on the features, then one within states of rows.

    Parameters
    ----------
    way : str
        One of `WAYS`.
    lengths : Lengths or None
        Where rows are compared by direction.
    first : Centring, Quantiles or None
    space : Space
    second : Mover or None
    kept : mapping of str to Kept
        What the guard saw of each way on held-out rows.
    """

    way: str
    lengths: Lengths | None
    first: Centring | Quantiles | None
    space: Space
    second: Mover | None
    kept: Mapping[str, Kept] = field(default_factory=dict)

    @classmethod
    def fit(cls, name: str, X: Floats, roles: Roles, rng: np.random.Generator, effects: Floats | None = None) -> Self:
        """Learn one way from rows ``(n_rows, n_features)``; what covariates' `effects` explain of them stays."""
        way, lengths = WAYS[name], None
        first: Centring | Quantiles | None = None
        if way.unit:
            lengths = Lengths.fit(X, roles, rng)
            X = lengths.unit(X)
        if way.first is Centring:
            found = _states(X, roles, rng) if way.within else None
            known = [each for each in (effects, found) if each is not None]
            first = Centring.fit(X, roles, rng, _explained(X, roles, np.hstack(known) if known else None))
        elif way.first is Quantiles:
            first = Quantiles.fit(X, roles, rng)
        moved = X if first is None else first.move(X, roles.batch)
        space = Space.fit(moved, rng)
        second = None
        if way.mixing is not None:
            second = States.fit(space.encode(moved), roles, rng, mixing=way.mixing, known=space.known(moved))
        return cls(name, lengths, first, space, second)

    def move(self, X: Floats, batch: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Return the moved rows ``(n_rows, n_features)`` and their coordinates ``(n_rows, n_components)``."""
        if self.lengths is None:
            return self.carry(X, batch)
        moved, z = self.carry(self.lengths.unit(X), batch)
        return moved * self.lengths.moved(X, batch), z

    def carry(self, rows: Floats, batch: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Move rows that have their length already."""
        rows = rows if self.first is None else self.first.move(rows, batch)
        z = self.space.encode(rows)
        if self.second is None:
            return rows, z
        moved = self.second.move(z, batch)
        return rows + self.space.decode(moved - z), moved

    def rows(self, X: Floats) -> Floats:
        """Rows as they are compared ``(n_rows, n_features)``: of one length, if directions are."""
        return X if self.lengths is None else self.lengths.unit(X)


def _explained(X: Floats, roles: Roles, effects: Floats | None) -> Floats | None:
    return None if effects is None else explained_by(X, roles.batch, effects)


def _states(X: Floats, roles: Roles, rng: np.random.Generator) -> Floats:
    """Clusters of rows as states alone would move them, as dummies ``(n_rows, n_clusters)``."""
    space = Space.fit(X, rng)
    z = space.encode(X)
    z = States.fit(z, roles, rng, known=space.known(X)).move(z, roles.batch)
    n = int(min(np.clip(len(z) // ROWS_OF_A_CLUSTER, 2, MOST_CLUSTERS), len(np.unique(z, axis=0))))
    with threadpool_limits(limits=1):
        found = KMeans(n, n_init=3, random_state=int(rng.integers(2**31))).fit_predict(z)
    return np.asarray(np.eye(n)[found])
