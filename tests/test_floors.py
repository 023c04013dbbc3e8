from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = (
    {"errors", "seeding", "devices", "layout", "progress", "divergences"},
    {"persistence", "data", "nn", "adversarial", "proposals", "fidelity", "transport"},
    {"models"},
    {"wanted", "counted"},
    {"crossfit"},
    {"augment", "tl"},
    {"resample", "benchmark", "pl", "pp"},
)
FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}
BANNED = {
    "fidelity": {"torch"},
    "cli": {"torch"},
    "nn": {"pandas"},
    "adversarial": {"pandas"},
    "proposals": {"pandas"},
    "transport": {"pandas", "torch"},
}
# a history hands itself over as a data frame, and loads pandas only then
EXCEPTIONS = {"ganaug/adversarial/history.py": {"pandas"}}
FILES = sorted([*(ROOT / "ganaug").rglob("*.py"), *(ROOT / "cli").glob("*.py")])


def imports(node: ast.AST) -> Iterator[str]:
    """Every absolute name that is imported at run time, lazily or not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.level == 0:
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        else:
            yield from imports(child)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_go_down_only(file: Path) -> None:
    package, *rest = file.relative_to(ROOT).with_suffix("").parts
    room = "cli" if package == "cli" else rest[0]
    found = {tuple(name.split(".")) for name in imports(ast.parse(file.read_text()))}
    allowed = EXCEPTIONS.get(file.relative_to(ROOT).as_posix(), set())
    assert not {name[0] for name in found} & {"pickle", "scanpy", *BANNED.get(room, ())} - allowed
    if room in {"cli", "__init__"}:
        return
    for name in found - {("ganaug", "__version__")}:
        if name[0] == "ganaug" and name[1] != room:
            assert FLOOR[name[1]] < FLOOR[room], f"{room} imports {'.'.join(name)}"


@pytest.mark.parametrize("file", EXCEPTIONS)
def test_exceptions_are_lazy(file: str) -> None:
    top = [node for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    found = {name.split(".")[0] for node in top for name in imports(ast.Module([node], []))}
    assert not found & EXCEPTIONS[file]
