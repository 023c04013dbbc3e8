"""What a report says aloud beside its checks."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from ganaug.fidelity.checks import ROW_BY_ROW, WHERE_DECIDABLE
from ganaug.fidelity.checks.draws import held_out_draws
from ganaug.fidelity.evidence.gathering import Evidence
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.rule import ALPHA
from ganaug.fidelity.verdict import overall
from ganaug.fidelity.wording import percent

__all__ = ["NO_COPYING", "said_aloud"]

NO_COPYING = "Copying was not looked for: the rows that the generator learned from are not known."
# with fewer of them limits by Student's t are wide, and still rough
FEW_GROUPS = 10


def said_aloud(
    evidence: Evidence,
    checks: Sequence[CheckResult],
    *,
    attempt: int = 1,
    given: Hashable | None = None,
    target: Hashable | None = None,
) -> tuple[str, ...]:
    """Return what was left out, what was changed before judging, and what a verdict does not rest on; a sentence each.

    Parameters
    ----------
    evidence : Evidence
        The rows; columns that are not judged have a note of their own in it.
    checks : sequence of CheckResult
        What was found.
    attempt : int
        How many tables these held-out rows have judged, this one included.
    given, target : hashable, optional
        As the checker was asked.
    """
    return (*evidence.notes, *_of_rows(evidence, attempt, given, target), *_of_checks(evidence, checks))


def _of_rows(evidence: Evidence, attempt: int, given: Hashable | None, target: Hashable | None) -> Iterator[str]:
    if given is not None:
        kept = f"{len(evidence.synthetic)} synthetic rows were judged, in its real shares"
        yield f"Judged given `{given}`, whose shares were changed on purpose: {kept}."
    if target is not None and evidence.target is None:
        yield f"The target `{target}` is not judged, so neither are its classes and its use."
    if attempt > 1:
        levels = f"{percent(1 - ALPHA / attempt, 1)} instead of {percent(1 - ALPHA)}"
        yield (
            f"Other rows have been judged by these held-out rows before; this is attempt {attempt}, and limits are at "
            f"{levels}, so that trying again is no way to pass."
        )
    if not evidence.train:
        yield NO_COPYING
    if evidence.groups is not None:
        only_flag = ", ".join(f"`{name}`" for name in sorted(ROW_BY_ROW))
        yield f"Rows of one group are no independent draws: {only_flag} only flag."
        if (n := held_out_draws(evidence)) < FEW_GROUPS:
            yield (
                f"The held-out rows come from {n} groups, and it is groups that count: with fewer than {FEW_GROUPS} "
                "the limits are wide, and most tables stay undecided however many rows each group has."
            )


def _of_checks(evidence: Evidence, checks: Sequence[CheckResult]) -> Iterator[str]:
    if overall(checks) is Verdict.INCONCLUSIVE:
        for check in checks:
            if check.blocking and check.verdict is Verdict.FAIL:
                n = sum(each.blocking for each in checks)
                yield f"`{check.name}` fails on its own, but not after Holm's correction for looking at {n} checks."
    for check in checks:
        told = evidence.groups is not None and check.name in ROW_BY_ROW
        if check.name in WHERE_DECIDABLE and not told and not check.blocking and check.effect is not None:
            yield f"`{check.name}` only flags here: this few held-out rows could not clear even a perfect generator."
        if check.name == "c2st" and check.high is not None and check.high < 0.5:
            yield (
                "Held-out rows look more synthetic than the synthetic ones: the generator has seen them, or repeats "
                "the rows it learned from."
            )
