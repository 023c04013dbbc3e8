"""Whether there are rows enough for any verdict."""

from __future__ import annotations

import numpy as np

from ganaug.fidelity.checks.draws import held_out_draws
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.evidence.splits import TRAIN_ROWS
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule, rows_for_c2st

__all__ = ["FEWEST_GROUPS", "enough_rows"]

HELD_OUT_SHARE = 5
# With two groups each half of a split has one, which tells nothing of how groups differ. Three suffice as a single
# group in a half is given the largest variance there is: limits are wide then, and few tables pass, but an upper limit
# of 95 % missed the truth in none of 800 simulated tables. With four to eight, by Student's t, in .5 to 8 %.
FEWEST_GROUPS = 3


def enough_rows(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Ask for as many rows as let a perfect generator pass C2ST with a chance of 90 %.

    A cross-fitted table also needs, in each fold, as many synthetic rows as it has real ones: half of them teach the
    classifier. Where rows belong to groups (donors, plates) these are the draws, and it takes a few.

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
    n_groups = held_out_draws(evidence)
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
    elif n_groups < FEWEST_GROUPS:
        reason = (
            f"{n_groups} group{'s are' if n_groups > 1 else ' is'} too few for any verdict: "
            f"held-out rows of at least {FEWEST_GROUPS} are needed"
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
        rows_needed=needed if n_real < needed else None,
        details={"held_out": n_real, "synthetic": n_synthetic, "needed": needed},
    )
