"""Which way is taken, by what each does to rows that it was not learned from, seen without labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ganaug.transport.chain import IDENTITY, UNIT, WAYS, Chain
from ganaug.transport.design import explained_by
from ganaug.transport.guard import MOST_ROWS, Kept, Partners, balance, mixing, partners, structure, untold
from ganaug.transport.lengths import can_be_unit
from ganaug.transport.space import MOST_COMPONENTS
from ganaug.transport.style import Floats, Roles

__all__ = ["HeldOut", "Refine", "best_chain"]

# a way further down has to be better by this much, which is what the guard's own error comes to
BETTER = 1.2
# any way has to be better than leaving the rows alone by this much, but the plainest, which weighs its own evidence
WORTH = 1.12
# where trees know no more of the batch than this leaves, there is nothing to refine
HARDLY_TOLD = 0.95
# how much of what batches share may be lost to the refinement, and how much better trees may tell them
LOST = 0.01
# below this many rows there is nothing to hold out, and one way is taken unseen
FEWEST_ROWS = 100
UNSEEN = "centring"
# held-out rows that a batch is seen by
FEWEST_HELD_OUT = 5
# a centring that leaves batches so well mixed, and trees so ignorant of them, has found all there is
WHOLLY_MIXED, WHOLLY_UNTOLD = 0.95, 0.8
# thirds of few rows that are held out, one after the other
DEALS = 3
# batches that are looked at, as all pairs of them are
MOST_BATCHES = 20
Refine = Callable[[Chain, Floats, Roles], Chain]


def best_chain(
    X: Floats,
    roles: Roles,
    rng: np.random.Generator,
    effects: Floats | None = None,
    refine: Refine | None = None,
) -> Chain:
    """Try every way on two thirds of the rows, judge each on the others, and learn the best one from all rows.

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_features)
    roles : Roles
    rng : numpy.random.Generator
        Draws the held-out rows and whatever is learned.
    effects : ndarray, shape (n_rows, n_effects), optional
        Covariates as numbers; what they explain of the rows stays.
    refine : callable, optional
        ``(chain, X, roles) -> chain``: moves rows on from where the best way leaves them, if trees can still tell the
        batch there. It is kept if it is better on the held-out rows of every deal.
    """
    deals = HeldOut.deals(X, roles, rng, effects)
    if not deals:
        return Chain.fit(UNSEEN, X, roles, rng, effects)
    tried = [{way: deal.learned(way, rng) for way in deal.ways()} for deal in deals]
    seen = [
        {way: deal.kept(chain, rng) for way, chain in chains.items()} for deal, chains in zip(deals, tried, strict=True)
    ]
    kept = {way: Kept(*np.mean([each[way] for each in seen], axis=0).tolist()) for way in seen[0]}
    way = _chosen(kept)
    chain = Chain.fit(way, X, roles, rng, effects)
    if refine is None or chain.second is None or kept[way].untold >= HARDLY_TOLD:
        return replace(chain, kept=kept)
    refined = [
        refine(chains[way], X[deal.rest], roles.of(deal.rest)) for deal, chains in zip(deals, tried, strict=True)
    ]
    after = [deal.kept(each, rng) for deal, each in zip(deals, refined, strict=True) if each.way != way]
    if len(after) == len(deals):  # else it was left out somewhere
        kept[refined[0].way] = Kept(*np.mean(after, axis=0).tolist())
        if _helps(after, [each[way] for each in seen]):
            chain = refine(chain, X, roles)
    return replace(chain, kept=kept)


@dataclass(frozen=True)
class HeldOut:
    """A third of the rows, and the others, from which ways are learned to be compared.

    Parameters
    ----------
    X, roles, effects
        Of all rows.
    rows, rest : ndarray of int
        Which are held out, and which are not.
    pairs : tuple of ndarray
        Held-out rows of different batches that are in the same state, mostly; see `partners`.
    """

    X: Floats
    roles: Roles
    effects: Floats | None
    rows: NDArray[np.intp]
    rest: NDArray[np.intp]
    pairs: Partners

    @classmethod
    def deals(cls, X: Floats, roles: Roles, rng: np.random.Generator, effects: Floats | None) -> list[Self]:
        """Hold rows out, if they are few each third in turn; none if there are too few, or of a single batch."""
        found = [cls(X, roles, effects, rows, rest, (rows[:0], rows[:0])) for rows, rest in _dealt(roles, rng)]
        return [each._with_pairs(rng) for each in found if each._can_be_seen()]

    def _can_be_seen(self) -> bool:
        return len(self.rows) >= FEWEST_ROWS // 3 and len(np.unique(self.roles.batch[self.rows])) > 1

    def _with_pairs(self, rng: np.random.Generator) -> Self:
        # those of either space, as each finds its own pairs together
        spaces = [IDENTITY, UNIT] if any(WAYS[way].unit for way in self.ways()) else [IDENTITY]
        if self.X.shape[1] == 1:  # if batches shift, what is near in the only feature there is are their edges
            spaces = [UNSEEN]
        batch = self.roles.batch[self.rows]
        pairs = [partners(self.coordinates(self.learned(way, rng), rng), batch) for way in spaces]
        # a plain shift of a few features parts rows of one state; what undoes it wholly, finds them
        centred = self.coordinates(self.learned(UNSEEN, rng), rng)
        if mixing(centred, batch) >= WHOLLY_MIXED and untold(centred, batch, rng) >= WHOLLY_UNTOLD:
            pairs.append(partners(centred, batch))
        first, second = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
        return replace(self, pairs=(first, second))

    def ways(self) -> list[str]:
        """The ways that can be tried here, by preference."""
        wide = self.X.shape[1] > MOST_COMPONENTS
        # quantiles know nothing of covariates, and would take away what these do to a distribution
        left_out = {UNIT} | {way for way in WAYS if way == "quantiles" and (wide or self.effects is not None)}
        left_out |= {way for way in WAYS if WAYS[way].unit and not (wide and can_be_unit(self.X))}
        return [way for way in WAYS if way not in left_out]

    def learned(self, way: str, rng: np.random.Generator) -> Chain:
        """Learn a way from the rows that are not held out."""
        effects = None if self.effects is None else self.effects[self.rest]
        return Chain.fit(way, self.X[self.rest], self.roles.of(self.rest), rng, effects)

    def kept(self, chain: Chain, rng: np.random.Generator) -> Kept:
        """Say what a chain does to the held-out rows."""
        z, batch = self.coordinates(chain, rng), self.roles.batch[self.rows]
        weight = balance(z, batch, rng)
        return Kept(mixing(z, batch, weight), untold(z, batch, rng, weight), structure(z, batch, self.pairs, rng))

    def coordinates(self, chain: Chain, rng: np.random.Generator) -> Floats:
        """Where a chain moves the held-out rows ``(n_rows, n_components)``, without what covariates explain."""
        rows = chain.rows(self.X)
        values, z = chain.carry(rows[self.rows], self.roles.batch[self.rows])
        if self.effects is not None:
            # what covariates explain is nothing to mix, and no ground to be partners
            explained = np.nan_to_num(explained_by(rows, self.roles.batch, self.effects)[self.rows])
            z = chain.space.encode(values - explained)
        return _without_gaps(z, chain.space.known(values), rng)


def _dealt(roles: Roles, rng: np.random.Generator) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Deal a third of the teachers and others of 20 batches, and the rest; batches too small to be seen are in it."""
    dealt = rng.permutation(len(roles.batch))
    looked_at = np.isin(roles.batch[dealt], rng.permutation(roles.n_batches)[:MOST_BATCHES])
    share = min(1 / 3, MOST_ROWS / max(looked_at.sum(), 1))
    part = np.where(looked_at, 2 * roles.batch[dealt] + roles.learn[dealt], -1)
    parts = [rows for k in np.unique(part[looked_at]) if int(share * len(rows := dealt[part == k])) >= FEWEST_HELD_OUT]
    sizes = [int(share * len(rows)) for rows in parts]
    thirds = [
        np.concatenate([dealt[:0], *(rows[k * n : (k + 1) * n] for rows, n in zip(parts, sizes, strict=True))])
        for k in range(DEALS if len(dealt) < MOST_ROWS else 1)
    ]
    return [(third, np.setdiff1d(dealt, third)) for third in thirds]


def _without_gaps(z: Floats, known: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Draw what is not known of coordinates from what is: that a batch has gaps is no style, and must tell nothing."""
    filled = z.copy()
    for gap, seen, column in zip(~known.T, known.T, filled.T, strict=True):
        if gap.any() and seen.any():
            column[gap] = rng.choice(column[seen], gap.sum())
    return filled


def _chosen(kept: Mapping[str, Kept]) -> str:
    """Take the first way that is as good as the best one, of the better kind, and none that is worse than nothing."""
    least = {way: kept[IDENTITY].score * (1.0 if way == UNSEEN else WORTH) for way in kept}
    unit = _by_direction(kept)
    ways = [way for way in kept if way != IDENTITY and kept[way].score > least[way] and WAYS[way].unit == unit]
    best = max((kept[way].score for way in ways), default=0.0)
    return next((way for way in ways if kept[way].score * BETTER >= best), IDENTITY)


def _by_direction(kept: Mapping[str, Kept]) -> bool:
    """Whether directions are surely better than values, over all ways that both have: of one alone it is hardly seen.

    Surely is by twice the standard error of the mean gain; else values stay what is compared, as they were measured.
    """
    values = {WAYS[way]._replace(unit=True): kept[way].score for way in kept if not WAYS[way].unit}
    gains = [kept[way].score - values[WAYS[way]] for way in kept if WAYS[way].unit]
    return len(gains) > 1 and float(np.mean(gains)) > 2 * float(np.std(gains, ddof=1)) / len(gains) ** 0.5


def _helps(after: Sequence[Kept], before: Sequence[Kept]) -> bool:
    """Whether a refinement is better in every deal, and on the whole no dearer in what trees tell or batches share."""
    better = all(new.score > old.score for new, old in zip(after, before, strict=True))
    gains = np.mean(after, axis=0) - np.mean(before, axis=0)
    return better and bool((gains[1:] >= -LOST).all())
