"""Permalinks: patterns of the URLs and ids of a static site generator, derived from its feed.

A pattern is a text such as `/{year}/{slug}/`. One that produces the URLs in the old feed also produces those of older
articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

from .old_feed import split_url

Values = Mapping[str, str]
"""The values of an article by placeholder; those that it lacks are empty."""

_ID_PATTERNS = (
    "{url}",
    "{bare_url}",
    "{url_without_slash}",
    "tag:{host},{date}:{path}",
    "{path}",
    "{host}{path}",
)
_MAX_EXAMPLES = 500
"""Maximum number of articles that patterns are derived from; more would be slow and add nothing."""

_PATH_PLACEHOLDERS = ("folder", "categories", "raw_categories")
_PLACEHOLDERS = ("slug", "title", "stem", "category", "raw_category", "section", "language")
_DATE_PLACEHOLDERS = ("year", "month", "day", "short_month", "short_day")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_UNIQUE_PLACEHOLDER = re.compile(r"\{(?:slug|title|stem)\}")
"""Placeholders of which every pattern needs one, since no other distinguishes two articles."""


def derive_url_patterns(articles: Iterable[tuple[Values, str]]) -> list[str]:
    """Return patterns of the paths of articles, those that match the most first."""
    known = list(articles)[:_MAX_EXAMPLES]
    patterns = {
        pattern for values, path in known for pattern in _patterns(path, values) if _UNIQUE_PLACEHOLDER.search(pattern)
    }
    paths = [(values, unquote(path)) for values, path in known]
    correct = {pattern: sum(fill_pattern(pattern, values) == path for values, path in paths) for pattern in patterns}
    return sorted(correct, key=lambda pattern: (-correct[pattern], len(pattern), pattern))


def derive_id_pattern(articles: Iterable[tuple[Values, str, str]], default: str) -> str:
    """Return the pattern that produces most of the ids."""
    known = list(articles)[:_MAX_EXAMPLES]
    counts = {
        pattern: sum(build_id(pattern, values, url) == id for values, url, id in known)
        for pattern in (default, *_ID_PATTERNS)
    }
    return max(counts, key=lambda pattern: counts[pattern])


def build_id(pattern: str, values: Values, url: str) -> str:
    """Return the id of an article with an address."""
    parts = split_url(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    bare_url = re.sub(r"\.\w+$", "", url) if "." in parts.path.rpartition("/")[2] else url
    names = {"url": url, "bare_url": bare_url, "url_without_slash": url.rstrip("/"), "host": parts.netloc, "path": path}
    return fill_pattern(pattern, {**values, **names}) or url


def build_url(patterns: Iterable[str], values: Values, home: str) -> str:
    """Return the URL of an article from the first pattern whose placeholders it has, or an empty string."""
    path = next((path for pattern in patterns if (path := fill_pattern(pattern, values))), "")
    parts = split_url(home)
    return f"{parts.scheme}://{parts.netloc}{quote(path, safe='/%:@!$&()*+,;=~-._')}" if path else ""


def fill_pattern(pattern: str, values: Values) -> str:
    """Fill in a pattern; return an empty string if one of its values is missing.

    An article need not be in a folder or a category.
    """
    names = _PLACEHOLDER.findall(pattern)
    if any(not values.get(name) for name in names if name not in _PATH_PLACEHOLDERS):
        return ""
    filled = _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), pattern)
    return re.sub("(?<!:)/{2,}", "/", filled)


def _patterns(path: str, values: Values) -> Iterable[str]:
    """Yield patterns that produce a path, with placeholders for dates, folders and categories."""
    path = unquote(path)
    for placeholder in ("", *_PATH_PLACEHOLDERS):
        value = values.get(placeholder, "")
        if not placeholder or (value and f"/{value}/" in f"{path}/"):
            marked = f"{path}/".replace(f"/{value}/", f"/{{{placeholder}}}/", 1)[:-1] if placeholder else path
            for names in (_PLACEHOLDERS, _PLACEHOLDERS[1:], _PLACEHOLDERS[2:]):
                yield "/".join(_marked_segments(marked.split("/"), values, names))


def _marked_segments(segments: list[str], values: Values, names: tuple[str, ...]) -> Iterable[str]:
    """Yield the segments of a path, with a placeholder for each value. Dates are in their usual order."""
    date_names = list(_DATE_PLACEHOLDERS)
    for segment in segments:
        stem, dot, ending = segment.partition(".")
        name = next((name for name in names if stem and values.get(name) == stem), None)
        if name is None and stem:
            name = next((name for name in date_names if values.get(name) == stem), None)
            if name:
                used = _DATE_PLACEHOLDERS.index(name)
                date_names = [each for each in date_names if _DATE_PLACEHOLDERS.index(each) > used]
        yield f"{{{name}}}{dot}{ending}" if name else segment
