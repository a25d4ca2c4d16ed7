"""Correct mistakes in the content folder that have only one possible correction.

A correction is kept only if the text, when it is read again, has fewer errors than before.
"""

from __future__ import annotations

import codecs
import difflib
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from feeds.base.atomic import atomic_write
from feeds.model.article_text import KEY_ORDER
from feeds.model.corrections import corrected_texts, possible_dates
from feeds.model.problems import Problem
from feeds.model.site import Site, read_site
from feeds.model.yaml_edit import EditError, set_key
from feeds.model.yamlfile import FORBIDDEN, Tree, parse_yaml

from . import rendering
from .folder import ContentFolder
from .media import PublishedMedia
from .reader import ARTICLE_SUFFIX, free_name

MAX_CORRECTIONS = 200
"""Maximum number of corrections of a file."""

RENAMED_SUFFIX = ".yml"
"""Suffix of files that are renamed."""

PHONE_SUFFIXES = (".heic", ".heif", ".avif")
"""Suffixes of pictures that are converted to JPEG."""


@dataclass(frozen=True)
class Repair:
    """A file before and after its repair. `pictures` are converted: each with the new path below `media/`.

    `questions` are problems that have two right answers, each with the dates to choose from.
    """

    path: Path
    new_path: Path
    before: bytes
    after: bytes
    pictures: tuple[tuple[str, str], ...] = ()
    questions: tuple[tuple[Problem, list[str]], ...] = ()

    @property
    def changes_anything(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after or self.path != self.new_path or bool(self.pictures)

    def diff(self) -> str:
        """Return the changes as a unified diff."""
        before, after = (decoded(data).splitlines(keepends=True) for data in (self.before, self.after))
        lines = list(difflib.unified_diff(before, after, str(self.path), str(self.new_path)))
        if not lines and self.before != self.after:
            lines = [f"--- {self.path}\n", f"+++ {self.new_path}\n", "# the encoding becomes UTF-8\n"]
        if not lines and self.path != self.new_path:
            lines = [f"--- {self.path}\n", f"+++ {self.new_path}\n"]
        lines += [f"# media/{old} → media/{new}\n" for old, new in self.pictures]
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def decoded(data: bytes) -> str:
    """Return the text of a file that is UTF-8, UTF-16, Latin-1 or cp1252, without its byte order mark."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    return data.removeprefix(codecs.BOM_UTF8).decode(errors="cp1252-bytes")


_WESTERN = set("àâäáãåæçéèêëíîïñóôöõøœßùúûüÿÀÂÄÁÃÅÆÇÉÈÊËÍÎÏÑÓÔÖÕØŒÙÚÛÜŸ’‘“”«»…–—€°§²³µ·•©®½¼×\u00a0")
"""Characters that Latin-1 and cp1252 files of Western languages contain. Others suggest another encoding."""


def is_surely_text(data: bytes) -> bool:
    """Return whether a file is UTF-8, or there is only one encoding that it can be in."""
    text = decoded(data)
    if FORBIDDEN.search(text) or "\ufffd" in text:
        return False
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return all(character in _WESTERN for character in text if not character.isascii())
    return True


def _decode_bytes(error: UnicodeError) -> tuple[str, int]:
    """Decode bytes that are not UTF-8 as cp1252, or, where that has none, as Latin-1."""
    assert isinstance(error, UnicodeDecodeError)
    data = error.object[error.start : error.end]
    try:
        return data.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return data.decode("latin-1"), error.end


codecs.register_error("cp1252-bytes", _decode_bytes)


class Repairer:
    """Repairs the files of a content folder. Nothing is written before `apply`."""

    def __init__(self, content: ContentFolder) -> None:
        """Read the site, as far as its file can be read or repaired."""
        self._content = content
        self._media = PublishedMedia(content.media)
        self._site: Site | None = None
        site = self.repair_site()
        tree = parse_yaml(site.after, str(site.path))[0] if site else None
        self._site = read_site(tree, self._media) if tree else None

    def repairs(self) -> Iterator[Repair]:
        """Yield what would be changed, and what has to be asked about."""
        site = self.repair_site()
        found = [site] if site else []
        found += [self.repair_article(path) for path in self._content.article_files() if self._is_article(path)]
        yield from (repair for repair in found if repair.changes_anything or repair.questions)

    def _is_article(self, path: Path) -> bool:
        is_free = path.suffix == RENAMED_SUFFIX and not path.with_suffix(ARTICLE_SUFFIX).exists()
        return path.suffix == ARTICLE_SUFFIX or is_free

    def repair_site(self) -> Repair | None:
        """Return the repair of the site file, or None if it cannot be read."""
        path = self._content.site_file
        data, problem = self._content.reader.read_bytes(path)
        if problem or not is_surely_text(data):
            return None
        text = self.corrected(decoded(data), path)
        return Repair(path, path, data, _encoded(text, data))

    def repair_article(self, path: Path) -> Repair:
        """Return the repair of an article file."""
        new_path = path.with_suffix(ARTICLE_SUFFIX)
        data, problem = self._content.reader.read_bytes(path)
        if problem or not is_surely_text(data):
            return Repair(path, path, data, data)
        text = self.corrected(decoded(data), new_path)
        tree, problems = self._read(text, new_path)
        pictures = dict(self._phone_pictures(tree, problems))
        for old, new in pictures.items():
            text = _with_picture(text, old, new)
        asked = ((each, possible_dates(tree, each, self._site)) for each in problems if tree and self._site)
        questions = tuple((each, dates) for each, dates in asked if dates)
        return Repair(path, new_path, data, _encoded(text, data), tuple(pictures.items()), questions)

    def correction(self, problem: Problem) -> str | None:
        """Return the corrected line of a problem, without its indentation; None if there is no single right one."""
        path = Path(problem.file)
        data, unreadable = self._content.reader.read_bytes(path)
        if unreadable:
            return None
        text = decoded(data)
        tree, problems = self._read(text, path)
        corrected = self._better(text, tree, problems, problem, path)
        if corrected is None:
            return None
        before, after = text.splitlines(), corrected.splitlines()
        changed = [line for line in difflib.ndiff(before, after) if line.startswith("+ ")]
        return changed[0][2:].strip() if len(changed) == 1 else None

    def apply(self, repair: Repair) -> None:
        """Write a repair. Raises OSError, and RenderError if a picture cannot be converted."""
        root = self._content.media.root
        for old, new in repair.pictures:
            atomic_write(root / new, rendering.convert_in_child(root / old), is_new=True)
        if repair.before != repair.after or repair.path != repair.new_path:
            mode = stat.S_IMODE(repair.path.stat().st_mode)
            atomic_write(repair.new_path, repair.after, is_new=repair.path != repair.new_path, mode=mode)
        if repair.path != repair.new_path:
            repair.path.unlink()

    def corrected(self, text: str, path: Path) -> str:
        """Return a text with all corrections that help."""
        for _ in range(MAX_CORRECTIONS):
            tree, problems = self._read(text, path)
            better = (self._better(text, tree, problems, problem, path) for problem in problems)
            corrected = next((each for each in better if each is not None), None)
            if corrected is None:
                break
            text = corrected
        return text

    def _better(
        self, text: str, tree: Tree | None, problems: list[Problem], problem: Problem, path: Path
    ) -> str | None:
        """Return a text in which a problem is corrected and no other is new, or None."""
        for candidate in corrected_texts(text, tree, problem, self._site):
            new_tree, new_problems = self._read(candidate, path)
            if tree is None:
                is_better = new_tree is not None or (new_problems[0].line, new_problems[0].column) > (
                    problems[0].line,
                    problems[0].column,
                )
            else:  # a key that is recognised may show a mistake in its value
                limit = len(problems) + (problem.message.code in ("key-unknown", "key-invisible"))
                is_better = new_tree is not None and len(new_problems) < limit
            if is_better:
                return candidate
        return None

    def _read(self, text: str, path: Path) -> tuple[Tree | None, list[Problem]]:
        """Return the values of a text, and its errors."""
        tree, problems = parse_yaml(text.encode(errors="replace"), str(path))
        if tree and path == self._content.site_file:
            read_site(tree, self._media)
        elif tree and self._site:
            self._content.reader.article(tree, path, self._site, self._media)
        return tree, [problem for problem in problems if problem.severity == "error"]

    def _phone_pictures(self, tree: Tree | None, problems: list[Problem]) -> Iterator[tuple[str, str]]:
        """Yield the pictures of a file that have to be converted, each with its new path."""
        for problem in problems:
            picture = tree.value.get("picture") if tree else None
            old = picture.get("file") if isinstance(picture, dict) else None
            if problem.message.code == "picture-expected" and problem.key == "picture.file" and isinstance(old, str):
                path = PurePosixPath(old)
                if path.suffix.lower() in PHONE_SUFFIXES and (self._content.media.root / path).is_file():
                    names = {each.stem for each in (self._content.media.root / path.parent).glob("*.jpg")}
                    yield old, str(path.with_name(f"{free_name(path.stem, names)}.jpg"))


def _encoded(text: str, before: bytes) -> bytes:
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    return mark + text.encode(errors="replace")


def _with_picture(text: str, old: str, new: str) -> str:
    """Return a text that refers to another picture, also in its body."""
    tree, _ = parse_yaml(text.encode(), "")
    assert tree, "it was read before"
    try:
        text = set_key(text, "picture", {**tree.value["picture"], "file": new}, KEY_ORDER)
    except EditError:
        return text
    return re.sub(rf"media/{re.escape(old)}(?![\w.-])", lambda _: f"media/{new}", text)
