"""Real clients read the sample and difficult articles from a running server, and agree entry by entry.

The reference is what lxml reads from the RSS. `KNOWN` lists the accepted differences, each with its reason.
A difference that no longer occurs fails too.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from tests.builders import SAMPLE, TESTS, as_yaml, draw
from tests.processes import get, served, wait_until

pytestmark = pytest.mark.integration

with warnings.catch_warnings(action="ignore"):  # of its own parts
    from reader import make_reader

Record = dict[str, Any]

HARD: dict[str, dict[str, Any]] = {
    "titre-difficile": {
        "title": "p < 0,05 & « BRCA1\u202f»\u00a0: l’« ARN » 🧬👩🏽‍🔬 \"et\" 'après'",
        "categories": ["research", "outreach", "funding"],
        "authors": ["Ligue contre le cancer", {"name": "L’équipe & co", "url": "https://equipe.example/?a=1&b=2"}],
        "tags": ["génétique", "R&D", "2026"],
        "picture": {"file": "vu.png", "alt": "Un « dessin » & un <schéma>", "credit": "L’institut", "caption": "A < B"},
        "body": "Un *texte* avec `p < 0,05`, 1\u202f000\u00a0€, un [lien](https://a.example/?x=1&y=2).\n\n|A|B|\n|-|-|\n|1|2|",
    },
    "avec-son": {
        "picture": {"file": "vu.png", "alt": "Un micro"},
        "attachments": [
            {"url": "https://v.example/s.mp3?a=1&b=2", "title": "L’émission", "length": "2880000", "duration": "3:00"},
            {"url": "https://v.example/page", "title": "La page", "type": "text/html"},
        ],
    },
    "ailleurs": {"link": "https://ailleurs.example/a?b=1&c=2", "authors": ["Une seule"]},
    "vieux-guid": {"id": "http://ancien.example/?p=12&lang=fr", "updated": "2026-05-01T10:00"},
    "sans-rien": {"body": "![Une image](https://a.example/seule.png)"},
    "retire": {
        "withdrawn": {"at": "2026-05-02", "reason": "Le chiffre était faux."},
        "picture": {"file": "vu.png", "alt": "x"},
    },
    "meme-moment": {
        "published": "2026-03-05",
        "body": "<p>Du <b>HTML</b> &eacute;crit &agrave; la main &lt;ici&gt;.</p>",
    },
    "meme-moment-aussi": {"published": "2026-03-05"},
    "tout-ce-qui-s-ecrit": {
        "tags": ["C++", "génétique"],
        "body": (
            "[Voir](#méthodes), ~~faux~~, H<sub>2</sub>O, <kbd>Ctrl</kbd>, <mark>vu</mark>,"
            " <abbr title='Acide'>ADN</abbr>, une note[^1], https://münchen.example/é et [appeler](tel:+33491).\n\n"
            "## Méthodes\n\n- [ ] à faire\n- [x] fait\n\n"
            "<table><caption>Légende</caption><tr><td colspan=2>a</td></tr><tr><td>b</td><td>c</td></tr></table>\n\n"
            "<details><summary>Plus</summary>\n\nEncore\n\n</details>\n\n<div>Un</div><div>Deux</div>\n\n"
            "![Vu](/media/vu.png 'La légende')\n\n[Le film](https://youtu.be/abcdefghijk)\n\n|A|\n|-:|\n|1|\n\n"
            "[^1]: La *note*."
        ),
    },
}

FIELDS = ("link", "title", "published", "authors", "categories", "picture", "alt", "enclosure", "text")

NONE = "it has no such field"
KNOWN = {
    ("feedparser", "rss", "alt"): "it drops what stands inside media:content",
    ("reader", "rss", "authors"): "of several authors it takes the last",
    ("reader", "atom", "authors"): "of several authors it takes the last",
    **{("reader", form, field): NONE for form in ("rss", "atom", "json") for field in ("categories", "picture", "alt")},
    ("reader", "json", "enclosure"): "the picture of an item is its image, and no attachment",
    ("newsboat", "rss", "authors"): "it takes the last author, and the editor of the channel where there is none",
    ("newsboat", "atom", "authors"): "it makes one text of several authors",
    **{("newsboat", form, field): NONE for form in ("rss", "atom") for field in ("categories", "picture", "alt")},
    ("newsboat", "rss", "enclosure"): "it takes only what plays, and no length",
    ("newsboat", "atom", "enclosure"): "it takes only what plays, and no length",
    ("rss-parser", "rss", "authors"): "it has room for one author",
    ("rss-parser", "atom", "authors"): "it has room for one author",
    **{("rss-parser", "atom", field): NONE for field in ("categories", "picture", "alt", "enclosure")},
    ("@rowanmanning/feed-parser", "rss", "alt"): "it looks for a title, and not for a description",
    ("@rowanmanning/feed-parser", "rss", "text"): "it resolves what is escaped in the HTML once more",
    ("@rowanmanning/feed-parser", "atom", "text"): "it resolves what is escaped in the HTML once more",
    ("feedsmith", "json", "alt"): "JSON Feed has the description of a picture in its HTML alone",
    ("feedsmith", "json", "enclosure"): "the picture of an item is its image, and no attachment",
}
"""Fields that a client reads differently from how they were written, each with the reason."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL, without extension, of the main feed of a server with the sample and difficult articles."""
    content = tmp_path_factory.mktemp("clients") / "content"
    shutil.copytree(SAMPLE, content)
    draw(content / "media" / "vu.png", 1300, 700)
    for number, (name, changes) in enumerate(HARD.items()):
        plain = {"title": f"Article {name}", "published": f"2026-03-{number + 10}T08:30", "categories": ["research"]}
        text = as_yaml({**plain, "body": "Un texte.", **changes})
        (content / "articles" / f"{name}.yaml").write_text(text, encoding="utf-8")
    with served(content, FEEDS_URL="http://127.0.0.1:{port}") as (port, process):
        wait_until(lambda: get(port, "/feeds/all.rss")[2].count(b"<media:content") == 5, process)
        yield f"http://127.0.0.1:{port}/feeds/all"


def text_of(content: str | None) -> str:
    root = etree.HTML(f"<html><body>{content or ''}</body></html>")
    return "".join("".join(map(str, root.itertext())).split()) if root is not None else ""


def moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return parsedate_to_datetime(text).astimezone(UTC)


def record(values: Record) -> Record:
    """Return the values that a client read, in a common form."""
    found = {**values, "published": moment(values.get("published")), "text": text_of(values.get("content"))}
    found["authors"], found["categories"] = list(found.get("authors") or []), list(found.get("categories") or [])
    found["enclosure"] = list(found["enclosure"]) if found.get("enclosure") else None
    return {name: found.get(name) or None for name in ("id", *FIELDS)}


def port_of(address: str) -> int:
    return int(address.split(":")[2].split("/")[0])


def fetched(address: str, form: str) -> bytes:
    return get(port_of(address), f"/feeds/all.{form}")[2]


def by_lxml(address: str) -> list[Record]:
    """Return the items of the RSS, read element by element."""
    names = {"dc": "http://purl.org/dc/elements/1.1/", "content": "http://purl.org/rss/1.0/modules/content/"}
    names["media"] = "http://search.yahoo.com/mrss/"
    items: Any = etree.fromstring(fetched(address, "rss")).findall("channel/item")
    return [
        {
            "id": item.findtext("guid"),
            "link": item.findtext("link"),
            "title": item.findtext("title"),
            "published": item.findtext("pubDate"),
            "authors": [each.text for each in item.findall("dc:creator", names)],
            "categories": [each.text for each in item.findall("category")],
            "picture": item.xpath("string(media:content/@url)", namespaces=names),
            "alt": item.xpath("string(media:content/media:description)", namespaces=names),
            "enclosure": _enclosure(item.find("enclosure")),
            "content": item.findtext("content:encoded", namespaces=names),
        }
        for item in items
    ]


def test_feedparser_removes_no_word_and_no_address(address: str) -> None:
    """C5, C15: its sanitizer keeps fewer elements than browsers do."""
    whole = feedparser.parse(fetched(address, "atom"), sanitize_html=False).entries
    for cleaned, entry in zip(feedparser.parse(fetched(address, "atom")).entries, whole, strict=True):
        assert text_of(cleaned.content[0].value) == text_of(entry.content[0].value)
        addresses: Any = etree.HTML(f"<html>{entry.content[0].value}</html>").xpath("//@href | //@src")
        assert all(each.startswith(("http://", "https://", "mailto:", "tel:")) for each in addresses)


def _enclosure(element: Any) -> list[Any] | None:
    return None if element is None else [element.get("url"), element.get("type"), int(element.get("length"))]


def by_feedparser(address: str, form: str) -> list[Record]:
    found = []
    for entry in feedparser.parse(fetched(address, form), sanitize_html=False).entries:
        enclosures = entry.get("enclosures", [])
        media = entry.get("media_content", [{}])[0]
        pictures = [each for each in enclosures if each.type.startswith("image/")]
        found.append(
            {
                **{name: entry.get(name) for name in ("id", "link", "title", "published")},
                "authors": [each.get("name") for each in entry.get("authors", [])],
                "categories": [each.term for each in entry.get("tags", [])],
                "picture": media.get("url") or (pictures[0].href if pictures else None),
                "alt": pictures[0].get("title") if pictures else None,
                "enclosure": [enclosures[0].href, enclosures[0].type, int(enclosures[0].length)]
                if enclosures
                else None,
                "content": entry.content[0].value,
            }
        )
    return found


def by_reader(address: str, form: str) -> list[Record]:
    with closing(make_reader(":memory:")) as reader:
        reader.add_feed(f"{address}.{form}")
        reader.update_feeds()
        return [
            {
                **{name: getattr(entry, name) for name in ("id", "link", "title")},
                "published": entry.published.isoformat() if entry.published else None,
                "authors": [author.name for author in entry.authors],
                "enclosure": [entry.enclosures[0].href, entry.enclosures[0].type, entry.enclosures[0].length]
                if entry.enclosures
                else None,
                "content": entry.content[0].value,
            }
            for entry in reader.get_entries()
        ]


def by_newsboat(address: str, form: str, newsboat: str, home: Path) -> list[Record]:
    (home / "urls").write_text(f"{address}.{form}\n")
    (home / "config").write_text("cleanup-on-quit no\n")
    files = ["-u", str(home / "urls"), "-c", str(home / "cache.db"), "-C", str(home / "config")]
    own = {**os.environ, "HOME": str(home)}
    subprocess.run([newsboat, *files, "-x", "reload"], check=True, timeout=60, capture_output=True, env=own)
    query = "select guid, url, title, pubDate, author, enclosure_url, enclosure_type, content from rss_item"
    with closing(sqlite3.connect(home / "cache.db")) as cache:
        return [
            {
                **{"id": guid, "link": url, "title": title, "content": content},
                "published": datetime.fromtimestamp(date, UTC).isoformat(),
                "authors": [author] if author else [],
                "enclosure": [enclosure, kind, None] if enclosure else None,
            }
            for guid, url, title, date, author, enclosure, kind, content in cache.execute(query)
        ]


CLIENTS = [
    *(("feedparser", form) for form in ("rss", "atom")),
    *(("reader", form) for form in ("rss", "atom", "json")),
    *(("newsboat", form) for form in ("rss", "atom")),
    *(("rss-parser", form) for form in ("rss", "atom")),
    *(("@rowanmanning/feed-parser", form) for form in ("rss", "atom")),
    *(("feedsmith", form) for form in ("rss", "atom", "json")),
]


@pytest.mark.parametrize(("client", "form"), CLIENTS)
def test_a_client_reads_the_same_entries_as_lxml(
    client: str,
    form: str,
    address: str,
    program: Callable[[str], str],
    node_package: Callable[[str], str],
    tmp_path: Path,
) -> None:
    if client == "feedparser":
        read = by_feedparser(address, form)
    elif client == "reader":
        read = by_reader(address, form)
    elif client == "newsboat":
        read = by_newsboat(address, form, program("newsboat"), tmp_path)
    else:
        node_package(client)
        script = TESTS / "node" / "clients.mjs"
        command = [program("node"), str(script), client, f"{address}.{form}"]
        read = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    wanted = {each["id"]: each for each in map(record, by_lxml(address))}
    found = {each["id"]: each for each in map(record, read)}
    assert found.keys() == wanted.keys() and len(read) == len(wanted)
    differences = {
        field: [(found[id][field], each[field]) for id, each in wanted.items() if found[id][field] != each[field]]
        for field in FIELDS
    }
    unknown = {field: pairs for field, pairs in differences.items() if pairs and (client, form, field) not in KNOWN}
    assert unknown == {}
    gone = [key for key in KNOWN if key[:2] == (client, form) and not differences[key[2]]]
    assert gone == [], "no longer different: take it out of the table"
