"""How real a generator's rows look, as a score for choosing its settings."""

from __future__ import annotations

from typing import Any, Protocol

import pandas as pd

from ganaug.fidelity.checks.c2st import c2st_auc
from ganaug.fidelity.evidence.gathering import gather, same_columns

__all__ = ["fidelity_score"]


class Generator(Protocol):
    """Whatever draws rows."""

    def sample(self, n: int, *, random_state: int) -> pd.DataFrame:
        """Draw `n` rows."""


def fidelity_score(generator: Generator, X: pd.DataFrame, y: Any = None, *, random_state: int = 0) -> float:
    """Score a fitted generator by rows it has not learned from: 1 is perfect, 0 hopeless.

    One minus twice the distance of the C2ST AUC from .5 (Lopez-Paz and Oquab, arXiv:1610.06545), cross-validated and
    without limits: it ranks settings, and is no verdict. Judge the rows of the settings chosen with `FidelityChecker`,
    on rows that took no part in the choice.

    Parameters
    ----------
    generator : object with ``sample(n, random_state=...)``
        Such as a fitted `TabularGAN`.
    X : DataFrame, shape (n_rows, n_columns)
        Held-out rows; in `sklearn.model_selection.GridSearchCV` those of the test fold.
    y : ignored
        There so that it can be handed over as ``scoring=fidelity_score``.
    random_state : int
        Draws the rows and the folds.

    Raises
    ------
    DataError
        When the generator's rows have other columns.

    Examples
    --------
    >>> import numpy as np
    >>> class Normal:
    ...     def sample(self, n, *, random_state):
    ...         return pd.DataFrame({"x": np.random.default_rng(random_state).normal(self.mean, size=n)})
    >>> right, wrong = Normal(), Normal()
    >>> right.mean, wrong.mean = 0, 2
    >>> held_out = pd.DataFrame({"x": np.random.default_rng(1).normal(size=500)})
    >>> fidelity_score(right, held_out) > fidelity_score(wrong, held_out) + 0.5
    True
    """
    drawn = generator.sample(2 * len(X), random_state=random_state)
    evidence = gather([same_columns((X, drawn, None))])
    auc = c2st_auc(evidence.real, evidence.synthetic, evidence.categorical, random_state)
    return 1 - 2 * abs(auc - 0.5)
