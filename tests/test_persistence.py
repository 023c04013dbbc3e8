from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from numpy.testing import assert_array_equal

from ganaug import ModelFileError
from ganaug.persistence import atomic, load_folder, remove_folder, save_folder

DTYPES = st.sampled_from(["float32", "float64", "int32", "int64", "uint8", "bool"])
WRITER = """
import itertools, sys
import numpy as np
from ganaug.persistence import atomic, save_folder

for turn in itertools.count(1):
    save_folder(sys.argv[1] + "/model", {"value": np.full(50_000, turn)}, {"turn": turn}, kind="count")
    with atomic(sys.argv[1] + "/table.csv") as temporary, temporary.open("w") as file:
        for _ in range(10_000):
            file.write(f"{turn}\\n")
    print(turn, flush=True)
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save_folder(tmp_path / "model", {"weight": np.arange(6.0).reshape(2, 3)}, {"steps": 7}, kind="TabularGAN")
    return tmp_path / "model"


def tensors_of(model: Path) -> Path:
    (file,) = model.glob("tensors-*.safetensors")
    return file


def test_atomic_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "table.csv.gz"
    target.write_text("old")
    with atomic(target) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffixes[-2:] == [".csv", ".gz"]
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_atomic_keeps_the_old_file_on_an_error(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic(target) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_atomic_keeps_the_old_file_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), atomic(tmp_path / "table.csv") as temporary:
        temporary.write_text("new")
    assert list(tmp_path.iterdir()) == []


def test_atomic_keeps_the_permissions_and_follows_links(tmp_path: Path) -> None:
    target, link = tmp_path / "table.csv", tmp_path / "link.csv"
    target.touch(mode=0o640)
    target.chmod(0o640)
    link.symlink_to(target)
    with atomic(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("path", ["/dev/null", "."])
def test_atomic_replaces_regular_files_only(path: str) -> None:
    with pytest.raises(OSError, match="not a regular file"), atomic(path):
        pass


@given(array=arrays_of.arrays(DTYPES, arrays_of.array_shapes(min_dims=0, min_side=0)))
def test_arrays_come_back_as_they_were(array: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("models") / "model"
    save_folder(folder, {"plain": array, "transposed": array.T}, {}, kind="arrays")
    loaded, _ = load_folder(folder, kind="arrays")
    assert_array_equal(loaded["plain"], array)
    assert_array_equal(loaded["transposed"], array.T)
    assert loaded["plain"].dtype == array.dtype
    assert loaded["plain"].flags.writeable


@given(meta=st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False) | st.text() | st.none()))
def test_meta_comes_back_as_it_was(meta: dict, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("models") / "model"
    save_folder(folder, {}, meta, kind="meta")
    assert load_folder(folder) == ({}, meta)


def test_saving_again_replaces_everything(model: Path) -> None:
    (model / ".0123abcd.model.json").touch()  # what a killed save leaves
    save_folder(model, {"bias": np.ones(2)}, {"steps": 9, 3: None}, kind="TabularGAN")
    arrays, meta = load_folder(model)
    assert arrays.keys() == {"bias"}
    assert meta == {"steps": 9, "3": None}
    assert {file.name for file in model.iterdir()} == {"model.json", tensors_of(model).name}


def test_a_foreign_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ModelFileError, match=r"thesis\.txt"):
        save_folder(tmp_path, {}, {}, kind="TabularGAN")
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("content", ['{"learner": {}}', "[1]", "{"])
def test_another_programs_model_is_not_overwritten(tmp_path: Path, content: str) -> None:
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(ModelFileError, match=r"model\.json"):
        save_folder(tmp_path, {}, {}, kind="TabularGAN")
    assert (tmp_path / "model.json").read_text() == content


def test_a_file_is_not_overwritten_by_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model").touch()
    with pytest.raises(ModelFileError, match="is a file"):
        save_folder(tmp_path / "model", {}, {}, kind="TabularGAN")


def cut_tensors(model: Path) -> None:
    file = tensors_of(model)
    file.write_bytes(file.read_bytes()[:-1])


def flip_tensors(model: Path) -> None:
    content = bytearray(tensors_of(model).read_bytes())
    content[-1] ^= 1
    tensors_of(model).write_bytes(content)


def drop_tensors(model: Path) -> None:
    tensors_of(model).unlink()


def cut_head(model: Path) -> None:
    (model / "model.json").write_text((model / "model.json").read_text()[:-2])


def change_head(model: Path) -> None:
    head = json.loads((model / "model.json").read_text())
    head["meta"]["steps"] = 8
    (model / "model.json").write_text(json.dumps(head))


def raise_version(model: Path) -> None:
    head = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps({**head, "format": 2}))


def nest_head(model: Path) -> None:
    (model / "model.json").write_text("[" * 100_000)


def drop_head(model: Path) -> None:
    (model / "model.json").unlink()


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (cut_tensors, "truncated or was changed"),
        (flip_tensors, "truncated or was changed"),
        (drop_tensors, "incomplete"),
        (cut_head, "not JSON"),
        (nest_head, "not JSON"),
        (drop_head, "not a model folder"),
        (change_head, "truncated or was changed"),
        (raise_version, "has format version 2, this ganaug reads 1"),
    ],
)
def test_harm_is_refused_with_one_line(model: Path, harm: object, message: str) -> None:
    harm(model)  # type: ignore[operator]
    with pytest.raises(ModelFileError, match=message) as error:
        load_folder(model)
    assert str(model) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("tensors", [b"", b"\xff" * 64])
def test_tensors_that_are_none_are_refused_even_with_a_true_digest(tmp_path: Path, tensors: bytes) -> None:
    head = {"format": 1, "kind": [], "meta": {}}
    digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode() + b"\0" + tensors).hexdigest()
    (tmp_path / f"tensors-{digest[:16]}.safetensors").write_bytes(tensors)
    (tmp_path / "model.json").write_text(json.dumps({**head, "sha256": digest}))
    with pytest.raises(ModelFileError, match="tensors that cannot be read"):
        load_folder(tmp_path)


def test_a_digest_is_no_path(model: Path) -> None:
    head = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps({**head, "sha256": "../../etc/passwd"}))
    with pytest.raises(ModelFileError, match="not written by ganaug"):
        load_folder(model)


def test_removing_spares_what_is_not_ours(model: Path) -> None:
    remove_folder(model / "never")
    (model / "fold").mkdir()
    (model / "fold" / "thesis.txt").touch()
    with pytest.raises(ModelFileError, match=r"thesis\.txt"):
        remove_folder(model)
    (model / "fold" / "thesis.txt").unlink()
    remove_folder(model)
    assert not model.exists()


def test_another_kind_is_refused(model: Path) -> None:
    with pytest.raises(ModelFileError, match="holds a 'TabularGAN', expected a 'checkpoint'"):
        load_folder(model, kind="checkpoint")


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.011, 0.02])
def test_a_kill_leaves_the_old_or_the_new(tmp_path: Path, delay: float) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        finished = int(writer.stdout.readline())
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        finished = max([finished, *map(int, writer.stdout.read().split())])
    arrays, meta = load_folder(tmp_path / "model")
    assert meta["turn"] in {finished, finished + 1}
    assert_array_equal(arrays["value"], np.full(50_000, meta["turn"]))
    (line,) = set((tmp_path / "table.csv").read_text().split())
    assert int(line) in {finished, finished + 1}
    save_folder(tmp_path / "model", {}, {}, kind="count")  # what the kill left behind is no hindrance
    assert len(list((tmp_path / "model").iterdir())) == 2
