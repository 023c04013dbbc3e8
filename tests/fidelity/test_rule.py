from __future__ import annotations

from ganaug.fidelity.rule import Rule, rows_to_decide


def test_rows_to_decide_decide() -> None:
    needed = rows_to_decide(100, 0.6, 0.5, 0.7, margin=0.65)
    assert needed == 400
    assert 0.6 + 0.1 * (100 / needed) ** 0.5 <= 0.65
    assert rows_to_decide(100, 0.65, 0.5, 0.7, margin=0.65) is None


def test_more_rows_than_are_looked_at_are_not_promised() -> None:
    found = [Rule(0.65).result("c2st", 0.6, (0.5, 0.7), 100, "c2st", most_rows=most) for most in (500, 300)]
    assert [check.rows_needed for check in found] == [400, None]
    assert [check.reason for check in found] == ["c2st", "c2st; more rows would hardly decide it"]


def test_rows_that_nobody_has_and_rows_in_groups_are_not_promised() -> None:
    near, grouped = (Rule(0.65).result("c2st", 0.6499, (0.64, 0.655), n, "c2st") for n in (1000, None))
    assert (near.rows_needed, grouped.rows_needed) == (None, None)
    assert near.reason.endswith("more rows would hardly decide it")
    assert grouped.reason == "c2st"
