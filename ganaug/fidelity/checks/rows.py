"""Whether there are rows enough for any verdict."""

from __future__ import annotations

import numpy as np

from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import TRAIN_ROWS
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.verdict import Rule, rows_for_c2st

__all__ = ["enough_rows"]

HELD_OUT_SHARE = 5


def enough_rows(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Ask for as many rows as let a perfect generator pass C2ST with a chance of 90 %.

    A cross-fitted table also needs, in each fold, as many synthetic rows as it has real ones: half of them teach the
    classifier.

    Parameters
    ----------
    evidence : Evidence
        The rows.
    rule : Rule
        The C2ST AUC of the profile.
    rng : numpy.random.Generator
        Not used.
    """
    needed, n_real, n_synthetic = rows_for_c2st(rule.margin, rule.alpha), len(evidence.real), len(evidence.synthetic)
    per_fold = min(n_real, 2 * TRAIN_ROWS)
    fewest = int(np.bincount(evidence.synthetic_fold).min())
    verdict, reason = Verdict.INCONCLUSIVE, ""
    if n_real < needed:
        reason = (
            f"{n_real} held-out rows are too few for any verdict: it takes {needed}, that is a table of {needed} rows "
            f"where every row is held out once (cross-fitting), or of about {HELD_OUT_SHARE * needed} where a fifth is"
        )
    elif n_synthetic < needed:
        reason = (
            f"{n_synthetic} synthetic rows are too few for any verdict: draw at least {needed}, better {5 * n_real}"
        )
    elif evidence.n_folds > 1 and fewest < per_fold:
        reason = f"{fewest} synthetic rows in a fold are too few for any verdict: draw at least {per_fold} in each"
    else:
        verdict, reason = Verdict.PASS, f"{n_real} held-out rows are enough for a verdict (it takes {needed})"
    return CheckResult(
        name="rows",
        effect=None,
        low=None,
        high=None,
        margin=None,
        verdict=verdict,
        blocking=True,
        reason=reason,
        rows_needed=None if verdict is Verdict.PASS else needed,
        details={"held_out": n_real, "synthetic": n_synthetic, "needed": needed},
    )
