"""Checks of `FidelityChecker` that take other components than the rest: copying, and MMD."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ganaug.fidelity.checks import CHECKS, NEED_TARGET, NEED_TRAIN, ROW_BY_ROW
from ganaug.fidelity.checks.memorisation import nearness_share
from ganaug.fidelity.evidence.gathering import Evidence, Fold, gather, same_columns
from ganaug.fidelity.profiles import PROFILES
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import ALPHA
from ganaug.fidelity.wording import short
from ganaug.seeding import Seeds

__all__ = ["judge_copying", "judge_mmd"]

FEWEST_CELLS = 20
# the bulk of the components is noise, in which shuffling changes nothing
MMD_COMPONENTS = 10


def judge_copying(
    fold: Fold, profile: str, seeds: Seeds, *, target: Hashable | None = None, group: Hashable | None = None
) -> tuple[Evidence, list[CheckResult]]:
    """Run the checks of `FidelityChecker` that need training rows, and no others.

    They have components of their own, of all three sets of cells: in those of the held-out and the synthetic ones
    alone, training cells are nearer to everything, as the components remember all but them. For fresh real cells that
    would be a `membership` AUC of .78 (kang, 50 components of 756 cells); of all three it is .49.

    Parameters
    ----------
    fold : (real_holdout, synthetic, train)
        Components fitted on all of them together, and the columns `target` and `group`.
    profile : str
    seeds : Seeds
    target, group : hashable, optional
    """
    evidence, found = gather([same_columns(fold)], target=target, group=group), []
    for name in [name for name in CHECKS if name in NEED_TRAIN and (name not in NEED_TARGET or target is not None)]:
        result = CHECKS[name](evidence, PROFILES[profile].rule(name, ALPHA), seeds.rng(name))
        if name == "nearness" and evidence.target is not None:
            result = replace(result, details={**result.details, "types": _of_types(evidence, seeds)})
        if name == "utility":
            result = replace(result, reason=result.reason + _rarest(result.details.get("classes", [])))
        by_row = evidence.groups is not None and name in ROW_BY_ROW
        found.append(replace(result, blocking=False) if by_row else result)
    return evidence, found


def judge_mmd(
    fold: Fold, profile: str, seeds: Seeds, *, target: Hashable | None = None, group: Hashable | None = None
) -> CheckResult:
    """Run `mmd` on the first ten components and the types: in all fifty its yardstick, shuffled columns, is lost."""
    columns = [*fold[0].columns[:MMD_COMPONENTS], *(key for key in (target, group) if key is not None)]
    few = [table[list(dict.fromkeys(columns))] for table in fold[:2]]
    evidence = gather([same_columns((few[0], few[1], None))], target=target, group=group)
    return CHECKS["mmd"](evidence, PROFILES[profile].rule("mmd", ALPHA), seeds.rng("mmd"))


def _rarest(types: Sequence[Mapping[str, Any]]) -> str:
    """Say whether the rarest type is told better: what synthetic cells are mostly drawn for."""
    if not types:
        return ""
    name, n, has = types[0]["class"], types[0]["rows"], types[0]
    if "score" not in has:
        return f"; of the rarest type, {name!r}, too few cells or donors are held out to say anything of it"
    worse = ", ".join(repr(each["class"]) for each in types[1:] if each.get("high", 0) < 0)
    says = "they help" if has["low"] > 0 else "they hurt" if has["high"] < 0 else "no difference can be shown"
    return (
        f"; the rarest type, {name!r} ({n} held out), is told with an F1 of {short(has['score'])}, from the real ones "
        f"alone {short(has['of_real'])}: {says} (difference {short(has['low'])} to {short(has['high'])})"
        f"{worse and f'; told worse: {worse}'}"
    )


def _of_types(evidence: Evidence, seeds: Seeds) -> dict[str, float]:
    """Return the share of near copies among the synthetic cells of each type that has cells enough."""
    target = evidence.target or 0
    names, found = evidence.levels[target], {}
    rest = np.arange(len(evidence.names)) != target
    for code, name in enumerate(names):
        train, real, drawn = (
            side[side[:, target] == code][:, rest] for side in (evidence.train[0], evidence.real, evidence.synthetic)
        )
        if min(len(train), len(real), len(drawn)) >= FEWEST_CELLS:
            rng = seeds.rng("types", code)
            found[str(name)] = nearness_share(train, real, drawn, evidence.categorical[rest], rng)
    return found
