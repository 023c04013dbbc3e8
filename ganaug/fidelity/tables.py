"""Every check as a plain function of two tables."""

from __future__ import annotations

from collections.abc import Hashable

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


class TableCheck:
    """A check of one effect between held-out real rows and synthetic ones, as a function of two tables.

    Parameters
    ----------
    name : str
        That of the check in a report.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.__name__ = self.__qualname__ = CHECKS[name].__name__  # type: ignore[attr-defined]
        self.__doc__ = CHECKS[name].__doc__

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
        name = self._name
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


c2st = TableCheck("c2st")
collapse = TableCheck("collapse")
copies = TableCheck("copies")
coverage = TableCheck("coverage")
levels = TableCheck("levels")
marginals = TableCheck("marginals")
membership = TableCheck("membership")
missing = TableCheck("missing")
mmd = TableCheck("mmd")
nearness = TableCheck("nearness")
utility = TableCheck("utility")
validity = TableCheck("validity")
within = TableCheck("within")
value_range = TableCheck("range")
