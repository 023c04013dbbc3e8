from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ganaug import DataError
from ganaug.pp.asked import cells_to_add, held_out

LABELS = np.repeat(["B", "NK", "T"], [50, 25, 60])


@pytest.mark.parametrize(
    ("target_counts", "added"),
    [
        ("balance", {"B": 10, "NK": 35}),
        (55, {"B": 5, "NK": 30}),
        (np.int64(10), {}),
        ({"NK": 40}, {"NK": 15}),
        ({"NK": 25, "T": 61}, {"T": 1}),
    ],
)
def test_each_type_is_raised_to_what_is_asked_for(target_counts, added) -> None:
    assert cells_to_add(LABELS, target_counts) == added


@pytest.mark.parametrize(
    ("target_counts", "message"),
    [
        ("balanced", "'balance', a number or {type: total}, not 'balanced'"),
        (0, "target_counts is a number of cells, 1 or more, not 0"),
        (2.5, "not 2.5"),
        (True, "not True"),
        ({"NK": "40"}, r"target_counts\['NK'\] is a number of cells, 1 or more, not '40'"),
        ({"nk": 40}, "type 'nk', of which there are no cells; did you mean 'NK'"),
        ({"NK": 20}, "wants 20 cells of 'NK', which has 25; none is removed"),
    ],
)
def test_what_makes_no_sense_is_refused(target_counts, message) -> None:
    with pytest.raises(DataError, match=message):
        cells_to_add(LABELS, target_counts)


def test_types_of_a_few_cells_are_raised_only_by_force() -> None:
    labels = np.repeat(["B", "NK", "T", "pDC"], [50, 19, 60, 3])
    with pytest.raises(DataError, match=r"'NK' has 19, 'pDC' has 3: .* is their noise; .*force=True"):
        cells_to_add(labels, "balance")
    assert cells_to_add(labels, "balance", force=True) == {"B": 10, "NK": 41, "pDC": 57}
    assert cells_to_add(labels, {"B": 60}) == {"B": 10}


def split(labels, added, donors=None):
    table = pd.DataFrame({"type": labels} | ({} if donors is None else {"donor": donors}))
    group_key = None if donors is None else "donor"
    return table, held_out(table, added, label_key="type", group_key=group_key, random_state=0)


def test_a_fifth_of_every_type_judges() -> None:
    table, judges = split(LABELS, {"NK": 5})
    assert table["type"][judges].value_counts().to_dict() == {"T": 12, "B": 10, "NK": 5}


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_a_type_of_a_few_cells_is_left_to_learn_from(n) -> None:
    labels = np.repeat(["B", "T", "pDC"], [40, 40, n])
    table, judges = split(labels, {"pDC": 30})
    assert (table["type"][~judges] == "pDC").sum() >= min(n, 2)


def test_a_type_of_one_donor_is_learned_rather_than_judged() -> None:
    donors = np.resize([f"d{i}" for i in range(6)], len(LABELS))
    donors[LABELS == "NK"] = "d3"
    table, judges = split(LABELS, {"NK": 5}, donors)
    assert not set(table["donor"][judges]) & set(table["donor"][~judges])
    assert "NK" not in set(table["type"][judges])


def test_types_that_cannot_all_be_learned_are_named() -> None:
    donors = np.where(LABELS == "NK", "d1", np.where(LABELS == "B", "d2", "d3"))
    donors[::10] = "d4"
    labels = LABELS.copy()
    labels[donors == "d4"] = "M"
    with pytest.raises(DataError, match="is measured in so few of 'donor' that not two cells of it are left"):
        split(labels, {"NK": 5, "B": 5, "T": 5, "M": 5}, donors)


def test_there_have_to_be_some_cells_and_donors() -> None:
    with pytest.raises(DataError, match="adata has 8 cells; 10 are the fewest"):
        split(np.repeat(["B", "T"], 4), {})
    with pytest.raises(DataError, match="'donor' has 1 groups"):
        split(LABELS, {}, np.repeat("d1", len(LABELS)))
