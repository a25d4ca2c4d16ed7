"""Importer: converts the entries of another system's feed to article files.

Each file is parsed and validated before it is written. It prints nothing.
Existing files stay unchanged, and entries whose id already exists are not imported again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from feeds.base.atomic import atomic_write
from feeds.content.folder import ContentFolder
from feeds.content.reader import ARTICLE_SUFFIX, ArticleReader, free_name
from feeds.feed.html_text import excerpt
from feeds.model.article import Article
from feeds.model.article_text import article_text
from feeds.model.problems import Message, Problem
from feeds.model.site import Site
from feeds.model.site_types import slug
from feeds.model.yamlfile import parse_yaml

from .addresses import Addresses, NameInLanguage, path_of
from .categories import Categories
from .conversion import Conversion, year_of
from .dates import is_placeholder
from .existing import ExistingArticles, title_counts
from .languages import Languages
from .media_importer import MediaImporter
from .notes import Note, unreadable_text
from .old_feed import OldEntry, OldFeed, split_url
from .systems import System, system_of

_PAGE_EXTENSION = re.compile(r"\.(html?|php|aspx?|jsp)$", re.IGNORECASE)
"""File extensions in the addresses of web pages, which are not part of a name."""

OPTIONAL_KEYS = (
    "updated",
    "expires",
    "twin",
    "social",
    "hide_from",
    "tags",
    "authors",
    "link",
    "picture",
    "attachments",
    "summary",
)
"""Optional keys. A value that the site would reject is left out and reported."""


@dataclass
class PlannedArticle:
    """An entry and what the import does with it.

    `path` is its file, if it is new, with its `text` and the `article` in it. `refusal` is the reason if it is not
    imported. It `is_unmapped` if that is only because no mapping puts it into a category of ours.
    """

    entry: OldEntry
    path: Path | None = None
    text: str = ""
    article: Article | None = None
    page: str | None = None
    refusal: str | None = None
    is_unmapped: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        """Whether its id already existed before the import."""
        return self.path is None and self.refusal is None


class Importer:
    """Imports entries into a content folder."""

    def __init__(
        self,
        content: ContentFolder,
        site: Site,
        feed: OldFeed,
        categories: Categories,
        *,
        now: datetime,
        language: str | None = None,
        feed_urls: Iterable[str] = (),
    ) -> None:
        """Read the ids and file names of the existing articles. `feed_urls` are those of the old site."""
        self._now = now
        self._content, self._site, self._feed, self._categories = content, site, feed, categories
        self.languages: Languages = Languages(site, feed, language)
        self._reader = ArticleReader(content.root, content.media)
        self.system: System | None = system_of(feed.generator, [entry.id for entry in feed.entries])
        self.addresses: Addresses = Addresses(site, feed, self.system, feed_urls)
        self._existing = ExistingArticles(content, site, self._reader)
        self._slugs = {slug(path.stem) for path in content.article_files()}
        self._old_paths = {path_of(entry.url).rstrip("/"): entry.id for entry in feed.entries if entry.url}
        self.refused_pages: set[str] = set()

    def plan(self) -> list[PlannedArticle]:
        """Return the plan for each entry. It is complete before any is converted, since entries link to each other."""
        titles = title_counts((self.languages.of(entry), entry.title) for entry in self._feed.entries)
        planned_articles, new_ids = [], set()
        for entry in self._feed.entries:
            if entry.is_draft and entry.published is None:
                note = Note.of("the draft has no date: the date of the import is used")
                entry = replace(entry, published=self._now, notes=(*entry.notes, note))
            planned = PlannedArticle(entry)
            language = self.languages.of(entry)
            has_unique_title = titles[language, slug(entry.title)] == 1
            if existing := self._existing.find(entry, language, has_unique_title=has_unique_title):
                planned.page = existing.page
                if existing.article:
                    planned.notes += self._existing.changes(entry, existing.article, self._now)
            elif entry.id in new_ids:
                planned.refusal = Note.of("another entry of the feed has the same id")
            else:
                planned.refusal, planned.is_unmapped = self._refusal(entry)
            if planned.page is None and planned.refusal is None:
                new_ids.add(entry.id)
            planned_articles.append(planned)
        new = [each for each in planned_articles if each.page is None and each.refusal is None]
        new.sort(key=lambda each: self.languages.of(each.entry) != self._site.default_language)
        for planned in new:  # of translations with the same name, that in the default language keeps it
            planned.path = self._path(planned.entry)
            planned.page = self._site.article_path(self.languages.of(planned.entry), planned.path.stem)
        newest_first = sorted(planned_articles, key=_newest_first)  # the oldest redirects may not fit into site.yaml
        for planned in newest_first:
            self._add_address(planned, planned.entry.url)
        for planned in newest_first:  # current addresses take precedence over former ones of other entries
            for address in (planned.entry.id, *planned.entry.old_urls):  # WordPress ids are also short links
                self._add_address(planned, address)
        return planned_articles

    def count_misfiled(self, plan: list[PlannedArticle]) -> int:
        """Return how many articles that exist already are in other categories than the mapping says."""
        count = 0
        for planned in plan:
            article = self._existing.at(planned.page or "") if planned.is_known else None
            categories = self._categories.resolve((*planned.entry.categories, *planned.entry.tags))[0]
            count += article is not None and bool(categories) and set(categories) != set(article.categories)
        return count

    def _add_address(self, planned: PlannedArticle, address: str | None) -> None:
        entry = planned.entry
        was_public = not entry.is_draft and not (entry.published and entry.published > self._now)
        if planned.page and address:
            self.addresses.add(address, planned.page, is_public=was_public)

    def _refusal(self, entry: OldEntry) -> tuple[str | None, bool]:
        """Return the reason not to import an entry, and whether a mapping of its names would change that."""
        if reason := entry.refusal or _flaw(entry):
            return reason, False
        names = (*entry.categories, *entry.tags)
        if self._categories.resolve(names)[0]:
            return None, False
        if self._categories.covers(names):
            return Note.of("none of its categories is imported"), False
        if not names:
            return Note.of("it has no category (use --map)"), True
        return Note.of(
            "it is in no category of site.yaml: it is filed under {names} (use --map)", names=", ".join(names)
        ), True

    def names(self) -> list[NameInLanguage]:
        """Return the names of all categories and tags, once for each language of the entries that have them."""
        return list(
            dict.fromkeys(
                NameInLanguage(name, self.languages.of(entry))
                for entry in self._feed.entries
                for name in (*entry.categories, *entry.tags)
            )
        )

    def tags(self, plan: list[PlannedArticle]) -> list[NameInLanguage]:
        """Return the names of the tags of new, public entries, once for each language of these."""
        new = (each.entry for each in plan if each.path and not each.entry.is_draft)
        return list(
            dict.fromkeys(
                NameInLanguage(tag, self.languages.of(entry))
                for entry in new
                for tag in self._categories.resolve((*entry.categories, *entry.tags))[1]
                if slug(tag)
            )
        )

    def _path(self, entry: OldEntry) -> Path:
        page_name = _PAGE_EXTENSION.sub("", PurePosixPath(unquote(split_url(entry.url or "").path)).name)
        readable_slugs = (
            slug(name) for name in (entry.slug, page_name) if re.search("[A-Za-z]", name) and name != "index"
        )
        name = next(filter(None, readable_slugs), "")
        preferred = name or slug(entry.title or excerpt(entry.html, 60)) or "article"
        language = self.languages.of(entry)
        if preferred in self._slugs and language != self._site.default_language:  # its original has this name
            preferred = f"{preferred}-{language.lower()}"
        name = free_name(
            preferred, {*self._slugs, preferred} if self._is_old_path_of_another(entry, preferred) else self._slugs
        )
        self._slugs.add(name)
        return self._content.root / "articles" / year_of(entry, self._site.timezone) / f"{name}{ARTICLE_SUFFIX}"

    def _is_old_path_of_another(self, entry: OldEntry, name: str) -> bool:
        """Return whether a page with this name would take an old path of another entry, which needs a redirect."""
        page = self._site.path + self._site.article_path(self.languages.of(entry), name)
        return self._old_paths.get(page, entry.id) != entry.id

    def conversion(self, media_importer: MediaImporter | None) -> Conversion:
        """Return what converts the entries. Without a media importer, pictures and files keep their addresses."""
        return Conversion(self._site, self._categories, self.addresses, self.system, media_importer)

    def convert(self, planned: PlannedArticle, conversion: Conversion) -> None:
        """Set the text of a new entry's file, or its refusal if the site would reject it."""
        entry, path = planned.entry, planned.path
        assert path, "only what is new is converted"
        base = self._feed.home or self._site.url
        planned.notes.clear()
        try:
            values = conversion.values(entry, language=self.languages.of(entry), base=base, note=planned.notes.append)
        except Exception as error:  # one bad entry must not stop the import
            self._refuse(planned, unreadable_text(error))
            return
        if entry.published and entry.published > self._now and not entry.is_draft:
            date = f"{entry.published.astimezone(self._site.timezone):%Y-%m-%d %H:%M}"
            planned.notes.append(Note.of("its date is in the future: it will be published on {date}", date=date))
        if not values["body"]:
            self._refuse(planned, Note.of("it has no text"))
            return
        while problems := self._validate(planned, values):
            problem = next((each for each in problems if each.key.partition(".")[0] in OPTIONAL_KEYS), None)
            if problem is None:
                first = problems[0]
                place = f"{first.key}: " if first.key else ""
                self._refuse(planned, Note.of("it would be invalid: {key}{message}", key=place, message=first.message))
                return
            planned.notes.append(Note.of("{key} is left out: {message}", key=problem.key, message=problem.message))
            self._remove_invalid(planned, values, problem.key.partition(".")[0])

    def _validate(self, planned: PlannedArticle, values: Mapping[str, object]) -> list[Problem]:
        """Render the file of an article, and return the errors that the site would report in it."""
        path = planned.path
        assert path
        depth = len(path.relative_to(self._content.root / "articles").parts) - 1
        planned.text = article_text(values, depth=depth)
        tree, problems = parse_yaml(planned.text.encode(), str(path))
        planned.article = article = self._reader.article(tree, path, self._site) if tree else None
        errors = [each for each in (tree.problems if tree else problems) if each.severity == "error"]
        if article and article.id != planned.entry.id:
            errors.append(Problem(str(path), 1, 1, "id", Message.of("id-would-change", id=article.id)))
        return errors

    def _remove_invalid(self, planned: PlannedArticle, values: dict[str, object], name: str) -> None:
        """Remove a value, or only the invalid items if it is a list."""
        value = values.pop(name)
        valid_items = [
            item
            for item in (value if isinstance(value, list) else ())
            if not any(error.key.startswith(name) for error in self._validate(planned, {**values, name: [item]}))
        ]
        if valid_items and valid_items != value:
            values[name] = valid_items

    def _refuse(self, planned: PlannedArticle, reason: str) -> None:
        if planned.page:
            self.addresses.remove(planned.page)
            self.refused_pages.add(planned.page)
        planned.refusal, planned.path, planned.page, planned.article = reason, None, None, None

    def write(self, planned: PlannedArticle) -> None:
        """Write the file of a new entry atomically. Raises OSError, also if the file exists in the meantime."""
        assert planned.path
        planned.path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(planned.path, planned.text.encode(), is_new=True)


def _newest_first(planned: PlannedArticle) -> float:
    """Return a key by which articles are sorted, the newest first and those without a date last."""
    return -planned.entry.published.timestamp() if planned.entry.published else inf


def _flaw(entry: OldEntry) -> str | None:
    """Return what an entry lacks that an article needs."""
    if entry.published is None and not entry.is_draft:
        if (date := entry.unreadable_date) and not is_placeholder(date):
            return Note.of("its date cannot be read: {date} (expected year, month and day)", date=repr(date[:40]))
        return Note.of("it has no date")
    return None if entry.html.strip() else Note.of("it has no text")
