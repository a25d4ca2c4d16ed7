"""Importer: entries of another system's feed as article files, each read back before it is written.

It prints nothing. A file that is there stays as it is, and so does an entry whose id is there already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from feeds.articlefile import ArticleFiles, free_name
from feeds.articlekeys import entry_id, is_word
from feeds.content import ContentFolder
from feeds.contentstate import ENDING
from feeds.edition import guesses
from feeds.markup import excerpt
from feeds.mediafile import guess_type
from feeds.site import Site
from feeds.sitekeys import slug
from feeds.yamlfile import read

from .articletext import article_text
from .categories import Categories
from .gallery import Gallery, PictureError
from .markdown import Converted, to_markdown
from .oldfeed import OldEntry, OldFeed, OldFile, plain
from .systems import System, system_of

LONG_SUMMARY = 600
"""Characters beyond which a summary is taken for the text itself."""

_CUT = re.compile(r"[ \t]*(\[(…|\.\.\.)\]|\((…|\.\.\.)\)|…|\.\.\.)[ \t]*$")


@dataclass
class Taken:
    """An entry and what became of it: `path` is its file, if it is new; `refusal` why there is none."""

    entry: OldEntry
    path: Path | None = None
    text: str = ""
    page: str | None = None
    refusal: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        """Tell whether it was there before."""
        return self.path is None and self.refusal is None


class Importer:
    """Takes entries over into a content folder; without a gallery, pictures stay where they are."""

    def __init__(
        self,
        content: ContentFolder,
        site: Site,
        feed: OldFeed,
        categories: Categories,
        *,
        language: str | None = None,
        gallery: Gallery | None = None,
    ) -> None:
        """Look at what is there."""
        self._content, self._site, self._feed, self._categories = content, site, feed, categories
        self._language, self._gallery = language, gallery
        self._files = ArticleFiles(content.root, content.media)
        self.system: System | None = system_of(feed.generator, [entry.id for entry in feed.entries])
        self._known = dict(self._present())
        self._slugs = {slug(path.stem) for path in content.article_files()}
        self._pages: dict[str, str] = {}
        self.left: dict[str, None] = {}
        """Addresses of the old host that texts still lead to."""

    def _present(self) -> Iterator[tuple[str, str]]:
        """Give the ids that are there, each with its page: of broken files too, and of drafts."""
        for path in self._content.article_files():
            tree, _ = self._files.tree(path)
            if tree is None:
                continue
            name, language = slug(path.stem), str(tree.value.get("language") or self._site.default_language)
            try:
                yield entry_id(tree.value.get("id"), self._site, name), self._site.article_path(language, name)
            except ValueError:
                continue

    def plan(self) -> list[Taken]:
        """Decide what becomes of each entry, before any is converted: they link to each other."""
        found, seen = [], set()
        for entry in self._feed.entries:
            taken = Taken(entry, refusal=entry.refusal or self._refusal(entry))
            if taken.refusal is None and entry.id in seen:
                taken.refusal = "another entry of the feed has the same id"
            elif page := self._known.get(entry.id):
                taken.page, taken.refusal = page, None
            elif taken.refusal is None:
                taken.path = self._path(entry)
                taken.page = self._site.article_path(self._language_of(entry), taken.path.stem)
            seen.add(entry.id)
            if taken.page and entry.url and self._is_here(entry.url):
                self._pages[_address(entry.url)] = taken.page
            found.append(taken)
        return found

    def _refusal(self, entry: OldEntry) -> str | None:
        if entry.published is None and not entry.is_draft:
            return "it has no date"
        if not self._categories.take(entry.categories)[0]:
            names = ", ".join(entry.categories) or "none"
            return f"it is in no category of ours, but in {names} (want --map, or --map '*=…' for all such)"
        return None

    def _path(self, entry: OldEntry) -> Path:
        last = PurePosixPath(unquote(urlsplit(entry.url or "").path)).stem
        name = slug(entry.slug) or (slug(last) if re.search("[a-z]", last) and last != "index" else "")
        name = free_name(name or slug(entry.title or excerpt(entry.html, 60)) or "article", self._slugs)
        self._slugs.add(name)
        year = f"{entry.published:%Y}" if entry.published else "drafts"
        return self._content.root / "articles" / year / f"{name}{ENDING}"

    def _is_here(self, url: str) -> bool:
        """Tell whether an entry's page was on the old site, and not somewhere else that the entry only points to."""
        host = _host(self._feed.home or "")
        return not host or _host(url) == host

    def _language_of(self, entry: OldEntry) -> str:
        for found in (self._language, entry.language, self._feed.language):
            known = {each.partition("-")[0]: each for each in self._site.languages}
            known |= {each: each for each in self._site.languages}
            if found and (match := known.get(found) or known.get(found.lower().partition("-")[0])):
                return match
        return self._site.default_language

    def convert(self, taken: Taken) -> None:
        """Make the text of a new entry's file; what the site would refuse of it is its refusal."""
        entry, path = taken.entry, taken.path
        assert path, "only what is new is converted"
        values = self._values(taken)
        if not values["body"]:
            self._refuse(taken, ["it has no text"])
            return
        taken.text = article_text(values, depth=len(path.relative_to(self._content.root / "articles").parts) - 1)
        tree, problems = read(taken.text.encode(), str(path))
        article = self._files.article(tree, path, self._site) if tree else None
        if tree:
            problems += tree.problems
        if article is None:
            self._refuse(taken, [f"{each.key}: {each.message}" for each in problems if each.severity == "error"])
        elif article.id != entry.id:
            self._refuse(taken, [f"its id would become {article.id}"])

    def _refuse(self, taken: Taken, reasons: list[str]) -> None:
        taken.refusal, taken.path = "; ".join(reasons), None
        self._pages = {address: page for address, page in self._pages.items() if page != taken.page}
        taken.page = None

    def write(self, taken: Taken) -> None:
        """Write the file of a new entry. Raises FileExistsError where one came to be in between."""
        assert taken.path
        taken.path.parent.mkdir(parents=True, exist_ok=True)
        with taken.path.open("x", encoding="utf-8") as file:
            file.write(taken.text)

    def _values(self, taken: Taken) -> dict[str, object]:
        entry = taken.entry
        categories, names = self._categories.take(entry.categories)
        picture = self._picture(taken)
        body = self._body(taken, entry.picture.url if entry.picture and picture else None)
        language = self._language_of(entry)
        tags = dict.fromkeys(part.strip() for name in (*names, *entry.tags) for part in name.split(",") if slug(part))
        values: dict[str, object | None] = {
            "id": entry.id if ":" in entry.id and not is_word(entry.id) else {"exact": entry.id},
            "title": entry.title or excerpt(entry.html, 80),
            "published": self._local(entry.published),
            "updated": self._local(entry.updated),
            "draft": "true" if entry.is_draft else None,
            "language": None if language == self._site.default_language else language,
            "categories": categories,
            "tags": list(tags),
            "authors": [{"name": each.name, "url": each.url} if each.url else each.name for each in entry.authors],
            "link": entry.link or (entry.url if entry.url and not self._is_here(entry.url) else None),
            "picture": picture,
            "attachments": [found for each in entry.files if (found := self._attachment(each, taken))],
            "summary": self._summary(entry, body),
            "body": body.text,
        }
        if not entry.title:
            taken.notes.append("it had no title: the start of its text stands in")
        return {key: value for key, value in values.items() if value or key == "body"}

    def _local(self, moment: datetime | None) -> str | None:
        return moment.astimezone(self._site.timezone).isoformat(timespec="seconds") if moment else None

    def _body(self, taken: Taken, shown: str | None) -> Converted:
        entry = taken.entry
        body = to_markdown(
            entry.html,
            base=entry.url or self._feed.home or self._site.url,
            extras=self.system.extras if self.system else (),
            without=shown,
            picture=partial(self._place, taken),
            link=self._linked,
        )
        taken.notes += dict.fromkeys(body.notes)
        return body

    def _linked(self, address: str) -> str:
        """Give the page here of what was at an address, and any other address as it is."""
        parts = urlsplit(address)
        page = self._pages.get(_address(address))
        if page is None and self._feed.home and self._is_here(address):
            self.left[address] = None
        return f"{page}#{parts.fragment}" if page and parts.fragment else page or address

    def _place(self, taken: Taken, url: str) -> str:
        """Give where a picture of a text is now: in `media/`, or still where it was."""
        if self._gallery is None:
            return url
        try:
            return f"/media/{self._gallery.take(url, self._year(taken.entry))}"
        except PictureError as fault:
            taken.notes.append(f"a picture stays where it was: {fault}")
            return url

    def _picture(self, taken: Taken) -> dict[str, str] | None:
        found = taken.entry.picture
        if not found or self._gallery is None:
            return None
        try:
            file = self._gallery.take(found.url, self._year(taken.entry))
        except PictureError as fault:
            taken.notes.append(f"the picture is left out: {fault}")
            return None
        if not found.alt:
            taken.notes.append("the picture has no description: the title stands in (want a better alt)")
        picture = {"file": file, "alt": found.alt or taken.entry.title}
        return {**picture, "caption": found.caption} if found.caption else picture

    def _year(self, entry: OldEntry) -> str:
        return f"{entry.published:%Y}" if entry.published else "drafts"

    def _attachment(self, file: OldFile, taken: Taken) -> dict[str, object] | None:
        kind = file.type or guess_type(urlsplit(file.url).path)
        if not kind or "/" not in kind:
            taken.notes.append(f"{file.url} is left out: nobody says what it is (want it with its type)")
            return None
        self._linked(file.url)
        title = file.title or PurePosixPath(unquote(urlsplit(file.url).path)).name or file.url
        values = {"url": file.url, "title": title, "type": kind, "length": file.length and str(file.length)}
        duration = file.duration if re.fullmatch("[0-9:]+", file.duration) else ""
        return {key: value for key, value in {**values, "duration": duration}.items() if value}

    def _summary(self, entry: OldEntry, body: Converted) -> str:
        """Give what an author wrote to sum it up; the start of the text, which systems put there, is none."""
        if not entry.summary:
            return ""
        base = entry.url or ""
        found = to_markdown(
            entry.summary, base=base, extras=self.system.extras if self.system else (), picture=str, link=str
        )
        summary = plain(_rendered(found.text))
        start = _CUT.sub("", summary)
        is_start = _letters(plain(_rendered(body.text))).startswith(_letters(start)[:60])
        return "" if is_start or len(summary) > LONG_SUMMARY else summary

    def redirects(self, all_taken: list[Taken], feed_url: str | None) -> dict[str, str]:
        """Give the old paths of entries and feeds, each with its new one."""
        found: dict[str, str] = {}
        for taken in all_taken:
            entry = taken.entry
            if taken.page and entry.url and self._is_here(entry.url) and not entry.is_draft:
                found.setdefault(_path_of(entry.url), taken.page)
        found |= self._feeds(feed_url)
        there, guessed = {**self._site.moved_paths, **self._site.redirects}, dict(guesses(self._site))
        is_there = {self._site.path + path for path in there}
        answered = {self._site.path + path: self._site.path + feed for path, feed in guessed.items()}
        return {
            old: new
            for old, new in found.items()
            if old not in ("", "/", self._site.path + new)
            and unquote(old) not in is_there
            and answered.get(old) != self._site.path + new
        }

    def _feeds(self, feed_url: str | None) -> dict[str, str]:
        """Give the paths of the old feeds: that which was read, and those that the system has for what is mapped."""
        language = self._language or self._language_of(OldEntry("", ""))
        found: dict[str, str] = {}
        if self.system:
            root = urlsplit(self._feed.home or feed_url or "").path.rstrip("/")
            for path, ending in self.system.feeds.items():
                found[root + path] = f"{self._site.feed_path(language, 'all')}.{ending}"
            for name in self._categories.counts:
                old = self._feed.slugs.get(name) or slug(name)
                for target, paths in self._targets(name):
                    for path, ending in paths.items():
                        found.setdefault(root + path.format(old), f"{self._site.feed_path(language, target)}.{ending}")
        if feed_url and urlsplit(feed_url).scheme in ("http", "https"):
            path = _path_of(feed_url)
            found.setdefault(path, f"{self._site.feed_path(language, 'all')}.{self._feed.kind}")
        return found

    def _targets(self, name: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Give the feed that stands for an old category or tag, and the paths that its feeds had."""
        assert self.system
        if mapped := self._categories.mapping.get(name):
            yield mapped[0], self.system.category
        elif name not in self._categories.mapping and slug(name):
            yield f"tags/{slug(name)}", self.system.tag


def _rendered(markdown: str) -> str:
    """Take the marks out of a Markdown text."""
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[\\*`#>]", lambda found: found[1] or "", markdown)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _address(url: str) -> str:
    """Make addresses comparable: with or without encryption and a final slash, they lead to the same."""
    parts = urlsplit(url)
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")


def _path_of(url: str) -> str:
    """Give the path of an address, with its query if it has one."""
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path
