"""The convex functions behind the f-divergences, and their conjugates."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import entr

__all__ = ["GENERATORS", "Floats", "Generator", "generator_of", "unit"]

Floats = npt.NDArray[np.float64]


class Generator(NamedTuple):
    """The convex function f of an f-divergence, with f(1) = 0, its slope at infinity, and its convex conjugate.

    The conjugate is ``f*(s) = sup over t >= 0 of s t - f(t)``, infinite outside its domain.
    """

    f: Callable[[Floats], Floats]
    slope: float
    conjugate: Callable[[Floats], Floats]


def _reverse_kl(t: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return -np.log(t)


def _neyman(t: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return (1 - t) ** 2 / t


def _below(limit: float, conjugate: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    """Make a conjugate infinite from `limit` on."""
    return lambda s: np.where(s < limit, conjugate(np.minimum(s, np.nextafter(limit, -np.inf))), np.inf)


GENERATORS = {
    "kl": Generator(lambda t: -entr(t), np.inf, lambda s: np.exp(s - 1)),
    "reverse_kl": Generator(_reverse_kl, 0.0, _below(0.0, lambda s: -1 - np.log(-s))),
    "pearson_chi2": Generator(lambda t: (t - 1) ** 2, np.inf, lambda s: np.maximum(s / 2 + 1, 0) ** 2 - 1),
    "neyman_chi2": Generator(_neyman, 1.0, _below(1.0, lambda s: 2 - 2 * np.sqrt(1 - s))),
    "squared_hellinger": Generator(lambda t: (np.sqrt(t) - 1) ** 2, 1.0, _below(1.0, lambda s: s / (1 - s))),
    "jensen_shannon": Generator(
        lambda t: (-entr(t) - (t + 1) * np.log((t + 1) / 2)) / 2,
        np.log(2) / 2,
        _below(np.log(2) / 2, lambda s: -np.log(2 - np.exp(2 * s)) / 2),
    ),
    "gan": Generator(
        lambda t: -entr(t) - (t + 1) * np.log((t + 1) / 2),
        float(np.log(2)),
        _below(np.log(2), lambda s: -np.log(2 - np.exp(s))),
    ),
    "total_variation": Generator(
        lambda t: np.abs(t - 1) / 2, 0.5, lambda s: np.where(s <= 0.5, np.maximum(s, -0.5), np.inf)
    ),
}


def generator_of(name: str, alpha: float) -> Generator:
    """Return the generator of that name; ``"alpha"`` is made for its `alpha`.

    Examples
    --------
    >>> generator_of("kl", 0.5).slope
    inf
    """
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


def unit(base: float | None) -> float:
    """Return the nats in a unit of information: one for None, log 2 in a bit.

    Examples
    --------
    >>> round(unit(2), 4)
    0.6931
    """
    if base is not None and not (base > 0 and base != 1):
        raise ValueError(f"base must be positive and not 1, not {base}")
    return 1.0 if base is None else float(np.log(base))
