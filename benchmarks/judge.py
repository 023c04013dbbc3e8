"""A judge that ganaug does not use itself: LightGBM, and plain numbers in place of a verdict."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from ganaug.data.table import TableCodec
from ganaug.fidelity.checks.coverage import coverage
from ganaug.fidelity.checks.memorisation import copies, nearness_share
from ganaug.fidelity.evidence.gathering import Evidence, gather
from ganaug.fidelity.rule import Rule

Floats = npt.NDArray[np.float64]

MOST_ROWS = 20_000  # of each side
# one thread: LightGBM's threads wait for each other on a busy machine, and its default takes no note of OMP_NUM_THREADS
SETTINGS: dict[str, Any] = {"n_estimators": 200, "learning_rate": 0.05, "verbosity": -1, "n_jobs": 1}


def score(
    train: pd.DataFrame, held_out: pd.DataFrame, drawn: pd.DataFrame, codec: TableCodec, target: str | None, seed: int
) -> dict[str, float | None]:
    """Score rows that were drawn by a generator that learned `train` and never saw `held_out`."""
    evidence = gather([(held_out, drawn, train)])
    on_grid = codec.frame(codec.codes(drawn), np.random.default_rng(seed))
    return {
        "auc": auc(evidence, seed),
        "auc_on_grid": auc(gather([(held_out, on_grid, train)]), seed),
        "gap": gap(evidence, codec, target, seed),
        "near_train": nearness_share(
            evidence.train[0], evidence.real, evidence.synthetic, evidence.categorical, random_state=seed
        ),
        "copies": copies(evidence, Rule(1.0), np.random.default_rng(seed)).effect,
        "coverage": coverage(evidence, Rule(1.0), np.random.default_rng(seed)).details["coverage"],
    }


def auc(evidence: Evidence, seed: int) -> float:
    """C2ST AUC of five folds between held-out rows and as many synthetic ones; .5 is best (arXiv:1610.06545)."""
    rng = np.random.default_rng(seed)
    n = min(len(evidence.real), len(evidence.synthetic), MOST_ROWS)
    rows = np.concatenate([rng.permutation(side)[:n] for side in (evidence.real, evidence.synthetic)])
    is_real = np.arange(2 * n) < n
    shares = np.empty(2 * n)
    for learn, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(rows, is_real):
        model = LGBMClassifier(random_state=seed, **SETTINGS)
        model.fit(rows[learn], is_real[learn], categorical_feature=np.flatnonzero(evidence.categorical).tolist())
        shares[test] = model.predict_proba(rows[test])[:, 1]
    return float(roc_auc_score(is_real, shares))


def gap(evidence: Evidence, codec: TableCodec, target: str | None, seed: int) -> float | None:
    """What is lost on held-out rows by learning from synthetic rows: ROC AUC of classes, R² of numbers; 0 is best."""
    if target is None or target not in evidence.names:
        return None
    j = evidence.names.index(target)
    is_class = not codec.ordered[codec.names.index(target)]
    real, drawn = (_skill(side, evidence, j, is_class, seed) for side in (evidence.train[0], evidence.synthetic))
    return real - drawn


def _skill(rows: Floats, evidence: Evidence, j: int, is_class: bool, seed: int) -> float:
    rest = np.arange(rows.shape[1]) != j
    learn, test = (side[~np.isnan(side[:, j])] for side in (rows, evidence.real))
    categorical = np.flatnonzero(evidence.categorical[rest]).tolist()
    y, truth = (side[:, j].astype(np.intp) for side in (learn, test))
    if not is_class:
        value = evidence.levels[j].astype(np.float64)
        model = LGBMRegressor(random_state=seed, **SETTINGS)
        model.fit(learn[:, rest], value[y], categorical_feature=categorical)
        return float(r2_score(value[truth], model.predict(test[:, rest])))
    model = LGBMClassifier(random_state=seed, **SETTINGS)
    model.fit(learn[:, rest], y, categorical_feature=categorical)
    shares = np.zeros((len(truth), len(evidence.levels[j])))
    shares[:, model.classes_] = model.predict_proba(test[:, rest])
    # one class against the others, averaged over the classes that are held out
    return float(np.mean([roc_auc_score(truth == c, shares[:, c]) for c in np.unique(truth)]))
