"""Of samples, and of families of densities: Gaussians in closed form, others by their rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from ganaug.divergences.generators import Floats, generator_of, unit

__all__ = ["dual_bound", "fisher_information", "kl_gaussian", "kl_knn"]


def kl_gaussian(
    mean_p: npt.ArrayLike,
    cov_p: npt.ArrayLike,
    mean_q: npt.ArrayLike,
    cov_q: npt.ArrayLike,
    *,
    base: float | None = None,
) -> float:
    """Kullback-Leibler divergence of two Gaussians in closed form, of means ``(d,)`` and covariances ``(d, d)``.

    Examples
    --------
    >>> kl_gaussian([0.0], [[1.0]], [1.0], [[1.0]])
    0.5
    """
    m_p, m_q = np.atleast_1d(np.asarray(mean_p, float)), np.atleast_1d(np.asarray(mean_q, float))
    c_p, c_q = np.atleast_2d(np.asarray(cov_p, float)), np.atleast_2d(np.asarray(cov_q, float))
    d = len(m_p)
    if m_q.shape != (d,) or c_p.shape != (d, d) or c_q.shape != (d, d):
        raise ValueError(f"means {m_p.shape}, {m_q.shape} and covariances {c_p.shape}, {c_q.shape} do not fit together")
    logs = np.linalg.slogdet(c_q)[1] - np.linalg.slogdet(c_p)[1]
    apart = (m_q - m_p) @ np.linalg.solve(c_q, m_q - m_p)
    return float((np.trace(np.linalg.solve(c_q, c_p)) + apart - d + logs) / 2 / unit(base))


def kl_knn(x: npt.ArrayLike, y: npt.ArrayLike, *, k: int = 5, base: float | None = None) -> float:
    """Estimate the divergence of the distribution of `x` from that of `y` by distances to the k-th neighbour.

    Perez-Cruz (2008, doi:10.1109/ISIT.2008.4595271). Continuous samples only: equal rows have no distance.

    Parameters
    ----------
    x, y : array_like, shape (n, d) and (m, d)
    k : int
        More neighbours: less noise, more bias.
    base : float, optional

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> abs(kl_knn(rng.normal(size=(4000, 1)), rng.normal(1, 1, size=(4000, 1))) - 0.5) < 0.05
    True
    """
    a, b = (np.asarray(side, float).reshape(len(np.asarray(side)), -1) for side in (x, y))
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"x has {a.shape[1]} columns and y has {b.shape[1]}")
    if not 1 <= k <= min(len(a) - 1, len(b)):
        raise ValueError(f"k must be from 1 to {min(len(a) - 1, len(b))} for {len(a)} and {len(b)} rows, not {k}")
    own = np.asarray(KDTree(a).query(a, [k + 1])[0])[:, 0]
    other = np.asarray(KDTree(b).query(a, [k])[0])[:, 0]
    if not ((own > 0).all() and (other > 0).all()):
        raise ValueError("some rows are equal, so they have no distance: the estimate needs continuous values")
    return float((a.shape[1] * np.log(other / own).mean() + np.log(len(b) / (len(a) - 1))) / unit(base))


def dual_bound(
    real: npt.ArrayLike, fake: npt.ArrayLike, generator: str, *, alpha: float = 0.5, base: float | None = None
) -> float:
    """Lower bound of an f-divergence from samples, by any function of them: ``E_p[T] - E_q[f*(T)]``.

    The best T reaches the divergence (Nguyen et al. 2010, doi:10.1109/TIT.2010.2068870). The bound holds for rows that
    T has not been fitted to. A critic's logits have to be mapped to the domain of f* first;
    `ganaug.adversarial.f_gan_bound` takes them as they are.

    Parameters
    ----------
    real, fake : array_like, shape (n,) and (m,)
        T at samples of p and of q.
    generator, alpha, base
        See `f_divergence`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p, q = rng.normal(size=100_000), rng.normal(1, 1, size=100_000)
    >>> bool(abs(dual_bound(1.5 - p, 1.5 - q, "kl") - 0.5) < 0.01)  # the best T: 1 + log(p / q)
    True
    """
    conjugate = generator_of(generator, alpha).conjugate
    return float((np.mean(np.asarray(real, float)) - np.mean(conjugate(np.asarray(fake, float)))) / unit(base))


def fisher_information(
    log_density: Callable[[Floats, Floats], Floats],
    parameters: npt.ArrayLike,
    sample: npt.ArrayLike,
    *,
    step: float = 1e-4,
    base: float | None = None,
) -> Floats:
    """Fisher information ``(d, d)`` of a parametric family: the mean outer product of the score.

    It is the metric of the divergence: to second order, that of a `move` away is ``move @ information @ move / 2``
    (Amari 1998, doi:10.1162/089976698300017746).

    Parameters
    ----------
    log_density : callable
        ``(sample, parameters) -> (n,)``, in nats.
    parameters : array_like, shape (d,)
    sample : array_like, shape (n, ...)
        Drawn at `parameters`.
    step : float
        Of the central differences.
    base : float, optional

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=20_000)
    >>> fisher_information(lambda x, mean: -((x - mean) ** 2) / 2, [0.0], x).round(1)
    array([[1.]])
    """
    at, rows = np.atleast_1d(np.asarray(parameters, float)), np.asarray(sample, float)
    moves = step * np.eye(len(at))
    score = np.stack([(log_density(rows, at + m) - log_density(rows, at - m)) / (2 * step) for m in moves])
    information: Floats = score @ score.T / score.shape[1] / unit(base)
    return information
