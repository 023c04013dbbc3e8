"""What the pictures of a report show, gathered while the rows are at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.page.counts import measure_marginals
from ganaug.fidelity.page.relations import measure_embedding, measure_pairs
from ganaug.fidelity.result import CheckResult, plain

__all__ = ["collect"]

ROC_POINTS = 101


def collect(evidence: Evidence, checks: Sequence[CheckResult], rng: np.random.Generator) -> dict[str, Any]:
    """Gather what the pictures of a report show.

    Parameters
    ----------
    evidence : Evidence
        The rows.
    checks : sequence of CheckResult
        What was found. ``details["roc"]`` and ``details["curve"]`` of ``c2st`` are shown where they are given.
    rng : numpy.random.Generator
        Draws the rows of `pairs` and `embedding`.

    Returns
    -------
    dict
        Plain JSON types of bounded size: ``marginals``, ``pairs``, ``embedding``, ``roc``, ``curve``, each only where
        there is something to show. A caller may add ``training``: the rows of a `History`, as a list of dicts.
    """
    found = {check.name: check for check in checks}
    distances = found["marginals"].details.get("distances", {}) if "marginals" in found else {}
    pictures = {
        "marginals": measure_marginals(evidence, distances),
        "pairs": measure_pairs(evidence, rng),
        "embedding": measure_embedding(evidence, rng),
        "roc": _roc(found.get("c2st")),
        "curve": _curve(found.get("c2st")),
    }
    return {name: plain(data) for name, data in pictures.items() if data}


def _curve(check: CheckResult | None) -> dict[str, Any] | None:
    curve = check.details.get("curve") if check is not None else None
    return {"rows": curve["rows"], "auc": curve["auc"], "limit": check.margin} if check is not None and curve else None


def _roc(check: CheckResult | None) -> dict[str, Any] | None:
    """Thin the curve out, evenly in false positive rates, and put the limits of its area beside it."""
    curve = check.details.get("roc") if check is not None else None
    if check is None or check.low is None or not curve:
        return None
    fpr = np.linspace(0, 1, ROC_POINTS)
    tpr = np.interp(fpr, curve["fpr"], curve["tpr"]).round(4)
    area = {"auc": check.effect, "low": check.low, "high": check.high, "limit": check.margin}
    return {"fpr": fpr.round(2).tolist(), "tpr": tpr.tolist(), **area, "confidence": 1 - check.alpha}
