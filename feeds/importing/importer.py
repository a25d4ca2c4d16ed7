"""Importer: entries of another system's feed as article files, each read back before it is written.

It prints nothing. A file that is there stays as it is, and so does an entry whose id is there already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from feeds.base.atomic import write_whole
from feeds.content.folder import ContentFolder
from feeds.content.reader import ENDING, ArticleReader, free_name
from feeds.feed.markup import excerpt
from feeds.model.article_fields import entry_id
from feeds.model.problems import Message, Problem
from feeds.model.site import Site
from feeds.model.site_fields import slug
from feeds.model.yamlfile import read

from .addresses import Addresses, path_of
from .article_text import article_text
from .categories import Categories
from .conversion import Conversion, year_of
from .old_feed import OldEntry, OldFeed
from .picture_importer import Gallery
from .systems import System, system_of

_PAGE = re.compile(r"\.(html?|php|aspx?|jsp)$", re.IGNORECASE)
"""What addresses of pages end in that have no more to say."""

OPTIONAL = ("updated", "tags", "authors", "link", "picture", "attachments", "summary")
"""Keys that an article can do without: what the site would refuse of them is left out, and told."""

_ID = re.compile(rb"(?m)^id:.*$")


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
        self._language = language
        self._files = ArticleReader(content.root, content.media)
        self.system: System | None = system_of(feed.generator, [entry.id for entry in feed.entries])
        self.addresses: Addresses = Addresses(site, feed, self.system)
        self._conversion = Conversion(site, categories, self.addresses, self.system, gallery)
        self._known = dict(self._present())
        self._slugs = {slug(path.stem) for path in content.article_files()}
        self._old_paths = {path_of(entry.url).rstrip("/"): entry.id for entry in feed.entries if entry.url}
        self.refused_pages: set[str] = set()

    def _present(self) -> Iterator[tuple[str, str]]:
        """Give the ids that are there, each with its page: of broken files too, and of drafts."""
        for path in self._content.article_files():
            tree, _ = self._files.tree(path)
            if tree is None:  # of what cannot be read, its id may be
                line = _ID.search(self._files.text(path)[0])
                tree = read(line[0], str(path))[0] if line else None
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
            taken = Taken(entry)
            if page := self._known.get(entry.id):
                taken.page = page
            elif entry.id in seen:
                taken.refusal = "another entry of the feed has the same id"
            else:
                taken.refusal = entry.refusal or self._refusal(entry)
            if taken.page is None and taken.refusal is None:
                taken.path = self._path(entry)
                taken.page = self._site.article_path(self.language_of(entry), taken.path.stem)
                seen.add(entry.id)
            for address in (entry.url, entry.id):  # WordPress's ids are short links too
                if taken.page and address:
                    self.addresses.add(address, taken.page, is_public=not entry.is_draft)
            found.append(taken)
        return found

    def _refusal(self, entry: OldEntry) -> str | None:
        if entry.published is None and not entry.is_draft:
            return "it has no date"
        if not entry.html.strip():
            return "it has no text"
        names = (*entry.categories, *entry.tags)
        if self._categories.take(names)[0]:
            return None
        if self._categories.is_answered(names):
            return "all that it is filed under is left out"
        return f"it is in none of our categories, but in {', '.join(names) or 'none'} (use --map)"

    def tags(self, plan: list[Taken]) -> list[str]:
        """Give the names of the tags of what is new and public."""
        new = (each.entry for each in plan if each.path and not each.entry.is_draft)
        found = (tag for entry in new for tag in self._categories.take((*entry.categories, *entry.tags))[1])
        return list(dict.fromkeys(tag for tag in found if slug(tag)))

    def unanswered(self, plan: list[Taken]) -> list[Taken]:
        """Give the entries of which nobody said what category of ours they are in."""
        return [
            each
            for each in plan
            if each.refusal
            and not each.entry.refusal
            and each.refusal == self._refusal(each.entry)
            and not self._categories.is_answered((*each.entry.categories, *each.entry.tags))
        ]

    def _path(self, entry: OldEntry) -> Path:
        last = _PAGE.sub("", PurePosixPath(unquote(urlsplit(entry.url or "").path)).name)
        spoken = (slug(name) for name in (entry.slug, last) if re.search("[A-Za-z]", name) and name != "index")
        name = next(filter(None, spoken), "")
        wanted = name or slug(entry.title or excerpt(entry.html, 60)) or "article"
        name = free_name(wanted, {*self._slugs, wanted} if self._is_anothers(entry, wanted) else self._slugs)
        self._slugs.add(name)
        return self._content.root / "articles" / year_of(entry) / f"{name}{ENDING}"

    def _is_anothers(self, entry: OldEntry, name: str) -> bool:
        """Tell whether the page of a name is the old address of another entry, which wants to be led on."""
        page = self._site.path + self._site.article_path(self.language_of(entry), name)
        return self._old_paths.get(page, entry.id) != entry.id

    def language_of(self, entry: OldEntry | None = None) -> str:
        """Tell the site's language that an entry is in, or the feed as a whole."""
        known = {each.partition("-")[0]: each for each in reversed(self._site.languages)}
        known |= {each: each for each in self._site.languages}
        for found in (self._language, entry.language if entry else None, self._feed.language):
            if found and (match := known.get(found) or known.get(found.lower().partition("-")[0])):
                return match
        return self._site.default_language

    def convert(self, taken: Taken) -> None:
        """Make the text of a new entry's file; what the site would refuse of it is its refusal."""
        entry, path = taken.entry, taken.path
        assert path, "only what is new is converted"
        base = self._feed.home or self._site.url
        taken.notes.clear()
        try:
            values = self._conversion.values(
                entry, language=self.language_of(entry), base=base, note=taken.notes.append
            )
        except (ValueError, RecursionError) as error:  # of what no browser would show either
            self._refuse(taken, f"its text cannot be read: {type(error).__name__}")
            return
        if not values["body"]:
            self._refuse(taken, "it has no text")
            return
        while faults := self._faults(taken, values):
            fault = next((each for each in faults if each.key.partition(".")[0] in OPTIONAL), None)
            if fault is None:
                self._refuse(taken, "; ".join(f"{each.key}: {each.message}" for each in faults))
                return
            taken.notes.append(f"{fault.key} is left out: {fault.message}")
            self._leave_out(taken, values, fault.key.partition(".")[0])

    def _faults(self, taken: Taken, values: Mapping[str, object]) -> list[Problem]:
        """Write the text of a file, and tell what the site would refuse of it."""
        path = taken.path
        assert path
        depth = len(path.relative_to(self._content.root / "articles").parts) - 1
        taken.text = article_text(values, depth=depth)
        tree, problems = read(taken.text.encode(), str(path))
        article = self._files.article(tree, path, self._site) if tree else None
        faults = [each for each in (tree.problems if tree else problems) if each.severity == "error"]
        if article and article.id != taken.entry.id:
            faults.append(Problem(str(path), 1, 1, "id", Message.of("id-would-change", id=article.id)))
        return faults

    def _leave_out(self, taken: Taken, values: dict[str, object], name: str) -> None:
        """Leave out a value, or those of a list that are not as they should be."""
        found = values.pop(name)
        fine = [
            each
            for each in (found if isinstance(found, list) else ())
            if not any(fault.key.startswith(name) for fault in self._faults(taken, {**values, name: [each]}))
        ]
        if fine and fine != found:
            values[name] = fine

    def _refuse(self, taken: Taken, reason: str) -> None:
        if taken.page:
            self.addresses.remove(taken.page)
            self.refused_pages.add(taken.page)
        taken.refusal, taken.path, taken.page = reason, None, None

    def write(self, taken: Taken) -> None:
        """Write the file of a new entry, whole or not at all. Raises OSError, also where one came to be in between."""
        assert taken.path
        taken.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(taken.path, taken.text.encode(), is_new=True)
