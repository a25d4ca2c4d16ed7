"""Runs programs for as long as a bench needs them, a server of ours among them, and waits for what they do.

It measures nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
PORT = 8391

SITE = """\
title: Banc
subtitle: Un banc d’essai.
url: https://news.example
languages: [fr]
timezone: Europe/Paris
tag_authority: news.example,2020
publisher: {name: Banc}
"""
"""The keys of `site.yaml` that every bench needs."""

Process = subprocess.Popen[bytes]


@contextmanager
def process(command: list[str], folder: Path, **more: str) -> Iterator[Process]:
    """Run a program for as long as the block lasts."""
    running = subprocess.Popen(command, cwd=folder, env={**os.environ, **more}, stdout=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(timeout=60)


def served(content: Path, state: Path) -> AbstractContextManager[Process]:
    """Serve a folder at PORT for as long as the block lasts."""
    command = [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py"), "serve", "--port", str(PORT)]
    where = {"FEEDS_CONTENT": str(content), "FEEDS_STATE": str(state), "PYTHONPATH": str(ROOT)}
    return process(command, content, **where)


def seconds_until(holds: Callable[[], bool], begun: float, pause: float = 0.001, limit: float = 120) -> float:
    """Look again and again, `pause` seconds apart, until something holds; give the seconds since `begun`.

    After `limit` seconds it is waited for no longer.
    """
    while not holds():
        if time.perf_counter() - begun > limit:
            raise TimeoutError(f"not within {limit} seconds")
        time.sleep(pause)
    return time.perf_counter() - begun
