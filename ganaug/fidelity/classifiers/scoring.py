"""The two classifiers of C2ST, in one form: learn from some rows, score others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.classifiers.boosting import fit_trees, scores
from ganaug.fidelity.classifiers.delong import Scored
from ganaug.fidelity.classifiers.logistic import QuadraticFeatures, fit_quadratic
from ganaug.fidelity.evidence.encoding import for_trees
from ganaug.fidelity.evidence.gathering import Codes
from ganaug.fidelity.evidence.splits import Split

__all__ = ["Classifier", "boosted_trees", "quadratic_logistic", "scored"]

Labels = NDArray[np.bool_]
# rows to learn from and to score, by their number in the pool, and the label of every pooled row
Classifier = Callable[[Split, Labels], NDArray[np.float64]]


def boosted_trees(codes: Codes, categorical: Labels, *, quick: bool = False) -> Classifier:
    """Return boosted trees over pooled rows of level numbers ``(n_rows, n_columns)``."""
    rows = for_trees(codes, categorical)

    def learn(split: Split, is_real: Labels) -> NDArray[np.float64]:
        trees = fit_trees(rows[split.train], is_real[split.train], categorical, quick=quick)
        return scores(trees, rows[split.test])

    return learn


def quadratic_logistic(codes: Codes, categorical: Labels) -> Classifier:
    """Return the quadratic logistic model over pooled rows of level numbers ``(n_rows, n_columns)``."""
    features = QuadraticFeatures(codes, categorical)

    def learn(split: Split, is_real: Labels) -> NDArray[np.float64]:
        model = fit_quadratic(features(codes[split.train]), is_real[split.train])
        return np.asarray(model.decision_function(features(codes[split.test])))

    return learn


def scored(classifier: Classifier, parts: Sequence[Split], is_real: Labels) -> list[Scored]:
    """Learn and test on every part of a split."""
    found = []
    for part in parts:
        score, label = classifier(part, is_real), is_real[part.test]
        found.append(Scored(part.test[label], part.test[~label], score[label], score[~label]))
    return found
