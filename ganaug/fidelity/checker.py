"""The judge: held-out real rows, synthetic rows, one verdict."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Hashable, Sequence
from dataclasses import asdict

import pandas as pd

from ganaug.errors import DataError
from ganaug.fidelity.c2st import c2st
from ganaug.fidelity.coverage import coverage
from ganaug.fidelity.digest import digests
from ganaug.fidelity.evidence import Evidence, Fold, gather
from ganaug.fidelity.levels import levels
from ganaug.fidelity.marginals import marginals
from ganaug.fidelity.memorisation import copies, nearness
from ganaug.fidelity.mmd import mmd
from ganaug.fidelity.result import CheckResult, FidelityReport
from ganaug.fidelity.rows import enough_rows
from ganaug.fidelity.validity import validity, value_range
from ganaug.fidelity.verdict import PROFILES, Profile, overall
from ganaug.seeding import RandomState, Seeds

__all__ = ["FidelityChecker"]


class FidelityChecker:
    """Judge synthetic rows by real rows that their generator has never seen.

    Parameters
    ----------
    profile : {"strict", "standard", "lenient"}
        The margins: C2ST AUC at most .60, .65 or .75, and the other ones with it.
    target : hashable, optional
        The column of classes or of the outcome.
    group : hashable, optional
        Column of the units that belong together (donor, plate): they stay on one side of every split, and the column
        itself is not judged.
    ignore : collection of hashable
        Columns that are not judged, such as regenerated identifiers.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        Same seed, same report.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> def draw(n):
    ...     x = rng.normal(size=n)
    ...     return pd.DataFrame({"x": x, "y": x + rng.normal(size=n)})
    >>> FidelityChecker().check(draw(400), draw(400)).verdict
    <Verdict.PASS: 'pass'>
    >>> shuffled = draw(400).assign(y=draw(400)["y"])
    >>> FidelityChecker().check(draw(400), shuffled).verdict
    <Verdict.FAIL: 'fail'>
    """

    def __init__(
        self,
        *,
        profile: str = "standard",
        target: Hashable | None = None,
        group: Hashable | None = None,
        ignore: Collection[Hashable] = (),
        random_state: RandomState = 0,
    ) -> None:
        self.profile = profile
        self.target = target
        self.group = group
        self.ignore = ignore
        self.random_state = random_state

    def check(
        self, real_holdout: pd.DataFrame, synthetic: pd.DataFrame, train: pd.DataFrame | None = None
    ) -> FidelityReport:
        """Judge synthetic rows by one hold-out.

        Parameters
        ----------
        real_holdout : DataFrame, shape (n_real, n_columns)
            Real rows that the generator never saw.
        synthetic : DataFrame, shape (n_synthetic, n_columns)
            The same columns in any order. Two to five times as many rows as are held out make the limits narrower.
        train : DataFrame, optional
            The rows that the generator learned from; without them copying is not looked for.

        Raises
        ------
        DataError
            When a table is empty, a column is there twice, or the tables have different columns.
        """
        return self.check_folds([(real_holdout, synthetic, train)])

    def check_folds(self, folds: Sequence[Fold]) -> FidelityReport:
        """Judge a cross-fitted table: every fold's synthetic rows by that fold's hold-out.

        Parameters
        ----------
        folds : sequence of (real_holdout, synthetic, train or None)
            The hold-outs are the table, split; the synthetic rows of a fold come from a generator that never saw its
            hold-out, and should be as many as the whole table has.

        Raises
        ------
        DataError
            As in `check`.
        """
        margins = _profile(self.profile)
        folds = [_same_columns(fold) for fold in folds]
        self._check_names(folds[0][0])
        evidence = gather(folds, group=self.group, ignore=self.ignore)
        checks = [enough_rows(evidence, margins.c2st), validity(folds)]
        if checks[0].verdict == "pass":
            checks += self._measure(evidence, margins)
        return FidelityReport(
            verdict=overall(checks),
            checks=tuple(checks),
            profile=self.profile,
            n_real=len(evidence.real),
            n_synthetic=len(evidence.synthetic),
            hashes=digests(folds),
            notes=(*evidence.notes, *_notes(evidence, checks)),
            provenance={"margins": asdict(margins), "folds": evidence.n_folds},
        )

    def _measure(self, evidence: Evidence, margins: Profile) -> list[CheckResult]:
        seeds = Seeds(self.random_state)
        memory = []
        if evidence.train:
            memory = [copies(evidence, margins.copies), nearness(evidence, margins.nearness, seeds.rng("nearness"))]
        return [
            levels(evidence, self.target),
            c2st(evidence, margins.c2st, seeds.rng("c2st")),
            mmd(evidence, margins.mmd, seeds.rng("mmd")),
            coverage(evidence, margins.coverage, seeds.rng("coverage")),
            *memory,
            value_range(evidence),
            marginals(evidence, margins.marginal),
        ]

    def _check_names(self, table: pd.DataFrame) -> None:
        for role, name in (("target", self.target), ("group", self.group)):
            if name is not None and name not in table.columns:
                near = difflib.get_close_matches(str(name), [str(column) for column in table.columns], n=1)
                hint = f"; did you mean `{near[0]}`?" if near else f"; there are {[str(c) for c in table.columns[:20]]}"
                raise DataError(f"the {role} `{name}` is not a column{hint}")


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        raise ValueError(f"profile must be one of {sorted(PROFILES)}, not {name!r}")
    return PROFILES[name]


def _same_columns(fold: Fold) -> Fold:
    """Check one fold's tables, and put their columns into one order."""
    real, *others = fold
    for role, table in zip(("held-out", "synthetic", "training"), fold, strict=True):
        if table is None:
            continue
        if not len(table):
            raise DataError(f"there are no {role} rows to judge")
        if not table.columns.is_unique:
            raise DataError(f"the {role} rows have the column `{table.columns[table.columns.duplicated()][0]}` twice")
        for missing in [name for name in real if name not in table.columns]:
            raise DataError(f"the {role} rows lack the column `{missing}` of the held-out rows")
        for extra in [name for name in table if name not in real.columns]:
            raise DataError(f"the {role} rows have a column `{extra}` that the held-out rows do not have; drop it")
    synthetic, train = (None if table is None else table[list(real.columns)] for table in others)
    if synthetic is None:
        raise DataError("there are no synthetic rows to judge")
    return real, synthetic, train


def _notes(evidence: Evidence, checks: Sequence[CheckResult]) -> list[str]:
    notes = []
    if not evidence.train:
        notes.append("Copying was not looked for: the rows that the generator learned from are not known.")
    for check in checks:
        if check.name in ("mmd", "coverage", "copies", "nearness") and not check.blocking:
            notes.append(
                f"`{check.name}` only flags here: this few held-out rows could not clear even a perfect generator."
            )
        if check.name == "c2st" and check.high is not None and check.high < 0.5:
            notes.append("Held-out rows look more synthetic than the synthetic ones: the generator may have seen them.")
    return notes
