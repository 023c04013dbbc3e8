from __future__ import annotations

import numpy as np
import pandas as pd

from ganaug.fidelity.cells.copying import judge_copying
from ganaug.fidelity.result import CheckResult
from ganaug.seeding import Seeds


def cells(n: dict[str, int], seed: int, centre: float = 1.5) -> pd.DataFrame:
    """Components of types of which the rare one lies beside the common one."""
    rng = np.random.default_rng(seed)
    kind = np.repeat(list(n), list(n.values()))
    points = rng.normal(size=(len(kind), 4)) + np.where(kind == "rare", centre, 0.0)[:, None]
    return pd.DataFrame(points, columns=[f"PC{k + 1}" for k in range(4)]).assign(kind=pd.Categorical(kind))


def utility(held_out: pd.DataFrame, drawn: pd.DataFrame, train: pd.DataFrame) -> CheckResult:
    _, found = judge_copying((held_out, drawn, train), "standard", Seeds(0), target="kind")
    return next(check for check in found if check.name == "utility")


def test_cells_that_teach_more_of_the_rarest_type_are_said_to_help() -> None:
    few, many = {"common": 300, "rare": 8}, {"common": 300, "rare": 300}
    result = utility(cells({"common": 400, "rare": 120}, 0), cells(many, 1), cells(few, 2))
    assert result.details["classes"][0]["low"] > 0
    assert "; the rarest type, 'rare' (120 held out), is told with an F1 of " in result.reason
    assert "they help" in result.reason.partition("; the rarest type")[2]


def test_cells_of_the_rarest_type_in_the_wrong_place_are_said_to_hurt() -> None:
    n = {"common": 300, "rare": 60}
    wrong = cells({"common": 300, "rare": 300}, 1, centre=-1.5).assign(kind="common")
    result = utility(cells(n | {"rare": 120}, 0, -1.5), wrong, cells(n, 2, -1.5))
    assert "they hurt" in result.reason.partition("; the rarest type")[2]
    assert result.reason.endswith("); told worse: 'common'")
    assert not result.blocking


def test_copies_are_not_said_to_help() -> None:
    train = cells({"common": 300, "rare": 60}, 1)
    result = utility(cells({"common": 400, "rare": 120}, 0), train, train)
    assert "no difference can be shown" in result.reason.partition("; the rarest type")[2]


def test_of_a_rarest_type_of_few_held_out_cells_nothing_is_claimed() -> None:
    n = {"common": 300, "rare": 60}
    result = utility(cells({"common": 400, "rare": 19}, 0), cells(n, 1), cells(n, 2))
    assert "of the rarest type, 'rare', too few cells or donors are held out to say anything of it" in result.reason
    assert "score" not in result.details["classes"][0]
