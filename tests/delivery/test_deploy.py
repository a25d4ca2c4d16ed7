"""The files in `deploy/` do what they say: nginx in front of replicas, the systemd units and the container."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
import pytest

from feeds.commands import MODULES, cli
from feeds.delivery import websub
from tests.builders import PLAIN, ROOT, SAMPLE, SITE, as_yaml, content_folder
from tests.processes import children, free_port, get, kill, nginx, served, wait_until

DEPLOY = ROOT / "deploy"
GUIDES = "".join(
    path.read_text(encoding="utf-8")
    for path in (*sorted((ROOT / "docs" / "guides").glob("*.md")), ROOT / "docs" / "tutorial.md")
)


@contextmanager
def behind_nginx(program: str, ports: list[int], folder: Path) -> Iterator[int]:
    """Run nginx with the configuration from deploy/ in front of servers on `ports`, and yield its port."""
    port, text = free_port(), (DEPLOY / "nginx-proxy.conf").read_text(encoding="utf-8")
    servers = "".join(f"    server 127.0.0.1:{each};\n" for each in ports)
    text = text.replace("    server 127.0.0.1:8000;\n", servers).replace("/var/lib/nginx/feeds", f"{folder}/cache")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("listen [::]:80;", "")
    folder.mkdir()
    with nginx(program, text, folder):
        yield port


@pytest.mark.integration
def test_seeking_in_a_film_through_nginx_reads_only_the_part_that_is_requested(
    content: Path, tmp_path: Path, program: Callable[[str], str]
) -> None:
    content_folder(content, {"a": {"attachments": [{"file": "film.mp4", "title": "Un film"}]}})
    with (content / "media" / "film.mp4").open("wb") as film:
        film.truncate(1_000_000_000)
    with served(content) as (port, process), behind_nginx(program("nginx"), [port], tmp_path / "nginx") as front:
        (worker,) = children(process.pid)
        wait_until(lambda: get(front, "/media/film.mp4", method="HEAD")[0] == 200, process)
        before = bytes_read(worker)
        for start in (0, 500_000_000, 999_999_989):
            status, headers, data = get(front, "/media/film.mp4", Range=f"bytes={start}-{start + 10}")
            assert (status, headers["content-range"]) == (206, f"bytes {start}-{start + 10}/1000000000")
            assert data == bytes(11)
        assert bytes_read(worker) - before < 1_000_000
        assert not [path for path in (tmp_path / "nginx" / "cache").rglob("*") if path.stat().st_size > 100_000]


def bytes_read(pid: int) -> int:
    """Return how many bytes a process has read from files, whether they were in the page cache or not."""
    return int(re.findall("rchar: ([0-9]+)", Path(f"/proc/{pid}/io").read_text())[0])


@pytest.mark.integration
def test_killing_a_replica_under_load_fails_no_request(
    content: Path, tmp_path: Path, program: Callable[[str], str]
) -> None:
    """Three replicas of the same content behind a cache send the same ETag, and one of them is killed."""
    shutil.copytree(SAMPLE, content)
    paths = ["/feeds/all.rss", "/feeds/research.atom", "/en/feeds/all.json", "/", "/articles/cheque-ligue"]
    asked, failed, alone = 0, list[object](), threading.Lock()
    with ExitStack() as stack:
        states = (str(tmp_path / f"state{number}") for number in range(3))
        replicas = [stack.enter_context(served(content, FEEDS_STATE=state)) for state in states]

        def send_the_same() -> bool:
            return all(len({get(port, path)[1]["etag"] for port, _ in replicas}) == 1 for path in paths)

        wait_until(send_the_same, replicas[0][1])  # each replica draws the pictures in its own time
        port = stack.enter_context(behind_nginx(program("nginx"), [port for port, _ in replicas], tmp_path / "nginx"))
        third = threading.Event()

        def load() -> None:
            nonlocal asked
            for turn in range(150):
                path = paths[turn % len(paths)]
                fresh = {"Cache-Control": "no-cache"} if turn % 2 else {}
                outcome: object
                try:
                    outcome = get(port, path, **fresh)[0]
                except OSError as fault:
                    outcome = fault
                with alone:
                    asked += 1
                    if outcome != 200:
                        failed.append((path, outcome))
                    if asked == 200:
                        third.set()

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert third.wait(20)
        kill(replicas[1][1])
        for thread in threads:
            thread.join()
        assert asked == 600 and not failed


@pytest.mark.integration
def test_the_cache_serves_stale_copies_while_the_server_is_down_and_honours_no_cache(
    content: Path, tmp_path: Path, program: Callable[[str], str]
) -> None:
    content_folder(content, {"a": {"title": "Avant"}}, SITE + "max_age: 1\n")
    with ExitStack() as stack:
        ours, server = stack.enter_context(served(content))
        port = stack.enter_context(behind_nginx(program("nginx"), [ours], tmp_path / "nginx"))
        feed = "/feeds/all.rss"
        first = get(port, feed)
        assert first[1]["etag"] == get(ours, feed)[1]["etag"] and first[1]["x-cache"] == "MISS"
        assert get(port, feed, If_None_Match=first[1]["etag"])[0] == 304
        codings = ("gzip", "gzip, deflate", "br;q=1.0, gzip;q=0.8", "deflate, gzip, br", "gzip;q=0")
        assert get(port, f"{feed}gzip")[0] == 404, "a copy of one address is none of another"
        old = {coding: get(port, feed, Accept_Encoding=coding)[1] for coding in codings}
        assert [old[coding].get("content-encoding") for coding in codings] == ["gzip", "gzip", "br", "br", None]
        (content / "articles" / "a.yaml").write_text(as_yaml({**PLAIN, "title": "Apres"}), encoding="utf-8")
        wait_until(lambda: b"Apres" in get(ours, feed)[2], server)
        fresh = get(ours, feed)
        assert not websub.is_stale(f"http://127.0.0.1:{port}{feed}", fresh[1]["etag"].strip('"'))
        assert get(port, feed)[2] == fresh[2], "who asks for new bytes has everybody else get them"
        assert not {old[coding]["etag"] for coding in codings} & {
            get(port, feed, Accept_Encoding=coding)[1]["etag"] for coding in codings
        }
        health = get(port, "/health")
        assert health[0] == 200 and "x-cache" not in health[1]
        kill(server)
        end = time.monotonic() + 20
        while (found := get(port, feed))[1]["x-cache"] != "STALE":
            assert found[0] == 200 and time.monotonic() < end
        assert (found[0], found[2]) == (200, fresh[2])
        assert get(port, "/health")[0] == 502


@pytest.mark.integration
@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("*.service")), ids=lambda path: path.stem)
def test_a_systemd_unit_is_valid_and_sandboxed(unit: Path, tmp_path: Path, program: Callable[[str], str]) -> None:
    analyze = program("systemd-analyze")
    (tmp_path / "feeds").write_text("#!/bin/sh\n")
    (tmp_path / "feeds").chmod(0o755)
    text = unit.read_text(encoding="utf-8")
    copy = tmp_path / unit.name
    copy.write_text(text.replace("/opt/feeds/bin/feeds", f"{tmp_path}/feeds"), encoding="utf-8")
    found = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")
    command = [analyze, "security", "--offline=true", "--threshold=20", str(copy)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout[-600:]
    assert re.search("User=feeds", text) and not re.search("(?i)secret|password", text)


def test_the_container_installs_the_locked_requirements_and_the_package() -> None:
    """Pip installs the locked requirements by their hashes, and then the package alone."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    installs = re.findall(r"(?m)^RUN pip install --no-cache-dir (.+)$", text)
    assert installs == ["--require-hashes --requirement requirements.txt", "--no-deps ."]
    copied = re.findall(r"(?m)^COPY (.+) \S+$", text)
    assert all((ROOT / name).exists() for names in copied for name in names.split())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {project["readme"], *project["license-files"], "pyproject.toml", "feeds", "deploy"} <= {
        *" ".join(copied).split()
    }
    (command,) = re.findall(r"(?m)^CMD (\[.+\])$", text)
    assert parses(json.loads(command)[1:])


def parses(words: list[str]) -> bool:
    """Return whether `feeds` accepts a command and its options; nothing is run."""
    name, *arguments = words
    command = cli.get_command(click.Context(cli), name)
    assert command, name
    return command.make_context(name, arguments) is not None


def test_every_command_in_the_guides_and_units_is_valid() -> None:
    units = "".join(path.read_text(encoding="utf-8") for path in DEPLOY.glob("*.service"))
    blocks = "".join(re.findall(r"(?ms)^ *```(?:sh|ini)\n(.*?)^ *```", GUIDES)).replace("\\\n", " ")
    lines = re.findall(rf"(?m)(?:^|[ =/])feeds ((?:{'|'.join(MODULES)})\b[^\n#`|]*)", blocks + units)
    assert len(lines) >= 20 and {line.split()[0] for line in lines} == set(MODULES) - {"schema"}
    for line in lines:
        assert parses(shlex.split(line.partition(" && ")[0].replace("${FEEDS_BUCKET}", "s3://bucket"))), line
    targets = re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert set(re.findall(r"(?m)^make (?:--directory \S+ )?([a-z]+)", blocks)) <= set(targets)


def test_the_guides_name_exactly_the_files_in_deploy() -> None:
    named = set(re.findall(r"(?:deploy|share/feeds)/([A-Za-z.-]+)", GUIDES))
    assert named == {path.name for path in DEPLOY.iterdir()}


def test_the_container_runs_as_an_unprivileged_user() -> None:
    lines = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["feeds"] and lines.index("USER feeds") < next(
        place for place, line in enumerate(lines) if line.startswith("CMD ")
    )
