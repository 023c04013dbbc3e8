"""Maximum mean discrepancy, in units of the damage that shuffling the columns would do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances

from ganaug.fidelity.evidence.encoding import for_distances
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.verdict import Z90, Rule, short, within

__all__ = ["Mmd", "mixture_kernel", "mmd", "mmd2"]

Floats = NDArray[np.float64]

N_PERMUTATIONS = 499
MAX_ROWS = 1000
BANDWIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
N_SHUFFLES = 3
FIRST_ORDER_PERMUTATIONS = 50


class Mmd(NamedTuple):
    """MMD² of one comparison, its standard error, and its values under permuted labels."""

    value: float
    se: float
    null: Floats


def mmd(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """MMD² between held-out and synthetic rows over MMD² between held-out rows and their columns shuffled apart.

    The ratio is 0 for a perfect generator and about 1 for independent columns, whatever the number of rows. It
    blocks where the sample can decide it: where a perfect generator would pass with a chance of 90 %. Where the
    columns hardly depend on each other, or rows are few, the yardstick itself is noise; then only a clear failure
    counts. The permutation p-value against exact equality is told too, but no verdict rests on it: with rows enough
    every generator differs from the truth.

    Gretton et al. (2012), "A kernel two-sample test", Journal of Machine Learning Research 13.

    Parameters
    ----------
    evidence : Evidence
        The rows; folds are compared one by one, labels permuted within them.
    rule : Rule
        The largest ratio that is let through.
    rng : numpy.random.Generator
        Draws subsamples, permutations and shuffles.
    """
    points, is_real = for_distances(evidence.pooled, evidence.categorical), evidence.is_real
    compared, yardsticks, weights = [], [], []
    for k in range(evidence.n_folds):
        real, synthetic = (
            rng.permutation(np.flatnonzero((evidence.fold == k) & side))[:MAX_ROWS] for side in (is_real, ~is_real)
        )
        if min(len(real), len(synthetic)) < 4:
            continue
        compared.append(_permuted(points[real], points[synthetic], N_PERMUTATIONS, rng))
        yardsticks += [_yardstick(evidence, real, rng) for _ in range(N_SHUFFLES)]
        weights.append(len(real))
    if not compared:
        return _unmeasured(rule)
    found, yardstick = _average(compared, weights), _average(yardsticks, np.repeat(weights, N_SHUFFLES))
    return _result(found, yardstick, rule, len(evidence.real))


def mixture_kernel(points: NDArray[np.float32]) -> Floats:
    """Average of Gaussian kernels at five bandwidths around the median distance ``(n_rows, n_rows)``."""
    squared = euclidean_distances(points, squared=True).astype(float)
    above = squared[np.triu_indices(len(squared), 1)]
    median = float(np.median(above)) or float(above.mean()) or 1.0
    return np.asarray(sum(np.exp(-squared / (2 * median * width**2)) for width in BANDWIDTHS) / len(BANDWIDTHS))


def mmd2(kernel: Floats, is_real: Floats) -> Floats:
    """Unbiased MMD² for every column of labels.

    Parameters
    ----------
    kernel : ndarray, shape (n_rows, n_rows)
        Of the pooled rows.
    is_real : ndarray, shape (n_rows, n_labellings)
        1.0 for real rows and 0.0 for synthetic ones; as many real rows in every column.

    Examples
    --------
    >>> x = np.array([0.0, 0.0, 1.0, 1.0])
    >>> kernel = np.exp(-0.5 * (x[:, None] - x) ** 2)
    >>> mmd2(kernel, np.array([[1.0, 1.0, 0.0, 0.0]]).T).round(4)
    array([0.7869])
    """
    n, m = is_real[:, 0].sum(), (1 - is_real[:, 0]).sum()
    off = kernel - np.diag(np.diag(kernel))
    to_real = off @ is_real
    within_real = (is_real * to_real).sum(axis=0)
    across = ((1 - is_real) * to_real).sum(axis=0)
    within_synthetic = off.sum() - within_real - 2 * across
    return np.asarray(within_real / (n * (n - 1)) + within_synthetic / (m * (m - 1)) - 2 * across / (n * m))


def _permuted(
    real: NDArray[np.float32], synthetic: NDArray[np.float32], n_permutations: int, rng: np.random.Generator
) -> Mmd:
    kernel = mixture_kernel(np.concatenate([real, synthetic]))
    labels = np.repeat([1.0, 0.0], [len(real), len(synthetic)])
    labellings = np.stack([labels, *(rng.permutation(labels) for _ in range(n_permutations))], axis=1)
    value, *null = mmd2(kernel, labellings)
    # under equality the first-order part vanishes and its estimate is noise, of the size seen under permuted labels
    first_order, *noise = _first_order_variance(kernel, labellings[:, :FIRST_ORDER_PERMUTATIONS])
    variance = max(0.0, first_order - float(np.mean(noise))) + np.var(null)
    return Mmd(float(value), float(np.sqrt(variance)), np.array(null))


def _first_order_variance(kernel: Floats, is_real: Floats) -> Floats:
    """Variance of MMD² from how much each row pulls (Serfling 1980, doi:10.1002/9780470316481, chapter 5)."""
    sides = [side / side.sum(axis=0) for side in (is_real, 1 - is_real)]
    pull = kernel @ (sides[0] - sides[1])
    spread = [(side * (pull - (side * pull).sum(axis=0)) ** 2).sum(axis=0) for side in sides]
    sizes = [side[:, 0].sum() for side in (is_real, 1 - is_real)]
    return np.asarray(4 * sum(part / (size - 1) for part, size in zip(spread, sizes, strict=True)))


def _yardstick(evidence: Evidence, real: NDArray[np.intp], rng: np.random.Generator) -> Mmd:
    rows = evidence.pooled[real]
    shuffled = np.stack([rng.permutation(column) for column in rows.T], axis=1)
    both = for_distances(np.concatenate([rows, shuffled]), evidence.categorical)
    return _permuted(both[: len(rows)], both[len(rows) :], 49, rng)


def _average(parts: list[Mmd], weights: NDArray[np.intp] | list[int]) -> Mmd:
    share = np.asarray(weights, dtype=float) / np.sum(weights)
    value = share @ np.array([part.value for part in parts])
    se = np.sqrt(share**2 @ np.array([part.se**2 for part in parts]))
    return Mmd(float(value), float(se), share @ np.stack([part.null for part in parts]))


def _result(found: Mmd, yardstick: Mmd, rule: Rule, n_real: int) -> CheckResult:
    p = float((1 + np.sum(found.null >= found.value)) / (1 + len(found.null)))
    details = {"mmd2": found.value, "mmd2_of_shuffled_columns": yardstick.value, "p_equal": p}
    if yardstick.value <= rule.z * yardstick.se:
        return _unmeasured(rule, details)
    effect = found.value / yardstick.value
    se = float(np.hypot(found.se, effect * yardstick.se) / yardstick.value)
    low, high = effect - rule.z * se, effect + rule.z * se
    reason = (
        f"MMD² is {short(effect)} of what independent columns would give, "
        f"{within(rule.decide(low, high), short(low), short(high))} (limit {short(rule.margin)})"
    )
    decidable = (rule.z + Z90) * found.null.std() <= rule.margin * (yardstick.value - rule.z * yardstick.se)
    return rule.result("mmd", effect, (low, high), n_real, reason, decidable=decidable, details=details)


def _unmeasured(rule: Rule, details: dict[str, float] | None = None) -> CheckResult:
    reason = "as far as these rows show, the real columns do not depend on each other: MMD has no yardstick here"
    return CheckResult("mmd", None, None, None, rule.margin, Verdict.PASS, False, reason, details=dict(details or {}))
