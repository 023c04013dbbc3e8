"""A quadratic logistic model that learns to tell real rows from synthetic ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from ganaug.fidelity.classifiers.boosting import threads

__all__ = ["QuadraticFeatures", "fit_quadratic"]

Floats = NDArray[np.float64]

MOST_FEATURES = 300
MOST_PLAIN = 150
# means, spreads and correlations are learned on at most about this many of the pooled rows
FITTED_ROWS = 10_000
RARE_SHARE = 0.01
RARE_ROWS = 10
# standardised features are many and rows few: at 1 the model would learn its rows by heart
INVERSE_PENALTY = 0.1


class QuadraticFeatures:
    """Features of degree two of mixed rows, fitted on the pool without looking at who is real.

    Numbers become normal scores of their ranks in the pool, with an indicator where some are missing; categories
    become indicators of all but the commonest level, rare ones pooled. Then come the squares of the scores, and the
    products of those pairs that go together most in the pool: `MOST_FEATURES` in all.

    Parameters
    ----------
    codes : ndarray, shape (n_rows, n_columns)
        Level numbers, NaN where missing.
    categorical : ndarray, shape (n_columns,)
        Which columns are categories.

    Examples
    --------
    >>> codes = np.random.default_rng(0).permuted(np.tile(np.arange(50.0), (3, 1)), axis=1).T
    >>> QuadraticFeatures(codes, np.zeros(3, dtype=bool))(codes).shape  # three scores, three squares, three products
    (50, 9)
    """

    def __init__(self, codes: Floats, categorical: NDArray[np.bool_]) -> None:
        rows = codes[:: -(-len(codes) // FITTED_ROWS)]
        features = [
            feature
            for j, column in enumerate(codes.T)
            for feature in (_indicators(j, column) if categorical[j] else _normal_scores(j, column))
        ]
        spread = np.array([feature.of(rows).std() for feature in features])
        most = np.argsort(-spread, kind="stable")[:MOST_PLAIN]
        self._plain = [features[k] for k in most if spread[k] > 0]
        self._first = _Scale.of(self._raw(rows))
        plain = self._first(self._raw(rows))
        self._pairs = _pairs(plain, self._plain)
        self._second = _Scale.of(plain[:, self._pairs[0]] * plain[:, self._pairs[1]])

    def __call__(self, codes: Floats) -> Floats:
        """Return the features of rows ``(n_rows, n_features)``, standardised by the pool."""
        plain = self._first(self._raw(codes))
        return np.hstack([plain, self._second(plain[:, self._pairs[0]] * plain[:, self._pairs[1]])])

    def _raw(self, codes: Floats) -> Floats:
        return np.stack([feature.of(codes) for feature in self._plain], axis=1) if self._plain else codes[:, :0]


def fit_quadratic(features: Floats, is_real: NDArray[np.bool_]) -> LogisticRegression | _Blind:
    """Fit a logistic model with a fixed ridge penalty; without any feature it scores all rows alike.

    Parameters
    ----------
    features : ndarray, shape (n_rows, n_features)
        From `QuadraticFeatures`.
    is_real : ndarray, shape (n_rows,)
        The label.
    """
    if not features.shape[1]:
        return _Blind()
    # a ranking of the rows is wanted, not the last digit of the weights
    model = LogisticRegression(C=INVERSE_PENALTY, tol=1e-3, max_iter=1000)
    with threads().limit(limits=1):
        return model.fit(features, is_real)


class _Blind:
    """The model of rows that have no features."""

    def decision_function(self, features: Floats) -> Floats:
        return np.zeros(len(features))


class _Plain(NamedTuple):
    """A feature of one column: its value at each level number and, last, at a missing value."""

    column: int
    values: Floats
    is_score: bool

    def of(self, codes: Floats) -> Floats:
        column = codes[:, self.column]
        return self.values[np.where(np.isnan(column), len(self.values) - 1, column).astype(np.intp)]


class _Scale(NamedTuple):
    """Means and spreads, for standardising."""

    mean: Floats
    spread: Floats

    @classmethod
    def of(cls, features: Floats) -> _Scale:
        spread = features.std(axis=0)
        return cls(features.mean(axis=0), np.where(spread > 1e-9, spread, 1.0))

    def __call__(self, features: Floats) -> Floats:
        return np.asarray((features - self.mean) / self.spread)


def _normal_scores(j: int, column: Floats) -> list[_Plain]:
    counts, n_missing = _counts(column)
    # unseen levels lie between others, and share their rank
    rank = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1)
    score = np.append(norm.ppf(np.clip(rank, 1e-6, 1 - 1e-6)), 0.0)
    missing = np.append(np.zeros(len(counts)), 1.0)
    return [_Plain(j, score, True), *([_Plain(j, missing, False)] if n_missing else [])]


def _indicators(j: int, column: Floats) -> list[_Plain]:
    counts, n_missing = _counts(column)
    shares = np.append(counts, n_missing)
    rare = shares < max(RARE_ROWS, RARE_SHARE * shares.sum())
    common = np.flatnonzero(~rare)
    levels = [np.arange(len(shares)) == level for level in common if level != shares.argmax()]
    return [_Plain(j, is_level.astype(float), False) for is_level in [*levels, rare]]


def _counts(column: Floats) -> tuple[NDArray[np.intp], int]:
    """Count the rows at each level number, and those without a value."""
    known = column[~np.isnan(column)].astype(np.intp)
    return np.bincount(known, minlength=1), len(column) - len(known)


def _pairs(plain: Floats, features: list[_Plain]) -> NDArray[np.intp]:
    """Choose the products: all squares of scores, then the pairs of columns that correlate most ``(2, n_pairs)``."""
    room = MOST_FEATURES - len(features)
    squares = np.flatnonzero([feature.is_score for feature in features])[:room]
    first, second = np.triu_indices(len(features), 1)
    column = np.array([feature.column for feature in features], dtype=np.intp)
    apart = column[first] != column[second]
    first, second = first[apart], second[apart]
    together = np.abs((plain.T @ plain)[first, second])
    most = np.argsort(-together, kind="stable")[: room - len(squares)]
    return np.stack([np.append(squares, first[most]), np.append(squares, second[most])])
