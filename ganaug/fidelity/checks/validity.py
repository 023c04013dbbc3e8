"""Whether these values could have been measured at all: kind, decimals, range, known levels, keys."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import gamma

from ganaug.fidelity.checks.grid import off_steps
from ganaug.fidelity.checks.keys import repeated_keys
from ganaug.fidelity.evidence.columns import column_kind, common_kind, plain_values
from ganaug.fidelity.evidence.gathering import Evidence, Fold
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import percent

__all__ = ["validity", "value_range"]


def validity(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Find columns of another kind than the real ones, with other decimals, and keys that come twice.

    A census, not a sample: these rows are all there are, so the limits are the share itself.
    """
    folds = evidence.folds
    faults = {name: fault for name in folds[0][0] if (fault := _fault(name, folds))[0] > 0}
    worst = max(faults, key=lambda name: faults[name][0], default=None)
    share, reason = (
        faults[worst] if worst is not None else (0.0, "kinds, decimals and keys are like those of the real rows")
    )
    others = sum(other > rule.margin for other, _ in faults.values()) - 1
    return CheckResult(
        name="validity",
        effect=share,
        low=share,
        high=share,
        margin=rule.margin,
        verdict=Verdict.FAIL if share > rule.margin else Verdict.PASS,
        blocking=True,
        reason=reason + (f", and {others} more such columns" if others > 0 else ""),
        details={str(name): {"share": share, "reason": reason} for name, (share, reason) in faults.items()},
        alpha=rule.alpha,
    )


def value_range(evidence: Evidence, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Share of synthetic values outside the real range, or of levels no real row has, beyond what chance allows.

    Fresh real rows would be beyond the extremes of N others 2 times in N + 1, and would show a level that N rows do not
    as often as levels with a single row are among them (Good 1953, doi:10.1093/biomet/40.3-4.237). Only a flag.
    """
    found = [_strange(evidence, j, rule) for j in range(len(evidence.names))]
    share, chance, low = max(found, key=lambda column: column[2])
    j = found.index((share, chance, low))
    what = "has levels that no real row has" if evidence.categorical[j] else "is outside the real range"
    flagged = [str(name) for name, column in zip(evidence.names, found, strict=True) if column[2] > rule.margin]
    reason = f"`{evidence.names[j]}` {what} in {percent(share, 1)} of the synthetic rows"
    return CheckResult(
        name="range",
        effect=share - chance,
        low=low,
        high=None,
        margin=rule.margin,
        verdict=Verdict.WARN if flagged else Verdict.PASS,
        blocking=False,
        reason=reason if flagged else "values stay within the real range and levels",
        details={"flagged": flagged},
        alpha=rule.alpha,
    )


def _fault(name: Hashable, folds: Sequence[Fold]) -> tuple[float, str]:
    """Return the share of values that cannot be right, and why."""
    real = [table[name] for role in (0, 2) for fold in folds if (table := fold[role]) is not None]
    drawn = [fold[1][name] for fold in folds]
    kind, other = common_kind(real), common_kind(drawn)
    numeric_levels = kind == "category" and other == "number" and _is_numeric(real[0])
    if kind != other and not numeric_levels and any(part.notna().any() for part in drawn):
        return 1.0, f"`{name}` holds a {other} ({drawn[0].dtype}) where the real rows hold a {kind} ({real[0].dtype})"
    # of a cross-fitted table every row is held out once: its training parts only repeat them
    known = np.concatenate([plain_values(part, kind) for part in real[: None if len(folds) == 1 else len(folds)]])
    draws = [plain_values(part, kind) for part in drawn]
    again = repeated_keys(known, draws, kind)
    twice = f"`{name}` is another in every real row, and {percent(again)} of the synthetic rows share theirs"
    if kind == "category":
        return again, twice
    eps = max(_eps(part) for part in (*real, *drawn))
    return max((again, twice), off_steps(str(name), kind, known, np.concatenate(draws), eps))


def _eps(series: pd.Series[Any]) -> float:
    return float(np.finfo(np.float32 if str(series.dtype).lower() == "float32" else np.float64).eps)


def _is_numeric(series: pd.Series[Any]) -> bool:
    return isinstance(series.dtype, pd.CategoricalDtype) and column_kind(series.cat.categories.to_series()) == "number"


def _strange(evidence: Evidence, j: int, rule: Rule) -> tuple[float, float, float]:
    """Return the share of strange values, the share expected by chance, and a lower limit of the surplus."""
    # of a cross-fitted table every row is held out once: its training parts only repeat them
    train = evidence.train if evidence.n_folds == 1 else ()
    real, synthetic = np.concatenate([evidence.real[:, j], *(part[:, j] for part in train)]), evidence.synthetic[:, j]
    real, synthetic = real[~np.isnan(real)], synthetic[~np.isnan(synthetic)]
    if not len(real) or not len(synthetic):
        return 0.0, 0.0, 0.0
    seen, counts = np.unique(real, return_counts=True)
    if evidence.categorical[j]:
        share, single = np.mean(~np.isin(synthetic, seen)), np.sum(counts == 1)
    else:
        share, single = np.mean((synthetic < seen[0]) | (synthetic > seen[-1])), 2
    # the unseen mass of N rows is about a gamma variable over N, whose mean is the number of singles
    most = gamma.ppf(1 - rule.alpha / len(evidence.names), max(single, 1)) / len(real)
    noise = rule.z * np.sqrt(most / len(synthetic))
    return float(share), float(single / len(real)), float(share - most - noise)
