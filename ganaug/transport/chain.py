"""A closed-form transport of all batches into one style, chosen among a few by a guard that sees no labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ganaug.transport.centring import Centring
from ganaug.transport.guard import MOST_ROWS, Kept, Partners, mixing, partners, structure, untold
from ganaug.transport.quantiles import Quantiles
from ganaug.transport.space import MOST_COMPONENTS, Space
from ganaug.transport.states import States
from ganaug.transport.style import Floats, Roles

__all__ = ["IDENTITY", "Chain", "best_chain"]

IDENTITY = "identity"
# the ways by preference, and how hard states have to hold all batches alike; after quantiles there is no second step,
# as it would move values off the floor
WAYS = {"quantiles": None, "centring": 0.25, "states": 0.25, "mixed states": 2.0}
# a way further down has to be better by this much, which is what the guard's own error comes to
BETTER = 1.1
# below this many rows there is nothing to hold out, and one way is taken unseen
FEWEST_ROWS = 100
UNSEEN = "centring"
# held-out rows that a batch is seen by
FEWEST_HELD_OUT = 5


@dataclass(frozen=True)
class Chain:
    """One step on the features, then one within states of rows.

    Parameters
    ----------
    way : str
        ``"identity"``, or one of `WAYS`; ``"states"`` and ``"mixed states"`` have no first step.
    first : Centring, Quantiles or None
    space : Space
    states : States or None
    kept : mapping of str to Kept
        What the guard saw of each way on held-out rows.
    """

    way: str
    first: Centring | Quantiles | None
    space: Space
    states: States | None
    kept: Mapping[str, Kept] = field(default_factory=dict)

    @classmethod
    def fit(cls, way: str, X: Floats, roles: Roles, rng: np.random.Generator, explained: Floats | None = None) -> Self:
        """Learn one way from rows ``(n_rows, n_features)``."""
        if way == IDENTITY:
            return cls(way, None, Space.fit(X, rng), None)
        first: Centring | Quantiles | None = None
        if way == "centring":
            first = Centring.fit(X, roles, rng, explained)
        elif way == "quantiles":
            first = Quantiles.fit(X, roles, rng)
        moved = X if first is None else first.move(X, roles.batch)
        space = Space.fit(moved, rng)
        mixing = WAYS[way]
        states = None if mixing is None else States.fit(space.encode(moved), roles, rng, mixing=mixing)
        return cls(way, first, space, states)

    def move(self, X: Floats, batch: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Return the moved rows ``(n_rows, n_features)`` and their coordinates ``(n_rows, n_components)``."""
        first = X if self.first is None else self.first.move(X, batch)
        z = self.space.encode(first)
        if self.states is None:
            return first, z
        moved = self.states.move(z, batch)
        return first + self.space.decode(moved - z), moved


def best_chain(X: Floats, roles: Roles, rng: np.random.Generator, explained: Floats | None = None) -> Chain:
    """Try every way on two thirds of the rows, judge each on the others, and learn the best one from all rows.

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_features)
    roles : Roles
    rng : numpy.random.Generator
        Draws the held-out rows and whatever is learned.
    explained : ndarray, shape (n_rows, n_features), optional
        What covariates explain of the rows, and stays.
    """
    third, rest = _held_out(roles, rng)
    # with a single batch among the held-out rows there is nothing to see
    seen = len(third) >= FEWEST_ROWS // 3 and len(np.unique(roles.batch[third])) > 1
    kept = _tried(X, roles, third, rest, rng, explained) if seen else {}
    chosen = _chosen(kept) if kept else UNSEEN
    return replace(Chain.fit(chosen, X, roles, rng, explained), kept=kept)


def _held_out(roles: Roles, rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Deal a third of every batch's teachers and others, and the rest; a batch too small to be seen is in the rest."""
    dealt = rng.permutation(len(roles.batch))
    share = min(1 / 3, MOST_ROWS / len(dealt))
    part = 2 * roles.batch[dealt] + roles.learn[dealt]
    parts = [dealt[part == k] for k in np.unique(part)]
    third = np.concatenate([rows[: n if (n := int(share * len(rows))) >= FEWEST_HELD_OUT else 0] for rows in parts])
    return third, np.setdiff1d(dealt, third)


def _tried(
    X: Floats,
    roles: Roles,
    third: NDArray[np.intp],
    rest: NDArray[np.intp],
    rng: np.random.Generator,
    explained: Floats | None,
) -> dict[str, Kept]:
    """Learn every way from the rest, and say what it does to the held-out third."""
    free, batch = X if explained is None else X - explained, roles.batch[third]
    seen = Space.fit(free[rest], rng).encode(free[third])
    pairs = partners(seen, batch)
    kept = {IDENTITY: _kept(seen, batch, pairs, rng)}
    for way in WAYS:
        # quantiles know nothing of covariates, and would take away what these do to a distribution
        if way == "quantiles" and (X.shape[1] > MOST_COMPONENTS or explained is not None):
            continue
        part = None if explained is None else explained[rest]
        chain = Chain.fit(way, X[rest], roles.of(rest), rng, part)
        values, z = chain.move(X[third], batch)
        # what covariates explain is nothing to mix, and no ground to be partners
        z = z if explained is None else chain.space.encode(values - explained[third])
        kept[way] = _kept(z, batch, pairs, rng)
    return kept


def _kept(z: Floats, batch: NDArray[np.intp], pairs: Partners, rng: np.random.Generator) -> Kept:
    return Kept(mixing(z, batch), untold(z, batch, rng), structure(z, batch, pairs, rng))


def _chosen(kept: Mapping[str, Kept]) -> str:
    """Take the first way that is as good as the best, and none that is worse than leaving the rows alone."""
    ways = [way for way in WAYS if way in kept and kept[way].score > kept[IDENTITY].score]
    best = max((kept[way].score for way in ways), default=0.0)
    return next((way for way in ways if kept[way].score * BETTER >= best), IDENTITY)
