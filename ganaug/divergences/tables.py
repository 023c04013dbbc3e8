"""Of tables: the probabilities of a discrete distribution, in any shape, which sum to one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import entr, xlogy

from ganaug.divergences.generators import Floats, generator_of, unit

__all__ = ["bayes", "conditional", "cross_entropy", "entropy", "f_divergence", "js", "kl", "marginal"]

TOLERANCE = 1e-6  # of the sum of a table


def entropy(p: npt.ArrayLike, *, base: float | None = None) -> float:
    """Shannon entropy of a table.

    Examples
    --------
    >>> entropy([0.5, 0.5], base=2)
    1.0
    """
    return float(entr(_table(p, "p")).sum() / unit(base))


def cross_entropy(p: npt.ArrayLike, q: npt.ArrayLike, *, base: float | None = None) -> float:
    """Mean of ``-log q`` under `p`; infinite where `q` rules out what `p` allows.

    Examples
    --------
    >>> cross_entropy([1, 0], [0.25, 0.75], base=2)
    2.0
    """
    a, b = _tables(p, q)
    return float(-xlogy(a, b).sum() / unit(base))


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
    f, slope, _ = generator_of(generator, alpha)
    a, b = _tables(p, q)
    allowed = b > 0
    inside = (b[allowed] * f(a[allowed] / b[allowed])).sum()
    # what q rules out counts by the slope of f at infinity
    outside = a[~allowed].sum()
    return float((inside + (slope * outside if outside > 0 else 0.0)) / unit(base))


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
