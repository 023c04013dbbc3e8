from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from problems import clusters

from ganaug.errors import DataError
from ganaug.fidelity import FidelityChecker, Verdict
from ganaug.fidelity.evidence.shift import rows_given_label

labels = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=40)


@given(labels, labels)
def test_shares_are_those_of_the_held_out_rows(real: list[str | None], drawn: list[str | None]) -> None:
    fold = pd.DataFrame({"kind": real}, dtype=object), pd.DataFrame({"kind": drawn}, dtype=object), None
    assume(set(real) & set(drawn))
    kept = fold[1][rows_given_label(fold, "kind", np.random.default_rng(0))]
    wanted, found, there = (table["kind"].value_counts(dropna=False) for table in (fold[0], kept, fold[1]))
    shared = wanted.index.intersection(there.index)
    scale = min(there[label] / wanted[label] for label in shared)
    assert all(found.get(label, 0) == int(scale * wanted[label] + 1e-9) for label in shared)
    new = there.drop(shared)
    assert (found.reindex(new.index) == new).all()


def test_balanced_classes_pass_given_the_class_and_not_without() -> None:
    pool = clusters(12_000, 1)
    balanced = pool.groupby("kind").head(600).reset_index(drop=True)
    found = FidelityChecker(profile="strict", given="kind").check(clusters(800, 0), balanced)
    assert found.verdict in {Verdict.PASS, Verdict.WARN}, found.headline
    assert "Judged given `kind`" in found.notes[0]
    unaware = FidelityChecker(profile="strict").check(clusters(800, 0), balanced)
    assert unaware["c2st"].effect > found["c2st"].effect + 0.05


def test_a_broken_class_is_refused_given_the_class_too() -> None:
    broken = clusters(3000, 1)
    of_ash = broken["kind"] == "ash"
    broken.loc[of_ash, "length"] = broken.loc[of_ash, "length"].sample(frac=1, random_state=0).to_numpy() + 2
    assert FidelityChecker(given="kind").check(clusters(800, 0), broken).verdict is Verdict.FAIL


def test_a_column_of_numbers_has_no_shares() -> None:
    real = clusters(300, 0)
    with pytest.raises(DataError, match=r"`length` holds .* different values"):
        FidelityChecker(given="length").check(real, clusters(300, 1))


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(DataError, match="the given column `kid` is not a column; did you mean `kind`"):
        FidelityChecker(given="kid").check(clusters(300, 0), clusters(300, 1))


def test_rows_of_an_invented_class_stay_and_are_refused() -> None:
    drawn = clusters(800, 1)
    drawn.loc[::2, "kind"] = "zzz"
    report = FidelityChecker(given="kind").check(clusters(400, 0), drawn)
    assert report.verdict is Verdict.FAIL


def test_labels_without_a_common_value_are_refused() -> None:
    real, drawn = clusters(300, 0), clusters(300, 1)
    with pytest.raises(DataError, match="no value of `kind` in common"):
        FidelityChecker(given="kind").check(real, drawn.assign(kind=drawn["kind"].str.upper()))


def test_which_rows_are_kept_does_not_hang_on_their_order_and_a_row_is_told_by_its_place_before() -> None:
    real, drawn = clusters(150, 0), clusters(900, 1)
    drawn.loc[::7, "length"] += 9
    turned = drawn.sample(frac=1, random_state=0)
    one, other = (FidelityChecker(given="kind").check(real, table) for table in (drawn, turned))
    assert one.why["columns"] == other.why["columns"]
    for report, table in ((one, drawn), (other, turned)):
        for fake in report.why["fakes"]:
            assert f"{table['length'].iloc[fake['row']]:g}" == fake["values"]["length"]
