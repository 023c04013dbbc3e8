"""The reasons behind a verdict, the plainest first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from ganaug.fidelity.classifiers.screening import widest
from ganaug.fidelity.evidence.encoding import for_trees
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.why.classes import class_rows, rows_of_class
from ganaug.fidelity.why.pairs import Pair, differing_pairs
from ganaug.fidelity.why.regions import differing_regions
from ganaug.fidelity.why.rows import extreme_rows, row_scores
from ganaug.fidelity.why.telling import MOST_COLUMNS, Told, evidence_of_pairs, stands_out, sure_pairs, tell
from ganaug.fidelity.why.trees import held_out, importance, nats_of_auc
from ganaug.fidelity.why.words import difference, pair_words
from ganaug.fidelity.wording import short

__all__ = ["explain", "explain_class"]

MOST_ROWS = 10_000
SHOWN_COLUMNS = 20
SHOWN_PAIRS = 10
# an AUC that tells rows apart rather than barely
TOGETHER = 0.55


def explain(evidence: Evidence, rng: np.random.Generator) -> dict[str, Any]:
    """Say what gives the synthetic rows away.

    Columns are put in order by what they tell of "real or not" in nats: alone (`divergence`), through their relations
    (`evidence_of_pairs`) and to the trees (permutation importance). P-values take the rows as independent.

    Returns
    -------
    dict
        Plain JSON types:

        - ``sentence``: the reason in one sentence; ``column``: the one it names first; ``alone``: its AUC alone;
          ``stands_out``: whether it differs by more than chance may;
        - ``columns``: up to 20 of ``{column, importance, alone, distance, p, q}``, the most telling first;
        - ``pairs``: up to 10 of ``{a, b, real, synthetic, low, high, q}``: correlations, limits of the difference;
        - ``regions``: up to 5 of ``{where, real, synthetic}``: shares of the rows in a region;
        - ``fakes``, ``neglected``: up to 5 of ``{row, score, values}``: the synthetic rows that look least real, and
          the real ones that look least synthetic, to trees that have not seen them.
    """
    asked = np.sort(_some(evidence, rng))
    rows, is_real = evidence.pooled[asked], evidence.is_real[asked]
    told = [tell(evidence, rows, is_real, j, rng) for j in widest(rows, is_real)]
    q = {each.column: fdr for each, fdr in zip(told, false_discovery_control([each.p for each in told]), strict=True)}
    told = sorted(told, key=lambda each: -each.nats)[:MOST_COLUMNS]
    pairs = differing_pairs(evidence, rows, is_real, sorted(each.column for each in told))
    related = evidence_of_pairs(sure_pairs(pairs), len(evidence.names), is_real)
    told = sorted(told, key=lambda each: -_nats(each, related))[:SHOWN_COLUMNS]
    ready = for_trees(evidence.pooled, evidence.categorical)
    judges = held_out(evidence, ready, rng)
    auc, lost = importance(judges, ready, evidence.is_real, [each.column for each in told], rng)
    costs = {each.column: float(cost) for each, cost in zip(told, lost, strict=True)}
    told = sorted(told, key=lambda each: -_nats(each, related, auc, costs[each.column]))
    score, order = row_scores(judges, ready), [each.column for each in told]
    sentence = _sentence(evidence, rows, is_real, told[0], pairs, auc)
    return {
        "sentence": sentence or _nothing(evidence, told[0]),
        "stands_out": bool(sentence),
        "column": str(evidence.names[told[0].column]),
        "alone": told[0].alone,
        "columns": [_column(evidence, each, costs[each.column], float(q[each.column])) for each in told],
        "pairs": [_pair(evidence, pair) for pair in pairs[:SHOWN_PAIRS]],
        "regions": differing_regions(evidence, rows, is_real, order, rng),
        "fakes": extreme_rows(evidence, score, order, real=False),
        "neglected": extreme_rows(evidence, score, order, real=True),
    }


def explain_class(evidence: Evidence, name: str, rng: np.random.Generator) -> dict[str, Any]:
    """Say what gives the synthetic rows of one class of the target away, as `explain` does of all rows.

    Everything is about the rows of that class, but ``row`` is still a place in the whole table; ``within`` names the
    class.

    Parameters
    ----------
    evidence : Evidence
        The rows, with a target.
    name : str
        As in the details of the check `within`.
    rng : numpy.random.Generator
        Draws rows and splits.
    """
    assert evidence.target is not None
    found = explain(rows_of_class(evidence, *class_rows(evidence, evidence.target)[name]), rng)
    within = f"`{evidence.names[evidence.target]}` = `{name}`"
    return {**found, "sentence": f"within {within}: {found['sentence']}", "within": within}


def _some(evidence: Evidence, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw as many rows of each side as are enough to explain."""
    sides = [np.flatnonzero(evidence.is_real), np.flatnonzero(~evidence.is_real)]
    return np.concatenate([rng.permutation(side)[:MOST_ROWS] for side in sides])


def _nats(each: Told, related: NDArray[np.float64], auc: float = 0.5, lost: float = 0.0) -> float:
    """What a column tells alone, through its relations, and to the trees, as far as that is no chance."""
    alone = each.nats if stands_out(each, len(related)) else 0.0
    needed = nats_of_auc(auc) - nats_of_auc(auc - lost) if auc >= TOGETHER else 0.0
    return alone + float(related[each.column]) + needed


def _sentence(
    evidence: Evidence,
    rows: NDArray[np.float64],
    is_real: NDArray[np.bool_],
    first: Told,
    pairs: list[Pair],
    auc: float,
) -> str | None:
    j, name = first.column, f"`{evidence.names[first.column]}`"
    related = [pair for pair in sure_pairs(pairs) if j in (pair.a.column, pair.b.column)]
    beyond = evidence_of_pairs(related[:1], len(evidence.names), is_real)[j]
    if first.view is not None and stands_out(first, len(evidence.names)) and first.nats >= beyond:
        what = difference(evidence, rows[:, j], is_real, first.view, j)
        how = "gives it away" if first.alone >= TOGETHER else "differs most"
        return f"{name} {how} (AUC {short(first.alone)} alone): {what}"
    if related:
        return pair_words(evidence, related[0], j)
    if auc >= TOGETHER:
        return f"the way {name} goes with the other columns gives it away (AUC {short(auc)} together)"
    return None


def _nothing(evidence: Evidence, first: Told) -> str:
    name = evidence.names[first.column]
    return f"no column and no two of them stand out (`{name}` most, AUC {short(first.alone)} alone)"


def _column(evidence: Evidence, told: Told, cost: float, q: float) -> dict[str, Any]:
    return {
        "column": str(evidence.names[told.column]),
        "importance": cost,
        "alone": told.alone,
        "distance": told.distance,
        "p": told.p,
        "q": q,
    }


def _pair(evidence: Evidence, pair: Pair) -> dict[str, Any]:
    return {
        "a": str(evidence.names[pair.a.column]),
        "b": str(evidence.names[pair.b.column]),
        "real": float(pair.real),
        "synthetic": float(pair.synthetic),
        "low": float(pair.low),
        "high": float(pair.high),
        "q": pair.q,
    }
