"""Whether the synthetic rows are as varied as the real ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, norm
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from ganaug.fidelity.checks.marginals import column_distance
from ganaug.fidelity.checks.patterns import chance_of_new
from ganaug.fidelity.evidence.encoding import for_distances
from ganaug.fidelity.evidence.gathering import Codes, Evidence
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import short

__all__ = ["collapse"]

MOST_BINS = 50
ROWS_PER_BIN = 10
ROWS = 5000
N_DEALS = 999


class Binned(NamedTuple):
    """The bins of one fold's held-out rows and of its synthetic rows."""

    real: Codes
    synthetic: Codes


class Finding(NamedTuple):
    """An effect with its limits, and what to say of it."""

    low: float
    effect: float
    high: float
    sentence: str
    details: dict[str, Any]


def collapse(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Flag synthetic rows that crowd in some regions and neglect others, or that repeat few patterns.

    Two things are measured, and the worse one is told. *Bins*: k-means of rows that are not tested (the training rows,
    or else half of the held-out ones) cuts the space into bins; the effect is the share of rows that are in the wrong
    one. Which bins differ statistically is in the details (Richardson and Weiss 2018, arXiv:1805.12462, here with the
    correction of Benjamini and Hochberg). *Patterns*: the chance that a further row shows something that none before
    it did (`chance_of_new`); the effect is how much smaller it is among as many synthetic rows.

    Parameters
    ----------
    evidence : Evidence
        The rows; each fold has bins and patterns of its own.
    rule : Rule
        The share that is let through.
    rng : numpy.random.Generator
        Halves the held-out rows, draws subsamples of large tables, starts k-means, and deals labels.
    """
    binned = [_binned(evidence, k, rng) for k in range(evidence.n_folds)]
    bins, patterns = _bins(binned, rule), _patterns(evidence, rule, rng)
    worst = max(bins, patterns)
    details = bins.details | patterns.details
    if evidence.groups is None:  # rows of one group are not independent
        details["p_equal"] = _p_equal(binned, rng)
    return CheckResult(
        name="collapse",
        effect=worst.effect,
        low=worst.low,
        high=worst.high,
        margin=rule.margin,
        verdict=Verdict.WARN if worst.low > rule.margin else Verdict.PASS,
        blocking=False,
        reason=f"{worst.sentence} (flagged above {short(rule.margin)})",
        details=details,
        alpha=rule.alpha,
    )


def _binned(evidence: Evidence, k: int, rng: np.random.Generator) -> Binned:
    real, synthetic = evidence.real[evidence.real_fold == k], evidence.synthetic[evidence.synthetic_fold == k]
    if evidence.train:
        start = evidence.train[k]
    else:
        start, real = np.array_split(rng.permutation(real), 2)
    sides = [rng.permutation(side)[:ROWS] for side in (start, real, synthetic)]
    points = for_distances(np.concatenate(sides), evidence.categorical)
    learned, *tested = np.split(points, np.cumsum([len(side) for side in sides])[:2])
    n_bins = int(np.clip(min(map(len, tested)) // ROWS_PER_BIN, 2, MOST_BINS))
    n_bins = min(n_bins, len(np.unique(learned, axis=0)))
    means = KMeans(n_bins, n_init=1, random_state=int(rng.integers(2**31)))
    with threadpool_limits(limits=1):
        means.fit(learned)
        return Binned(*(means.predict(side).astype(float) for side in tested))


def _bins(binned: list[Binned], rule: Rule) -> Finding:
    """Total variation over the bins; chance is bounded as in `marginals`."""
    n, m = (sum(len(side) for side in sides) for sides in zip(*binned, strict=True))
    distances = [column_distance(*fold, ordered=False) for fold in binned]
    distance, bias = np.array([len(fold.real) / n for fold in binned]) @ np.array(distances)
    bound = np.sqrt(np.log(1 / rule.alpha) / 2 * (1 / n + 1 / m))
    tables = [_counts(fold) for fold in binned]
    real, synthetic = np.concatenate([table / table.sum(axis=1, keepdims=True) for table in tables], axis=1)
    differ = int(np.concatenate([_differ(table) for table in tables]).sum())
    effect = max(0.0, float(distance - bias))
    sentence = f"{short(effect)} of the rows are in the wrong region: {differ} of {len(real)} regions differ"
    order = np.argsort(synthetic - real)
    details = {
        "regions": len(real),
        "regions_that_differ": differ,
        "real_and_synthetic_shares": np.stack([real, synthetic], axis=1)[order][: 2 * MOST_BINS].round(4).tolist(),
    }
    return Finding(float(distance - bias - bound), effect, float(min(1.0, distance + bound)), sentence, details)


def _counts(fold: Binned) -> NDArray[np.intp]:
    """Rows in each bin ``(2, n_bins)``, real ones first."""
    bins = np.unique(np.concatenate(fold))
    return np.stack([(side == bins[:, None]).sum(axis=1) for side in fold])


def _differ(counts: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which bins differ at a false discovery rate of 5 %, by a z-test of two proportions."""
    totals = counts.sum(axis=1, keepdims=True)
    either = counts.sum(axis=0) / totals.sum()
    se = np.sqrt(either * (1 - either) * (1 / totals).sum())
    z = np.diff(counts / totals, axis=0)[0] / np.maximum(se, 1e-12)
    return np.asarray(false_discovery_control(2 * norm.sf(np.abs(z))) <= 0.05)


def _p_equal(binned: list[Binned], rng: np.random.Generator) -> float:
    """Exact p-value of chi-square over all bins, labels dealt anew; ties are broken at random, for bins are few."""
    tables = [_counts(fold) for fold in binned]
    found = sum(float(_chi_square(table[0], table)) for table in tables)
    dealt = sum(
        _chi_square(rng.multivariate_hypergeometric(table.sum(axis=0), table[0].sum(), N_DEALS), table)
        for table in tables
    )
    above, equal = np.sum(dealt > found + 1e-9), np.sum(np.abs(dealt - found) <= 1e-9)
    return float((rng.random() * (1 + equal) + above) / (1 + N_DEALS))


def _chi_square(real: NDArray[np.intp], table: NDArray[np.intp]) -> NDArray[np.float64]:
    """Of one or many deals of the real rows to the bins ``(..., n_bins)``; the bins' totals are given."""
    expected = table.sum(axis=0) * table[0].sum() / table.sum()
    # the synthetic side's squares are the same, over an expectation in a fixed proportion
    return np.asarray(((real - expected) ** 2 / expected).sum(axis=-1) * table.sum() / table[1].sum())


def _patterns(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> Finding:
    real, synthetic, se = chance_of_new(evidence, rng)
    effect = real - synthetic
    sentence = f"a further row shows something new with chance {short(synthetic)}, among the real ones {short(real)}"
    details = {"new_pattern_real": real, "new_pattern_synthetic": synthetic}
    return Finding(effect - rule.z * se, effect, effect + rule.z * se, sentence, details)
