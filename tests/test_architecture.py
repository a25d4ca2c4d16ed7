"""Imports go one way, in the order that docs/architecture.md writes down."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .builders import ROOT

PACKAGE = ROOT / "feeds"
MODULES = sorted(path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py"))


def order() -> list[str]:
    """The modules in the order of the numbered list, each once."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.findall(r"(?m)^[0-9]+\. `([a-z_/]+)`", text)


def imported(module: str) -> set[str]:
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level == 1:
            base = f"{Path(module).parent}/".removeprefix("./") + (node.module or "").replace(".", "/")
        elif (node.module or "").split(".")[0] == "feeds":
            base = (node.module or "").removeprefix("feeds").strip(".").replace(".", "/")
        else:
            continue
        for name in node.names:
            inner = f"{base.rstrip('/')}/{name.name}".strip("/")
            found.add(inner if inner in MODULES else base.strip("/") or "__init__")
    return {f"{name}/__init__" if f"{name}/__init__" in MODULES else name for name in found}


def test_the_order_names_every_module_once() -> None:
    assert sorted(order()) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_those_before_it(module: str) -> None:
    before = order()[: order().index(module)]
    assert imported(module) - set(before) == set()


@pytest.mark.parametrize("module", order()[: order().index("edition") + 1])
def test_up_to_the_edition_nothing_opens_a_file_or_asks_the_clock(module: str) -> None:
    text = (PACKAGE / f"{module}.py").read_text(encoding="utf-8")
    assert not re.search(r"\.now\(|time\(\)|(?<![._])open\(|import (os|flask|requests|socket)\b|from flask", text)
