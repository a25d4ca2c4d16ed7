"""JSON Schemas of article and site files, with which editors complete keys and mark errors."""

from __future__ import annotations

from typing import Any

from .article import Article
from .site import Site

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_line(depth: int) -> str:
    """Return the comment that names the schema in an article file `depth` folders below `articles/`."""
    return f"# yaml-language-server: $schema={'../' * (depth + 1)}article.schema.json\n"


def article_schema(site: Site) -> dict[str, Any]:
    """Return the schema of a site's article files, with the names of its categories and languages."""
    schema = _schema(Article, "An article")
    properties = schema["properties"]
    names = {"type": "string", "enum": list(site.categories)}
    properties["categories"] |= {"anyOf": [names, {"type": "array", "items": names, "minItems": 1}]}
    properties["categories"].pop("items"), properties["categories"].pop("type")
    properties["language"] |= {"enum": list(site.languages)}
    person = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Author"}]}
    properties["authors"] |= {"anyOf": [{"type": "string"}, {"type": "array", "items": person, "minItems": 1}]}
    properties["authors"].pop("items"), properties["authors"].pop("type")
    return schema


def site_schema() -> dict[str, Any]:
    """Return the schema of a site file."""
    return _schema(Site, "The site")


def _schema(model: type[Article] | type[Site], title: str) -> dict[str, Any]:
    schema = _tidy(model.model_json_schema())
    return {"$schema": DIALECT, **schema, "title": title}


def _tidy(value: Any) -> Any:
    """Return a schema without generated titles, defaults of null, and examples in our notation."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("anyOf", [None])[-1] == {"type": "null"}:  # a key with an empty value counts as absent
        rest = value["anyOf"][:-1]
        value = {**value, **(rest[0] if len(rest) == 1 else {"anyOf": rest})}
        if len(rest) == 1:
            del value["anyOf"]
    dropped_keys = {key for key in ("title", "default", "examples") if not isinstance(value.get(key), dict)}
    return {key: _tidy(item) for key, item in value.items() if key not in dropped_keys}
