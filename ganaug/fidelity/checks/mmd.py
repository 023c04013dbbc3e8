"""Maximum mean discrepancy, in units of the damage that shuffling the columns would do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.evidence.encoding import Place, place_for_distances
from ganaug.fidelity.evidence.gathering import Codes, Evidence
from ganaug.fidelity.kernels.comparison import Compared, average, compare, p_of_maximum, p_of_one
from ganaug.fidelity.kernels.exact import KERNELS, WIDTHS, Medians, Sums, exact_sums, median_distances
from ganaug.fidelity.kernels.features import feature_sums, frequencies
from ganaug.fidelity.kernels.permutations import MOST_UNITS, labellings, units_of
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import limit_text, short

__all__ = ["mmd"]

Numbers = NDArray[np.intp]

N_PERMUTATIONS = 999
EXACT_ROWS = 4000
MOST_ROWS = 1_000_000  # of each side
YARDSTICK_ROWS = 20_000
N_SHUFFLES = 3


class _Space(NamedTuple):
    """How rows become kernels: exactly, or by features of random frequencies."""

    place: Place
    medians: Medians
    waves: dict[str, NDArray[np.float32]] | None

    def sums(self, codes: Codes, unit: Numbers, n_kernels: int) -> Iterator[Sums]:
        if self.waves is None:
            return exact_sums(self.place(codes), unit, self.medians, n_kernels)
        return feature_sums(lambda rows: self.place(codes[rows]), unit, self.waves, n_kernels)


def mmd(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """MMD² between held-out and synthetic rows over MMD² between held-out rows and their columns shuffled apart.

    The ratio is 0 for a perfect generator and about 1 for independent columns, whatever the number of rows; its kernel
    is the average of five Gaussian ones. It blocks where the sample can decide it: where a perfect generator would
    pass with a chance of 90 %. Where the columns hardly depend on each other, or rows are few, the yardstick itself is
    noise; then only a clear failure counts.

    The p-value against exact equality is told too (`p_of_maximum`, over Gaussian and Laplace kernels at five
    bandwidths around the pooled median), but no verdict rests on it: with rows enough every generator differs from the
    truth. Up to 4,000 rows kernels are exact, above that they are random Fourier features.

    Gretton et al. (2012), "A kernel two-sample test", Journal of Machine Learning Research 13.

    Parameters
    ----------
    evidence : Evidence
        The rows; folds are compared one by one, labels permuted within them, and with groups as in `units_of`.
    rule : Rule
        The largest ratio that is let through.
    rng : numpy.random.Generator
        Draws permutations, shuffles, frequencies, and a million rows of either side where there are more.
    """
    codes, is_real = evidence.pooled, evidence.is_real
    chosen = [rng.permutation(np.flatnonzero(side))[:MOST_ROWS] for side in (is_real, ~is_real)]
    folds = [np.concatenate([side[evidence.fold[side] == k] for side in chosen]) for k in range(evidence.n_folds)]
    folds = [rows for rows in folds if 4 <= is_real[rows].sum() <= len(rows) - 4]
    if not folds:
        return _unmeasured(rule)
    space = _space(codes, evidence.categorical, max(len(rows) for rows in folds) <= EXACT_ROWS, rng)
    compared, yardsticks = [], []
    for rows in folds:
        groups = None if evidence.groups is None else evidence.groups[rows]
        units = units_of(is_real[rows], groups, rng, MOST_UNITS // len(folds))
        labels = labellings(units, N_PERMUTATIONS, rng)
        compared.append(compare(space.sums(codes[rows], units.unit, len(KERNELS)), labels, units.cluster))
        yardsticks.append(_yardstick(space, codes[rows[is_real[rows]]], MOST_UNITS // len(folds), rng))
    weights = [is_real[rows].sum() for rows in folds]
    details = {"exact": space.waves is None}
    return _result(average(compared, weights), average(yardsticks, weights), rule, evidence.rows_that_count, details)


def _space(codes: Codes, categorical: NDArray[np.bool_], exact: bool, rng: np.random.Generator) -> _Space:
    place = place_for_distances(codes, categorical)
    some = place(codes[rng.permutation(len(codes))[:1000]])
    medians = median_distances(some)
    return _Space(place, medians, None if exact else frequencies(some.shape[1], medians, rng))


def _yardstick(space: _Space, real: Codes, most_units: int, rng: np.random.Generator) -> Compared:
    """Compare real rows with their columns, shuffled apart, several times over where rows are few."""
    real = real[: YARDSTICK_ROWS if space.waves is not None else EXACT_ROWS // 2]
    n_shuffles = N_SHUFFLES if space.waves is not None else min(N_SHUFFLES, EXACT_ROWS // len(real) - 1)
    shuffled = [np.stack([rng.permutation(column) for column in real.T], axis=1) for _ in range(n_shuffles)]
    is_real = np.arange((1 + n_shuffles) * len(real)) < len(real)
    units = units_of(is_real, None, rng, most_units)
    labels = labellings(units, N_PERMUTATIONS, rng)
    return compare(space.sums(np.concatenate([real, *shuffled]), units.unit, len(WIDTHS)), labels, units.cluster)


def _result(
    found: Compared, yardstick: Compared, rule: Rule, n_real: int | None, details: dict[str, Any]
) -> CheckResult:
    p, most = p_of_maximum(found.values)
    plain = found.values[KERNELS.index(("gaussian", 1.0))]
    shape, width = KERNELS[most]
    details |= {
        "mmd2": found.value,
        "mmd2_of_shuffled_columns": yardstick.value,
        "p_equal": p,
        "kernel": f"{shape}, {width:g} of the median distance",
        "gretton": {"mmd2": float(plain[0]), "p": p_of_one(plain)},
    }
    of_yardstick = yardstick.truths()
    least = float(np.quantile(of_yardstick, rule.alpha))
    if least <= 0:
        return _unmeasured(rule, details)
    of_yardstick = np.maximum(of_yardstick, least)
    effect = found.value / yardstick.value
    low, high = np.quantile(found.truths() / of_yardstick, [rule.alpha, 1 - rule.alpha])
    reason = (
        f"MMD² is {short(effect)} of what independent columns would give, "
        f"{limit_text(rule.decide(low, high), short(low), short(high))} (limit {short(rule.margin)})"
    )
    # what a perfect generator would show at the 10 % where chance goes against it
    unlucky = found.truths(float(np.quantile(found.null, 0.9)))
    decidable = float(np.quantile(unlucky / of_yardstick, 1 - rule.alpha)) <= rule.margin
    return rule.result("mmd", effect, (low, high), n_real, reason, decidable=decidable, details=details)


def _unmeasured(rule: Rule, details: dict[str, Any] | None = None) -> CheckResult:
    reason = "as far as these rows show, the real columns do not depend on each other: MMD has no yardstick here"
    return CheckResult(
        "mmd", None, None, None, rule.margin, Verdict.PASS, False, reason, details=details or {}, alpha=rule.alpha
    )
