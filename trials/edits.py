"""Edits articles many thousands of times in one process, and reports whether its memory and its files grow.

Run it with `make trials`. Each edit changes one of a few articles and makes a new edition, as in a server
that runs for weeks. Some edits add or remove an article, or break a file. The exit status is 1 if memory
at the end exceeds that after a fifth of the edits by more than a tenth.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from load import SITE

from feeds.base.memory import configure_allocator
from feeds.content.folder import ContentFolder
from feeds.content.state import StateFolder
from feeds.server.publisher import Publisher, utc_now

EDITS = int(os.environ.get("TRIAL_EDITS", "100000"))
ARTICLES = 30
ALLOWED_GROWTH = 1.1


def write(path: Path, rng: random.Random, number: int) -> None:
    """Write an article with a text of its own."""
    text = " ".join(f"mot{rng.randrange(10_000)}" for _ in range(rng.randrange(20, 400)))
    keys = f"title: Titre {number}\npublished: 2026-01-{rng.randrange(1, 29):02}\ncategories: [research]\n"
    broken = "titel: x\n" if rng.random() < 0.02 else ""
    path.write_text(f"{keys}{broken}tags: [t{rng.randrange(20)}]\nsummary: Un essai.\nbody: |\n  {text}\n")


def resident() -> int:
    """Return the resident memory of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    """Edit, and print memory, the size of the file of texts, and open files at each tenth."""
    configure_allocator()
    rng, now = random.Random(1), utc_now()
    seen: list[int] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "articles").mkdir()
        (folder / "media").mkdir()
        (folder / "site.yaml").write_text(f"{SITE}entries: 5\n", encoding="utf-8")
        content = ContentFolder(folder, state=(state := StateFolder(folder / "state")))
        publisher = Publisher(content, lambda: now, state=state)
        publisher.start()
        start = time.monotonic()
        print("     edits  memory, MB  texts, kB  open files")
        for number in range(1, EDITS + 1):
            path = folder / "articles" / f"a{rng.randrange(ARTICLES)}.yaml"
            if rng.random() < 0.05:
                path.unlink(missing_ok=True)
            else:
                write(path, rng, number)
            now += timedelta(seconds=2)
            publisher.refresh(now, {str(path)})
            assert publisher.edition
            publisher.edition.find("/articles/a1")
            if number % (EDITS // 10) == 0:
                seen.append(resident())
                files = len(os.listdir("/proc/self/fd"))
                texts = content.reader.bodies.size / 1e3
                print(f"{number:10,}  {seen[-1] / 1e6:10.1f} {texts:10.0f} {files:11}", flush=True)
        print(f"{EDITS / (time.monotonic() - start):.0f} edits a second")
    growth = seen[-1] / seen[1]
    print(f"memory at the end: {growth:.2f} of that after a fifth, at most {ALLOWED_GROWTH}")
    sys.exit(growth > ALLOWED_GROWTH)


if __name__ == "__main__":
    main()
