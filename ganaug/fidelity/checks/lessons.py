"""What a downstream model may learn from, and what it then predicts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

__all__ = ["AS_MANY", "BOTH", "REAL", "REMEDIES", "SMOTE", "SYNTHETIC", "Lesson", "lessons", "predict"]

Floats = NDArray[np.float64]

REAL, SYNTHETIC, BOTH = "real rows", "synthetic rows", "real and synthetic rows"
AS_MANY = "as many real rows"
WEIGHTED, OVERSAMPLED, SMOTE = "real rows, classes weighted", "real rows, oversampled", "real rows, SMOTE"
REMEDIES = (WEIGHTED, OVERSAMPLED, SMOTE)
TREES = 60
# trees of a classifier of many classes are grown for each of them
MOST_TREES = 160
NEIGHBOURS = 5


class Lesson(NamedTuple):
    """Rows ``(n_rows, n_columns)`` as of `for_trees`, outcomes ``(n_rows,)``, and whether classes weigh alike."""

    rows: Floats
    outcome: Floats
    weighted: bool = False


def lessons(
    real: Lesson, synthetic: Lesson, categorical: NDArray[np.bool_], rng: np.random.Generator, *, classes: bool
) -> dict[str, Lesson]:
    """Return all training sets by name: with and without synthetic rows, and the usual remedies for rare classes.

    Rows are to come in random order: the first real ones are those that are as many as the synthetic ones.
    SMOTE (Chawla et al. 2002, doi:10.1613/jair.953) is among them where imbalanced-learn is installed.
    """
    both = Lesson(*map(np.concatenate, zip(real[:2], synthetic[:2], strict=True)))  # type: ignore[arg-type]
    found = {REAL: real, SYNTHETIC: synthetic, BOTH: both, AS_MANY: _as_many(real, synthetic)}
    if not classes:
        return found
    found[WEIGHTED] = real._replace(weighted=True)
    found[OVERSAMPLED] = _oversampled(real, rng)
    smote = _smote(real, categorical, int(rng.integers(2**31)))
    return found if smote is None else found | {SMOTE: smote}


def predict(lesson: Lesson, rows: Floats, categorical: NDArray[np.bool_], seed: int, *, classes: bool) -> Floats:
    """Predict an outcome by boosted trees ``(n_rows,)``: the class itself, or the number."""
    labels, counts = np.unique(lesson.outcome, return_counts=True)
    empty = np.isnan(lesson.rows).all(axis=0)  # scikit-learn 1.9 cannot bin a column without any value
    if len(labels) == 1 or empty.all():
        return np.full(len(rows), labels[counts.argmax()] if classes else lesson.outcome.mean())
    settings = {
        "min_samples_leaf": int(np.clip(len(lesson.rows) // 20, 1, 20)),
        "categorical_features": categorical[~empty],
        "max_features": 0.7,
        "early_stopping": False,
        "random_state": seed,
    }
    if classes:
        n_trees = TREES if len(labels) == 2 else int(np.clip(MOST_TREES / len(labels), 15, TREES))
        weight = "balanced" if lesson.weighted else None
        trees = HistGradientBoostingClassifier(max_iter=n_trees, class_weight=weight, **settings)
    else:
        trees = HistGradientBoostingRegressor(max_iter=TREES, **settings)
    with threadpool_limits(limits=1, user_api="openmp"):
        return np.asarray(trees.fit(lesson.rows[:, ~empty], lesson.outcome).predict(rows[:, ~empty]))


def _as_many(real: Lesson, synthetic: Lesson) -> Lesson:
    """Cut the real rows to the number of the synthetic ones: few rows may teach little without being wrong.

    Nor are there more different ones among them, as rows that come twice teach nothing new.
    """
    whole, other = (np.nan_to_num(np.column_stack(lesson[:2]), nan=-1.0) for lesson in (real, synthetic))
    new = np.sort(np.unique(whole, axis=0, return_index=True)[1])
    n = min([len(other), *new[len(np.unique(other, axis=0)) :][:1]])
    return real._replace(rows=real.rows[:n], outcome=real.outcome[:n]) if n < len(whole) else real


def _oversampled(real: Lesson, rng: np.random.Generator) -> Lesson:
    _, label, counts = np.unique(real.outcome, return_inverse=True, return_counts=True)
    again = [rng.choice(np.flatnonzero(label == c), counts.max() - n) for c, n in enumerate(counts)]
    kept = np.concatenate([np.arange(len(label)), *again])
    return Lesson(real.rows[kept], real.outcome[kept])


def _smote(real: Lesson, categorical: NDArray[np.bool_], seed: int) -> Lesson | None:
    """Add SMOTE's rows to the real ones; classes of five rows or fewer have no five neighbours, and get none."""
    try:
        from imblearn import over_sampling
    except ImportError:
        return None
    labels, counts = np.unique(real.outcome, return_counts=True)
    wanted = {label: int(counts.max()) for label, n in zip(labels, counts, strict=True) if n > NEIGHBOURS}
    settings = {"sampling_strategy": wanted, "k_neighbors": NEIGHBOURS, "random_state": seed}
    if categorical.all():
        sampler = over_sampling.SMOTEN(**settings)
    else:
        mixed = np.flatnonzero(categorical).tolist()
        sampler = over_sampling.SMOTENC(mixed, **settings) if mixed else over_sampling.SMOTE(**settings)
    # it knows no missing values: numbers go to their median, categories to a level of their own
    missing = np.isnan(real.rows)
    middle = np.nanmedian(np.where(missing.all(axis=0), 0.0, real.rows), axis=0)
    filled = np.where(missing, np.where(categorical, -1.0, middle), real.rows)
    with threadpool_limits(limits=1):
        rows, outcome = sampler.fit_resample(filled, real.outcome)
    made = np.where(categorical & (rows < 0), np.nan, rows)[len(filled) :]
    return Lesson(np.concatenate([real.rows, made]), np.asarray(outcome, dtype=float))
