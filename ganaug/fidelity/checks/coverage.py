"""Whether every region of the real distribution is reached."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from ganaug.fidelity.evidence.encoding import for_distances
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.verdict import Z90, Rule, short, wilson

__all__ = ["coverage"]

NEIGHBOURS = 5
MAX_ROWS = 2000
# a real row that is not reached has neighbours that are not reached either: see tests/fidelity/test_coverage.py
CLUSTERING = 2.0


def coverage(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Share of held-out rows with no synthetic row among their neighbours, beyond what fresh real rows would leave.

    A held-out row is reached when a synthetic row lies within the distance of its fifth nearest held-out row. For
    fresh real rows the chance of that is known exactly, as all orders of the distances are equally likely.

    Naeem et al., "Reliable fidelity and diversity metrics for generative models", arXiv:2002.09797.
    """
    points = for_distances(evidence.pooled, evidence.categorical)
    # ties (whole rows of categories) fall at random
    points = points + rng.normal(scale=1e-6, size=points.shape).astype(np.float32)
    reached, expected = [], []
    for k in range(evidence.n_folds):
        real, synthetic = ((evidence.fold == k) & side for side in (evidence.is_real, ~evidence.is_real))
        a = rng.permutation(points[real])[:MAX_ROWS]
        # no more synthetic rows than real ones: a crowd reaches everything
        b = rng.permutation(points[synthetic])[: len(a)]
        reached.append(_reached(a, b))
        expected.append(np.full(len(a), _expected(len(a), len(b))))
    shares, chance = np.concatenate(reached), float(np.concatenate(expected).mean())
    return _coverage_result(float(shares.mean()), chance, len(shares), len(evidence.real), rule)


def _reached(real: NDArray[np.float32], synthetic: NDArray[np.float32]) -> NDArray[np.bool_]:
    near = min(NEIGHBOURS, len(real) - 1)
    with threadpool_limits(limits=1):
        radius = NearestNeighbors(n_neighbors=near).fit(real).kneighbors()[0][:, -1]
        nearest = NearestNeighbors(n_neighbors=1).fit(synthetic).kneighbors(real)[0][:, 0]
    return np.asarray(nearest <= radius)


def _expected(n: int, m: int) -> float:
    """Return the chance that of n - 1 + m equally placed rows the nearest few are not all among the n - 1."""
    near = min(NEIGHBOURS, n - 1)
    own = np.arange(n - 1, n - 1 - near, -1)
    return float(1 - np.prod(own / (own + m)))


def _coverage_result(share: float, chance: float, n: int, n_real: int, rule: Rule) -> CheckResult:
    low, high = (chance - limit for limit in reversed(wilson(share, n / CLUSTERING, rule.z)))
    # what fresh real rows would reach, at the 10 % where chance goes against them
    unlucky = chance - Z90 * (CLUSTERING * chance * (1 - chance) / n) ** 0.5
    return rule.result(
        "coverage",
        chance - share,
        (low, high),
        n_real,
        f"{short(share)} of the held-out rows have a synthetic row near them, "
        f"{short(chance)} would with fresh real rows (limit {short(rule.margin)} less)",
        decidable=chance - wilson(unlucky, n / CLUSTERING, rule.z)[0] <= rule.margin,
        details={"coverage": share, "expected": chance},
    )
