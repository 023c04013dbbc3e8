from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ganaug
from ganaug import BatchEqualizer, ModelFileError, TabularGAN
from ganaug.models.equalizing.state import KIND, pack, unpack
from ganaug.models.equalizing.student import Settings, Student
from ganaug.persistence import load_folder, save_folder
from ganaug.transport.chain import WAYS, Chain
from ganaug.transport.style import Roles


def plates(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    plate, dose = rng.integers(3, size=n), rng.integers(4, size=n)
    X = rng.normal(size=(n, 4)) + 3 * rng.normal(size=(3, 4))[plate]
    table = pd.DataFrame(X, columns=list("abcd"))
    table.iloc[::9, 0] = np.nan
    return table.assign(plate=np.array(["P1", "P2", "P/3"])[plate], dose=dose.astype(float))


@pytest.fixture(scope="module")
def model() -> BatchEqualizer:
    equalizer = BatchEqualizer(batch="plate", covariates=["dose"], reference=["P1"], random_state=3).fit(plates())
    return equalizer.adapt(plates().query("plate == 'P2'").assign(plate="P4"), "P4")


@pytest.fixture(scope="module")
def saved(model: BatchEqualizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    model.save(folder)
    return folder


def test_a_loaded_model_moves_rows_to_the_same_bytes(model: BatchEqualizer, saved: Path) -> None:
    again = ganaug.load(saved)
    assert isinstance(again, BatchEqualizer)
    assert again.get_params() == model.get_params()
    assert sorted(vars(again)) == sorted(vars(model))
    assert (again.guard_, again.way_, list(again.batches_)) == (model.guard_, model.way_, ["P/3", "P1", "P2"])
    assert list(again.get_feature_names_out()) == ["a", "b", "c", "d", "dose"]
    for table in (plates(), plates().assign(plate="P4")):
        assert again.transform(table).to_numpy().tobytes() == model.transform(table).to_numpy().tobytes()


def test_a_loaded_model_learns_a_later_batch_as_the_first_one_would(model: BatchEqualizer, saved: Path) -> None:
    again, rows = ganaug.load(saved), plates()[:120].assign(plate="P5")
    assert isinstance(again, BatchEqualizer)
    again.adapt(rows, "P5")
    assert again.transform(rows).equals(model.adapt(rows, "P5").transform(rows))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_comes_back(way: str) -> None:
    rng = np.random.default_rng(0)
    X, batch = rng.gamma(2.0, size=(150, 60)), rng.integers(3, size=150)
    chain, arrays = Chain.fit(way, X, Roles.common(batch), rng), {}
    tree = json.loads(json.dumps(pack(chain, "chain", arrays)))
    again = unpack(tree, {name: array.copy(order="C") for name, array in arrays.items()})
    for one, other in zip(chain.move(X, batch), again.move(X, batch), strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_student_comes_back() -> None:
    rng = np.random.default_rng(0)
    z, batch = rng.normal(size=(200, 4)), rng.integers(2, size=200)
    student, _ = Student.fit(None, z, Roles.common(batch), Settings(steps=3))
    arrays: dict[str, Any] = {}
    assert (unpack(pack(student, "second", arrays), arrays).move(z, batch) == student.move(z, batch)).all()


@pytest.mark.parametrize("batch", [None, [1, 2] * 30, [0.5, 1.5] * 30, [True, False] * 30, ["a", "b"] * 30])
def test_labels_of_any_kind(tmp_path: Path, batch: Any) -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = BatchEqualizer(random_state=np.random.default_rng(0)).fit(X, batch=batch)
    model.save(tmp_path / "model")
    again = ganaug.load(tmp_path / "model")
    assert isinstance(again, BatchEqualizer)
    assert again.batches_.dtype == model.batches_.dtype
    assert again.random_state is None
    assert (again.transform(X, batch=batch) == model.transform(X, batch=batch)).all()


def test_controls_are_kept(tmp_path: Path) -> None:
    X, controls = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) < 40
    BatchEqualizer(reference=controls, random_state=0).fit(X, batch=[1, 2] * 30).save(tmp_path / "model")
    again = ganaug.load(tmp_path / "model")
    assert isinstance(again, BatchEqualizer)
    assert isinstance(again.reference, np.ndarray)
    assert again.reference.dtype == bool


def test_what_no_file_can_hold_is_told_before_anything_is_written(tmp_path: Path) -> None:
    model = BatchEqualizer(reference=pd.Timestamp("2026-01-01")).fit(np.zeros((9, 2)))
    with pytest.raises(ModelFileError, match=r"a Timestamp \(parameters/reference\) cannot be saved"):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_other_files_are_never_replaced(model: BatchEqualizer, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ModelFileError, match=r"thesis\.txt"):
        model.save(tmp_path)


def head(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        content = json.loads((folder / "model.json").read_text())
        change(content)
        (folder / "model.json").write_text(json.dumps(content))

    return harm


def forged(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """A folder of which the digest is right."""

    def harm(folder: Path) -> None:
        arrays, meta = load_folder(folder)
        change(meta)
        save_folder(folder, arrays, meta, kind=KIND)

    return harm


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: (folder / "model.json").unlink(),
        lambda folder: (folder / "model.json").write_text("{"),
        lambda folder: next(folder.glob("tensors-*")).unlink(),
        lambda folder: next(folder.glob("tensors-*")).write_bytes(b"short"),
        head(lambda content: content.update(format=2)),
        head(lambda content: content.update(kind="Oracle")),
        head(lambda content: content["meta"].update(learned={"map": []})),
        forged(lambda meta: meta.pop("learned")),
        forged(lambda meta: meta.update(learned={"map": []})),
        forged(lambda meta: meta.update(learned={"map": [["transform", 1]]})),
        forged(lambda meta: meta.update(learned={"Popen": {"map": [["args", "ls"]]}})),
        forged(lambda meta: meta.update(learned={"Chain": {"map": []}})),
        forged(lambda meta: meta.update(learned=[1])),
        forged(lambda meta: meta.update(parameters={"map": [["verbose", True]]})),
        forged(lambda meta: meta.update(parameters={"array": "none"})),
    ],
)
def test_a_harmed_folder_is_refused_in_one_line(saved: Path, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    folder = shutil.copytree(saved, tmp_path / "model")
    harm(folder)
    with pytest.raises(ModelFileError) as error:
        ganaug.load(folder)
    assert "\n" not in str(error.value)


def test_a_table_model_is_loaded_by_the_same_name(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": np.arange(60.0) % 7, "y": list("ab") * 30})
    TabularGAN(refine=False, correct=False, random_state=0).fit(table).save(tmp_path / "model")
    assert isinstance(ganaug.load(tmp_path / "model"), TabularGAN)


def test_settings_may_be_columns_of_a_table(tmp_path: Path) -> None:
    table, controls = plates(), pd.Series(np.arange(300) % 2 == 0)
    model = BatchEqualizer(batch="plate", covariates=table.columns[-1:], reference=controls, random_state=0).fit(table)
    model.save(tmp_path / "model")
    again = ganaug.load(tmp_path / "model")
    assert isinstance(again, BatchEqualizer)
    assert again.transform(table).equals(model.transform(table))
    assert again.fit(table).transform(table).equals(model.transform(table))
