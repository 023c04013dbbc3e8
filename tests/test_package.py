from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ganaug

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "pandas", "scanpy", "anndata", "sklearn", "numpy", "scipy", "matplotlib"}


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_is_light() -> None:
    loaded = python("import sys, ganaug; print(*{name.partition('.')[0] for name in sys.modules})")
    assert "ganaug" in loaded.split()
    assert not HEAVY & set(loaded.split())


def test_import_is_quick() -> None:
    code = "from time import perf_counter as now; start = now(); import ganaug; print(now() - start)"
    assert min(float(python(code)) for _ in range(3)) < 0.3


@pytest.mark.parametrize("name", ganaug.__all__)
def test_public_names_are_there(name: str) -> None:
    assert getattr(ganaug, name).__name__ == name
    assert name in dir(ganaug)


@pytest.mark.parametrize(
    "first",
    ["import ganaug.augment", "from ganaug.augment import Augmented", "from ganaug import augment", "import ganaug"],
)
def test_augment_is_the_function_in_every_import_order(first: str) -> None:
    code = f"{first}\nimport ganaug, sys\nprint(callable(ganaug.augment), ganaug.augment.__module__)"
    assert python(code).split() == ["True", "ganaug.augment"]


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'ganaug' has no attribute 'agument'"):
        ganaug.agument  # noqa: B018


def test_every_package_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "ganaug").rglob("*.py")}
    assert set(listed) == {".".join(folder.parts) for folder in folders} | {"ganaug_cli"}


@pytest.mark.parametrize("file", sorted((ROOT / "cli").glob("*.py")), ids=lambda file: file.stem)
def test_the_commands_are_importable_by_their_installed_name(file: Path) -> None:
    if file.stem != "__main__":
        importlib.import_module("ganaug_cli" if file.stem == "__init__" else f"ganaug_cli.{file.stem}")
