from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from torchrun import torchrun


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return torchrun(Path(__file__).with_name("processes.py"), tmp_path_factory.mktemp("two"))


@pytest.mark.parametrize("case", ["fit", "resumed", "any_seed"])
def test_two_processes_learn_one_cellgan(found: list[dict[str, Any]], case: str) -> None:
    first, second = (each[case] for each in found)
    assert first == second
    assert [stage["stage"] for stage in first["stages"][-2:]] == ["refiner", "margins"]


def test_the_first_alone_keeps_a_checkpoint(found: list[dict[str, Any]]) -> None:
    assert [each["saved"] for each in found] == [[0, 10, 20, 30], []]


def test_the_run_goes_on_from_it_to_the_same_cells(found: list[dict[str, Any]]) -> None:
    for what in ("weights", "drawn", "training"):
        assert found[0]["resumed"][what] == found[0]["fit"][what]
