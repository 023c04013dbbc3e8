"""What differs, in words: found by rule, never guessed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.why.axes import Axis
from ganaug.fidelity.why.pairs import Pair
from ganaug.fidelity.why.values import two_values, value_text
from ganaug.fidelity.why.views import View, two_counts
from ganaug.fidelity.wording import share_text, short

__all__ = ["difference", "pair_words"]

Codes = NDArray[np.float64]
Mask = NDArray[np.bool_]
Pair2 = NDArray[np.float64]

# the mean is told before one range of values, and a value before "others", unless the other differs that much more
SURER = 1.3


def difference(evidence: Evidence, codes: Codes, is_real: Mask, told: View, j: int) -> str:
    """Say how a column of pooled level numbers differs, as seen in its most telling view."""
    counts = two_counts(told.bins, is_real)
    shares = counts / counts.sum(axis=1, keepdims=True)
    if told.what == "size":
        return _size(evidence, codes, is_real, told, shares, j)
    if told.what == "decimals":
        return _decimals(told, shares)
    apart = np.abs(shares[0] - shares[1])
    apart[np.isinf(told.codes[: len(apart)])] /= SURER  # a value that has a name says more than "others"
    most = int(apart.argmax())
    if told.what == "missing" or np.isnan(told.codes[most]):
        return _here("missing", *(_missing(codes, side) for side in (is_real, ~is_real)))
    if np.isinf(told.codes[most]):
        what = "other levels" if told.what == "levels" else "other values"
    else:
        text = value_text(evidence, j, told.codes[most])
        what = "zeros" if text == "0" else f"`{text}`"
    return _here(what, *shares[:, most])


def pair_words(evidence: Evidence, pair: Pair, first: int) -> str:
    """Say how two columns go together differently, the column `first` first."""
    a, b = (pair.a, pair.b) if pair.a.column == first else (pair.b, pair.a)
    return (
        f"{_axis(evidence, a)} goes with {_axis(evidence, b)} differently: correlation {short(pair.real)} "
        f"in the real rows, {short(pair.synthetic)} here"
    )


def _here(what: str, real: float, synthetic: float) -> str:
    if real in (0.0, 1.0):
        return f"{share_text(synthetic)} {what} here, {share_text(real)} in the real rows"
    return f"{share_text(real)} {what} in the real rows, {share_text(synthetic)} here"


def _missing(codes: Codes, side: Mask) -> float:
    return float(np.isnan(codes[side]).mean())


def _axis(evidence: Evidence, axis: Axis) -> str:
    name = f"`{evidence.names[axis.column]}`"
    if axis.level is None:
        return name
    if np.isnan(axis.level):
        return f"{name} being missing"
    return f"{name} = `{value_text(evidence, axis.column, axis.level)}`"


def _decimals(told: View, shares: Pair2) -> str:
    most = int(np.abs(np.cumsum(shares[0] - shares[1])).argmax())
    digits, (real, synthetic) = int(told.codes[most]), np.cumsum(shares, axis=1)[:, most]
    what = f"with at most {digits} decimal{'s' * (digits != 1)}" if digits > 0 else "whole numbers"
    return _here(f"multiples of {10**-digits}" if digits < 0 else what, float(real), float(synthetic))


def _size(evidence: Evidence, codes: Codes, is_real: Mask, told: View, shares: Pair2, j: int) -> str:
    known = ~np.isnan(codes)
    values = np.full(len(codes), np.nan)
    values[known] = evidence.levels[j][codes[known].astype(np.intp)].astype(float)
    values[~np.isfinite(values)] = np.nan
    a, b = (values[side & ~np.isnan(values)] for side in (is_real, ~is_real))
    most, in_range = _range(shares, len(a), len(b))
    with np.errstate(over="ignore", invalid="ignore"):  # numbers near the largest there are have no spread
        mean, spread = _moments(a, b) if min(len(a), len(b)) > 3 else (0.0, 0.0)
    if mean >= max(spread, in_range / SURER):
        return "mean {} in the real rows, {} here".format(*two_values(evidence, j, a.mean(), b.mean()))
    if spread >= in_range / SURER:
        return "standard deviation {} in the real rows, {} here".format(
            *two_values(evidence, j, a.std(), b.std(), wide=True)
        )
    return _here(_bounds(evidence, told, most, j), *(float(part) for part in shares[:, most]))


def _moments(a: Pair2, b: Pair2) -> tuple[float, float]:
    """Standard errors between the means, and between the logarithms of the spreads, of two sides."""
    mean = abs(a.mean() - b.mean()) / max(np.sqrt(a.var() / len(a) + b.var() / len(b)), 1e-300)
    errors = [(max(_kurtosis(side), 1.0) - 1) / 4 / len(side) for side in (a, b)]
    if not (a.std() and b.std() and sum(errors)):
        return float(mean), 0.0
    return float(mean), float(abs(np.log(b.std() / a.std())) / np.sqrt(sum(errors)))


def _kurtosis(side: Pair2) -> float:
    return float(np.mean(((side - side.mean()) / max(side.std(), 1e-300)) ** 4))


def _range(shares: Pair2, n: int, m: int) -> tuple[int, float]:
    """Return the bin whose share differs most beyond chance, and by how many standard errors."""
    either = (n * shares[0] + m * shares[1]) / max(n + m, 1)
    se = np.sqrt(either * (1 - either) * (1 / max(n, 1) + 1 / max(m, 1)))
    z = np.divide(np.abs(shares[0] - shares[1]), se, out=np.zeros_like(se), where=se > 0)
    return int(z.argmax()), float(z.max())


def _bounds(evidence: Evidence, told: View, most: int, j: int) -> str:
    """Name a bin of sizes by its limits; the last level of a bin is in it."""
    if most and not np.isinf(told.codes[most]):
        first, last = (value_text(evidence, j, code) for code in (told.codes[most - 1] + 1, told.codes[most]))
        return f"`{first}`" if first == last else f"from {first} to {last}"
    return (
        f"above {value_text(evidence, j, told.codes[-2])}"
        if most
        else f"at most {value_text(evidence, j, told.codes[0])}"
    )
