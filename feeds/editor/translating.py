"""Translations: what an article and its translation share, and the word that connects them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from copy import deepcopy

from feeds.model.site import Site
from feeds.model.yaml_edit import Value

from .store import CheckedFile
from .values import FormValues, LocalClock, form_values

SHARED_KEYS = ("categories", "authors", "picture", "attachments")
"""Keys that a translation takes over, without the texts in them."""


def shared_values(original: CheckedFile, clock: LocalClock, site: Site, existing: Container[str]) -> FormValues:
    """Return the form values that a translation begins with. `existing` are the languages that the article has."""
    values = form_values(original.values, clock, site.default_language)
    taken: FormValues = {key: deepcopy(values[key]) for key in SHARED_KEYS}
    taken["picture"] |= {"alt": "", "caption": ""}  # to be translated
    taken["attachments"] = [{**row, "title": ""} for row in taken["attachments"]]
    taken["language"] = next((each for each in site.languages if each not in existing), site.default_language)
    if not clock.is_past(original.values.get("published")):
        taken["published"] = values["published"]
    return taken


def with_twin(changes: Mapping[str, Value | None], original: CheckedFile | None) -> Mapping[str, Value | None]:
    """Return the values of a translation with the word that connects it to its original."""
    if original is None:
        return changes
    return {**changes, "twin": original.values.get("twin") or original.slug}
