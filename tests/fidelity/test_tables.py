from __future__ import annotations

import pytest
from problems import clusters, shuffled

from ganaug.errors import DataError
from ganaug.fidelity import FidelityChecker, Verdict, c2st, copies, mmd, nearness, value_range


@pytest.mark.parametrize("check", [c2st, mmd])
def test_a_check_by_itself_says_what_it_says_in_the_report(check) -> None:
    real, synthetic = clusters(300, 0), clusters(400, 1)
    assert check(real, synthetic) == FidelityChecker().check(real, synthetic)[check.__name__]


def test_a_margin_of_ones_own() -> None:
    real, synthetic = clusters(400, 0), shuffled(clusters(400, 1), 400, 2)
    found = c2st(real, synthetic, margin=0.999)
    assert found.verdict is Verdict.PASS
    assert found.effect > 0.65


def test_a_smaller_alpha_has_wider_limits() -> None:
    real, synthetic = clusters(300, 0), clusters(300, 1)
    usual, careful = c2st(real, synthetic), c2st(real, synthetic, alpha=0.01)
    assert careful.low < usual.low < usual.effect == careful.effect < usual.high < careful.high


@pytest.mark.parametrize("check", [copies, nearness])
def test_copying_is_not_looked_for_without_training_rows(check) -> None:
    with pytest.raises(DataError, match="give them as train="):
        check(clusters(100, 0), clusters(100, 1))


def test_it_has_a_name_and_says_what_it_does() -> None:
    assert value_range.__name__ == "value_range"
    assert "outside the real range" in value_range.__doc__


@pytest.mark.parametrize("role", ["target", "group"])
def test_an_unknown_column_is_named(role) -> None:
    with pytest.raises(DataError, match=f"the {role} `kin` is not a column; did you mean `kind`"):
        c2st(clusters(100, 0), clusters(100, 1), **{role: "kin"})


def test_a_handful_of_rows_is_refused() -> None:
    with pytest.raises(DataError, match="takes at least 10 rows of either side, not 3 and 100"):
        c2st(clusters(3, 0), clusters(100, 1))
