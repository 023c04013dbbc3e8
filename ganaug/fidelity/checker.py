"""The judge: held-out real rows, synthetic rows, one verdict."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from copy import deepcopy
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd

from ganaug.errors import DataError
from ganaug.fidelity.checks import CHECKS, NEED_TARGET, NEED_TRAIN, ROW_BY_ROW
from ganaug.fidelity.evidence.digest import digests
from ganaug.fidelity.evidence.gathering import Evidence, Fold, check_names, gather, same_columns
from ganaug.fidelity.evidence.shift import rows_given_label
from ganaug.fidelity.notes import said_aloud
from ganaug.fidelity.page.collect import collect
from ganaug.fidelity.profiles import PROFILES, Profile
from ganaug.fidelity.report import FidelityReport
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import ALPHA
from ganaug.fidelity.verdict import decisive, overall
from ganaug.fidelity.why import explain, explain_class
from ganaug.seeding import RandomState, Seeds

__all__ = ["FidelityChecker"]


class FidelityChecker:
    """Judge synthetic rows by real rows that their generator has never seen.

    Parameters
    ----------
    profile : {"strict", "standard", "lenient", "share", "augment"}
        The margins: C2ST AUC at most .60, .65 or .75, and the other ones with it. "share" is "standard" with less
        copying, for rows that leave the house; "augment" with more, for rows that stay beside the real ones.
    target : hashable, optional
        The column of classes or of the outcome.
    group : hashable, optional
        Column of the units that belong together (donor, plate): they stay on one side of every split, and the column
        itself is not judged.
    given : hashable, optional
        A column whose shares were changed on purpose, such as classes that were balanced: the rows are judged given
        it, that is, after the synthetic ones are thinned out to its real shares.
    ignore : collection of hashable
        Columns that are not judged, such as regenerated identifiers.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        Same seed, same report.

    Attributes
    ----------
    judged : dict of str to list of str
        For the held-out rows of each hash, the hashes of the synthetic rows that were judged by them. The k-th of them
        is held to alpha / k; judging the same rows again is no new attempt.

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
        given: Hashable | None = None,
        ignore: Collection[Hashable] = (),
        random_state: RandomState = 0,
    ) -> None:
        self.profile = profile
        self.target = target
        self.group = group
        self.given = given
        self.ignore = ignore
        self.random_state = random_state
        self.judged: dict[str, list[str]] = {}

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
        if not folds:
            raise DataError("there are no folds to judge")
        if isinstance(self.ignore, str):
            raise TypeError(
                f"ignore takes a collection of columns, not the text {self.ignore!r}: write [{self.ignore!r}]"
            )
        folds = [same_columns(fold) for fold in folds]
        check_names(folds[0][0], target=self.target, group=self.group, given_column=self.given)
        hashes, seeds = digests(folds), Seeds(self.random_state)
        evidence = self._gathered(folds, seeds)
        attempt = self._attempt(hashes)
        checks = self._measure(evidence, margins, ALPHA / attempt)
        verdict = overall(checks)
        return FidelityReport(
            verdict=verdict,
            checks=tuple(checks),
            profile=self.profile,
            n_real=len(evidence.real),
            n_synthetic=len(evidence.synthetic),
            hashes=hashes,
            attempt=attempt,
            pictures=collect(evidence, checks, seeds.rng("pictures")),
            why=_why(evidence, verdict, checks, seeds),
            notes=said_aloud(evidence, checks, attempt=attempt, given=self.given, target=self.target),
            provenance={"margins": asdict(margins), "folds": evidence.n_folds, "judged": deepcopy(self.judged)},
        )

    def remember(self, earlier: FidelityReport) -> None:
        """Go on counting attempts from an earlier report."""
        for held_out, synthetic in earlier.provenance.get("judged", {}).items():
            self.judged[held_out] = list(dict.fromkeys([*synthetic, *self.judged.get(held_out, ())]))

    def _gathered(self, folds: Sequence[Fold], seeds: Seeds) -> Evidence:
        if self.given is None:
            return gather(folds, target=self.target, group=self.group, ignore=self.ignore)
        kept = [rows_given_label(fold, self.given, seeds.rng("given", k), self.ignore) for k, fold in enumerate(folds)]
        thinned = [(real, drawn[rows], train) for (real, drawn, train), rows in zip(folds, kept, strict=True)]
        evidence = gather(thinned, target=self.target, group=self.group, ignore=self.ignore)
        # a row is told by its place before some were left out
        place = np.flatnonzero(np.concatenate(kept))
        n_real = len(evidence.real)
        return replace(evidence, places=np.append(evidence.places[:n_real], place[evidence.places[n_real:]]))

    def _attempt(self, hashes: dict[str, str]) -> int:
        """Count the tables that these held-out rows have judged."""
        judged = self.judged.setdefault(hashes["held_out"], [])
        if hashes["synthetic"] not in judged:
            judged.append(hashes["synthetic"])
        return judged.index(hashes["synthetic"]) + 1

    def _measure(self, evidence: Evidence, margins: Profile, alpha: float) -> list[CheckResult]:
        seeds, found = Seeds(self.random_state), []
        for name, check in CHECKS.items():
            if (name in NEED_TRAIN and not evidence.train) or (name in NEED_TARGET and evidence.target is None):
                continue
            result = check(evidence, margins.rule(name, alpha), seeds.rng(name))
            by_row = evidence.groups is not None and name in ROW_BY_ROW
            found.append(replace(result, blocking=False) if by_row else result)
            if name == "validity" and found[0].verdict is not Verdict.PASS:
                break  # too few rows for what follows
        return found


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        raise ValueError(f"profile must be one of {sorted(PROFILES)}, not {name!r}")
    return PROFILES[name]


def _why(evidence: Evidence, verdict: Verdict, checks: Sequence[CheckResult], seeds: Seeds) -> dict[str, Any]:
    """Explain the verdict, by the rows of one class where that made it and something in it stands out."""
    if verdict is Verdict.PASS or len(checks) <= 2:
        return {}
    check = decisive(verdict, checks)
    if check.name == "within":
        classes = check.details["classes"]
        worst = max(classes, key=lambda name: classes[name]["auc"])
        found = explain_class(evidence, worst, seeds.rng("why", worst))
        if found["stands_out"]:
            return found
    return explain(evidence, seeds.rng("why"))
