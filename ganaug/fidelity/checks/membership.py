"""Whether the synthetic rows give away which real rows their generator learned from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata, tiecorrect
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from ganaug.fidelity.checks.c2st import delong_auc
from ganaug.fidelity.checks.memorisation import NO_GUARANTEE
from ganaug.fidelity.evidence.encoding import for_distances
from ganaug.fidelity.evidence.gathering import Codes, Evidence
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import Z90, Rule
from ganaug.fidelity.wording import limit_text, short

__all__ = ["membership"]

REAL_ROWS = 3000
SYNTHETIC_ROWS = 20_000
# distances that are equal but for rounding are ties
DECIMALS = 5


class Attack(NamedTuple):
    """An AUC, its variance, the one it would have without copying, and the held-out rows it rests on."""

    auc: float
    variance: float
    variance_without: float
    n_real: int


def membership(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """AUC by which training rows are told from held-out ones: they are nearer to a synthetic row; .5 is perfect.

    Every real row has a say, so that a generator which repeats few of its rows, or comes near to all of them, is
    seen. Both kinds of real rows are measured against the same synthetic rows, which makes the AUC .5 for a generator
    that has not looked at the training rows, however bad it is and however many rows there are of each.

    The attack is that of Chen et al. (2020), "GAN-Leaks", arXiv:1909.03935; the limits are DeLong's.

    Parameters
    ----------
    evidence : Evidence
        The rows, with training rows.
    rule : Rule
        The largest AUC that is let through.
    rng : numpy.random.Generator
        Draws subsamples of large tables.
    """
    found = []
    for k, train in enumerate(evidence.train):
        real, synthetic = evidence.real[evidence.real_fold == k], evidence.synthetic[evidence.synthetic_fold == k]
        found.append(_attack(train, real, synthetic, evidence.categorical, rng))
    auc, *variances, sizes = np.array(found).T
    weights = sizes / sizes.sum()
    # folds share training rows: in the sum over folds these dependences lower the variance, so it is on the safe side
    effect, (se, without) = float(weights @ auc), np.sqrt([weights**2 @ variance for variance in variances])
    low, high = max(0.0, effect - rule.z * float(se)), min(1.0, effect + rule.z * float(se))
    reason = (
        f"by the distance to the nearest synthetic row, training rows are told from held-out ones with AUC "
        f"{short(effect)}, {limit_text(rule.decide(low, high), short(low), short(high))} "
        f"(.5 is none, limit {short(rule.margin)}; {NO_GUARANTEE})"
    )
    decidable = (rule.z + Z90) * without <= rule.margin - 0.5
    details = {"p_equal": float(norm.sf((effect - 0.5) / max(without, 1e-12)))}
    return rule.result(
        "membership",
        effect,
        (low, high),
        evidence.rows_that_count,
        reason,
        most_rows=REAL_ROWS * evidence.n_folds,
        decidable=bool(decidable),
        details=details,
    )


def _attack(
    train: Codes, held_out: Codes, synthetic: Codes, categorical: NDArray[np.bool_], rng: np.random.Generator
) -> Attack:
    most = min(REAL_ROWS, len(train), len(held_out))
    sides = zip((train, held_out, synthetic), (most, most, SYNTHETIC_ROWS), strict=True)
    taken = [rng.permutation(side)[:rows] for side, rows in sides]
    points = for_distances(np.concatenate(taken), categorical)
    with threadpool_limits(limits=1):
        nearest = NearestNeighbors(n_neighbors=1).fit(points[2 * most :]).kneighbors(points[: 2 * most])[0][:, 0]
    closeness = -np.round(nearest, DECIMALS).astype(float)
    auc, variance = delong_auc(closeness[:most], closeness[most:])
    # of ranks with ties: Lehmann (1975), Nonparametrics, chapter 1
    without = tiecorrect(rankdata(closeness)) * (2 * most + 1) / (12 * most**2)
    return Attack(auc, variance, float(without), most)
