from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from problems import linked_table
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

import ganaug
from ganaug.errors import ConditionError, DataError, ModelFileError
from ganaug.models.tabular import TabularGAN
from ganaug.progress import Progress

KINDS = ["trees", "independent", "noise"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return linked_table(130, np.random.default_rng(0))


@pytest.fixture(scope="module")
def trees(table) -> TabularGAN:
    return quick().fit(table)


def quick(**settings) -> TabularGAN:
    base = {"target": "label", "proposal": "trees", "refine": False, "correct": False, "random_state": 0}
    return TabularGAN(**{**base, "max_steps": 4, **settings})


def same(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    return a.to_csv() == b.to_csv()


@pytest.mark.parametrize("proposal", KINDS)
@pytest.mark.parametrize("refine", [True, False])
@pytest.mark.parametrize("correct", [True, False])
def test_every_combination_learns_draws_and_is_saved(table, tmp_path, proposal, refine, correct):
    model = quick(proposal=proposal, refine=refine, correct=correct).fit(table)
    rows = model.sample(30, random_state=1)
    assert rows.dtypes.equals(table.dtypes)
    assert rows.columns.equals(table.columns)
    for name in table:
        assert rows[name].isin(table[name]).all()
    assert len(model.stages_) == 1 + refine + correct
    assert {"stage", "v_auc", "near_train", "gap", "seconds", "kept", "reason"} == set(model.stages_[0])
    model.save(tmp_path / "model")
    again = ganaug.load(tmp_path / "model")
    assert again.feature_names_in_.tolist() == model.feature_names_in_.tolist()
    assert same(again.sample(30, random_state=1), rows)
    assert same(again.sample(7, {"label": "low"}, 2), model.sample(7, {"label": "low"}, 2))


@pytest.mark.parametrize("kept", ["refiner", "corrector"])
def test_a_stage_that_was_kept_is_saved(table, tmp_path, kept, monkeypatch):
    monkeypatch.setattr(
        "ganaug.models.learning.Learning._keep_better", lambda self, _, before, after, best, *a, **k: (after, best)
    )
    model = quick(refine=kept == "refiner", correct=kept == "corrector").fit(table)
    assert getattr(model.sampler_, kept) is not None
    model.save(tmp_path / "model")
    given = {"label": ["low", "high"], "site": "a"}
    assert same(ganaug.load(tmp_path / "model").sample(30, given), model.sample(30, given))


def test_auto_tries_two_sizes_of_leaves_and_keeps_one(table):
    stages = quick(proposal="auto").fit(table).stages_
    assert [stage["stage"] for stage in stages] == ["trees, leaf 8", "trees, leaf 16"]
    assert sum(stage["kept"] for stage in stages) == 1


def test_same_seed_same_bytes(table):
    a, b, c = (quick(refine=True, correct=True, random_state=seed).fit(table) for seed in (3, 3, 4))
    assert same(a.sample(50), b.sample(50))
    assert same(a.sample(50), a.sample(50))
    assert not same(a.sample(50), c.sample(50))
    assert not same(a.sample(50), a.sample(50, random_state=9))


def test_the_relation_is_kept(table):
    rows = quick().fit(linked_table(2000, np.random.default_rng(1))).sample(2000)
    assert abs(rows["x"].corr(rows["y"]) - 0.9) < 0.05
    assert (rows["label"] == np.where(rows["x"] + rows["y"] > 0, "high", "low")).mean() > 0.9


@pytest.mark.parametrize(("proposal", "at"), [("trees", 2), ("noise", 1)])
def test_a_resumed_fit_ends_with_the_same_bytes(table, tmp_path, proposal, at):
    settings = {"proposal": proposal, "refine": True, "max_steps": 50}
    whole = quick(**settings, checkpoint=tmp_path / "whole").fit(table)
    seen = []

    def interrupt(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "refiner" and progress.step == 20 * at:
            raise KeyboardInterrupt

    stopped = quick(**settings, checkpoint=tmp_path / "stopped")
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(table, on_progress=interrupt)
    steps = []
    resumed = stopped.set_params(resume=True)
    resumed.fit(table, on_progress=lambda p: steps.append(p.step) if p.stage == "refiner" and p.step else None)
    assert steps[0] == 20 * at
    assert same(resumed.sample(40), whole.sample(40))
    arrays = [model.sampler_.state()[0] for model in (resumed, whole)]
    assert all(np.array_equal(arrays[0][name], arrays[1][name], equal_nan=True) for name in arrays[1])


def test_an_interrupt_before_the_game_can_be_resumed(table, tmp_path):
    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    model = quick(refine=True, checkpoint=tmp_path / "c")
    with pytest.raises(KeyboardInterrupt):
        model.fit(table, on_progress=interrupt)
    assert same(model.set_params(resume=True).fit(table).sample(20), quick(refine=True).fit(table).sample(20))


@pytest.mark.parametrize("change", [{"max_steps": 5}, {"random_state": 1}, {"target": "site"}])
def test_a_checkpoint_of_something_else_is_refused(table, tmp_path, change):
    quick(refine=True, checkpoint=tmp_path / "c").fit(table)
    with pytest.raises(DataError, match="do not resume"):
        quick(refine=True, checkpoint=tmp_path / "c", resume=True).set_params(**change).fit(table)


def test_a_checkpoint_without_a_seed_is_refused(table, tmp_path):
    """Its V was other rows, and the generator has learned some of those of now."""
    quick(refine=True, checkpoint=tmp_path / "c", random_state=None).fit(table)
    with pytest.raises(DataError, match="random_state"):
        quick(refine=True, checkpoint=tmp_path / "c", random_state=None, resume=True).fit(table)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: tensors(folder).write_bytes(tensors(folder).read_bytes()[:-100]),
        lambda folder: tensors(folder).unlink(),
        lambda folder: (folder / "model.json").write_text("{"),
        lambda folder: (folder / "model.json").unlink(),
        lambda folder: changed(folder, lambda meta: meta.clear()),
        lambda folder: changed(folder, lambda meta: meta["sampler"].update(kind="pickle")),
        lambda folder: changed(folder, lambda meta: meta.update(sampler="trees")),
        lambda folder: changed(folder, lambda meta: meta["sampler"]["proposal"].update(settings={"x": 1})),
        lambda folder: changed(
            folder, lambda meta: meta["sampler"]["refiner"]["settings"].update(objective=3, from_noise=True)
        ),
        lambda folder: changed(folder, lambda meta: meta["codec"].update(columns=[])),
        lambda folder: changed(folder, lambda meta: meta["settings"].update(verbose=True)),
    ],
)
def test_a_harmed_folder_is_refused_in_one_line(refined_folder, tmp_path, harm):
    folder = shutil.copytree(refined_folder, tmp_path / "model")
    harm(folder)
    with pytest.raises(ModelFileError) as error:
        ganaug.load(folder)
    assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def refined_folder(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "refined"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "ganaug.models.learning.Learning._keep_better", lambda self, _, before, after, best, *a, **k: (after, best)
        )
        quick(refine=True).fit(table).save(folder)
    return folder


def tensors(folder):
    return next(folder.glob("tensors-*.safetensors"))


def changed(folder, change) -> None:
    path = folder / "model.json"
    content = json.loads(path.read_text())
    change(content["meta"])
    path.write_text(json.dumps(content))


def test_a_folder_of_another_kind_is_refused(table, tmp_path):
    quick(refine=True, checkpoint=tmp_path / "c").fit(table)
    with pytest.raises(ModelFileError):
        ganaug.load(tmp_path / "c")


def test_conditions_are_met(trees, table):
    rows = trees.sample(200, {"label": "high", "site": ["a", "b"]})
    assert set(rows["label"]) == {"high"}
    assert set(rows["site"]) == {"a", "b"}
    real = table[(table["label"] == "high") & table["site"].isin(["a", "b"])]
    assert abs((rows["site"] == "a").mean() - (real["site"] == "a").mean()) < 0.1


def test_a_noise_gan_keeps_the_conditions_that_it_knows(table):
    model = quick(proposal="noise", refine=True, conditions=["site"]).fit(table)
    assert set(model.sample(40, {"site": "c", "label": "low"})["site"]) == {"c"}
    with pytest.raises(DataError, match=r"fit with conditions=\['x'\]"):
        model.sample(5, {"x": table["x"].iloc[0]})
    partial = pd.DataFrame({"x": [table["x"].iloc[0]]})
    with pytest.raises(DataError, match=r"fit with conditions=\['x'\]"):
        model.sample(conditions=partial)


@pytest.mark.parametrize("proposal", ["trees", "noise"])
def test_rows_are_completed(table, proposal):
    model = quick(proposal=proposal).fit(table)
    rows = pd.DataFrame({"site": ["a", None, "b"], "x": [0.123456, np.nan, 77.0]}, index=[5, 6, 7])
    full = model.sample(conditions=rows)
    assert full.columns.equals(table.columns)
    assert full["x"].tolist()[::2] == [0.123456, 77.0]
    assert full["site"].tolist()[::2] == ["a", "b"]
    assert full.notna().all(axis=None)
    with pytest.raises(ValueError, match="3 rows are to be completed"):
        model.sample(4, rows)


def test_errors_say_how_many_rows_support_a_condition(trees, table):
    with pytest.raises(ConditionError, match=r"'site' never has the value 'z' \(0 real rows\)"):
        trees.sample(5, {"site": "z"})
    lone = table.loc[table["label"] == "low", "x"].iloc[0]
    with pytest.raises(ConditionError, match=r"label=high: \d+; x=.*: 1; together 0 of 130 rows"):
        trees.sample(5, {"label": "high", "x": lone})
    with pytest.raises(ConditionError, match="no column 'sit'"):
        trees.sample(5, {"sit": "a"})


def test_missing_values_come_back_jointly(table):
    gone = np.random.default_rng(0).random(1500) < 0.3
    df = linked_table(1500, np.random.default_rng(1)).assign(extra=np.arange(1500) % 7 * 1.0)
    df.loc[gone, ["y", "extra"]] = np.nan
    df.loc[gone & (df["site"] == "a"), "site"] = None
    rows = quick().fit(df).sample(1500)
    assert abs(rows["y"].isna().mean() - gone.mean()) < 0.05
    # a leaf of eight rows may hold one of the other kind: one row in 1,500 here
    assert (rows["y"].isna() == rows["extra"].isna()).mean() > 0.99
    assert (rows["site"].isna() <= rows["y"].isna()).mean() > 0.98
    assert quick().fit(df).sample(20, {"y": None})["y"].isna().all()


def test_groups_are_never_on_both_sides(table, monkeypatch):
    sides = []

    def spy(self, train, held_out, *rest):
        sides.append((train, held_out))
        raise KeyboardInterrupt

    monkeypatch.setattr("ganaug.models.validation.Validation.__init__", spy)
    model = quick(group="donor")
    with pytest.raises(KeyboardInterrupt):
        model.fit(table.assign(donor=np.repeat(list("pqrst"), 26)))
    (train, held_out) = sides[0]
    place = model.codec_.names.index("donor")
    assert len(held_out)
    assert not set(train[:, place]) & set(held_out[:, place])


@pytest.mark.parametrize("n_groups", [1, 2, 3])
def test_few_groups_still_learn(table, n_groups):
    model = quick(group="donor").fit(table.assign(donor=np.arange(130) % n_groups))
    assert len(model.sample(5)) == 5
    assert bool(model.stages_) == (n_groups > 1)


def test_twenty_rows_take_the_plain_proposal(table):
    model = quick(refine=True, correct=True).fit(table.iloc[:20])
    assert model.stages_ == ()
    assert any("too few rows" in note for note in model.notes_)


def test_no_rows_keep_the_columns(trees, table):
    rows = trees.sample(0)
    assert rows.dtypes.equals(table.dtypes)
    assert not len(rows)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"proposal": "forest"}, "proposal must be one of"),
        ({"objective": "gan"}, "objective must be one of"),
        ({"time_budget": 0}, "more than 0 seconds"),
        ({"max_steps": 0}, "1 or more"),
        ({"target": "labl"}, "labl"),
        ({"group": "sit"}, "no column 'sit' to be the group"),
        ({"conditions": ["sit"]}, "no column 'sit'"),
    ],
)
def test_wrong_settings_are_named(table, settings, says):
    with pytest.raises(ValueError, match=says):
        quick(**settings).fit(table)


def test_a_column_that_is_not_learned_cannot_be_a_condition(table):
    with pytest.raises(DataError, match="constant"):
        quick(conditions=["one"]).fit(table.assign(one=1))


def test_a_target_apart_becomes_a_column(table):
    model = quick(target=None).fit(table.drop(columns="label"), table["label"])
    assert set(model.sample(30)["label"]) == {"high", "low"}
    assert model.n_features_in_ == 3


def test_arrays_are_learned():
    X, y = np.random.default_rng(0).normal(size=(80, 3)), np.arange(80) % 2
    rows = quick(target=None).fit(X, y).sample(10)
    assert rows.columns.tolist() == ["x0", "x1", "x2", "target"]


def test_clone_and_parameters():
    model = quick(conditions=["site"])
    assert clone(model).get_params() == model.get_params()
    assert not hasattr(clone(model), "sampler_")


def test_grid_search_chooses_by_a_score_of_the_rows(table):
    def agreement(model: TabularGAN, X: pd.DataFrame, y: object = None) -> float:
        rows = model.sample(200)
        return -abs(rows["x"].corr(rows["y"]) - X["x"].corr(X["y"]))

    search = GridSearchCV(quick(), {"proposal": ["independent", "trees"]}, scoring=agreement, cv=2)
    assert search.fit(table).best_params_ == {"proposal": "trees"}


HUGE = """
import numpy as np, pandas as pd
from ganaug import TabularGAN
rng = np.random.default_rng(0)
place = np.char.add("p", (np.arange(120_000) % 100_000).astype(str))
df = pd.DataFrame({"age": rng.integers(90, size=120_000), "place": place, "sex": rng.choice(["f", "m"], 120_000)})
from ganaug.data.schema import Schema
schema = Schema.infer(df).override({"columns": {"place": {"kind": "category"}}})
model = TabularGAN(proposal="trees", refine=False, correct=False, random_state=0, schema=schema).fit(df)
assert model.sample(120_000)["place"].nunique() > 50_000
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux")
def test_a_hundred_thousand_levels_stay_below_two_gigabytes():
    subprocess.run([sys.executable, "-c", HUGE], check=True)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2e6


@parametrize_with_checks([TabularGAN(refine=False, correct=False, time_budget=2)])
def test_scikit_learn_agrees(estimator, check):
    check(estimator)
