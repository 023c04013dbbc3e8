"""Whether every level that the real rows show comes back."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import percent

__all__ = ["chance_of_absence", "levels"]

# a column of numbers with at most this many values is looked at value by value, too
FEW_VALUES = 50
FEWEST_ROWS = 5


class Level(NamedTuple):
    """A level, how many real rows show it, and how many synthetic ones."""

    column: Hashable
    value: str | None
    n_real: int
    n_synthetic: int


def levels(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Look for levels (categories, classes, "missing") that the synthetic rows never show.

    A level is missed when its absence is no chance: were the rows equally distributed, all rows that show it would
    be real ones with the probability that `chance_of_absence` gives, and this is held to 5 % over all levels together
    (Bonferroni). A level that comes back even once is not missing; how often it comes back is for the other checks.

    Parameters
    ----------
    evidence : Evidence
        The rows.
    rule : Rule
        The error that is allowed; its margin is not used.
    rng : numpy.random.Generator
        Not used.
    """
    n, m = len(evidence.real), len(evidence.synthetic)
    seen = [level for j in range(len(evidence.names)) for level in _levels_of(evidence, j)]
    rare = [level for level in seen if level.n_real >= FEWEST_ROWS]
    missed = sorted((level for level in rare if not level.n_synthetic), key=lambda level: -level.n_real)
    chances = [min(1.0, len(rare) * chance_of_absence(level.n_real, n, m)) for level in missed]
    dropped = [level for level, chance in zip(missed, chances, strict=True) if chance <= rule.alpha]
    counts = np.arange(FEWEST_ROWS, n + 1)
    told = [count for count in counts if len(rare) * chance_of_absence(int(count), n, m) <= rule.alpha]
    return CheckResult(
        name="levels",
        effect=missed[0].n_real / n if missed else 0.0,
        low=None,
        high=None,
        margin=(told[0] - 1) / n if told else None,
        verdict=Verdict.FAIL if dropped else Verdict.PASS,
        blocking=True,
        reason=_reason(dropped, rare, n, evidence),
        details={
            "p_fail": min(chances, default=1.0),
            "levels_looked_for": len(rare),
            "missed": [
                {"column": str(level.column), "level": level.value, "real_rows": level.n_real} for level in missed
            ],
        },
        alpha=rule.alpha,
    )


def chance_of_absence(n_shown: int, n_real: int, n_synthetic: int) -> float:
    """Probability that all of the real rows' `n_shown` rows of a level are real ones, were all rows exchangeable.

    Were there no synthetic row with it among equally distributed rows, it would be by this chance (hypergeometric).

    Examples
    --------
    >>> chance_of_absence(2, 2, 2).__round__(4)
    0.1667
    """
    total = n_real + n_synthetic
    log = gammaln([n_real + 1, total - n_shown + 1, n_real - n_shown + 1, total + 1])
    return float(np.exp(log[0] + log[1] - log[2] - log[3]))


def _levels_of(evidence: Evidence, j: int) -> Iterator[Level]:
    name, real, synthetic = evidence.names[j], evidence.real[:, j], evidence.synthetic[:, j]
    yield Level(name, None, int(np.isnan(real).sum()), int(np.isnan(synthetic).sum()))
    values, counts = np.unique(real[~np.isnan(real)], return_counts=True)
    if evidence.categorical[j] or len(values) <= FEW_VALUES:
        for value, count in zip(values.astype(np.intp), counts, strict=True):
            yield Level(name, str(evidence.levels[j][value]), int(count), int((synthetic == value).sum()))


def _reason(dropped: list[Level], rare: list[Level], n: int, evidence: Evidence) -> str:
    if not dropped:
        return f"all {len(rare)} levels with {FEWEST_ROWS} or more real rows come back, as far as chance allows"
    level, others = dropped[0], f", and {len(dropped) - 1} more" if len(dropped) > 1 else ""
    share = f"({percent(level.n_real / n)} of the real rows, none here{others})"
    if level.value is None:
        return f"`{level.column}` is never missing {share}"
    if evidence.target is not None and level.column == evidence.names[evidence.target]:
        return f"the class `{level.value}` of `{level.column}` is never drawn {share}"
    return f"`{level.column}` never shows `{level.value}` {share}"
