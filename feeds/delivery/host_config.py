"""What hosts of files are told: where old paths lead, and which headers a file has.

nginx reads it in its own language (https://nginx.org/en/docs/http/ngx_http_map_module.html), and several hosts of
static sites, Netlify and Cloudflare Pages among them, in the files `_redirects` and `_headers`
(https://docs.netlify.com/manage/routing/redirects/overview/, https://developers.cloudflare.com/pages/configuration/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from feeds.edition.document import IMMUTABLE
from feeds.model.site import Site
from feeds.model.site_fields import CAMPAIGNS, Query, read_query


@dataclass(frozen=True)
class HostedFile:
    """A file as a host sees it: its path in the folder, with a slash before it, and the headers it is to have."""

    path: str
    content_type: str
    headers: Mapping[str, str]

    @property
    def is_json_feed(self) -> bool:
        """Tell whether it is a JSON feed, which hosts know from other JSON by its path alone."""
        return self.content_type == "application/feed+json"


@dataclass(frozen=True)
class Hosting:
    """The files of a site, and what is answered at other paths, some of which are files for hosts that know no places.

    `moved` are old paths, each with the URL that it leads to; `asked` those that lead there with some query; `places`
    paths that are answered from another file; `missing` the pages of what is not there, by the beginning of the paths
    that each is for; `common` the headers of every answer.
    """

    site: Site
    files: Sequence[HostedFile]
    moved: Mapping[str, str]
    asked: Mapping[str, Mapping[str, str]]
    places: Mapping[str, str]
    missing: Mapping[str, str]
    common: Mapping[str, str]

    @property
    def reached(self) -> list[HostedFile]:
        """The files that a host which knows the places gives."""
        return [file for file in self.files if file.path not in self.places]


def redirects(hosting: Hosting) -> bytes:
    """Write `_redirects`: a path, its place, and the status, 200 where the place answers under the path itself."""
    bare = ((path, place) for path, place in hosting.places.items() if path.rpartition("/")[2].isalnum())
    lines = [f"{_in_url(path)} {_in_url(place)} 200" for path, place in bare]
    for old, query, new in _queries(hosting):
        if all(value for _, value in query):  # which is all that it knows of queries
            lines.append(
                f"{_in_url(old)} {' '.join(f'{quote(name)}={quote(value)}' for name, value in query)} {new} 301"
            )
    lines += [f"{_in_url(old)} {new} 301" for old, new in hosting.moved.items()]
    return _text(lines)


def _queries(hosting: Hosting) -> list[tuple[str, Query, str]]:
    """Give old paths with their queries, that which asks for most first, and their places."""
    found = [(old, read_query(query), new) for old, queries in hosting.asked.items() for query, new in queries.items()]
    return sorted(found, key=lambda each: -len(each[1]))


def headers(hosting: Hosting) -> bytes:
    """Write `_headers`: what every answer has, and the few files that have more; rules that overlap add up."""
    common = {name: value for name, value in hosting.common.items() if name != "Cache-Control"}  # hosts have their own
    for_ever = {"Cache-Control": IMMUTABLE}
    lines = ["/*", *_indented(common), f"{hosting.site.path}/pictures/*", *_indented(for_ever)]
    for file in sorted(hosting.files, key=lambda each: each.path.count("/")):  # some read 100 rules
        more = {name: value for name, value in file.headers.items() if common.get(name) != value}
        more.pop("Cache-Control")
        if more.keys() - {"Link"}:
            lines += [_in_url(file.path), *_indented({"Content-Type": file.content_type, **more})]
    return _text(lines)


def nginx_maps(hosting: Hosting) -> bytes:
    """Write what nginx wants outside its servers: maps from a path to what its answer has."""
    site, policy = hosting.site, hosting.common["Content-Security-Policy"]
    links = {file.path: _literal(file.headers["Link"]) for file in hosting.reached if "Link" in file.headers}
    policies = {file.path: file.headers["Content-Security-Policy"] for file in hosting.reached}
    moved = {_exactly(old): _literal(new) for old, new in hosting.moved.items()}
    cache = hosting.common["Cache-Control"]
    here = re.escape(site.path)
    maps: tuple[tuple[str, str, Mapping[str, str]], ...] = (
        ("$uri $feeds_moved", "", moved),
        (
            '"$uri?$args" $feeds_asked',
            "",
            {_asking(old, query): _literal(new) for old, query, new in _queries(hosting)},
        ),
        ("$uri $feeds_place", "", {_exactly(path): place for path, place in hosting.places.items()}),
        ("$uri $feeds_link", "", links),
        ("$uri $feeds_policy", policy, {_exactly(path): found for path, found in policies.items() if found != policy}),
        ("$uri $feeds_scripts", "", {f"~{_feeds(site, '[.](rss|atom|json)')}": "*", f"~^{here}/feeds[.]opml$": "*"}),
        ("$uri $feeds_age", cache, {f"~^{here}/pictures/": IMMUTABLE}),
        ("$status $feeds_cache", "no-store", {"~^[23]": "$feeds_age"}),
        ("$status $feeds_allow", "", {"405": "GET, HEAD"}),
        ("$uri $feeds_missing", hosting.missing[""], {f"~^{re.escape(k)}": v for k, v in hosting.missing.items() if k}),
    )
    lines = [_WRITTEN]
    for variables, default, values in maps:
        lines += [f"map {variables} {{", f"    default {_quoted(default)};"]
        lines += [f"    {_quoted(key)} {_quoted(value)};" for key, value in values.items()]
        lines += ["}"]
    return _text(lines)


def nginx_server(hosting: Hosting) -> bytes:
    """Write what nginx wants inside the server that has the folder as its root."""
    site = hosting.site
    here = re.escape(site.path)
    found = (file for file in hosting.reached if not file.is_json_feed)
    files = sorted(found, key=lambda each: not each.path.startswith(f"{site.path}/media/"))  # ours have the last word
    by_ending = {file.path.rpartition(".")[2].lower(): file.content_type for file in files}
    kinds: dict[str, list[str]] = {}
    for ending, kind in sorted(by_ending.items()):
        if ending.isalnum():
            kinds.setdefault(kind, []).append(ending)
    common = {
        **hosting.common,
        "Content-Security-Policy": "$feeds_policy",
        "Cache-Control": "$feeds_cache",
        "Access-Control-Allow-Origin": "$feeds_scripts",
        "Link": "$feeds_link",
        "Allow": "$feeds_allow",
    }
    host = site.url.removesuffix(site.path) if site.path else site.url
    return _text(
        [
            _WRITTEN,
            "types {",
            *(f"    {_quoted(kind)} {' '.join(endings)};" for kind, endings in kinds.items()),
            "}",
            "default_type application/octet-stream;",
            *(f"add_header {name} {_quoted(value)} always;" for name, value in common.items()),
            "gzip_static on;",
            "gzip_vary on;",
            "if_modified_since before;",
            "merge_slashes off;",
            "max_ranges 0;",
            "error_page 404 $feeds_missing;",
            "if ($request_method !~ ^(GET|HEAD)$) { return 405; }",
            "if ($feeds_asked) { return 301 $feeds_asked; }",
            "if ($feeds_moved) { return 301 $feeds_moved; }",
            "if ($feeds_place) { rewrite ^ $feeds_place last; }",
            "location ~ // { return 404; }",
            "location / { try_files $uri $uri/index.html =404; }",
            f"location ~ {_feeds(site, '[.]json')} {{ types {{ }} default_type application/feed+json; }}",
            f"location ~ ^{here}/(media|pictures)/ {{ max_ranges 5; gzip_static off; try_files $uri =404; }}",
            "location ~ [.](gz|br)/?$ { return 404; }",
            "location ~ /(index|404)[.]html$ { internal; }",
            "location ~ ^/(_headers|_redirects)$ { return 404; }",
            "location ~ /[.](?!well-known/) { return 404; }",
            "location ~ ^(?<feeds_stem>.+)/$ {",
            f'    if (-f $document_root$feeds_stem/index.html) {{ return 301 "{host}$feeds_stem"; }}',
            f'    if (-f $document_root$feeds_stem) {{ return 301 "{host}$feeds_stem"; }}',
            "    return 404;",
            "}",
        ]
    )


_LEFT = "[]!$'()*,;:@/?~"
"""What may stand in a query as it is."""

_WRITTEN = "# Written by `flask build`; the next one writes it anew."


def _feeds(site: Site, ending: str) -> str:
    """Tell which paths are feeds with some ending, as a regular expression."""
    languages = "|".join(["", *(f"/{each}" for each in site.languages[1:])])
    return f"^{re.escape(site.path)}({languages})/feeds/.+{ending}$"


def _indented(found: Mapping[str, str]) -> Iterator[str]:
    return (f"  {name}: {value}" for name, value in found.items())


def _in_url(path: str) -> str:
    return quote(path, safe="/")


def _quoted(text: str) -> str:
    """Write a parameter of nginx's: a quote or a backslash needs a backslash before it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _exactly(path: str) -> str:
    """Make the key of a map that stands for one path: a plain one would stand for capitals too, and be short."""
    return f"~^{re.escape(path)}\\z"


def _asking(path: str, query: Query) -> str:
    """Make the key of a map that stands for a path with a query, in any order, whatever campaigns added to it."""
    pairs = [f"{_as_sent(name)}{f'={_as_sent(value)}' if value else '=?'}" for name, value in query]
    wanted = "".join(f"(?=(.*&)?{pair}(&|\\z))" for pair in pairs)
    return f"~^{re.escape(path)}\\?{wanted}(({'|'.join(pairs)}|({CAMPAIGNS})=[^&]*)(&|\\z))+\\z"


def _as_sent(text: str) -> str:
    """Make a pattern of a text in a query, where some clients escape what others leave (RFC 3986 section 3.4)."""
    forms = dict.fromkeys(re.escape(quote(text, safe=safe)) for safe in ("", _LEFT))
    return f"(?:{'|'.join(forms)})" if len(forms) > 1 else next(iter(forms))


def _literal(url: str) -> str:
    """Keep nginx from seeing a variable in a URL, where a dollar begins one."""
    return url.replace("$", "%24")


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
