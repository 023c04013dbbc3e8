"""The profiles: how large an effect is let through."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ganaug.fidelity.rule import ALPHA, Rule

__all__ = ["PROFILES", "Profile"]


@dataclass(frozen=True)
class Profile:
    """The margins of one profile: the largest effects that are let through.

    Attributes
    ----------
    c2st : float
        AUC of a classifier between held-out and synthetic rows; .5 is perfect, 1 is hopeless.
    mmd : float
        MMD² in units of the damage that shuffling every column would do; 0 is perfect, 1 is independent columns.
    coverage : float
        Share of the held-out rows with no synthetic row near them, beyond what fresh real rows leave.
    nearness : float
        Share of synthetic rows that behave like near copies of training rows; 0 is none, 1 is all.
    copies : float
        Share of synthetic rows equal to a training row, beyond the share of held-out rows that are.
    missing : float
        Largest difference between the real and the synthetic missing rate of a column.
    collapse : float
        Share of rows in regions or patterns that come too often or too seldom, beyond chance; flags only.
    membership : float
        AUC of telling training rows from held-out ones by how near the synthetic rows are; .5 is perfect.
    within : float
        AUC as of `c2st`, in the worst class of the target.
    marginals : float
        Largest distance between one column's real and synthetic distribution; flags only.
    utility : float
        Balanced accuracy or R² that a model may lose by learning from synthetic rows alone; flags only.
    validity : float
        Share of values of a column that could not have been measured.
    range : float
        Share of values of a column beyond what real rows show, and beyond what chance allows; flags only.
    """

    c2st: float
    mmd: float
    coverage: float
    nearness: float
    copies: float
    missing: float
    collapse: float
    membership: float
    within: float
    marginals: float
    utility: float
    validity: float = 0.05
    range: float = 0.01
    levels: float = 0.0

    def rule(self, check: str, alpha: float = ALPHA) -> Rule:
        """Return the rule of a check; how many rows it takes depends on the margin of C2ST."""
        return Rule(getattr(self, "c2st" if check == "rows" else check), alpha)


_STANDARD = Profile(
    c2st=0.65,
    mmd=0.25,
    coverage=0.15,
    nearness=0.50,
    copies=0.05,
    missing=0.10,
    collapse=0.15,
    membership=0.65,
    within=0.70,
    marginals=0.10,
    utility=0.10,
)
PROFILES = {
    "strict": Profile(
        c2st=0.60,
        mmd=0.15,
        coverage=0.10,
        nearness=0.30,
        copies=0.02,
        missing=0.05,
        collapse=0.10,
        membership=0.60,
        within=0.65,
        marginals=0.07,
        utility=0.05,
    ),
    "standard": _STANDARD,
    "lenient": Profile(
        c2st=0.75,
        mmd=0.50,
        coverage=0.25,
        nearness=0.60,
        copies=0.10,
        missing=0.20,
        collapse=0.25,
        membership=0.75,
        within=0.80,
        marginals=0.20,
        utility=0.20,
    ),
    # rows leave the house: less may come back of any one person
    "share": replace(_STANDARD, nearness=0.30, copies=0.01, membership=0.60),
    # rows stay inside, beside those they were learned from
    "augment": replace(_STANDARD, nearness=0.75, copies=0.10, membership=0.85),
}
