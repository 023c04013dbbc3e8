"""Whether held-out rows look more synthetic than the synthetic rows: then the generator has seen them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from ganaug.fidelity.classifiers.delong import Scored
from ganaug.fidelity.classifiers.limits import Measured, measured
from ganaug.fidelity.classifiers.scoring import Classifier, scored
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import Rows, splits

__all__ = ["leak_auc", "p_leak"]

N_SPLITS = 3
DISTINCT = 0.9
# the limit is at alpha over this: of honest generators no more than one in a hundred may be accused
STRICTNESS = 5


def leak_auc(
    evidence: Evidence, trees: Classifier, rounds: Sequence[Sequence[Scored]], unit: Rows, rng: np.random.Generator
) -> Measured | None:
    """AUC of the trees, with every row dealt by itself; None where it says nothing about leaks.

    A copy that lands in the training half, labelled synthetic, makes the held-out row it was made from look synthetic
    in the test half, and the other way round: only copying of H brings the AUC below .5. Where identical rows, or rows
    of a group, are kept on one side this cannot be seen, so they are dealt apart here. That is fair only where equal
    rows are no coincidence, that is where some number is practically never the same twice: in a table of few levels
    from which repetitions were removed, an honest generator must meet held-out rows more often than they meet each
    other. Nor does it speak where the table was cross-fitted: there the classifier learns from the rows that the
    generator learned from, and copying these brings the AUC below .5 too. In the variance rows of a group count as one
    draw, wherever they were dealt.

    Parameters
    ----------
    evidence : Evidence
        The rows.
    trees : callable
        From `boosted_trees`, over all pooled rows.
    rounds : sequence of sequence of Scored
        What they scored on the splits of C2ST; used where no rows were kept together.
    unit : ndarray, shape (n_rows,)
        The rows that those splits kept together, from `units`.
    rng : numpy.random.Generator
        Draws splits.
    """
    if evidence.n_folds > 1:
        return None
    alone = np.arange(len(unit))
    if len(np.unique(unit)) == len(unit):
        return measured(rounds, evidence, alone)
    if not _has_distinct_number(evidence):
        return None if evidence.groups is not None else measured(rounds, evidence, unit)
    apart = islice(splits(evidence, rng, alone), N_SPLITS)
    tested = [scored(trees, parts, evidence.is_real) for parts in apart]
    return measured(tested, evidence, alone if evidence.groups is None else unit)


def p_leak(auc: Measured) -> float:
    """Return the p-value against "AUC is at least .5", `STRICTNESS` times what it would be for one look."""
    return min(1.0, STRICTNESS * auc._replace(value=1 - auc.value).p_beyond(0.5))


def _has_distinct_number(evidence: Evidence) -> bool:
    for column in evidence.real[:, ~evidence.categorical].T:
        known = column[~np.isnan(column)]
        if len(known) >= DISTINCT * len(column) and len(np.unique(known)) >= DISTINCT * len(known):
            return True
    return False
