"""200 pictures of 12 megapixels at a first start: when text and pictures are served, and what it costs.

Run it with `make bench`. The server starts twice with one folder. All figures are of the same run.
"""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path

from articles import SITE
from PIL import Image
from programs import PORT, Process, seconds_until, served

FORMS = 5  # versions of each picture: for feeds, for the card, and in three widths for pages
COUNT = int(os.environ.get("PICTURES", "200"))
ENTRIES = "entries: 500\n"


def write(content: Path) -> None:
    """Write articles with a picture each: one photograph of 12 megapixels, made unique by trailing bytes."""
    for name in ("articles", "media"):
        (content / name).mkdir(parents=True)
    (content / "site.yaml").write_text(SITE + ENTRIES, encoding="utf-8")
    photograph = io.BytesIO()
    Image.effect_noise((1000, 750), 60).resize((4000, 3000)).convert("RGB").save(photograph, "JPEG", quality=88)
    for number in range(COUNT):
        (content / "media" / f"p{number}.jpg").write_bytes(photograph.getvalue() + str(number).encode())
        os.utime(content / "media" / f"p{number}.jpg", (0, 0))  # else it looks like an upload in progress
        date = f"2026-01-01T{number // 60:02}:{number % 60:02}"
        keys = f"title: Article {number}\npublished: {date}\ncategories: [research]\n"
        text = f"{keys}picture: {{file: p{number}.jpg, alt: Un dessin}}\nbody: Un texte.\n"
        (content / "articles" / f"a{number}.yaml").write_text(text, encoding="utf-8")


def pictured() -> int:
    """Return how many entries have a picture, or -1 if there is no response."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/feeds/all.json", timeout=20) as answer:
            return sum("image" in item for item in json.loads(answer.read())["items"])
    except OSError:
        return -1


def peak(process: Process) -> float:
    """Return the total peak memory of a server and its workers, in MiB (proc_pid_status(5), VmHWM)."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in (str(process.pid), *children)]
    return sum(int(match[1]) for text in statuses if (match := re.search(r"VmHWM:\s+(\d+)", text))) / 1024


def main() -> None:
    """Print a line for each start."""
    with tempfile.TemporaryDirectory() as folder:
        content, state = Path(folder) / "content", Path(folder) / "state"
        write(content)
        columns = "text served  feeds pictured  all forms made  text / feeds  peak memory  files made"
        print(f"{COUNT} pictures of 12 MP        {columns}")
        for name in ("first start", "second start"):
            before = set(os.listdir(state / "pictures")) if (state / "pictures").exists() else set()
            wait = partial(seconds_until, start=time.perf_counter(), pause=0.02, limit=600)
            with served(content, state) as process:
                text = wait(lambda: pictured() >= 0)
                pictures = wait(lambda: pictured() == COUNT)
                all_forms = wait(lambda: len(os.listdir(state / "pictures")) > FORMS * COUNT + 1)
                file_count = len(set(os.listdir(state / "pictures")) - before - {"lock", "index.txt"})
                times = f"{text:9.2f} s {pictures:13.2f} s {all_forms:13.2f} s {text / pictures:13.2f}"
                figures = f"{times} {peak(process):8.0f} MiB {file_count:11}"
            print(f"{name:<28}{figures}", flush=True)


if __name__ == "__main__":
    main()
