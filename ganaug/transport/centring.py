"""Every batch brought to one location and spread, feature by feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ganaug.transport.style import Floats, Roles, batch_means, dimension, mean_noise, shrinkage

__all__ = ["Centring", "rounding"]

# a spread is changed by this factor at most: beyond it, a feature is silent in one of the batches
MOST_SCALE = 3.0
TINY = 1e-12


@dataclass(frozen=True)
class Centring:
    """Location and scale of each batch (ComBat; Johnson, Li and Rabinovic 2007, doi:10.1093/biostatistics/kxj037).

    Unlike there, estimates are shrunk to no change, by what they are beyond their sampling error (`shrinkage`): where a
    batch differs no more than by chance, nothing is moved. Nor is a feature where it does not vary within the batch.

    Parameters
    ----------
    shift, scale : ndarray, shape (n_batches, n_features)
        A row x of batch b becomes ``x * scale[b] + shift[b]``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> batch = np.repeat([0, 1], 200)
    >>> X = rng.normal(size=(400, 3)) + 5.0 * batch[:, None]
    >>> moved = Centring.fit(X, Roles.common(batch), rng).move(X, batch)
    >>> bool(np.allclose(moved[batch == 0].mean(axis=0), moved[batch == 1].mean(axis=0), atol=0.1))
    True
    """

    shift: Floats
    scale: Floats

    @classmethod
    def fit(cls, X: Floats, roles: Roles, rng: np.random.Generator, explained: Floats | None = None) -> Self:
        """Estimate from rows ``(n_rows, n_features)``; what covariates explain of them may be given, and stays.

        Then only locations are moved: a scale would act on what covariates explain, too.
        """
        rest = X if explained is None else X - explained
        taught, reference = roles.of_batches(), roles.reference[:, None].astype(float)
        mean, n = batch_means(rest, taught)
        centred, tiny = rest - mean[roles.batch], rounding(rest)
        var = batch_means(centred**2, taught)[0]
        if not (varies := (n > 1) & (var > tiny)).all():
            # a feature that is constant in a batch, or missing, says nothing there, nor of the reference
            rest, centred = (np.where(varies[roles.batch], each, np.nan) for each in (rest, centred))
            n = np.where(varies, n, 0.0)
        spread = batch_means(centred**2, reference)[0][0]
        within = (var * n).sum(axis=0) / np.maximum(n.sum(axis=0) - (n > 0).sum(axis=0), 1)
        usable = (n > 0) & (within > tiny) & (spread > tiny)
        goal, unit = batch_means(rest, reference)[0][0], np.sqrt(np.where(usable.any(axis=0), within, 1.0))
        apart = np.where(usable, (mean - goal) / unit, 0.0)
        n_directions = dimension(np.where(usable[roles.batch], centred / unit, 0.0), rng)
        n_directions /= max(usable.any(axis=0).sum(), 1)
        noise = mean_noise(~np.isnan(rest), roles)
        left = apart * (1 - shrinkage((apart**2).T, noise.T, _weight(usable), n_directions).T)
        scale = np.ones_like(mean)
        if explained is None:
            scale = _scale(centred / unit, spread / unit**2, usable, roles, rng, n_directions)
        return cls(np.where(usable, goal + unit * left - scale * mean, 0.0), scale)

    def move(self, X: Floats, batch: NDArray[np.intp]) -> Floats:
        """Bring rows ``(n_rows, n_features)`` of known batches to the reference; missing values stay missing."""
        return X * self.scale[batch] + self.shift[batch]


def _scale(
    centred: Floats,
    spread: Floats,
    usable: NDArray[np.bool_],
    roles: Roles,
    rng: np.random.Generator,
    n_directions: float,
) -> Floats:
    """What each batch's spread is to be multiplied by ``(n_batches, n_features)``.

    How far logarithms of spreads differ by chance is seen in how far those of two halves of a batch do.
    """
    half = rng.permutation(len(centred)) % 2 == 0
    taught = roles.of_batches()
    logs = [_log_var(centred, taught * part[:, None]) for part in (np.ones_like(half), half, ~half)]
    known = usable & (np.array(logs) > np.log(TINY)).all(axis=0)
    apart = np.where(known, (np.log(np.where(known, spread, 1.0)) - np.where(known, logs[0], 0.0)) / 2, 0.0)
    chance = np.where(known, (logs[1] - logs[2]) / 4, 0.0) ** 2
    noise = np.repeat((chance.sum(axis=1) / np.maximum(known.sum(axis=1), 1))[None], known.shape[1], axis=0)
    scale = np.exp(apart * shrinkage((apart**2).T, noise, _weight(known), n_directions).T)
    return np.where(known, np.clip(scale, 1 / MOST_SCALE, MOST_SCALE), 1.0)


def _weight(usable: NDArray[np.bool_]) -> Floats:
    """What each feature of each batch counts for ``(n_features, n_batches)``."""
    # in one order in memory, on which sums depend
    return usable.T.astype(float, order="C")


def rounding(X: Floats) -> Floats:
    """Variance below which a feature is constant, in its own units ``(n_features,)``."""
    everything = np.ones((len(X), 1))
    mean = batch_means(X, everything)[0]
    return np.asarray(TINY * batch_means((X - mean) ** 2, everything)[0][0] + (TINY * mean[0]) ** 2)


def _log_var(centred: Floats, weight: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(batch_means(centred**2, weight)[0], TINY)))
