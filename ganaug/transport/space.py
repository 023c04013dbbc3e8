"""Where rows are compared: principal components with the noise shrunk away, or the features where they are few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from ganaug.transport.style import Floats, batch_means

__all__ = ["Space"]


MOST_COMPONENTS = 50
# components with less of signal than this share are left out: what is moved along them would be noise
LEAST_SIGNAL = 0.1
ROUNDING = 1e-12


@dataclass(frozen=True)
class Space:
    """Linear coordinates of rows, and the way back for what is moved in them.

    Parameters
    ----------
    mean : ndarray, shape (n_features,)
    loadings : ndarray, shape (n_features, n_components)
        Orthonormal columns.
    weight : ndarray, shape (n_components,)
        The share of each component that is signal.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 3)) @ rng.normal(size=(3, 200)) + 0.5 * rng.normal(size=(300, 200))
    >>> space = Space.fit(X, rng)
    >>> space.encode(X).shape
    (300, 3)
    """

    mean: Floats
    loadings: Floats
    weight: Floats

    @classmethod
    def fit(cls, X: Floats, rng: np.random.Generator) -> Self:
        """Find the components of rows ``(n_rows, n_features)``.

        Singular values are shrunk as is optimal in Frobenius norm (Gavish and Donoho 2017, arXiv:1405.7511), the noise
        being what the leading components leave over. Tables of up to 50 features are not compressed.
        """
        mean = batch_means(X, np.ones((len(X), 1)))[0][0]
        n, p = X.shape
        if p <= MOST_COMPONENTS:
            return cls(mean, np.eye(p), np.ones(p))
        centred = np.nan_to_num(X - mean)
        k = min(MOST_COMPONENTS, min(n, p) - 1)
        _, singular, loadings = randomized_svd(centred, k, n_iter=5, random_state=int(rng.integers(2**31)))
        weight = _signal(singular, float(np.sum(centred**2)), n, p)
        kept = weight >= LEAST_SIGNAL
        kept[: min(2, k)] = True
        return cls(mean, loadings[kept].T, np.maximum(weight[kept], LEAST_SIGNAL))

    def encode(self, X: Floats) -> Floats:
        """Return coordinates ``(n_rows, n_components)``; a missing value counts as the mean."""
        return np.asarray(np.nan_to_num(X - self.mean) @ self.loadings * self.weight)

    def known(self, X: Floats) -> NDArray[np.bool_]:
        """Return which coordinates are known ``(n_rows, n_components)``: components all are, by what rows do have."""
        if len(self.mean) <= MOST_COMPONENTS:
            return ~np.isnan(X)
        return np.ones((len(X), self.loadings.shape[1]), dtype=bool)

    def decode(self, moves: Floats) -> Floats:
        """Return what moves in these coordinates do to the features ``(n_rows, n_features)``."""
        return np.asarray((moves / self.weight) @ self.loadings.T)


def _signal(singular: Floats, total: float, n: int, p: int) -> Floats:
    """Share of each component that is signal; the noise is what those without any leave over."""
    k = len(singular)
    for _ in range(k):
        rest = total - np.sum(singular[:k] ** 2)
        # rows without any noise have some from rounding
        noise = np.sqrt(max(rest, ROUNDING * total, 1e-300) / max(n * p - k * (n + p - k), 1))
        weight = _optimal(singular / (noise * np.sqrt(max(n, p))), min(n, p) / max(n, p))
        if (weight > 0).sum() >= k:
            break
        k = int((weight > 0).sum())
    return weight


def _optimal(singular: Floats, aspect: float) -> Floats:
    """Factor by which singular values, in units of the noise, are to be multiplied; 0 below the noise's own."""
    inside = (singular**2 - aspect - 1) ** 2 - 4 * aspect
    shrunk = np.sqrt(np.maximum(inside, 0.0)) / np.maximum(singular, 1e-12) ** 2
    return np.where(singular > 1 + np.sqrt(aspect), np.minimum(shrunk, 1.0), 0.0)
