from __future__ import annotations

import pytest

from ganaug.fidelity.profiles import PROFILES


def test_profiles_grow_more_lenient() -> None:
    strict, standard, lenient = (PROFILES[name] for name in ("strict", "standard", "lenient"))
    assert (strict.c2st, standard.c2st, lenient.c2st) == (0.60, 0.65, 0.75)
    for name in ("c2st", "mmd", "coverage", "nearness", "copies", "marginals"):
        assert getattr(strict, name) < getattr(standard, name) < getattr(lenient, name)


@pytest.mark.parametrize("name", ["copies", "nearness", "membership"])
def test_rows_that_leave_the_house_may_copy_less_than_those_that_stay(name: str) -> None:
    share, standard, augment = (getattr(PROFILES[profile], name) for profile in ("share", "standard", "augment"))
    assert share < standard < augment
