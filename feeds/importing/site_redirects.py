"""Adds redirects to the text of `site.yaml`; comments, order and quoting stay, indentation becomes uniform."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.emitter import Emitter
from ruamel.yaml.error import YAMLError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.util import load_yaml_guess_indent


class SiteFileError(Exception):
    """Raised if redirects cannot be added to a site file, with a message for administrators."""


class _TextResolver(VersionedResolver):
    """Resolves all plain scalars as text, except empty ones: the models give values their types."""

    versioned_resolver = {"": [("tag:yaml.org,2002:null", re.compile("^$"))]}  # noqa: RUF012


class _LongKeyEmitter(Emitter):
    """Writes keys of any length that YAML allows (section 7.4.2) without a question mark."""

    MAX_SIMPLE_KEY_LENGTH = 1024


def add_redirects(text: str, redirects: Mapping[str, str]) -> str:
    """Return a site file with more redirects, below those that it has. Raises SiteFileError."""
    if not redirects:
        return text
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 1 << 16  # no line is wrapped
    yaml.Resolver, yaml.Emitter = _TextResolver, _LongKeyEmitter
    try:
        site, indent, _ = load_yaml_guess_indent(text.replace("\r\n", "\n"), yaml=yaml)
    except YAMLError as error:
        raise SiteFileError(f"it is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(site, dict):
        raise SiteFileError("it has no keys (expected title, url, …)")
    if site.get("redirects") is None:
        site["redirects"] = {}
    if not isinstance(site["redirects"], dict):
        raise SiteFileError("redirects is not a group of keys (expected /old: /new on each line)")
    known: Any = site["redirects"]
    if known and known.fa.flow_style():  # in { }, a key with a question mark needs quotes
        redirects = {DoubleQuotedScalarString(old): DoubleQuotedScalarString(new) for old, new in redirects.items()}
    known.update(redirects)
    written = io.StringIO()
    yaml.indent(mapping=indent or 2, sequence=(indent or 2) + 2, offset=2)
    yaml.dump(site, written)
    return written.getvalue().replace("\n", "\r\n") if "\r\n" in text else written.getvalue()


def that_fit(text: str, redirects: Mapping[str, str], *, max_bytes: int) -> dict[str, str]:
    """Return the first redirects, as many as fit into a site file of at most `max_bytes`."""
    room, fitting = max_bytes - len(text.encode()) - 1000, {}
    for old, new in redirects.items():
        room -= len(old.encode()) + len(new.encode()) + 12
        if room > 0:
            fitting[old] = new
    return fitting
