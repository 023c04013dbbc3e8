from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from ganaug import BatchEqualizer, DataError
from ganaug.models.equalizing.batches import effects_of
from ganaug.transport.chain import IDENTITY
from ganaug.transport.design import check_design


@parametrize_with_checks([BatchEqualizer(random_state=0)])
def test_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


def plates(n: int = 300, seed: int = 0, shift: float = 2.0) -> pd.DataFrame:
    """Two kinds of cells on three plates; plates shift all that is measured, `dose` raises `b`."""
    rng = np.random.default_rng(seed)
    plate, kind, dose = rng.integers(3, size=n), rng.integers(2, size=n), rng.integers(4, size=n)
    X = rng.normal(size=(n, 4)) + 4 * kind[:, None] * np.array([1, 0, -1, 0]) + dose[:, None] * np.array([0, 1, 0, 0])
    X += shift * np.array([[0, 0, 0, 0], [1, 1, 0, -1], [-1, 0, 1, 1]])[plate]
    table = pd.DataFrame(X, columns=list("abcd"), index=[f"well {i}" for i in range(n)])
    return table.assign(plate=np.array(["P1", "P2", "P3"])[plate], dose=dose.astype(float))


def spread(table: pd.DataFrame, plate: pd.Series[Any]) -> float:
    """How far the plates' means lie apart, over the features."""
    return float(table[list("abcd")].groupby(plate).mean().std(ddof=0).mean())


def test_plates_come_together_and_everything_else_stays() -> None:
    table = plates()
    model = BatchEqualizer(batch="plate", covariates=["dose"], random_state=0).fit(table)
    moved = model.transform(table)
    assert list(moved.columns) == ["a", "b", "c", "d", "dose"] == list(model.get_feature_names_out())
    assert (moved.index == table.index).all()
    assert (moved["dose"] == table["dose"]).all()
    assert model.way_ != IDENTITY
    assert spread(moved, table["plate"]) < 0.3 * spread(table, table["plate"])
    slope = np.polyfit(table["dose"], moved["b"], 1)[0]
    assert slope == pytest.approx(1.0, abs=0.15)


def test_doses_may_do_what_no_straight_line_does() -> None:
    rng = np.random.default_rng(5)
    run = np.repeat(np.arange(6), 60)
    # later runs measured more of the higher doses, and what a dose does is soon saturated
    dose = np.where(rng.random(360) < run / 5, rng.choice([3.0, 30.0], 360), rng.choice([0.0, 0.1, 1.0], 360))
    truth = dose / (dose + 0.3)
    table = pd.DataFrame({"run": run, "dose": dose, "density": truth + 0.2 * rng.normal(size=6)[run]})
    table["density"] += 0.05 * rng.normal(size=360)
    moved = BatchEqualizer(batch="run", covariates=["dose"], random_state=0).fit_transform(table)["density"]
    named = table.assign(dose=table["dose"].astype(str))
    same = BatchEqualizer(batch="run", covariates=["dose"], random_state=0).fit_transform(named)["density"]
    np.testing.assert_allclose(moved, same)
    of_runs = [(density - truth).groupby(run).mean().std() for density in (table["density"], moved)]
    assert of_runs[1] < 0.2 * of_runs[0]


def test_numbers_of_single_rows_or_single_batches_are_no_doses() -> None:
    batch = np.repeat([0, 1], 50)
    doses = pd.Series(np.tile([0.0, 1.0, 5.0, 9.0], 25))
    assert effects_of(doses, "dose", batch).shape == (100, 3)
    assert effects_of(doses + 100 * batch, "day", batch).shape == (100, 1)
    assert effects_of(doses + np.arange(100), "age", batch).shape == (100, 1)
    many = pd.Series(np.tile(np.arange(30.0), 40))
    assert effects_of(many, "minute", np.repeat([0, 1], 600)).shape == (1200, 1)


def test_numbers_of_which_batches_share_no_others_are_a_straight_line() -> None:
    batch = np.repeat([0, 1, 2, 3], 100)
    ages = pd.Series(np.where(batch < 2, 18.0, 60.0) + np.tile(np.arange(4), 100))
    assert effects_of(ages, "age", batch).shape == (400, 1)
    check_design(batch, {"age": effects_of(ages, "age", batch)})


def test_the_batch_column_stays_on_request() -> None:
    table = plates()
    moved = BatchEqualizer(batch="plate", covariates=["dose"], keep_batch=True, random_state=0).fit_transform(table)
    assert list(moved.columns) == list(table.columns)


def test_random_plates_do_not_move() -> None:
    table = plates(shift=0.0)
    moved = BatchEqualizer(batch="plate", random_state=0).fit_transform(table)
    assert np.abs(moved[list("abcd")] - table[list("abcd")]).to_numpy().mean() < 0.1


def test_the_reference_plate_stays() -> None:
    table = plates()
    moved = BatchEqualizer(batch="plate", reference="P2", covariates=["dose"], random_state=0).fit_transform(table)
    here = table["plate"] == "P2"
    before, after = table.loc[here, list("abcd")], moved.loc[here, list("abcd")]
    assert np.abs(after - before).to_numpy().mean() < 0.1
    assert spread(moved, table["plate"]) < 0.3 * spread(table, table["plate"])


def test_styles_may_be_learned_from_controls_alone() -> None:
    table = plates(600)
    controls = (table["dose"] == 0).to_numpy()
    table.loc[(table["plate"] == "P3") & ~controls, "d"] += 3.0  # the drug works on this plate only
    moved = BatchEqualizer(batch="plate", reference=controls, random_state=0).fit_transform(table)
    effect = [t.loc[(table["plate"] == "P3") & ~controls, "d"].mean() for t in (table, moved)]
    base = [t.loc[(table["plate"] == "P3") & controls, "d"].mean() for t in (table, moved)]
    assert effect[1] - base[1] == pytest.approx(effect[0] - base[0], abs=0.6)
    assert spread(moved[controls], table.loc[controls, "plate"]) < 0.4 * spread(
        table[controls], table.loc[controls, "plate"]
    )


def test_new_rows_go_the_same_way_one_by_one() -> None:
    table = plates()
    model = BatchEqualizer(batch="plate", random_state=0).fit(table[:250])
    together = model.transform(table[250:])
    alone = pd.concat([model.transform(table[250 + i : 251 + i]) for i in range(5)])
    pd.testing.assert_frame_equal(together[:5], alone)


def test_missing_values_stay_missing_and_no_other_comes() -> None:
    table = plates()
    table.iloc[::7, 1] = np.nan
    moved = BatchEqualizer(batch="plate", random_state=0).fit_transform(table)
    assert (moved["b"].isna() == table["b"].isna()).all()
    assert not moved[["a", "c", "d"]].isna().any().any()


def test_sparse_counts_stay_sparse_and_are_not_negative() -> None:
    rng = np.random.default_rng(0)
    batch = rng.integers(2, size=200)
    X = sparse.csr_matrix(np.log1p(rng.poisson(0.5 + batch[:, None], size=(200, 80))))
    moved = BatchEqualizer(random_state=0).fit(X, batch=batch).transform(X, batch=batch)
    assert sparse.issparse(moved)
    assert moved.min() >= 0


def test_the_same_seed_gives_the_same_bytes() -> None:
    table = plates()
    moved = [BatchEqualizer(batch="plate", random_state=7).fit_transform(table).to_numpy() for _ in range(2)]
    assert moved[0].tobytes() == moved[1].tobytes()


def test_labels_are_routed_through_a_pipeline() -> None:
    table = plates(400)
    X, plate = table[list("abcd")].to_numpy(), table["plate"].to_numpy()
    kind = X[:, 0] - X[:, 2] > 4
    with config_context(enable_metadata_routing=True):
        equalizer = BatchEqualizer(random_state=0).set_fit_request(batch=True).set_transform_request(batch=True)
        pipe = make_pipeline(StandardScaler(), equalizer, LogisticRegression())
        assert pipe.fit(X, kind, batch=plate).score(X, kind, batch=plate) > 0.8


@pytest.mark.parametrize(
    ("change", "settings", "said"),
    [
        (lambda t: t, {"batch": "plte"}, "there is no column 'plte'; did you mean 'plate'"),
        (lambda t: t.assign(plate=["P9", *t["plate"][1:]]), {"batch": "plate"}, "batch 'P9' has a single row"),
        (lambda t: t.assign(plate=[None, *t["plate"][1:]]), {"batch": "plate"}, "row 0 has no batch label"),
        (lambda t: t.assign(note="x"), {"batch": "plate"}, "the column 'note' holds no numbers"),
        (lambda t: t.assign(drug=t["plate"]), {"batch": "plate", "covariates": ["drug"]}, "cannot be told apart"),
        (lambda t: t, {"batch": "plate", "reference": "P7"}, "the reference 'P7' is no batch"),
    ],
)
def test_bad_input_is_told_by_name(change: Any, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        BatchEqualizer(random_state=0, **settings).fit(change(plates()))


def test_a_later_plate_is_adapted_to_and_the_others_stay_as_they_were() -> None:
    table = plates(600)
    late = table["plate"] == "P3"
    model = BatchEqualizer(batch="plate", covariates=["dose"], random_state=0).fit(table[~late])
    before = model.transform(table[~late])
    moved = model.adapt(table[late], "P3").transform(table)
    pd.testing.assert_frame_equal(moved[~late], before)
    assert spread(moved, table["plate"]) < 0.35 * spread(table, table["plate"])


def test_a_known_batch_is_not_adapted_to() -> None:
    table = plates()
    model = BatchEqualizer(batch="plate", random_state=0).fit(table)
    with pytest.raises(DataError, match="the batch 'P1' is known from fit"):
        model.adapt(table[table["plate"] == "P1"], "P1")


def test_columns_that_only_fit_needs_may_be_left_out_later() -> None:
    table = plates(400)
    kind = pd.Series(np.where(table["a"] - table["c"] > 4, "left", "right"), index=table.index)
    table = table[["dose", *"abcd", "plate"]].assign(kind=kind.where(np.arange(400) % 3 > 0))
    model = BatchEqualizer(batch="plate", covariates=["dose"], labels="kind", random_state=0).fit(table)
    moved = model.transform(table)
    assert list(moved) == ["dose", *"abcd", "kind"]
    pd.testing.assert_series_equal(moved["kind"], table["kind"])
    for left_out in (["kind"], ["dose"], ["kind", "dose"]):
        alone = model.transform(table.drop(columns=left_out))
        pd.testing.assert_frame_equal(alone, moved.drop(columns=left_out))
    without = table.drop(columns=["plate", "kind"])
    pd.testing.assert_frame_equal(model.transform(without, batch=table["plate"]), moved.drop(columns="kind"))
    late = table.drop(columns=["kind", "dose"])[:100].assign(plate="P9")
    assert list(model.adapt(late, "P9").transform(late)) == list("abcd")


def test_what_later_rows_must_have_is_asked_for_and_nothing_is_said_of_the_rest() -> None:
    table = plates().assign(kind="x")
    model = BatchEqualizer(batch="plate", labels="kind", random_state=0).fit(table)
    later = table.drop(columns="kind")
    with pytest.raises(ValueError, match=r"now missing:\n- b\n$"):
        model.transform(later.drop(columns="b"))
    with pytest.raises(ValueError, match="must be in the same order"):
        model.transform(later[["b", "a", "c", "d", "plate", "dose"]])
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- note"):
        model.transform(later.assign(note=1.0))
    with pytest.raises(DataError, match="there is no column 'plate'"):
        model.transform(later.drop(columns="plate"))


def test_a_column_is_equalised_if_fit_did_so_whatever_its_type_is_later() -> None:
    table = plates().assign(passed=True)
    model = BatchEqualizer(batch="plate", random_state=0).fit(table)
    assert model.measured_ == [*"abcd", "dose"]
    later = model.transform(table.assign(passed=1))
    assert (later["passed"] == 1).all()
    pd.testing.assert_frame_equal(later.drop(columns="passed"), model.transform(table).drop(columns="passed"))


def test_columns_called_by_numbers_are_asked_for_too() -> None:
    table = plates().set_axis(range(6), axis=1)
    model = BatchEqualizer(batch=4, random_state=0).fit(table)
    assert list(model.transform(table)) == [0, 1, 2, 3, 5]
    with pytest.raises(DataError, match="there is no column 3"):
        model.transform(table.rename(columns={3: 7}))


@pytest.mark.parametrize(
    ("seen", "given", "said"),
    [
        (int, str, r"the batch '0' is a text, and fit saw the number 0; .*\.astype\(int\)"),
        (str, int, r"the batch 0 is a number, and fit saw the text '0'; .*\.astype\(str\)"),
        (float, str, r"the batch '0\.0' is a text, and fit saw the number 0\.0; .*\.astype\(float\)"),
        (bool, str, r"the batch 'False' is a text, and fit saw the truth value False; .*\.astype\(bool\)"),
    ],
)
def test_a_batch_of_another_type_is_told(seen: Any, given: Any, said: str) -> None:
    X, batch = np.random.default_rng(0).normal(size=(60, 3)), np.repeat([0, 1], 30).astype(seen)
    model = BatchEqualizer(random_state=0).fit(X, batch=batch)
    with pytest.raises(DataError, match=said):
        model.transform(X, batch=batch.astype(given))
    with pytest.raises(DataError, match=said):
        model.adapt(X[:30], batch.astype(given)[0].item())


def test_whole_numbers_are_the_same_with_and_without_decimals() -> None:
    X, batch = np.random.default_rng(0).normal(size=(60, 3)), np.repeat([0, 1], 30)
    model = BatchEqualizer(random_state=0).fit(X + 5 * batch[:, None], batch=batch)
    np.testing.assert_array_equal(model.transform(X, batch=batch.astype(float)), model.transform(X, batch=batch))
    with pytest.raises(DataError, match=r"the batch '0' is a text, and fit saw the number 0\.0"):
        BatchEqualizer(random_state=0).fit(X, batch=batch.astype(float)).transform(X, batch=batch.astype(str))


@pytest.mark.parametrize("role", ["labels", "covariates"])
def test_names_of_single_rows_protect_nothing_and_are_refused(role: str) -> None:
    table = plates().assign(barcode=[f"c{i}" for i in range(300)])
    asked = {role: "barcode" if role == "labels" else ["barcode"]}
    what = "column of labels" if role == "labels" else "covariate"
    with pytest.raises(DataError, match=f"the {what} 'barcode' has 300 values in 300 rows.*a column of kinds"):
        BatchEqualizer(batch="plate", random_state=0, **asked).fit(table)


def test_a_few_rows_that_are_known_protect() -> None:
    table = plates()
    kind = pd.Series(None, index=table.index, dtype=object)
    kind.iloc[:4] = ["T", "B", "NK", "T"]
    BatchEqualizer(batch="plate", labels="kind", random_state=0).fit(table.assign(kind=kind))


def test_rows_come_in_parts_as_they_come_together() -> None:
    table = plates()
    model = BatchEqualizer(batch="plate", random_state=0).fit(table)
    values, coordinates = model.equalized(table)
    for part in model.equalized_parts(table):
        np.testing.assert_array_equal(part.values, values[part.rows])
        np.testing.assert_array_equal(part.coordinates, coordinates[part.rows])
        np.testing.assert_array_equal(part.before, table[model.measured_].to_numpy()[part.rows])
        assert (part.labels == table["plate"].to_numpy()[part.rows]).all()


def test_an_unseen_batch_is_told_by_name() -> None:
    table = plates()
    model = BatchEqualizer(batch="plate", random_state=0).fit(table)
    with pytest.raises(DataError, match="fit has not seen the batch 'P8'"):
        model.transform(table.assign(plate="P8"))


def shifted(n: int = 90, p: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Rows of batches 1, 2 and 5, which differ in their means alone."""
    batch = np.repeat([1, 2, 5], n // 3)
    return np.random.default_rng(0).normal(size=(n, p)) + 10.0 * batch[:, None], batch


def test_later_batches_may_be_called_by_a_number_and_by_a_text() -> None:
    X, batch = shifted()
    model = BatchEqualizer(random_state=0).fit(X, batch=batch)
    late = X[batch == 2] + 40
    before = model.adapt(late, 3).transform(late, batch=np.repeat(3, 30))
    after = model.adapt(late - 90, "late").transform(late, batch=np.repeat(3, 30))
    np.testing.assert_array_equal(after, before)
    assert after.mean() == pytest.approx(X.mean(), abs=0.5)


def test_a_later_batch_of_large_values_is_adapted_to() -> None:
    X, batch = shifted(300)
    model = BatchEqualizer(random_state=0).fit(1e9 + X, batch=batch)
    late = X[batch == 2] + 40
    moved = model.adapt(1e9 + late, 3).transform(1e9 + late, batch=np.repeat(3, 100)) - 1e9
    assert moved.mean() == pytest.approx(X.mean(), abs=0.5)
    assert moved.std(axis=0).mean() == pytest.approx(1.0, abs=0.2)
    known, new = (model.equalized(rows, np.repeat(1, len(rows)))[1] for rows in (1e9 + X[:100], 1e9 + X[:3] + 50))
    assert np.median(model.trust(known)) > 0.5
    assert model.trust(new).max() < 0.1


def test_an_array_does_not_say_which_columns_were_equalised() -> None:
    table = plates().assign(passed=np.arange(300) % 2 == 0)
    rows, plate = table.drop(columns="plate"), table["plate"]
    model = BatchEqualizer(random_state=0).fit(rows, batch=plate)
    with pytest.raises(DataError, match=r"fit saw 6 columns and equalised 5 of them, .* give a DataFrame"):
        model.transform(rows.to_numpy(dtype=float), batch=plate)


@pytest.mark.parametrize("unit", ["s", "ns"])
def test_dates_are_batches_by_what_they_read_as(unit: str) -> None:
    X, batch = np.random.default_rng(0).normal(size=(60, 3)), np.repeat([0, 1], 30)
    day = pd.Series(np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[ns]")[batch])
    moved = [
        BatchEqualizer(reference=reference, random_state=0).fit(X + 5 * batch[:, None], batch=day)
        for reference in ("2026-01-02", pd.Timestamp("2026-01-02"), np.datetime64("2026-01-02"))
    ]
    assert moved[0].batches_.tolist() == ["2026-01-01", "2026-01-02"]
    rows = [model.transform(X, batch=day.astype(f"datetime64[{unit}]")) for model in moved]
    np.testing.assert_array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(rows[0], rows[2])
    assert rows[0][:30].mean() == pytest.approx(5.0, abs=0.3)


@pytest.mark.parametrize(
    ("batch", "reference", "names"),
    [
        (pd.Series([1, 2] * 30, dtype=object), 1, [1, 2]),
        (pd.Series([True, False] * 30, dtype=object), True, [False, True]),
        (np.array([True, False] * 30), True, [False, True]),
        (pd.Series([1, 2] * 30, dtype="Int64"), [1], [1, 2]),
    ],
)
def test_labels_keep_their_kind_however_they_are_held(batch: Any, reference: Any, names: list[Any]) -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = BatchEqualizer(reference=reference, random_state=0).fit(X, batch=batch)
    assert model.batches_.tolist() == names


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("comon", "the reference 'comon' is no batch; did you mean 'common'"),
        ("1", "the reference '1' is no batch; did you mean 1"),
        (True, "the reference True is no batch"),
        (pd.array([True, None] * 45, dtype="boolean"), "the reference does not say whether row 1 is a control"),
        ([None, *[True] * 89], "the reference does not say whether row 0 is a control"),
        ([], "the reference is an empty list"),
    ],
)
def test_what_is_no_reference_is_told(reference: Any, said: str) -> None:
    X, batch = shifted()
    with pytest.raises(DataError, match=said):
        BatchEqualizer(reference=reference, random_state=0).fit(X, batch=batch)


def test_columns_may_be_given_as_an_index() -> None:
    table = plates().assign(treated=lambda t: t["dose"] > 1)
    names = ["dose", "treated"]
    listed, indexed = (
        BatchEqualizer(batch="plate", covariates=covariates, random_state=0).fit(table)
        for covariates in (names, pd.Index(names))
    )
    pd.testing.assert_frame_equal(indexed.transform(table), listed.transform(table))
    assert list(indexed.association_) == ["treated"]
    assert 0 <= indexed.association_["treated"] < 0.3


def test_an_infinite_cell_is_told_by_its_column() -> None:
    table = plates()
    table.iloc[7, 1] = np.inf
    with pytest.raises(DataError, match="column 'b' holds inf at row well 7"):
        BatchEqualizer(batch="plate").fit(table)


def test_floats_keep_their_precision_and_whole_numbers_become_floats() -> None:
    table = plates().astype({"a": "float32", "b": "Float32"})
    table["c"] = (10 * table["c"]).round().astype("Int64").where(np.arange(300) > 0)
    moved = BatchEqualizer(batch="plate", random_state=0).fit_transform(table)
    assert moved.dtypes.astype(str).tolist() == ["float32", "Float32", "Float64", "float64", "float64"]
    assert moved["c"].isna().tolist() == table["c"].isna().tolist()
    X = np.abs(table[["a", "d"]].to_numpy(dtype="float32"))
    for rows in (X, sparse.csr_array(X)):
        assert BatchEqualizer(random_state=0).fit_transform(rows, batch=table["plate"]).dtype == np.float32


@pytest.mark.parametrize("unlabelled", [0, 4, 40, 200])
def test_labels_that_go_with_batches_stay_whatever_few_rows_have_none(unlabelled: int) -> None:
    rng = np.random.default_rng(0)
    batch, kind = np.repeat(["d1", "d2"], 200), np.repeat(["A", "B"], 200)
    X = rng.normal(size=(400, 20)) + 2.0 * (kind == "B")[:, None] * (np.arange(20) < 10)
    known = pd.Series(kind).mask(np.isin(np.arange(400), rng.permutation(400)[:unlabelled]))
    table = pd.DataFrame(X).add_prefix("g").assign(batch=batch, kind=known)
    model = BatchEqualizer(batch="batch", labels="kind", random_state=0)
    moved = model.fit_transform(table).filter(like="g").to_numpy()
    left = moved[kind == "B", :10].mean() - moved[kind == "A", :10].mean()
    assert left == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize("labelled", [1, 2, 5])
def test_hardly_any_row_need_have_a_label(labelled: int) -> None:
    table = plates()
    table = table.assign(kind=pd.Series("A", table.index).where(np.arange(len(table)) < labelled))
    moved = BatchEqualizer(batch="plate", labels="kind", random_state=0).fit_transform(table)
    assert np.isfinite(moved[list("abcd")]).all(axis=None)


@pytest.mark.parametrize("n", [150, 600])
def test_a_feature_that_a_batch_never_has_is_no_reason_to_leave_the_others(n: int) -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat(["A", "B"], n // 2)
    table = pd.DataFrame(rng.normal(size=(n, 4)) + 1.0 * (batch == "B")[:, None], columns=list("abcw"))
    table = table.assign(w=table["w"].where(batch == "B"), batch=batch)
    moved = BatchEqualizer(batch="batch", random_state=0).fit_transform(table)
    apart = moved[batch == "B"].mean() - moved[batch == "A"].mean()
    assert (apart[list("abc")].abs() < 0.25).all()
    assert moved["w"].isna().equals(table["w"].isna())


@pytest.mark.parametrize("n", [150, 1000])
@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_a_single_column_is_equalised_too(n: int, shift: float) -> None:
    rng = np.random.default_rng(0)
    plate = np.repeat(["A", "B"], n // 2)
    table = pd.DataFrame({"f": rng.normal(size=n) + shift * (plate == "B"), "plate": plate})
    moved = BatchEqualizer(batch="plate", random_state=0).fit_transform(table)["f"]
    assert abs(moved[plate == "B"].mean() - moved[plate == "A"].mean()) < 0.15
    assert np.corrcoef(moved[plate == "A"], table["f"][plate == "A"])[0, 1] > 0.95
