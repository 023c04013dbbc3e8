"""What a report says aloud beside its checks."""

from __future__ import annotations

from dataclasses import replace

from problems import clusters

from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.notes import said_aloud
from ganaug.fidelity.result import CheckResult, Verdict


def test_a_check_that_fails_only_by_itself_is_told() -> None:
    """At 3 % it fails at its own level of 5 %, and not at a fifth of that."""
    evidence = gather([(clusters(60, 0), clusters(60, 1), None)])
    alone = CheckResult("mmd", 0.4, 0.26, 0.6, 0.25, Verdict.FAIL, True, "why", details={"p_fail": 0.03}, alpha=0.05)
    others = [CheckResult(f"c{k}", 0.0, 0.0, 0.1, 0.2, Verdict.PASS, True, "", alpha=0.05) for k in range(4)]
    told = "`mmd` fails on its own, but not after Holm's correction for looking at 5 checks."
    assert told in said_aloud(evidence, [alone, *others])
    surely = replace(alone, details={"p_fail": 0.001})
    assert told not in said_aloud(evidence, [surely, *others])
