"""Whether every region of the real distribution is reached."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom
from sklearn.metrics.pairwise import euclidean_distances
from threadpoolctl import threadpool_limits

from ganaug.fidelity.checks.draws import different_draws
from ganaug.fidelity.evidence.encoding import for_distances
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import Z90, Rule, wilson
from ganaug.fidelity.wording import short

__all__ = ["coverage"]

NEIGHBOURS = 5
MAX_ROWS = 2000
# synthetic rows that are looked at for each real one
DRAWS = 5
# Variance of the share that is reached over that of independent rows. A synthetic row that is missing leaves several
# real rows unreached: with real rows for synthetic ones it was measured to be 1.6 to 4.1 with one synthetic row for
# each held-out one, and .5 to .7 with five; where whole regions are missed it is that of the real rows, 1.
OF_REAL, OF_SYNTHETIC = 1.0, 3.0


def coverage(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Share of held-out rows with no synthetic row among their neighbours, beyond what fresh real rows would leave.

    A held-out row is reached when a synthetic row lies within the distance of its fifth nearest held-out row. For
    fresh real rows the chance of that is known exactly, as all orders of the distances are equally likely. The density
    is told with it: 1 is that of fresh real rows.

    Naeem et al., "Reliable fidelity and diversity metrics for generative models", arXiv:2002.09797.
    """
    points = for_distances(evidence.pooled, evidence.categorical)
    # ties (whole rows of categories) fall at random
    points = points + rng.normal(scale=1e-6, size=points.shape).astype(np.float32)
    reached, expected, density, n_drawn = [], [], [], 0
    for k in range(evidence.n_folds):
        real, synthetic = ((evidence.fold == k) & side for side in (evidence.is_real, ~evidence.is_real))
        a = rng.permutation(points[real])[:MAX_ROWS]
        b = rng.permutation(points[synthetic])[: DRAWS * len(a)]
        hits = _hits(a, b)
        reached.append(_reached(hits))
        expected.append(np.full(len(a), _expected(len(a), min(len(a), len(b)))))
        density.append(_density(hits))
        n_drawn += len(b)
    shares, chance = np.concatenate(reached), float(np.concatenate(expected).mean())
    sizes = np.array([len(part) for part in reached]) / len(shares)
    value, variance = np.array(density).T
    crowding, spread = float(sizes @ value), rule.z * float(np.sqrt(sizes**2 @ variance))
    details = {"density": crowding, "density_low": crowding - spread, "density_high": crowding + spread}
    n, m = different_draws(evidence)
    different = _independent(n / len(evidence.real) * len(shares), m / len(evidence.synthetic) * n_drawn)
    # rows that are there twice are one draw for a pass; for a refusal all count, or a collapse would be no draw at all
    independent = _independent(len(shares), n_drawn), different
    return _coverage_result(float(shares.mean()), chance, independent, evidence.rows_that_count, rule, details)


def _hits(real: NDArray[np.float32], synthetic: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which synthetic rows are among which real rows' neighbours ``(n_real, n_synthetic)``."""
    near = min(NEIGHBOURS, len(real) - 1)
    with threadpool_limits(limits=1):
        # the nearest of all is the row itself
        radius = np.partition(euclidean_distances(real), near, axis=1)[:, [near]]
        return np.asarray(euclidean_distances(real, synthetic) <= radius)


def _reached(hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Chance of each real row to be reached by as many synthetic rows as there are real ones: a crowd reaches all."""
    (n, m), found = hits.shape, hits.sum(axis=1)
    return np.asarray(hypergeom.sf(0, m, found, min(n, m)))


def _density(hits: NDArray[np.bool_]) -> tuple[float, float]:
    """Return in how many real rows' neighbourhoods a synthetic row is, over that of a fresh real row, and the variance.

    A little above 1 where rows keep to the middle of things, below 1 where they lie apart or all in one place.
    """
    n, m = hits.shape
    scaled = n / min(NEIGHBOURS, n - 1)
    variances = [np.var(hits.mean(axis=axis)) / size for axis, size in ((1, n), (0, m))]
    return float(hits.mean() * scaled), float(sum(variances) * scaled**2)


def _expected(n: int, m: int) -> float:
    """Return the chance that of n - 1 + m equally placed rows the nearest few are not all among the n - 1."""
    near = min(NEIGHBOURS, n - 1)
    own = np.arange(n - 1, n - 1 - near, -1)
    return float(1 - np.prod(own / (own + m)))


def _independent(n_real: float, n_synthetic: float) -> float:
    """Return how many independent real rows would tell as much."""
    return n_real / (OF_REAL + OF_SYNTHETIC * n_real / n_synthetic)


def _coverage_result(
    share: float,
    chance: float,
    independent: tuple[float, float],
    n_real: int | None,
    rule: Rule,
    density: dict[str, float],
) -> CheckResult:
    most, n = independent
    low, high = chance - wilson(share, most, rule.z)[1], chance - wilson(share, n, rule.z)[0]
    # what fresh real rows would reach, at the 10 % where chance goes against them
    unlucky = chance - Z90 * (chance * (1 - chance) / n) ** 0.5
    return rule.result(
        "coverage",
        chance - share,
        (low, high),
        n_real,
        f"{short(share)} of the held-out rows have a synthetic row near them, "
        f"{short(chance)} would with fresh real rows (limit {short(rule.margin)} less)",
        most_rows=MAX_ROWS,
        decidable=chance - wilson(unlucky, n, rule.z)[0] <= rule.margin,
        details={"coverage": share, "expected": chance, **density},
    )
