"""The reasons behind a verdict, the plainest first."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganaug.fidelity.evidence.encoding import for_trees
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import splits
from ganaug.fidelity.verdict import short
from ganaug.fidelity.why.telling import TELLING_AUC, telling_column

__all__ = ["explain"]


def explain(evidence: Evidence, rng: np.random.Generator) -> dict[str, Any]:
    """Say what gives the synthetic rows away.

    Returns
    -------
    dict
        Plain JSON types. ``sentence`` is the reason in one sentence, ``column`` the name of the column that gives most
        away, ``alone`` the AUC that trees reach on it alone.
    """
    rows, is_real = for_trees(evidence.pooled, evidence.categorical), evidence.is_real
    column, alone = telling_column(rows, is_real, evidence.categorical, *next(splits(evidence, rng))[0], rng)
    name = str(evidence.names[column])
    what = f"`{name}`" if alone >= TELLING_AUC else f"the way `{name}` goes with the other columns"
    return {"sentence": f"{what} gives most away (AUC {short(alone)} alone)", "column": name, "alone": alone}
