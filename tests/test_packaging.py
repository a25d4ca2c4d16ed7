"""The wheel contains what the program needs, works in any folder, and building it leaves no files behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.builders import ROOT, content_folder
from tests.processes import free_port, get, is_healthy, wait_until

pytestmark = pytest.mark.integration

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the files that a wheel is built from."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("feeds", "deploy"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel built by pip."""
    folder, before = tmp_path_factory.mktemp("dist"), files_below(clone)
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(clone)],
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert files_below(clone) == before, "building leaves nothing behind"
    (path,) = folder.iterdir()
    return path


def test_the_wheel_contains_the_package_its_data_and_the_files_for_servers(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    package = {name for name in names if name.startswith("feeds/")}
    assert package == {f"feeds/{name}" for name in files_below(ROOT / "feeds") if not name.endswith(".pyc")}
    data = f"feeds-{PROJECT['version']}.data/data/share/feeds/"
    assert {name.removeprefix(data) for name in names if name.startswith(data)} == {
        path.name for path in (ROOT / "deploy").iterdir()
    }


def test_an_installed_wheel_serves_the_site_in_the_current_folder(wheel: Path, tmp_path: Path) -> None:
    """Without FEEDS_CONTENT, and without the clone on the path."""
    target, content = tmp_path / "installed", tmp_path / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(wheel)], check=True)
    content_folder(content, {"a": {"title": "Depuis le paquet"}})
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FEEDS_", "FLASK_"))}
    environment = {**clean, "PYTHONPATH": str(target), "FEEDS_STATE": str(tmp_path / "state")}
    feeds = [sys.executable, str(target / "bin" / "feeds")]
    origin = "import feeds, sys; sys.exit(not feeds.__file__.startswith(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", origin, str(target)], cwd=content, env=environment, check=True)
    version = subprocess.run([*feeds, "--version"], cwd=content, env=environment, capture_output=True, text=True)
    assert version.stdout == f"feeds {PROJECT['version']}\n"
    port = free_port()
    process = subprocess.Popen(
        [*feeds, "serve", "--port", str(port)],
        cwd=content,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until(lambda: is_healthy(port), process)
        assert "Depuis le paquet" in get(port, "/feeds/all.rss")[2].decode()
    finally:
        process.terminate()
        process.communicate(timeout=20)
