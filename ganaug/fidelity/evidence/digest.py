"""Fingerprints of what was judged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ganaug.fidelity.evidence.gathering import Fold

__all__ = ["digests"]


def digests(folds: Sequence[Fold]) -> dict[str, str]:
    """Return the SHA-256 of the held-out, synthetic and training rows of all folds, whatever their order."""
    roles = {"held_out": 0, "synthetic": 1, "train": 2}
    tables = {role: [table for fold in folds if (table := fold[place]) is not None] for role, place in roles.items()}
    return {role: _sha256(parts) for role, parts in tables.items() if parts}


def _sha256(tables: Sequence[pd.DataFrame]) -> str:
    digest = hashlib.sha256()
    for table in tables:
        table = table[sorted(table.columns, key=str)]
        digest.update(repr([str(name) for name in table.columns]).encode())
        try:
            rows = pd.util.hash_pandas_object(table, index=False)
        except TypeError:  # lists and dicts in cells cannot be hashed as they are
            rows = pd.util.hash_pandas_object(table.astype(str), index=False)
        digest.update(np.sort(rows.to_numpy()).tobytes())
    return digest.hexdigest()
