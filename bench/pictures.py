"""200 pictures of 12 megapixels at a first start: when the text is served, when the pictures are, and what it takes.

Run it with `make bench`. The server starts twice over one folder; all figures are of the same run.
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

from PIL import Image
from programs import PORT, SITE, Process, seconds_until, served

FORMS = 5  # of each picture: for feeds, the card, and three widths for pages
COUNT = int(os.environ.get("PICTURES", "200"))
CATEGORIES = "entries: 500\ncategories:\n  research: {title: Recherche, description: On cherche.}\n"


def write(content: Path) -> None:
    """Write articles with a picture each: one photograph of 12 megapixels, told apart by what follows its end."""
    for name in ("articles", "media"):
        (content / name).mkdir(parents=True)
    (content / "site.yaml").write_text(SITE + CATEGORIES, encoding="utf-8")
    written = io.BytesIO()
    Image.effect_noise((1000, 750), 60).resize((4000, 3000)).convert("RGB").save(written, "JPEG", quality=88)
    for number in range(COUNT):
        (content / "media" / f"p{number}.jpg").write_bytes(written.getvalue() + str(number).encode())
        date = f"2026-01-01T{number // 60:02}:{number % 60:02}"
        about = f"title: Article {number}\npublished: {date}\ncategories: [research]\n"
        text = f"{about}picture: {{file: p{number}.jpg, alt: Un dessin}}\nbody: Un texte.\n"
        (content / "articles" / f"a{number}.yaml").write_text(text, encoding="utf-8")


def pictured() -> int:
    """Tell how many entries have a picture; below 0 while there is no answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/feeds/all.json", timeout=20) as answer:
            return sum("image" in item for item in json.loads(answer.read())["items"])
    except OSError:
        return -1


def peak(process: Process) -> float:
    """Add up the most memory that a server and its workers ever held, in MiB (proc_pid_status(5), VmHWM)."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    found = [Path(f"/proc/{pid}/status").read_text() for pid in (str(process.pid), *children)]
    return sum(int(match[1]) for text in found if (match := re.search(r"VmHWM:\s+(\d+)", text))) / 1024


def main() -> None:
    """Print a line per start."""
    with tempfile.TemporaryDirectory() as folder:
        content, state = Path(folder) / "content", Path(folder) / "state"
        write(content)
        heads = "text served  feeds pictured  all forms made  text / feeds  peak memory  files made"
        print(f"{COUNT} pictures of 12 MP        {heads}")
        for name in ("first start", "second start"):
            before = set(os.listdir(state / "pictures")) if (state / "pictures").exists() else set()
            wait = partial(seconds_until, begun=time.perf_counter(), pause=0.02, limit=600)
            with served(content, state) as process:
                text = wait(lambda: pictured() >= 0)
                pictures = wait(lambda: pictured() == COUNT)
                whole = wait(lambda: len(os.listdir(state / "pictures")) > FORMS * COUNT)
                made = len(set(os.listdir(state / "pictures")) - before - {"lock"})
                times = f"{text:9.2f} s {pictures:13.2f} s {whole:13.2f} s {text / pictures:13.2f}"
                figures = f"{times} {peak(process):8.0f} MiB {made:11}"
            print(f"{name:<28}{figures}", flush=True)


if __name__ == "__main__":
    main()
