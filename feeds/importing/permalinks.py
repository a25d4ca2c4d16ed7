"""Permalinks: the addresses and ids that a static site generator gave to articles, learnt from its feed.

A form is a text such as `/{year}/{slug}/`. Generators have many rules for addresses. A form that produces the
addresses in the old feed also produces those of older articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

from .old_feed import split_url

Values = Mapping[str, str]
"""The values of an article by placeholder; those that it lacks are empty."""

_ID_FORMS = (
    "{url}",
    "{bare_url}",
    "{url_without_slash}",
    "tag:{host},{date}:{path}",
    "{path}",
    "{host}{path}",
)
_MAX_EXAMPLES = 500
"""Maximum number of articles that patterns are derived from; more would be slow and add nothing."""

_WHOLE_NAMES = ("folder", "categories", "raw_categories")
_NAMES = ("slug", "title", "stem", "category", "raw_category", "section", "language")
_DATE_NAMES = ("year", "month", "day", "short_month", "short_day")
_NAME = re.compile(r"\{(\w+)\}")
_OWN_NAME = re.compile(r"\{(?:slug|title|stem)\}")
"""Placeholders of which every pattern needs one, since no other distinguishes two articles."""


def learn_address_forms(articles: Iterable[tuple[Values, str]]) -> list[str]:
    """Return patterns of the paths of articles, those that match the most first."""
    known = list(articles)[:_MAX_EXAMPLES]
    forms = {form for values, path in known for form in _forms(path, values) if _OWN_NAME.search(form)}
    paths = [(values, unquote(path)) for values, path in known]
    correct = {form: sum(fill(form, values) == path for values, path in paths) for form in forms}
    return sorted(correct, key=lambda form: (-correct[form], len(form), form))


def learn_id_form(articles: Iterable[tuple[Values, str, str]], default: str) -> str:
    """Return the pattern that produces most of the ids."""
    known = list(articles)[:_MAX_EXAMPLES]
    counts = {
        form: sum(make_id(form, values, url) == id for values, url, id in known) for form in (default, *_ID_FORMS)
    }
    return max(counts, key=lambda form: counts[form])


def make_id(form: str, values: Values, url: str) -> str:
    """Return the id of an article with an address."""
    parts = split_url(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    bare_url = re.sub(r"\.\w+$", "", url) if "." in parts.path.rpartition("/")[2] else url
    names = {"url": url, "bare_url": bare_url, "url_without_slash": url.rstrip("/"), "host": parts.netloc, "path": path}
    return fill(form, {**values, **names}) or url


def make_address(forms: Iterable[str], values: Values, home: str) -> str:
    """Return the URL of an article from the first pattern whose placeholders it has, or an empty string."""
    path = next((path for form in forms if (path := fill(form, values))), "")
    parts = split_url(home)
    return f"{parts.scheme}://{parts.netloc}{quote(path, safe='/%:@!$&()*+,;=~-._')}" if path else ""


def fill(form: str, values: Values) -> str:
    """Return a form with values in place of its names; empty if one of them is missing.

    An article need not be in a folder or a category.
    """
    names = _NAME.findall(form)
    if any(not values.get(name) for name in names if name not in _WHOLE_NAMES):
        return ""
    filled = _NAME.sub(lambda match: values.get(match[1], ""), form)
    return re.sub("(?<!:)/{2,}", "/", filled)


def _forms(path: str, values: Values) -> Iterable[str]:
    """Yield patterns that produce a path, with placeholders for dates, folders and categories."""
    path = unquote(path)
    for whole in ("", *_WHOLE_NAMES):
        value = values.get(whole, "")
        if not whole or (value and f"/{value}/" in f"{path}/"):
            marked = f"{path}/".replace(f"/{value}/", f"/{{{whole}}}/", 1)[:-1] if whole else path
            for names in (_NAMES, _NAMES[1:], _NAMES[2:]):
                yield "/".join(_marked_segments(marked.split("/"), values, names))


def _marked_segments(segments: list[str], values: Values, names: tuple[str, ...]) -> Iterable[str]:
    """Yield the segments of a path, with a placeholder for each value. Dates are in their usual order."""
    date_names = list(_DATE_NAMES)
    for segment in segments:
        stem, dot, ending = segment.partition(".")
        name = next((name for name in names if stem and values.get(name) == stem), None)
        if name is None and stem:
            name = next((name for name in date_names if values.get(name) == stem), None)
            if name:
                used = _DATE_NAMES.index(name)
                date_names = [each for each in date_names if _DATE_NAMES.index(each) > used]
        yield f"{{{name}}}{dot}{ending}" if name else segment
