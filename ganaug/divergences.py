"""How far apart two distributions are: of tables of probabilities, of Gaussians, of samples.

A table holds the probabilities of a discrete distribution, in any shape, and sums to one. Everything is in nats unless
`base` says otherwise (2: bits).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

__all__ = [
    "GENERATORS",
    "bayes",
    "conditional",
    "cross_entropy",
    "dual_bound",
    "entropy",
    "f_divergence",
    "fisher_information",
    "js",
    "kl",
    "kl_gaussian",
    "kl_knn",
    "marginal",
]

Floats = npt.NDArray[np.float64]
TOLERANCE = 1e-6  # of the sum of a table


class Generator(NamedTuple):
    """The convex function f of an f-divergence, with f(1) = 0, its slope at infinity, and its convex conjugate.

    The conjugate is ``f*(s) = sup over t >= 0 of s t - f(t)``, infinite outside its domain.
    """

    f: Callable[[Floats], Floats]
    slope: float
    conjugate: Callable[[Floats], Floats]


def _xlogx(t: Floats) -> Floats:
    return t * np.log(np.where(t > 0, t, 1.0))


def _log(t: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(t)


def _neyman(t: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return (1 - t) ** 2 / t


def _below(limit: float, conjugate: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    """Make a conjugate infinite from `limit` on."""
    return lambda s: np.where(s < limit, conjugate(np.minimum(s, np.nextafter(limit, -np.inf))), np.inf)


GENERATORS = {
    "kl": Generator(_xlogx, np.inf, lambda s: np.exp(s - 1)),
    "reverse_kl": Generator(lambda t: -_log(t), 0.0, _below(0.0, lambda s: -1 - np.log(-s))),
    "pearson_chi2": Generator(
        lambda t: (t - 1) ** 2, np.inf, lambda s: np.maximum(s, -2.0) ** 2 / 4 + np.maximum(s, -2.0)
    ),
    "neyman_chi2": Generator(_neyman, 1.0, _below(1.0, lambda s: 2 - 2 * np.sqrt(1 - s))),
    "squared_hellinger": Generator(lambda t: (np.sqrt(t) - 1) ** 2, 1.0, _below(1.0, lambda s: s / (1 - s))),
    "jensen_shannon": Generator(
        lambda t: (_xlogx(t) - (t + 1) * np.log((t + 1) / 2)) / 2,
        np.log(2) / 2,
        _below(np.log(2) / 2, lambda s: -np.log(2 - np.exp(2 * s)) / 2),
    ),
    "gan": Generator(
        lambda t: _xlogx(t) - (t + 1) * np.log((t + 1) / 2),
        float(np.log(2)),
        _below(np.log(2), lambda s: -np.log(2 - np.exp(s))),
    ),
    "total_variation": Generator(
        lambda t: np.abs(t - 1) / 2, 0.5, lambda s: np.where(s <= 0.5, np.maximum(s, -0.5), np.inf)
    ),
}


def entropy(p: npt.ArrayLike, *, base: float | None = None) -> float:
    """Shannon entropy of a table.

    Examples
    --------
    >>> entropy([0.5, 0.5], base=2)
    1.0
    """
    return float(-_xlogx(_table(p, "p")).sum() / _unit(base))


def cross_entropy(p: npt.ArrayLike, q: npt.ArrayLike, *, base: float | None = None) -> float:
    """Mean of ``-log q`` under `p`; infinite where `q` rules out what `p` allows.

    Examples
    --------
    >>> cross_entropy([1, 0], [0.25, 0.75], base=2)
    2.0
    """
    a, b = _tables(p, q)
    return float(-(a * np.where(a > 0, _log(b), 0.0)).sum() / _unit(base))


def kl(p: npt.ArrayLike, q: npt.ArrayLike, *, base: float | None = None) -> float:
    """Kullback-Leibler divergence of `p` from `q` (1951, doi:10.1214/aoms/1177729694).

    Examples
    --------
    >>> round(kl([0.5, 0.5], [0.25, 0.75]), 4)
    0.1438
    >>> kl([0.5, 0.5], [1, 0])
    inf
    """
    return f_divergence(p, q, "kl", base=base)


def js(p: npt.ArrayLike, q: npt.ArrayLike, *, base: float | None = None) -> float:
    """Jensen-Shannon divergence (Lin 1991, doi:10.1109/18.61115): at most one bit.

    Examples
    --------
    >>> js([1, 0], [0, 1], base=2)
    1.0
    """
    return f_divergence(p, q, "jensen_shannon", base=base)


def f_divergence(
    p: npt.ArrayLike, q: npt.ArrayLike, generator: str, *, alpha: float = 0.5, base: float | None = None
) -> float:
    """Mean of ``f(p / q)`` under `q`, for a convex f with f(1) = 0 (Nowozin et al. 2016, arXiv:1606.00709).

    Parameters
    ----------
    p, q : array_like
        Tables of one shape.
    generator : str
        A key of `GENERATORS`, or ``"alpha"``.
    alpha : float
        Of the alpha divergence ``(t**alpha - 1 - alpha * (t - 1)) / (alpha * (alpha - 1))``; neither 0 nor 1.
    base : float, optional

    Examples
    --------
    >>> round(f_divergence([0.5, 0.5], [0.25, 0.75], "total_variation"), 6)
    0.25
    """
    f, slope, _ = _generator(generator, alpha)
    a, b = _tables(p, q)
    allowed = b > 0
    inside = (b[allowed] * f(a[allowed] / b[allowed])).sum()
    # what q rules out counts by the slope of f at infinity
    outside = a[~allowed].sum()
    return float((inside + (slope * outside if outside > 0 else 0.0)) / _unit(base))


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
    conjugate = _generator(generator, alpha).conjugate
    return float((np.mean(np.asarray(real, float)) - np.mean(conjugate(np.asarray(fake, float)))) / _unit(base))


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
    return float((np.trace(np.linalg.solve(c_q, c_p)) + apart - d + logs) / 2 / _unit(base))


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
    return float((a.shape[1] * np.log(other / own).mean() + np.log(len(b) / (len(a) - 1))) / _unit(base))


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
    information: Floats = score @ score.T / score.shape[1] / _unit(base)
    return information


def marginal(joint: npt.ArrayLike, axis: int) -> Floats:
    """Table of one variable of a joint table.

    Examples
    --------
    >>> marginal([[0.1, 0.2], [0.3, 0.4]], 0).round(6).tolist()
    [0.3, 0.7]
    """
    table = _table(joint, "joint")
    summed: Floats = table.sum(axis=tuple(i for i in range(table.ndim) if i != axis % table.ndim))
    return summed


def conditional(joint: npt.ArrayLike, given: int) -> Floats:
    """Joint table given the variable of one axis: it sums to one for every value of it, NaN where that never occurs.

    Examples
    --------
    >>> conditional([[0.1, 0.3], [0.2, 0.4]], 0).round(6).tolist()
    [[0.25, 0.75], [0.333333, 0.666667]]
    """
    table = _table(joint, "joint")
    others = tuple(i for i in range(table.ndim) if i != given % table.ndim)
    total = table.sum(axis=others, keepdims=True)
    parts: Floats = np.divide(table, total, out=np.full_like(table, np.nan), where=total > 0)
    return parts


def bayes(prior: npt.ArrayLike, likelihood: npt.ArrayLike) -> Floats:
    """Posterior ``(n_observations, n_causes)`` from a prior ``(n_causes,)`` and ``(n_causes, n_observations)``.

    Examples
    --------
    >>> bayes([0.01, 0.99], [[0.9, 0.1], [0.05, 0.95]])[0].round(3).tolist()
    [0.154, 0.846]
    """
    p, given = _table(prior, "prior"), np.asarray(likelihood, float)
    if given.ndim != 2 or len(given) != len(p) or not np.allclose(given.sum(axis=1), 1, atol=TOLERANCE):
        raise ValueError(f"likelihood must have {len(p)} rows that each sum to 1; it has shape {given.shape}")
    return conditional(p[:, None] * given, 1).T


def _table(p: npt.ArrayLike, name: str) -> Floats:
    table = np.asarray(p, float)
    if not (table >= 0).all() or abs(table.sum() - 1) > TOLERANCE:
        raise ValueError(f"{name} must hold probabilities that sum to 1; its least is {table.min()}, sum {table.sum()}")
    return table


def _tables(p: npt.ArrayLike, q: npt.ArrayLike) -> tuple[Floats, Floats]:
    a, b = _table(p, "p"), _table(q, "q")
    if a.shape != b.shape:
        raise ValueError(f"p has shape {a.shape} and q has {b.shape}")
    return a, b


def _generator(name: str, alpha: float) -> Generator:
    if name == "alpha":
        return _alpha(alpha)
    if name not in GENERATORS:
        raise ValueError(f"generator must be one of {[*GENERATORS, 'alpha']}, not {name!r}")
    return GENERATORS[name]


def _alpha(alpha: float) -> Generator:
    if alpha in {0, 1}:
        raise ValueError("alpha must be neither 0 nor 1: its limits there are 'reverse_kl' and 'kl'")

    def conjugate(s: Floats) -> Floats:
        root = 1 + (alpha - 1) * s  # the best t to the power of alpha - 1
        outside = np.inf if alpha < 1 else -1 / alpha
        return np.where(root > 0, (np.where(root > 0, root, 1.0) ** (alpha / (alpha - 1)) - 1) / alpha, outside)

    slope = np.inf if alpha > 1 else 1 / (1 - alpha)
    return Generator(lambda t: (t**alpha - 1 - alpha * (t - 1)) / (alpha * (alpha - 1)), slope, conjugate)


def _unit(base: float | None) -> float:
    if base is not None and not (base > 0 and base != 1):
        raise ValueError(f"base must be positive and not 1, not {base}")
    return 1.0 if base is None else float(np.log(base))
