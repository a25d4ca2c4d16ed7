"""Fuzzes the parsing of article and site files: any bytes must give clear problems or a well-formed feed.

Run it with `make fuzz`, or alone with libFuzzer's options: `python trials/fuzz_yaml.py -runs=100000
FOLDER`. It raises an exception and saves the input if a file gives anything else.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["feeds", "yaml", "pydantic"]):
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from feeds.content.folder import ContentFolder
    from feeds.edition.edition import Edition
    from feeds.feed.catalog import Catalog

from lxml import etree

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SITE = """\
title: {fr: Essai, en: Trial}
subtitle: {fr: Un essai., en: A trial.}
url: https://news.example/sub
languages: [fr, en]
timezone: Europe/Paris
tag_authority: news.example,2020
publisher: {name: Essai}
categories:
  research: {title: {fr: Recherche, en: Research}, description: {fr: On cherche., en: We search.}}
"""

root = Path(tempfile.mkdtemp(prefix="fuzz-"))
(root / "articles").mkdir()
(root / "media").mkdir()
article = root / "articles" / "a.yaml"
site = root / "site.yaml"
SECRET = "un secret d’un autre fichier"
(root / "secret").write_text(SECRET, encoding="utf-8")


def check(problems: tuple[object, ...], file: Path) -> None:
    """Check that each problem is one line with the file's name and a position in it."""
    for problem in map(str, problems):
        assert "\n" not in problem and "Traceback" not in problem, problem
        assert problem.startswith(f"{file}:") or problem.startswith(str(root)), problem


def one_input(data: bytes) -> None:
    """Read the bytes as a site if they start with `site:`, else as an article, and check the result."""
    is_site = data.startswith(b"site:")
    site.write_bytes(data[5:] if is_site else SITE.encode())
    if is_site:
        article.unlink(missing_ok=True)
    else:
        article.write_bytes(data)
    folder = ContentFolder(root)
    content = folder.load()
    check(content.problems, site if is_site else article)
    if content.site is None:
        assert content.problems, "nothing is lost without a word"
        return
    if not is_site:
        errors = [problem for problem in content.problems if problem.severity == "error"]
        assert bool(content.articles) != bool(errors), "either an article, or an error"
    edition = Edition(Catalog.at(NOW, content.site, content.articles), folder.media)
    for path in [
        *edition.prebuilt_documents,
        *(f"/sub/articles/{slug}" for slug in content.articles),
        "/sub/feeds.opml",
    ]:
        if edition.find(path) is None:
            continue  # of another site, or not published yet
        document = edition[path].data
        assert SECRET.encode() not in document
        if path.endswith((".rss", ".atom", ".opml", ".xml")):
            etree.fromstring(document)
        elif path.endswith(".json"):
            json.loads(document)


def main() -> None:
    """Fuzz until libFuzzer's options end the run."""
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
