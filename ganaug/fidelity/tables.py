"""Every check as a plain function of two tables."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

import pandas as pd

from ganaug.errors import DataError
from ganaug.fidelity.checks import CHECKS, NEED_TARGET, NEED_TRAIN
from ganaug.fidelity.evidence.gathering import check_names, gather, same_columns
from ganaug.fidelity.profiles import PROFILES
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import ALPHA, Rule
from ganaug.seeding import RandomState, Seeds

__all__ = [
    "TableCheck",
    "c2st",
    "collapse",
    "copies",
    "coverage",
    "levels",
    "marginals",
    "membership",
    "missing",
    "mmd",
    "nearness",
    "utility",
    "validity",
    "value_range",
    "within",
]


FEWEST_ROWS = 10


class TableCheck(Protocol):
    """Hold one effect between held-out real rows and synthetic ones against a margin."""

    def __call__(
        self,
        real: pd.DataFrame,
        synthetic: pd.DataFrame,
        *,
        rng: RandomState = 0,
        margin: float | None = None,
        alpha: float = ALPHA,
        train: pd.DataFrame | None = None,
        target: Hashable | None = None,
        group: Hashable | None = None,
    ) -> CheckResult:
        """Return what was found; without a `margin` that of the profile "standard"."""


def on_tables(name: str) -> TableCheck:
    """Make a plain function of the check of that name."""

    def check(
        real: pd.DataFrame,
        synthetic: pd.DataFrame,
        *,
        rng: RandomState = 0,
        margin: float | None = None,
        alpha: float = ALPHA,
        train: pd.DataFrame | None = None,
        target: Hashable | None = None,
        group: Hashable | None = None,
    ) -> CheckResult:
        if name in NEED_TRAIN and train is None:
            raise DataError(f"`{name}` looks for training rows that come back: give them as train=")
        if name in NEED_TARGET and target is None:
            raise DataError(f"`{name}` needs a column that is to be predicted: give its name as target=")
        if name != "validity" and min(len(real), len(synthetic)) < FEWEST_ROWS:
            raise DataError(
                f"`{name}` takes at least {FEWEST_ROWS} rows of either side, not {len(real)} and {len(synthetic)}"
            )
        check_names(real, target=target, group=group)
        evidence = gather([same_columns((real, synthetic, train))], target=target, group=group)
        rule = PROFILES["standard"].rule(name, alpha)
        return CHECKS[name](evidence, rule if margin is None else Rule(margin, alpha), Seeds(rng).rng(name))

    check.__name__ = check.__qualname__ = CHECKS[name].__name__  # type: ignore[attr-defined]
    check.__doc__ = CHECKS[name].__doc__
    return check


c2st = on_tables("c2st")
collapse = on_tables("collapse")
copies = on_tables("copies")
coverage = on_tables("coverage")
levels = on_tables("levels")
marginals = on_tables("marginals")
membership = on_tables("membership")
missing = on_tables("missing")
mmd = on_tables("mmd")
nearness = on_tables("nearness")
utility = on_tables("utility")
validity = on_tables("validity")
within = on_tables("within")
value_range = on_tables("range")
