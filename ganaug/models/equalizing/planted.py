"""What an equaliser leaves of a change that is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.models.equalizing.harm import FEWEST_OF_STATE, Moves, seen_rows, states_of
from ganaug.transport.style import Floats

__all__ = ["Planted", "planted_signal"]

# a change in more of a batch's rows than this is the batch's style
MOST_OF_BATCH = 0.3
# share of a state's rows in one batch that are changed, as if they had been treated: a change in all of them cannot be
# told from what the batch does to the state
TREATED = 1 / 3
# share of the features that are changed; or 5 of them, where these are a fifth at most
PLANTED_FEATURES, FEWEST_FEATURES = 0.05, 5
TINY = 1e-12


class Planted(NamedTuple):
    """What is left of a change of one standard deviation that was put into one state of one batch.

    Parameters
    ----------
    kept : float
        Share of the change that is left in the rows that had it: 1 all, 0 none.
    apart : float
        Share that is left of their difference to the same state in other batches. It is lower where the others have
        been moved towards the changed rows: within one state, a change in one batch looks like the batch's style.
    batch, n_rows, n_features : int
        Where it was put, and into how many rows and features.
    """

    kept: float
    apart: float
    batch: int
    n_rows: int
    n_features: int


def planted_signal(
    X: Floats, batch: NDArray[np.intp], equalize: Moves, rng: np.random.Generator, *, share: float = TREATED
) -> Planted | None:
    """Put a known change into one state of one batch, and see how much of it is left.

    States are clusters of rows about their batch's centre. Of the one that two batches share best, a `share` of the
    rows in one of them, as if they had been treated, get one standard deviation more in 5 % of the features. Rows are
    equalised with and without it, at most 3,000 of them. None where no state has 20 rows in a batch and 20 elsewhere.
    The equaliser has to draw the same numbers both times.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, batch = rng.normal(size=(400, 2)), np.repeat([0, 1], 200)
    >>> round(planted_signal(X, batch, lambda X, batch: X, rng).kept, 6)
    1.0
    """
    some = seen_rows(batch, rng)
    if not len(some):
        return None
    names, codes = np.unique(batch[some], return_inverse=True)
    X = X[some]
    states = states_of(X, codes, rng)
    rows = _place(states, codes, rng, share)
    features = _features(X[rows], rng)
    if not len(features):
        return None
    changed = np.ix_(rows, features)
    change, planted = X[changed].std(axis=0), X.copy()
    planted[changed] += change
    drawn = (equalize(planted, codes) - equalize(X, codes))[:, features]
    elsewhere = (states == states[rows[0]]) & (codes != codes[rows[0]])
    kept, others = (float(np.nan_to_num(drawn[each]).mean() / change.mean()) for each in (rows, elsewhere))
    return Planted(kept, kept - others, int(names[codes[rows[0]]]), len(rows), len(features))


def _place(
    states: NDArray[np.intp], batch: NDArray[np.intp], rng: np.random.Generator, share: float
) -> NDArray[np.intp]:
    """Rows of one state of one batch; none where no state is shared."""
    table = np.zeros((states.max() + 1, batch.max() + 1), dtype=int)
    np.add.at(table, (states, batch), 1)
    shared = np.minimum(table, table.sum(axis=1, keepdims=True) - table)
    few = table <= MOST_OF_BATCH * table.sum(axis=0)
    first = np.where(few, shared, 0)
    table = first if first.max() >= FEWEST_OF_STATE else shared
    state, b = np.unravel_index(table.argmax(), table.shape)
    rows = np.flatnonzero((states == state) & (batch == b))
    if table[state, b] < FEWEST_OF_STATE:
        return rows[:0]
    share = share if few[state, b] else min(share, TREATED)
    return np.sort(rng.permutation(rows)[: max(2, round(share * len(rows)))])


def _features(X: Floats, rng: np.random.Generator) -> NDArray[np.intp]:
    """Some of the features that are not constant in these rows, none of which is missing there."""
    if not len(X):
        return np.arange(0)
    usable = np.flatnonzero(np.std(X, axis=0) > TINY)  # not true of NaN
    p = X.shape[1]
    n = max(round(PLANTED_FEATURES * p), min(FEWEST_FEATURES, -(-p // FEWEST_FEATURES)))
    return np.sort(rng.permutation(usable)[:n])
