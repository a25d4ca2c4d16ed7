"""Texts of new files: an article with every useful key as a comment, and all files of a new site.

The templates in `starter/` exist in each language of the interface. Nothing is written here.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from string import Template
from typing import Any
from urllib.parse import urlsplit

from feeds.base import translations
from feeds.model.article import Article
from feeds.model.article_text import KEY_ORDER
from feeds.model.schema import article_schema, schema_line, site_schema
from feeds.model.site import Site, read_site
from feeds.model.yaml_edit import Value, set_keys
from feeds.model.yamlfile import parse_yaml

from .checks import PLACEHOLDER
from .media import MediaFolder

SHARED_KEYS = ("authors", "tags", "picture", "attachments", "hide_from")
"""Keys that a translation takes over from its original. Texts in them are to be translated."""


def _fill(name: str, values: Mapping[str, object]) -> str:
    """Return a template of the package with its values."""
    text = (files(__package__) / "starter" / name).read_text(encoding="utf-8")
    return Template(text).substitute({key: str(value) for key, value in values.items()})


def _scalar(text: str) -> str:
    """Return a text as YAML, in quotes."""
    return json.dumps(text, ensure_ascii=False)


def article_text(
    site: Site,
    *,
    title: str,
    published: str,
    interface: str,
    depth: int = 0,
    categories: list[str] | None = None,
    body: str = PLACEHOLDER,
    values: Mapping[str, Value | None] | None = None,
) -> str:
    """Return the text of a draft, `depth` folders below `articles/`, with comments in a language of the interface.

    `values` are further keys.
    """
    names = categories or list(site.categories)[:1]
    text = schema_line(depth) + _fill(
        f"article.{interface}.yaml",
        {
            "id": secrets.token_hex(6),
            "title": _scalar(title),
            "published": published,
            "categories": ", ".join(names),
            "all_categories": ", ".join(site.categories),
            "body": body.strip("\n").replace("\n", "\n  "),
        },
    )
    return set_keys(text, values or {}, KEY_ORDER)


def translated_values(values: Mapping[str, Any], article: Article, language: str) -> dict[str, Value | None]:
    """Return the keys of a translation into `language`, from the values of the original's file."""
    shared: dict[str, Value | None] = {key: values[key] for key in SHARED_KEYS if values.get(key)}
    return {"language": language, "twin": article.twin or article.slug, **shared}


@dataclass(frozen=True)
class NewSite:
    """What a new site needs to know. `interface` is the language of the comments, and `timezone` that of the machine.

    `categories` maps slugs to titles.
    """

    title: str
    url: str
    languages: list[str]
    categories: Mapping[str, str]
    timezone: str
    interface: str
    now: datetime

    def site_text(self) -> str:
        """Return the text of `site.yaml`."""
        about = {
            title: translations.translate(self.interface, "Articles in the category “{title}”.", title=title)
            for title in self.categories.values()
        }
        categories = (
            f"  {slug}:\n    title: {_scalar(title)}\n    description: {_scalar(about[title])}\n"
            for slug, title in self.categories.items()
        )
        return _fill(
            f"site.{self.interface}.yaml",
            {
                "title": _scalar(self.title),
                "name": self.title,
                "subtitle": _scalar(translations.translate(self.interface, "Our latest news.")),
                "url": self.url,
                "languages": ", ".join(self.languages),
                "timezone": self.timezone,
                "tag_authority": f"{urlsplit(self.url).hostname},{self.now:%Y}",
                "categories": "".join(categories),
            },
        )

    def texts(self) -> dict[str, str]:
        """Return the texts of all files by their paths. Raises ValueError with the first problem of the site file."""
        site_text = self.site_text()
        tree, problems = parse_yaml(site_text.encode(), "site.yaml")
        site = read_site(tree, MediaFolder(files(__package__) / "starter")) if tree else None  # type: ignore[arg-type]
        if site is None:
            raise ValueError(problems[0].text(self.interface))
        name = translations.translate(self.interface, "first-article")
        article = article_text(
            site,
            title=translations.translate(self.interface, "Our first article"),
            published=self.now.astimezone(site.timezone).strftime("%Y-%m-%dT%H:%M"),
            interface=self.interface,
            depth=1,
            body=translations.translate(self.interface, "Write here. An **empty line** begins a new paragraph."),
        )
        return {
            "site.yaml": site_text,
            f"articles/{self.now:%Y}/{name}.yaml": article,
            "media/.gitkeep": "",
            "article.schema.json": schema_json(article_schema(site)),
            "site.schema.json": schema_json(site_schema()),
            ".gitignore": _fill("gitignore", {}),
            "README.md": _fill(f"README.{self.interface}.md", {"title": self.title}),
        }


def schema_json(schema: Mapping[str, Any]) -> str:
    """Return the text of a schema file."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
