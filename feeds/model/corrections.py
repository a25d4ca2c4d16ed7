"""Propose corrections of single problems, as texts in which one problem is corrected.

`content.repair` keeps a correction only if it reduces the number of errors.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from . import yaml_mistakes
from .article import SYNONYMS, Article
from .article_text import KEY_ORDER
from .loose_dates import readings
from .problems import Problem, without_invisible
from .site import Site
from .yaml_edit import LINE, EditError, rename_key, set_key
from .yamlfile import Path, Tree

TRUE, FALSE = ("on", "oui", "true", "vrai", "yes"), ("faux", "false", "no", "non", "off")
"""Words in lower case that mean true or false."""

TAB_WIDTHS = (2, 4, 8)
"""Numbers of spaces that a tab may stand for."""

NOT_RENAMED = ("skip", "url")
"""Unknown keys that are not renamed, since their synonym is only a guess."""

_QUOTED_CODES = (
    *("yaml-after-quote", "yaml-alias", "yaml-ampersand", "yaml-anchor", "yaml-colon", "yaml-dash"),
    *("yaml-exclamation-mark", "yaml-first-character", "yaml-hashtag", "yaml-quote", "yaml-tag"),
)
"""Codes of mistakes that are corrected by quoting the whole value."""

_IN_LINE_CODES = (
    *("yaml-colon-character", "yaml-colon-without-space", "yaml-dash-without-space", "yaml-hashtag-in-list"),
)
"""Codes of mistakes within a line."""


def corrected_texts(text: str, tree: Tree | None, problem: Problem, site: Site | None) -> Iterator[str]:
    """Yield texts in which a problem is corrected, the most probable first."""
    code = problem.message.code
    if code in ("yaml-tab", "yaml-indentation-character"):
        yield from _indented(text)
    elif code in _QUOTED_CODES and not _goes_on(text, problem.line):
        yield from _with_line(text, problem.line, lambda line: _with_quotes(line, is_open=code == "yaml-quote"))
    elif code in _IN_LINE_CODES:
        yield from _with_line(text, problem.line, lambda line: yaml_mistakes.corrected(line, code))
    elif tree:
        yield from _renamed(text, tree, problem)
        if site:
            yield from _with_value(text, tree, problem, site)


def _with_line(text: str, number: int, correct: Callable[[str], str | None]) -> Iterator[str]:
    lines = LINE.findall(text)
    if number <= len(lines):
        line = lines[number - 1]
        content = line.rstrip("\r\n")
        if (corrected := correct(content)) is not None:
            lines[number - 1] = corrected + line[len(content) :]
            yield "".join(lines)


def _goes_on(text: str, number: int) -> bool:
    """Return whether the value of a line goes on in the next one, so that quotes in this line would cut it."""
    line, *below = text.splitlines()[number - 1 :] or [""]
    following = next((each for each in below if each.strip()), "")
    return len(following) - len(following.lstrip(" ")) > len(line) - len(line.lstrip(" -"))


def _with_quotes(line: str, *, is_open: bool) -> str | None:
    """Return a line with quotes around the value of its key, indented as it was; None if it may have a comment."""
    if re.search(r"\s#(\s|$)", line):
        return None
    corrected = yaml_mistakes.with_quotes(line, is_open=is_open)
    return line[: len(line) - len(line.lstrip(" "))] + corrected if corrected else None


def _indented(text: str) -> Iterator[str]:
    """Yield texts in which no line starts with a tab, a no-break space or an invisible character.

    Of consecutive lines, only the indentation that they share is replaced: the rest belongs to their texts.
    """
    for width in TAB_WIDTHS:
        result: list[str] = []
        for members in _groups(LINE.findall(text)):
            wrong = [_indentation(line) for line in members if _starts_wrong(line)]
            shared = _common_start(wrong) if wrong else ""
            result += [_plain(shared, width) + line[len(shared) :] if _starts_wrong(line) else line for line in members]
        yield "".join(result)


def _groups(lines: list[str]) -> Iterator[list[str]]:
    """Yield consecutive lines that start alike: with a wrong character, or not. Empty lines join those before."""
    group: list[str] = []
    is_wrong = False
    for line in lines:
        if line.strip() and group and _starts_wrong(line) != is_wrong:
            yield group
            group = []
        is_wrong = _starts_wrong(line) if line.strip() else is_wrong
        group.append(line)
    yield group


def _starts_wrong(line: str) -> bool:
    """Return whether a line with a text starts with a character that only looks like a space."""
    return bool(line.strip()) and _indentation(line)[:1] not in ("", " ")


def _common_start(texts: list[str]) -> str:
    """Return the longest text with which all texts start."""
    shortest = min(texts, key=len)
    return next(
        (shortest[:end] for end in range(len(shortest), 0, -1) if all(t.startswith(shortest[:end]) for t in texts)), ""
    )


def _indentation(line: str) -> str:
    match = yaml_mistakes.INDENTATION.match(line)
    return match[0] if match else ""


def _plain(indentation: str, width: int) -> str:
    spaces = {"\t": " " * width}
    return "".join(spaces.get(each, " " if unicodedata.category(each) == "Zs" else "") for each in indentation)


def _renamed(text: str, tree: Tree, problem: Problem) -> Iterator[str]:
    """Yield the text with a wrong key replaced by the one it means."""
    path = tree.path_of(problem)
    if problem.message.code not in ("key-unknown", "key-invisible") or not path or path not in tree.keys_at:
        return
    key = str(path[-1])
    visible = without_invisible(key)
    name = SYNONYMS.get(visible.casefold()) if len(path) == 1 and visible.casefold() not in NOT_RENAMED else None
    name = name or (visible.casefold() if visible.casefold() in Article.model_fields else None)
    name = name or str(dict(problem.message.parameters)["key"]) if visible != key else name
    if name and (*path[:-1], name) not in tree.keys_at:
        try:
            yield rename_key(text, tree, path, name)
        except EditError:
            return


def _with_value(text: str, tree: Tree, problem: Problem, site: Site) -> Iterator[str]:
    """Yield the text with a value replaced by the one it means."""
    path = tree.path_of(problem)
    value = _value_at(tree.value, path)
    code = problem.message.code
    new: Any = None
    if code == "category-not-in-site" and isinstance(value, str):
        new = _category(value, site)
    elif code == "categories-one-text" and isinstance(value, str):
        names = [part.strip() for part in value.split(",") if part.strip()]
        found = [name if name in site.categories else _category(name, site) for name in names]
        new = found if all(found) else None
    elif code in ("date-not-recognised", "time-not-recognised") and isinstance(value, str):
        dates = readings(value, site.default_language)
        new = dates[0] if len(dates) == 1 else None
    elif code == "boolean-expected" and isinstance(value, str):
        word = value.strip().casefold()
        new = "true" if word in TRUE else "false" if word in FALSE else None
    if new is not None and path:
        try:
            yield set_key(text, str(path[0]), _replaced(tree.value, path, new)[str(path[0])], KEY_ORDER)
        except EditError:
            return


def possible_dates(tree: Tree, problem: Problem, site: Site) -> list[str]:
    """Return the dates that a text may mean, if there are several."""
    value = _value_at(tree.value, tree.path_of(problem))
    dates = readings(value, site.default_language) if isinstance(value, str) else []
    return dates if len(dates) > 1 and problem.message.code in ("date-not-recognised", "time-not-recognised") else []


def _category(text: str, site: Site) -> str | None:
    """Return the slug of the only category that a text names, by its slug or its title, whatever the case."""
    folded = without_invisible(text).casefold()
    matches = {
        slug
        for slug, category in site.categories.items()
        if folded == slug.casefold() or folded in (title.casefold() for title in category.title.values())
    }
    return matches.pop() if len(matches) == 1 else None


def _value_at(value: Any, path: Path) -> Any:
    for part in path:
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _replaced(value: Any, path: Path, new: Any) -> Any:
    """Return a copy of a value with another value at a path."""
    if not path:
        return new
    first, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {key: _replaced(each, rest, new) if key == first else each for key, each in value.items()}
    return [_replaced(each, rest, new) if index == first else each for index, each in enumerate(value)]
