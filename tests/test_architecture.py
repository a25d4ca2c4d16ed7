"""Imports follow the list of rooms in docs/architecture.md, without cycles in a room; core rooms only compute."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from feeds.content.cache import NOT_READING, READING_PACKAGES
from tests.builders import ROOT

PACKAGE = ROOT / "feeds"
FORBIDDEN_IN_CORE = {"flask", "os", "requests", "shutil", "socket", "subprocess", "tempfile", "time", "urllib3"}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def listed() -> list[tuple[str, bool]]:
    """Return the rooms from top to bottom, each with whether it is a core room."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = re.findall(r"(?m)^[0-9]+\. `([a-z_]+)/?`( \(core\))?:", text)
    return [(room, bool(core)) for room, core in found]


ROOMS = [room for room, _ in listed()]
CORE = {room for room, is_core in listed() if is_core}


def room_of(module: str) -> str:
    return (module.split(".") + ["__init__"])[1]


def imported(module: str) -> set[str]:
    """Return the modules of this project that a module imports, also inside functions."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = f"{package}.{node.module or ''}".rstrip(".") if node.level else node.module or ""
            submodules = {f"{base}.{alias.name}" for alias in node.names} & MODULES.keys()
            names |= submodules if len(submodules) == len(node.names) else {*submodules, base}
    return {name for name in names if name in MODULES and name != module}


def test_the_list_names_every_room_once() -> None:
    assert sorted(ROOMS) == sorted({room_of(module) for module in MODULES})
    assert len(CORE) == 4


def test_the_package_has_few_top_level_entries() -> None:
    assert len([path for path in PACKAGE.iterdir() if path.name != "__pycache__"]) <= 14


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_its_own_room_and_those_below(module: str) -> None:
    allowed = ROOMS[ROOMS.index(room_of(module)) :]
    assert {name for name in imported(module) if room_of(name) not in allowed} == set()


def test_no_import_cycle_in_any_room() -> None:
    TopologicalSorter({module: imported(module) for module in MODULES}).prepare()


@pytest.mark.parametrize("module", [module for module in MODULES if room_of(module) in CORE])
def test_a_core_room_opens_no_file_and_reads_no_clock(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & FORBIDDEN_IN_CORE
        elif isinstance(node, ast.ImportFrom) and not node.level:
            assert (node.module or "").split(".")[0] not in FORBIDDEN_IN_CORE
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called != "open" and not called.endswith((".now", ".today", ".utcnow", ".urlopen"))


@pytest.mark.parametrize("room", [room for room in ROOMS if (PACKAGE / room).is_dir()])
def test_a_room_documents_its_purpose_and_imports(room: str) -> None:
    docstring = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert "never" in docstring and "May import: " in " ".join(docstring.split())


def test_the_cache_key_covers_all_code_that_reads_articles() -> None:
    """A row that was made by other code must not be used; one that was made by the same code should be."""
    reading, added = {"feeds.content.reader", "feeds.content.cache"}, {"feeds.content.reader", "feeds.content.cache"}
    while added:
        added = {name for module in added for name in imported(module)} - reading
        reading |= added
    files = {MODULES[module].relative_to(PACKAGE).as_posix() for module in reading}
    assert {file.partition("/")[0] for file in files} - {"__init__.py"} == set(READING_PACKAGES)
    assert [file for file in files if file.startswith(NOT_READING)] == []
    assert all((PACKAGE / name).exists() for name in NOT_READING)
