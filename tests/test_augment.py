from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import linked_table

import ganaug
from ganaug import ConditionError, DataError, TabularGAN
from ganaug.fidelity import FidelityChecker

QUICK = TabularGAN(proposal="trees", refine=False, correct=False)


class Ideal(TabularGAN):
    """A generator that knows where `linked_table` comes from."""

    def sample(self, n=None, conditions=None, random_state=None):
        drawn = linked_table(20 * n + 100, np.random.default_rng(random_state))
        for name, wanted in (conditions or {}).items():
            drawn = drawn[drawn[name] == wanted]
        return drawn[:n].reset_index(drop=True)


IDEAL = Ideal(proposal="independent", refine=False, correct=False)


def table(n: int, seed: int = 0) -> pd.DataFrame:
    return linked_table(n, np.random.default_rng(seed))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    """The rows each generator learns from, and the rows each is judged by."""
    learned: list[pd.DataFrame] = []
    judged: list[pd.DataFrame] = []
    fit, check_folds = TabularGAN.fit, FidelityChecker.check_folds

    def spying_fit(self, X, *arguments, **options):
        learned.append(X)
        return fit(self, X, *arguments, **options)

    def spying_check(self, folds):
        judged.extend(held_out for held_out, _, _ in folds)
        return check_folds(self, folds)

    monkeypatch.setattr(TabularGAN, "fit", spying_fit)
    monkeypatch.setattr(FidelityChecker, "check_folds", spying_check)
    return learned, judged


@pytest.fixture(scope="module")
def small() -> ganaug.Augmented:
    return ganaug.augment(table(150), target="label", model=QUICK)


@pytest.mark.parametrize(("n", "generators"), [(150, 5), (420, 1)])
def test_no_row_is_both_learned_from_and_judged_by(seen, n, generators):
    df = table(n)
    result = ganaug.augment(df, target="label", model=QUICK)
    learned, judged = seen
    assert len(learned) == len(judged) == len(result.models) == generators
    for train, held_out in zip(learned, judged, strict=True):
        assert not set(train.index) & set(held_out.index)
        assert set(train.index) | set(held_out.index) == set(df.index)
    held_out = [row for rows in judged for row in rows.index]
    assert len(held_out) == len(set(held_out)) == (n if generators > 1 else n / 5)


def test_no_group_is_both_learned_from_and_judged_by(seen):
    df = table(150).assign(donor=[f"d{i % 15}" for i in range(150)])
    ganaug.augment(df, group="donor", model=QUICK)
    for train, held_out in zip(*seen, strict=True):
        assert not set(train["donor"]) & set(held_out["donor"])


def test_a_table_of_150_rows_from_a_good_generator_can_pass():
    report = ganaug.augment(table(150), target="label", model=IDEAL).report
    assert report.verdict == "pass"
    assert report["c2st"].high <= 0.65
    assert any("cross-fitted: 5 generators" in note for note in report.notes)
    assert report.provenance["held_out"] == 150


def test_the_report_holds_the_ablation(small):
    (stage,) = small.report.stages
    assert stage["kept"]
    assert {"stage", "v_auc", "near_train", "gap", "seconds", "kept", "reason"} == stage.keys()


def test_20_rows_are_too_few_and_the_report_says_how_many_it_takes():
    report = ganaug.augment(table(20), model=QUICK).report
    assert report.verdict == "inconclusive"
    assert report["rows"].rows_needed > 20
    assert f"it takes {report['rows'].rows_needed}" in report.headline
    with pytest.raises(ganaug.FidelityError, match="too few") as caught:
        report.raise_for_verdict()
    assert caught.value.report is report


def test_columns_that_do_not_depend_on_each_other_are_refused():
    report = ganaug.augment(table(450), model=TabularGAN(proposal="independent", refine=False, correct=False)).report
    assert report.verdict == "fail"


def odd_table() -> pd.DataFrame:
    """One column of every kind."""
    return table(150).assign(
        none=np.nan,
        seen=pd.date_range("2020-01-01", periods=150, tz="Europe/Berlin"),
        count=pd.array([1, None, 3] * 50, dtype="Int64"),
        patient=[f"P-{i:04}" for i in range(150)],
        grade=pd.Categorical(["low", "high", "high"] * 50, categories=["low", "high", "none"], ordered=True),
        alive=pd.array([True, None, False] * 50, dtype="boolean"),
        site=pd.Series(["a", "b", None] * 50, dtype="string"),
        plate=7,
    )


@pytest.fixture(scope="module")
def odd() -> ganaug.Augmented:
    df = odd_table()
    df.attrs["dialect"] = {"sep": ";"}
    df.columns.name = "measured"
    return ganaug.augment(df, model=QUICK, n=200)


def test_the_real_rows_come_first_as_they_were(odd):
    assert len(odd.data) == 350
    assert odd.data["is_synthetic"].tolist() == [False] * 150 + [True] * 200
    real = odd.data[:150].drop(columns="is_synthetic")
    pd.testing.assert_frame_equal(real, odd_table(), check_names=False)


def test_synthetic_rows_keep_dtypes_names_and_attrs(odd):
    df = odd_table()
    for rows in (odd.synthetic, odd.data.drop(columns="is_synthetic")):
        pd.testing.assert_series_equal(rows.dtypes, df.dtypes, check_names=False)
        assert rows.attrs == {"dialect": {"sep": ";"}}
    assert odd.data.columns.name == "measured"
    assert odd.data["is_synthetic"].dtype == bool
    assert odd.synthetic["grade"].cat.categories.tolist() == ["low", "high", "none"]
    assert (odd.synthetic["plate"] == 7).all()
    assert odd.synthetic["none"].isna().all()
    assert 0.1 < odd.synthetic["count"].isna().mean() < 0.6


def test_identifiers_are_fresh_over_all_generators(odd):
    assert odd.data["patient"].is_unique
    assert any("'patient'" in note for note in odd.report.notes)


@pytest.mark.parametrize(
    ("index", "last"),
    [
        (pd.RangeIndex(70, name="row"), 139),
        (pd.RangeIndex(1000, 1140, 2, name="row"), 1278),
        (pd.Index([*range(1000, 1069), 2000], name="key"), 2070),
        (pd.Index([f"s{i}" for i in range(70)], name="sample"), "synthetic-70"),
    ],
    ids=["range", "stepped", "integers", "text"],
)
def test_the_index_goes_on(index, last):
    data = ganaug.augment(table(70).set_axis(index), model=QUICK).data
    assert data.index.name == index.name
    assert data.index.is_unique
    assert data.index[-1] == last
    assert data.index[:70].tolist() == index.tolist()


@pytest.mark.parametrize("n", [13, 400])
def test_as_many_rows_as_were_asked_for(n):
    result = ganaug.augment(table(150), model=QUICK, n=n)
    assert (len(result.synthetic), len(result.data)) == (n, 150 + n)
    assert result.report.n_synthetic >= max(n, 4 * 150)


def test_same_seed_same_bytes(small):
    again = ganaug.augment(table(150), target="label", model=QUICK)
    other = ganaug.augment(table(150), target="label", model=QUICK, random_state=1)
    pd.testing.assert_frame_equal(again.data, small.data, check_exact=True)
    assert not other.synthetic.equals(small.synthetic)

    def without_clock(report):
        return report.to_dict() | {"stages": None}

    assert without_clock(again.report) == without_clock(small.report)


def test_conditions_choose_the_rows_that_are_drawn_and_judged(seen):
    result = ganaug.augment(table(450), model=QUICK, conditions={"label": "high", "site": ["a", "b"]}, n=50)
    assert set(result.synthetic["label"]) == {"high"}
    assert set(result.synthetic["site"]) == {"a", "b"}
    assert len(result.synthetic) == 50
    (held_out,) = seen[1]
    assert set(held_out["label"]) == {"high"}
    assert result.report.n_real == len(held_out)


def uneven(n: int = 300) -> pd.DataFrame:
    """The rows of class "low" are rare, and some have no label."""
    df = table(2 * n)
    df = pd.concat([df[df["label"] == "high"][: n - n // 4], df[df["label"] == "low"][: n // 4]], ignore_index=True)
    df.loc[::30, "label"] = np.nan
    return df


def test_balance_raises_every_level_and_is_judged_given_the_level():
    df = uneven()
    result = ganaug.augment(df, model=IDEAL, balance="label")
    counts = result.data["label"].value_counts()
    assert counts["high"] == counts["low"] == (df["label"] == "high").sum()
    assert set(result.synthetic["label"]) == {"low"}
    assert result.report.verdict == "pass"
    assert result.report.n_real == df["label"].notna().sum()
    assert any("balanced on 'label'" in note for note in result.report.notes)


def test_a_level_that_one_generator_never_saw_is_drawn_by_the_others():
    df = table(100)
    df.loc[[3, 4], "site"] = "rare"
    counts = ganaug.augment(df, model=QUICK, balance="site").data["site"].value_counts()
    assert counts.nunique() == 1
    assert "rare" in counts


def test_progress_ends_with_the_judge():
    said = []
    ganaug.augment(table(60), model=QUICK, on_progress=said.append)
    assert said[-1].stage == "judge"


CONSTANT = pd.DataFrame({"a": [1] * 60, "b": ["x"] * 60})


@pytest.mark.parametrize(
    ("df", "options", "message"),
    [
        (table(60), {"target": "lable"}, "no column 'lable' to be the target; did you mean 'label'"),
        (table(60), {"group": "donor"}, "no column 'donor' to be the group"),
        (table(60), {"balance": "lable"}, "no column 'lable' to be the balance"),
        (table(60).assign(k=1), {"target": "k"}, r"target 'k' has one class, \[1\]"),
        (CONSTANT, {}, "nothing to learn"),
        (table(3), {}, "3 rows; 4 are the fewest"),
        (table(60), {"n": 0}, "n must be 1 or more, not 0"),
        (table(60), {"balance": "label", "n": 5}, "leave n and conditions out"),
        (table(60), {"balance": "x"}, "column 'x' is continuous; only levels can be balanced"),
        (table(60).assign(b=["u", "v"] * 30), {"balance": "b"}, "balanced already"),
        (table(60).assign(donor=["d", "e"] * 30), {"group": "donor"}, "2 groups"),
    ],
    ids=lambda value: None if isinstance(value, pd.DataFrame) else str(value)[:30],
)
def test_what_cannot_be_asked_for(seen, df, options, message):
    with pytest.raises(DataError, match=message):
        ganaug.augment(df, model=QUICK, **options)
    assert not seen[0], "nothing may be learned before the question is refused"


def test_only_a_data_frame_is_taken():
    with pytest.raises(DataError, match="takes a pandas DataFrame, not ndarray"):
        ganaug.augment(np.zeros((50, 2)))


@pytest.mark.parametrize(("site", "message"), [("z", "never has the value 'z'"), ("rare", "1 of 450 rows have site=r")])
def test_a_condition_without_support(seen, site, message):
    df = table(450)
    df.loc[7, "site"] = "rare"
    with pytest.raises(ConditionError, match=message):
        ganaug.augment(df, model=QUICK, conditions={"site": site})
    assert not seen[0]


def test_an_unknown_profile_is_refused_before_learning(seen):
    with pytest.raises(ValueError, match="profile must be one of"):
        ganaug.augment(table(60), model=QUICK, profile="loose")
    assert not seen[0]


def test_the_model_that_is_given_stays_untouched():
    model = TabularGAN(proposal="independent", refine=False, correct=False, time_budget=3)
    before = model.get_params()
    result = ganaug.augment(table(60), model=model, target="label")
    assert model.get_params() == before
    assert not hasattr(model, "sampler_")
    assert result.model is result.models[0]
    assert result.model.proposal == "independent"
