"""The store: opens, writes and deletes article files, one change at a time.

A file is replaced as a whole, and only if nobody changed it since it was opened and its new text has no error.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feeds.base import log
from feeds.base.atomic import atomic_write
from feeds.base.fingerprint import fingerprint_bytes
from feeds.base.locks import FileLock
from feeds.content.media import PublishedMedia
from feeds.content.reader import ARTICLE_SUFFIX, RESERVED_SLUGS, free_name
from feeds.model.article import Article
from feeds.model.article_text import KEY_ORDER
from feeds.model.problems import Message, Problem
from feeds.model.schema import schema_line
from feeds.model.site import Site
from feeds.model.site_types import slug
from feeds.model.yaml_edit import EditError, Value, set_keys
from feeds.model.yamlfile import Tree, parse_yaml
from feeds.server.publisher import Publisher

GIT_SECONDS = 5
"""Maximum time for each of the two commands of a commit."""

Changes = Callable[[Mapping[str, Any]], Mapping[str, Value | None]]
"""Returns the changes of a file's keys, given its values."""


@dataclass(frozen=True)
class CheckedFile:
    """The text of an article file, read and checked, whether it is saved or not.

    `article` is None if there is an error in it, and `tree` if it is not YAML.
    """

    path: Path
    data: bytes
    article: Article | None
    tree: Tree | None
    problems: tuple[Problem, ...]

    @property
    def is_readable(self) -> bool:
        """Whether the file could be read; else its text is not known, and must not be replaced."""
        return bool(self.data)

    @property
    def version(self) -> str:
        """Digest of the text, which tells whether somebody changed the file."""
        return fingerprint_bytes(self.data)

    @property
    def slug(self) -> str:
        """The slug of the article."""
        return slug(self.path.stem)

    @property
    def values(self) -> dict[str, Any]:
        """The values of the keys; empty if the text is not YAML."""
        return self.tree.value if self.tree else {}

    @property
    def has_errors(self) -> bool:
        """Whether the text cannot be published."""
        return any(problem.severity == "error" for problem in self.problems)


class Conflict(Exception):
    """Raised if somebody else changed or deleted the file since it was opened. `current` is the file now, if any."""

    def __init__(self, current: CheckedFile | None) -> None:
        """Set the current file."""
        super().__init__("the file was changed meanwhile")
        self.current = current


class InvalidArticle(Exception):
    """Raised if the new text has errors; nothing is written."""

    def __init__(self, draft: CheckedFile) -> None:
        """Set the text that was refused."""
        super().__init__("the text has errors")
        self.draft = draft


class ArticleStore:
    """Changes the article files of a publisher's content. `folder` is for its lock."""

    def __init__(self, publisher: Publisher, folder: Path, *, commits: bool = False) -> None:
        """Set the content. With `commits`, each change is committed to the git repository of the content."""
        self._publisher, self._folder, self._commits = publisher, folder, commits
        self._content = publisher.content

    def path_of(self, name: str) -> Path | None:
        """Return the path of an article file by its slug; None if there is none, or no page of the editor for it."""
        if name in RESERVED_SLUGS:
            return None
        paths = self._content.article_files()
        return next((path for path in paths if path.suffix == ARTICLE_SUFFIX and slug(path.stem) == name), None)

    def open(self, name: str) -> CheckedFile | None:
        """Read the file of an article by its slug; None if there is none."""
        path = self.path_of(name)
        if path is None:
            return None
        data, problem = self._content.reader.read_bytes(path)
        return CheckedFile(path, b"", None, None, (problem,)) if problem else self.checked(data, path)

    def checked(self, data: bytes, path: Path) -> CheckedFile:
        """Read and check the text of a file, without writing it."""
        tree, problems = parse_yaml(data, str(path))
        media = PublishedMedia(self._content.media)
        article, tree, problems = self._content.reader.check(tree, problems, path, self._site, media)
        return CheckedFile(path, data, article, tree, tuple(problems))

    def edited(self, draft: CheckedFile, changes: Mapping[str, Value | None]) -> CheckedFile:
        """Return a text with other values of some keys, read and checked, without writing it."""
        mark = b"\xef\xbb\xbf" if draft.data.startswith(b"\xef\xbb\xbf") else b""
        try:
            text = set_keys(draft.data.removeprefix(mark).decode(), changes, KEY_ORDER)
        except (EditError, UnicodeDecodeError):
            message = Message.of("file-not-editable")
            return CheckedFile(
                draft.path, draft.data, None, draft.tree, (*draft.problems, Problem(str(draft.path), 1, 1, "", message))
            )
        return self.checked(mark + text.encode(), draft.path)

    def blank(self, title: str, day: str) -> CheckedFile:
        """Return the start of a new file, with an id. Its name is free and derived from the title."""
        folder = self._content.root / "articles" / day[:4]
        path = folder / f"{self._free_name(slug(title) or 'article')}{ARTICLE_SUFFIX}"
        return self.checked(f'{schema_line(1)}id: "{secrets.token_hex(6)}"\n'.encode(), path)

    def create(self, title: str, day: str, changes: Changes, user: str) -> CheckedFile:
        """Write a new article. Raises InvalidArticle if it has errors."""
        with self._exclusive():
            blank = self.blank(title, day)
            draft = self._valid(self.edited(blank, changes(blank.values)))
            draft.path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(draft.path, draft.data, is_new=True)
            self._publish(draft.path)
        self._record(draft.path, user, "Add")
        return draft

    def save(self, name: str, version: str, changes: Changes, user: str) -> CheckedFile:
        """Write changes of some keys. Raises Conflict or InvalidArticle, and then the file is unchanged."""
        with self._exclusive():
            current = self._unchanged(name, version)
            draft = self._written(current, self.edited(current, changes(current.values)))
        if draft.data != current.data:
            self._record(draft.path, user, "Edit", current.path)
        return draft

    def save_text(self, name: str, version: str, text: str, user: str) -> CheckedFile:
        """Write the whole text of a file. Raises Conflict or InvalidArticle, and then the file is unchanged."""
        with self._exclusive():
            current = self._unchanged(name, version)
            draft = self._written(current, self.checked(text.encode(), current.path))
        if draft.data != current.data:
            self._record(draft.path, user, "Edit", current.path)
        return draft

    def delete(self, name: str, version: str, user: str) -> None:
        """Delete a draft. Raises Conflict if the file was changed, or is not that of a draft."""
        with self._exclusive():
            current = self._unchanged(name, version)
            if current.values.get("draft") != "true":
                raise Conflict(current)
            current.path.unlink()
            self._publish(current.path)
        self._record(current.path, user, "Delete")

    @property
    def _site(self) -> Site:
        site = self._publisher.loaded_content.site
        assert site, "the editor answers 503 without a site"
        return site

    def _unchanged(self, name: str, version: str) -> CheckedFile:
        current = self.open(name)
        if current is None or not current.is_readable or current.version != version:
            raise Conflict(current)
        return current

    def _written(self, current: CheckedFile, draft: CheckedFile) -> CheckedFile:
        """Replace a file, which keeps its mode; of a link, the file that it leads to.

        A draft that is published gets the address of its title: nobody knows the old one yet.
        """
        self._valid(draft)
        if draft.data == current.data:
            return draft
        path = Path(os.path.realpath(draft.path))
        mode = stat.S_IMODE(path.stat().st_mode)
        if new_path := self._new_path(current, draft):
            atomic_write(new_path, draft.data, mode=mode, is_new=True)
            current.path.unlink()
            draft = self.checked(draft.data, new_path)
        else:
            atomic_write(path, draft.data, mode=mode)
        self._publish(current.path, draft.path)
        return draft

    def _new_path(self, current: CheckedFile, draft: CheckedFile) -> Path | None:
        """Return the path of a draft that is published, after its title; None if it keeps its own."""
        is_published = current.values.get("draft") == "true" and draft.values.get("draft") != "true"
        name = slug(str(draft.values.get("title", "")))
        if not is_published or "id" not in draft.values or not name or draft.path.is_symlink():
            return None
        if re.fullmatch(rf"{re.escape(name)}(-[0-9]+)?", draft.slug) or self._is_known(draft):
            return None
        return draft.path.with_name(f"{self._free_name(name)}{ARTICLE_SUFFIX}")

    def _is_known(self, draft: CheckedFile) -> bool:
        """Return whether an article was live, or others link to it, so that its address has to stay."""
        edition, article = self._publisher.edition, draft.article
        manifest = edition.manifest if edition else None
        if manifest and article and (article.id in manifest.entries or article.id in manifest.past):
            return True
        address = f"/articles/{draft.slug}"
        return any(address in other.body for other in self._publisher.loaded_content.articles.values())

    def _free_name(self, name: str) -> str:
        names = {slug(path.stem) for path in self._content.article_files()} | set(RESERVED_SLUGS)
        return free_name(name, names)

    def _valid(self, draft: CheckedFile) -> CheckedFile:
        if draft.has_errors:
            raise InvalidArticle(draft)
        return draft

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / "articles.lock"):
            yield

    def _publish(self, *paths: Path) -> None:
        self._publisher.refresh(self._publisher.clock(), {str(path) for path in paths})

    def _record(self, path: Path, user: str, verb: str, old_path: Path | None = None) -> None:
        """Log a change, and commit it. The next change need not wait for that."""
        log.log_event("edit", file=str(path), action=verb.lower(), user=user)
        if self._commits:
            with FileLock(self._folder / "git.lock"):
                self._commit([path, *([old_path] if old_path and old_path != path else [])], user or "Feeds", verb)

    def _commit(self, paths: list[Path], user: str, verb: str) -> None:
        """Commit article files, and the media files that the first names, in the name of the author.

        A failure is logged; the file is saved anyway.
        """
        path = paths[0]
        article = self._publisher.loaded_content.articles.get(slug(path.stem))
        used = [original.file for original in article.originals] if article else []
        used += [each.file for each in article.attachments if each.file] if article else []
        names = [each.relative_to(self._content.root).as_posix() for each in paths]
        names += dict.fromkeys(f"media/{each.path}" for each in used)
        environment = {**os.environ, "GIT_COMMITTER_NAME": "Feeds", "GIT_COMMITTER_EMAIL": "feeds@localhost"}
        email = user if "@" in user else f"{slug(user) or 'author'}@localhost"
        commands = (["add", "--all", "--", *names], ["commit", "--quiet", "--no-verify", "--only"])
        commands[1].extend([f"--author={user} <{email}>", f"--message={verb} {slug(path.stem)}", "--", *names])
        try:
            for command in commands:
                subprocess.run(
                    ["git", "-C", str(self._content.root), *command],
                    env=environment,
                    check=True,
                    capture_output=True,
                    text=True,
                    timeout=GIT_SECONDS,
                )
        except (OSError, subprocess.SubprocessError) as error:
            reason = getattr(error, "stderr", None) or str(error)
            log.log_event("commit-failed", file=str(path), reason=" ".join(str(reason).split()))
