"""Whether the synthetic rows repeat training rows: a guard against copying, and no privacy guarantee."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from ganaug.fidelity.checks.draws import different_draws
from ganaug.fidelity.evidence.encoding import for_distances
from ganaug.fidelity.evidence.gathering import Codes, Evidence
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import Z90, Rule, newcombe
from ganaug.fidelity.wording import limit_text, percent
from ganaug.seeding import RandomState, Seeds

__all__ = ["NO_GUARANTEE", "copies", "nearness", "nearness_share"]

TRAIN_ROWS = 50_000
HELD_OUT_ROWS = 20_000
DISTANCES = 100_000_000
SYNTHETIC_ROWS = (1000, 4000)

NO_GUARANTEE = "a copying guard, no privacy guarantee"


class Nearness(NamedTuple):
    """Share of rows that behave like copies, its standard error, and the one it would have without copying."""

    value: float
    se: float
    se_without: float


def nearness(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Share of synthetic rows that behave like near copies of training rows: 0 is none, 1 is all.

    A row that was drawn without looking at the training rows T is nearest to one of them, rather than to a held-out
    row of H, with probability e = n_T / (n_T + n_H), however bad the generator. The surplus over e is divided by the
    largest one there can be. Synthetic rows that share their nearest real row count together in the standard error.

    Parameters
    ----------
    evidence : Evidence
        The rows, with training rows.
    rule : Rule
        The largest share that is let through.
    rng : numpy.random.Generator
        Draws subsamples of large tables, and breaks ties.
    """
    parts = []
    for k, train in enumerate(evidence.train):
        real, synthetic = evidence.real[evidence.real_fold == k], evidence.synthetic[evidence.synthetic_fold == k]
        parts.append(_nearness(train, real, synthetic, evidence.categorical, rng))
    sizes = np.bincount(evidence.synthetic_fold) / len(evidence.synthetic)
    values, ses, without = np.array(parts).T
    found = Nearness(float(sizes @ values), *(float(np.sqrt(sizes**2 @ part**2)) for part in (ses, without)))
    return _near_result(found, rule, evidence.rows_that_count)


def copies(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Share of synthetic rows equal to a training row, beyond the share of held-out rows that are.

    A row that is there twice is one draw.
    """
    hits: tuple[list[NDArray[np.bool_]], list[NDArray[np.bool_]]] = ([], [])
    for k, train in enumerate(evidence.train):
        sides = (evidence.synthetic[evidence.synthetic_fold == k], evidence.real[evidence.real_fold == k])
        rows = np.unique(np.nan_to_num(np.concatenate([train, *sides]), nan=-1.0), axis=0, return_inverse=True)[
            1
        ].reshape(-1)
        seen, drawn, held_out = np.split(rows, np.cumsum([len(train), len(sides[0])]))
        hits[0].append(np.isin(drawn, seen))
        hits[1].append(np.isin(held_out, seen))
    drawn_hits, real_hits = (np.concatenate(side) for side in hits)
    p, q, (n, m) = float(drawn_hits.mean()), float(real_hits.mean()), different_draws(evidence)
    limits, perfect = newcombe(p, m, q, n, rule.z), newcombe(q, m, q, n, rule.z)[1]
    reason = (
        f"{percent(p, 1)} of the synthetic rows equal a training row, {percent(q, 1)} of the held-out rows do "
        f"(limit {percent(rule.margin)} more; {NO_GUARANTEE})"
    )
    details = {"synthetic": p, "held_out": q}
    decidable, n_real = perfect <= rule.margin, evidence.rows_that_count
    return rule.result("copies", p - q, limits, n_real, reason, decidable=decidable, details=details)


def nearness_share(
    train: NDArray[np.generic],
    held_out: NDArray[np.generic],
    synthetic: NDArray[np.generic],
    categorical: NDArray[np.bool_],
    random_state: RandomState = None,
) -> float:
    """Quick form of `nearness` on matrices of level numbers, without limits: 0 none, 1 all near copies.

    For choosing between models, on rows that no verdict rests on.

    Parameters
    ----------
    train, held_out, synthetic : ndarray, shape (n_rows, n_columns)
        Level numbers.
    categorical : ndarray, shape (n_columns,)
        Which columns are categories.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        Draws subsamples, and breaks ties.

    Examples
    --------
    >>> rows = np.random.default_rng(0).integers(1000, size=(3, 400, 2))
    >>> categorical = np.array([False, False])
    >>> nearness_share(rows[0], rows[1], rows[0], categorical, 0) > 0.99
    True
    >>> abs(nearness_share(rows[0], rows[1], rows[2], categorical, 0)) < 0.3
    True
    """
    t, h, s = (np.asarray(side, dtype=float) for side in (train, held_out, synthetic))
    return _nearness(t, h, s, np.asarray(categorical, dtype=bool), Seeds(random_state).rng("nearness")).value


def _nearness(
    train: Codes, held_out: Codes, synthetic: Codes, categorical: NDArray[np.bool_], rng: np.random.Generator
) -> Nearness:
    n_synthetic = int(np.clip(DISTANCES / max(len(train), 1), *SYNTHETIC_ROWS))
    sides = zip((train, held_out, synthetic), (TRAIN_ROWS, HELD_OUT_ROWS, n_synthetic), strict=True)
    taken = [rng.permutation(side)[:most] for side, most in sides]
    points = for_distances(np.concatenate(taken), categorical)
    t, h, s = np.split(points, np.cumsum([len(side) for side in taken])[:2])
    # whole rows of categories tie: a jitter of the real rows lets ties fall at random
    reference = np.concatenate([t, h])
    reference = reference + rng.normal(scale=1e-6, size=reference.shape).astype(np.float32)
    with threadpool_limits(limits=1):
        nearest = NearestNeighbors(n_neighbors=1).fit(reference).kneighbors(s, return_distance=False)[:, 0]
    e = len(t) / (len(t) + len(h))
    # of a subsample of T only that part of the copies can be found
    most = (1 - e) * len(t) / len(train)
    weight = np.bincount(nearest, minlength=len(reference)) / len(s)
    share = float(weight[: len(t)].sum())
    of_train = np.arange(len(reference)) < len(t)
    without = np.sqrt(e * (1 - e) * np.sum(weight**2))
    se = np.sqrt(np.sum(weight**2 * (of_train - share) ** 2))
    return Nearness((share - e) / most, float(max(se, without) / most), float(without / most))


def _near_result(found: Nearness, rule: Rule, n_real: int | None) -> CheckResult:
    low, high = found.value - rule.z * found.se, min(1.0, found.value + rule.z * found.se)
    reason = (
        f"the synthetic rows are as near to training rows as if {_percent(found.value)} of them were copies, "
        f"{limit_text(rule.decide(low, high), _percent(low), _percent(high))} "
        f"(limit {_percent(rule.margin)}; {NO_GUARANTEE})"
    )
    decidable = (rule.z + Z90) * found.se_without <= rule.margin
    return rule.result("nearness", found.value, (low, high), n_real, reason, decidable=decidable)


def _percent(share: float) -> str:
    return percent(min(max(share, 0), 1))
