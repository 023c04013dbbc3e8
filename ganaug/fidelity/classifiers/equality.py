"""How likely classifiers would do this well were held-out and synthetic rows draws of one distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from ganaug.fidelity.classifiers.delong import Scored, auc_of
from ganaug.fidelity.classifiers.scoring import Classifier, boosted_trees, quadratic_logistic, scored
from ganaug.fidelity.classifiers.screening import widest
from ganaug.fidelity.evidence.gathering import Codes, Evidence
from ganaug.fidelity.evidence.splits import Rows, Split, splits
from ganaug.fidelity.kernels.comparison import p_of_one
from ganaug.fidelity.kernels.permutations import labellings, whole_units

__all__ = ["mean_rank", "p_given_classifiers", "p_refitted"]

N_REFITS = 99
N_PERMUTATIONS = 999


def p_refitted(evidence: Evidence, rng: np.random.Generator) -> float:
    """Permute the labels and learn anew each time: exact for any number of rows.

    The statistic is the AUC of the rows' mean rank by small boosted trees and by the quadratic logistic model, on the
    half of the rows that neither learned from; the splits are drawn anew, too. Of more than a hundred columns the trees
    are shown those that differ most in the half that they learn from. p = (1 + k) / (1 + B), Phipson and Smyth (2010),
    doi:10.2202/1544-6115.1585.
    """
    evidence = _few(evidence, rng)
    codes, categorical = evidence.pooled, evidence.categorical
    learners = _screened_trees(codes, categorical), quadratic_logistic(codes, categorical)
    units = whole_units(evidence.is_real, evidence.fold, evidence.groups)
    labels = labellings(units, N_REFITS, rng)[units.unit] == 1
    numbered = _numbered(evidence)
    return p_of_one(np.array([_refitted(numbered, learners, is_real, rng) for is_real in labels.T]))


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
        return _p_of_groups(evidence, parts, rng)
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


def _few(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Leave surplus rows of the larger side out: a permutation has to be quick."""
    n, most = len(evidence.real), 2 * min(len(evidence.real), len(evidence.synthetic))
    real, synthetic = (np.sort(rng.permutation(len(side))[:most]) for side in (evidence.real, evidence.synthetic))
    return _of_rows(evidence, real, n + synthetic)


def _numbered(evidence: Evidence) -> Evidence:
    """Put one number in place of each row, that of all equal ones: splitting asks for no more, again and again."""
    number = np.unique(np.nan_to_num(evidence.pooled, nan=-1.0), axis=0, return_inverse=True)[1]
    real, synthetic = np.split(number.reshape(-1, 1).astype(float), [len(evidence.real)])
    return replace(evidence, real=real, synthetic=synthetic)


def _of_rows(evidence: Evidence, real: Rows, synthetic: Rows) -> Evidence:
    """Take pooled rows of these numbers for the real and for the synthetic ones."""
    rows, fold, groups, both = evidence.pooled, evidence.fold, evidence.groups, np.append(real, synthetic)
    return replace(
        evidence,
        real=rows[real],
        synthetic=rows[synthetic],
        real_fold=fold[real],
        synthetic_fold=fold[synthetic],
        places=evidence.places[both],
        groups=None if groups is None else groups[both],
    )


def _screened_trees(codes: Codes, categorical: NDArray[np.bool_]) -> Classifier:
    """Return small boosted trees over the columns that differ most in the rows to learn from."""

    def learn(split: Split, is_real: NDArray[np.bool_]) -> NDArray[np.float64]:
        kept = widest(codes[split.train], is_real[split.train])
        return boosted_trees(codes[:, kept], categorical[kept], quick=True)(split, is_real)

    return learn


def _refitted(
    evidence: Evidence, learners: Sequence[Classifier], is_real: NDArray[np.bool_], rng: np.random.Generator
) -> float:
    """AUC of the learners on a split of the pooled rows under these labels, folds aside."""
    rows = np.argsort(~is_real, kind="stable")
    relabelled = _of_rows(evidence, *np.split(rows, [int(is_real.sum())]))
    whole = replace(relabelled, real_fold=0 * relabelled.real_fold, synthetic_fold=0 * relabelled.synthetic_fold)
    split = [Split(rows[part.train], rows[part.test]) for part in next(splits(whole, rng))]
    return auc_of(mean_rank([scored(learn, split, is_real) for learn in learners]))


def _p_of_groups(evidence: Evidence, parts: Sequence[Scored], rng: np.random.Generator) -> float:
    """Permute the labels of whole groups of test rows; classifiers and scores stay."""
    units = whole_units(evidence.is_real, evidence.fold, evidence.groups)
    labels = labellings(units, N_PERMUTATIONS, rng).T
    found = np.zeros(len(labels))
    for part in parts:
        tested = units.unit[np.append(part.real, part.synthetic)]
        ranks = rankdata(np.append(part.of_real, part.of_synthetic))
        n = labels @ np.bincount(tested, minlength=labels.shape[1])
        wins = labels @ np.bincount(tested, ranks, labels.shape[1]) - n * (n + 1) / 2
        # permuted groups of other sizes may leave a side empty: that says nothing
        pairs = n * (len(tested) - n)
        found += len(part.real) * np.where(pairs > 0, wins / np.maximum(pairs, 1), 0.5)
    return p_of_one(found)


def _null_variance(part: Scored) -> float:
    """Variance of the AUC were labels exchangeable, given the ties (Lehmann 1975, Nonparametrics, appendix)."""
    n, m = len(part.real), len(part.synthetic)
    ties = np.unique(np.append(part.of_real, part.of_synthetic), return_counts=True)[1].astype(float)
    return float((n + m + 1 - (ties**3 - ties).sum() / ((n + m) * (n + m - 1))) / (12 * n * m))
