"""The JSON Schema of article and site files, by which editors complete keys and mark faults as they are typed."""

from __future__ import annotations

from typing import Any

from .article import Article
from .site import Site

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_line(depth: int) -> str:
    """Name the schema in the first line of an article file that is `depth` folders below `articles/`."""
    return f"# yaml-language-server: $schema={'../' * (depth + 1)}article.schema.json\n"


def article_schema(site: Site) -> dict[str, Any]:
    """Describe an article file of a site, its categories and languages named."""
    schema = _schema(Article, "An article")
    properties = schema["properties"]
    names = {"type": "string", "enum": list(site.categories)}
    properties["categories"] |= {"anyOf": [names, {"type": "array", "items": names, "minItems": 1}]}
    properties["categories"].pop("items"), properties["categories"].pop("type")
    properties["language"] |= {"enum": list(site.languages)}
    person = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Person"}]}
    properties["authors"] |= {"anyOf": [{"type": "string"}, {"type": "array", "items": person, "minItems": 1}]}
    properties["authors"].pop("items"), properties["authors"].pop("type")
    return schema


def site_schema() -> dict[str, Any]:
    """Describe a site file."""
    return _schema(Site, "The site")


def _schema(model: type[Article] | type[Site], title: str) -> dict[str, Any]:
    found = _tidy(model.model_json_schema())
    return {"$schema": DIALECT, **found, "title": title}


def _tidy(value: Any) -> Any:
    """Leave out what tells an author nothing: generated titles, defaults of null, examples in our notation."""
    if isinstance(value, list):
        return [_tidy(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("anyOf", [None])[-1] == {"type": "null"}:  # a key with nothing behind it counts as absent
        rest = value["anyOf"][:-1]
        value = {**value, **(rest[0] if len(rest) == 1 else {"anyOf": rest})}
        if len(rest) == 1:
            del value["anyOf"]
    dropped = {key for key in ("title", "default", "examples") if not isinstance(value.get(key), dict)}
    return {key: _tidy(each) for key, each in value.items() if key not in dropped}
