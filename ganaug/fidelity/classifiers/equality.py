"""How likely classifiers would do this well were held-out and synthetic rows draws of one distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from ganaug.fidelity.classifiers.delong import Scored, auc_of
from ganaug.fidelity.classifiers.scoring import boosted_trees, quadratic_logistic, scored
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import Rows, splits

__all__ = ["mean_rank", "p_given_classifiers", "p_refitted", "permuted"]

N_REFITS = 99
N_PERMUTATIONS = 999


def p_refitted(evidence: Evidence, rng: np.random.Generator) -> float:
    """Permute the labels and learn anew each time: exact for any number of rows.

    The statistic is the AUC of the rows' mean rank by small boosted trees and by the quadratic logistic model, on the
    half of the rows that neither learned from; the splits are drawn anew, too. p = (1 + k) / (1 + B), Phipson and
    Smyth (2010), doi:10.2202/1544-6115.1585.
    """
    evidence = _few(evidence, rng)
    found = [_refitted(evidence, rng), *(_refitted(permuted(evidence, rng), rng) for _ in range(N_REFITS))]
    return _p(np.array(found))


def p_given_classifiers(evidence: Evidence, by_each: Sequence[Sequence[Scored]], rng: np.random.Generator) -> float:
    """Test the rows of one split that classifiers have not learned from: exact given the classifiers.

    Mann and Whitney's test, corrected for ties, of the mean rank by all classifiers: one test, with nothing to correct
    for. Where rows come in groups, labels of whole groups are permuted instead.

    Parameters
    ----------
    evidence : Evidence
        The rows.
    by_each : sequence of sequence of Scored
        The same split by each classifier, one test set for each fold.
    rng : numpy.random.Generator
        Draws permutations.
    """
    parts = mean_rank(by_each)
    if evidence.groups is not None:
        return _p_of_blocks(evidence, parts, rng)
    shares = np.array([len(part.real) for part in parts]) / sum(len(part.real) for part in parts)
    variance = float(shares**2 @ [_null_variance(part) for part in parts])
    return float(norm.sf((auc_of(parts) - 0.5) / np.sqrt(variance))) if variance > 0 else 1.0


def mean_rank(by_each: Sequence[Sequence[Scored]]) -> list[Scored]:
    """Score the rows of each test set by their mean rank by all classifiers."""
    together = []
    for parts in zip(*by_each, strict=True):
        ranks = sum(rankdata(np.concatenate([part.of_real, part.of_synthetic])) for part in parts)
        of_real, of_synthetic = np.split(np.asarray(ranks), [len(parts[0].real)])
        together.append(parts[0]._replace(of_real=of_real, of_synthetic=of_synthetic))
    return together


def permuted(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Permute who is real within every fold, whole groups together.

    A group with rows of both sides swaps them or not; groups of a single side swap with each other.
    """
    block, is_real, stratum = _blocks(evidence)
    is_real = _shuffled(is_real, stratum, 1, rng)[0][block]
    return _of_rows(evidence, np.flatnonzero(is_real), np.flatnonzero(~is_real))


def _few(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Leave surplus rows of the larger side out: a permutation has to be quick."""
    n, most = len(evidence.real), 2 * min(len(evidence.real), len(evidence.synthetic))
    real, synthetic = (np.sort(rng.permutation(len(side))[:most]) for side in (evidence.real, evidence.synthetic))
    return _of_rows(evidence, real, n + synthetic)


def _of_rows(evidence: Evidence, real: Rows, synthetic: Rows) -> Evidence:
    """Take pooled rows of these numbers for the real and for the synthetic ones."""
    rows, fold, groups = evidence.pooled, evidence.fold, evidence.groups
    return replace(
        evidence,
        real=rows[real],
        synthetic=rows[synthetic],
        real_fold=fold[real],
        synthetic_fold=fold[synthetic],
        groups=None if groups is None else groups[np.append(real, synthetic)],
    )


def _refitted(evidence: Evidence, rng: np.random.Generator) -> float:
    pooled, categorical, is_real = evidence.pooled, evidence.categorical, evidence.is_real
    whole = replace(evidence, real_fold=0 * evidence.real_fold, synthetic_fold=0 * evidence.synthetic_fold)
    split = next(splits(whole, rng))
    learners = boosted_trees(pooled, categorical, quick=True), quadratic_logistic(pooled, categorical)
    return auc_of(mean_rank([scored(learner, split, is_real) for learner in learners]))


def _blocks(evidence: Evidence) -> tuple[Rows, NDArray[np.bool_], Rows]:
    """Return the block of every pooled row, and the label of each block and the stratum it may swap within.

    Rows are blocks of their own, or the rows of a group that are of one side.
    """
    is_real, fold = evidence.is_real, evidence.fold
    if evidence.groups is None:
        return np.arange(len(fold)), is_real, fold
    _, group = np.unique(np.stack([fold, evidence.groups]), axis=1, return_inverse=True)
    block_of, block = np.unique(np.stack([group.reshape(-1), is_real, fold]), axis=1, return_inverse=True)
    both = np.bincount(block_of[0]) > 1
    # groups of one side share the stratum of their fold
    stratum = np.where(both[block_of[0]], block_of[0], -1 - block_of[2])
    return block.reshape(-1), block_of[1].astype(bool), stratum


def _shuffled(is_real: NDArray[np.bool_], stratum: Rows, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Permute labels within strata, `n` times ``(n, n_blocks)``."""
    shuffled = np.empty((n, len(is_real)), dtype=bool)
    in_order = is_real[np.argsort(stratum, kind="stable")]
    for row in shuffled:
        row[np.lexsort((rng.random(len(is_real)), stratum))] = in_order
    return shuffled


def _p_of_blocks(evidence: Evidence, parts: Sequence[Scored], rng: np.random.Generator) -> float:
    """Permute the labels of whole blocks of test rows; classifiers and scores stay."""
    block, is_real, stratum = _blocks(evidence)
    labels = np.vstack([is_real, _shuffled(is_real, stratum, N_PERMUTATIONS, rng)]).astype(float)
    found = np.zeros(len(labels))
    for part in parts:
        blocks = block[np.append(part.real, part.synthetic)]
        ranks = rankdata(np.append(part.of_real, part.of_synthetic))
        n = labels @ np.bincount(blocks, minlength=len(is_real))
        wins = labels @ np.bincount(blocks, ranks, len(is_real)) - n * (n + 1) / 2
        # permuted blocks of other sizes may leave a side empty: that says nothing
        pairs = n * (len(blocks) - n)
        found += len(part.real) * np.where(pairs > 0, wins / np.maximum(pairs, 1), 0.5)
    return _p(found)


def _null_variance(part: Scored) -> float:
    """Variance of the AUC were labels exchangeable, given the ties (Lehmann 1975, Nonparametrics, appendix)."""
    n, m = len(part.real), len(part.synthetic)
    ties = np.unique(np.append(part.of_real, part.of_synthetic), return_counts=True)[1].astype(float)
    return float((n + m + 1 - (ties**3 - ties).sum() / ((n + m) * (n + m - 1))) / (12 * n * m))


def _p(found: NDArray[np.float64]) -> float:
    # sums in another order may differ in the last digit
    return float(np.mean(found >= found[0] - 1e-12))
