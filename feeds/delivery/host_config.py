"""Configuration for static hosts: redirects, rewrites, and the headers of each file.

nginx reads it in its own language (https://nginx.org/en/docs/http/ngx_http_map_module.html). Several hosts of static
sites, such as Netlify and Cloudflare Pages, read it in the files `_redirects` and `_headers`
(https://docs.netlify.com/manage/routing/redirects/overview/, https://developers.cloudflare.com/pages/configuration/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from feeds.edition.document import IMMUTABLE_CACHE_CONTROL
from feeds.edition.feed_pages import ANCHOR, RAW, feed_pattern, guessed_pages
from feeds.model.redirects import forwards_query
from feeds.model.site import Site
from feeds.model.site_types import TRACKING_PARAMETERS, Query, read_query


@dataclass(frozen=True)
class HostedFile:
    """A file as a host sees it: its path in the folder, with a leading slash, and its headers."""

    path: str
    content_type: str
    headers: Mapping[str, str]

    @property
    def is_json_feed(self) -> bool:
        """Return whether it is a JSON feed, which hosts tell from other JSON only by its path."""
        return self.content_type == "application/feed+json"


@dataclass(frozen=True)
class Hosting:
    """The files of a site, and the answers at other paths. Some of these are also files, for hosts without rewrites.

    `redirects` maps old paths to URLs, and `query_redirects` those with a query. `rewrites` are paths that are
    answered from another file. `not_found_pages` are pages for missing files, by path prefix. `common_headers` are
    the headers of every answer.
    """

    site: Site
    files: Sequence[HostedFile]
    redirects: Mapping[str, str]
    query_redirects: Mapping[str, Mapping[str, str]]
    rewrites: Mapping[str, str]
    not_found_pages: Mapping[str, str]
    common_headers: Mapping[str, str]

    @property
    def served_files(self) -> list[HostedFile]:
        """The files that a host with rewrites serves."""
        return [file for file in self.files if file.path not in self.rewrites]


def redirects(hosting: Hosting) -> bytes:
    """Render `_redirects`: path, target and status. Status 200 means a rewrite, without a redirect."""
    rewrites = ((path, target) for path, target in hosting.rewrites.items() if path.rpartition("/")[2].isalnum())
    lines = [f"{_in_url(path)} {_in_url(target)} 200" for path, target in rewrites]
    for old, query, new in _query_rules(hosting):
        if all(value for _, value in query):  # `_redirects` cannot match parameters without a value
            lines.append(
                f"{_in_url(old)} {' '.join(f'{quote(name)}={quote(value)}' for name, value in query)} {new} 301"
            )
    lines += [f"{_in_url(old)} {new} 301" for old, new in hosting.redirects.items()]
    return _join_lines(lines)


def _query_rules(hosting: Hosting) -> list[tuple[str, Query, str]]:
    """Return redirects with a query, as old path, query and URL. Those with most parameters come first."""
    rules = [
        (old, read_query(query), new)
        for old, queries in hosting.query_redirects.items()
        for query, new in queries.items()
    ]
    return sorted(rules, key=lambda rule: -len(rule[1]))


def headers(hosting: Hosting) -> bytes:
    """Render `_headers`: the headers of all responses, and extra ones of a few files. Matching rules add up."""
    common = {
        name: value for name, value in hosting.common_headers.items() if name != "Cache-Control"
    }  # hosts set their own
    immutable = {"Cache-Control": IMMUTABLE_CACHE_CONTROL}
    lines = ["/*", *_indented(common), f"{hosting.site.path}/pictures/*", *_indented(immutable)]
    for file in sorted(hosting.files, key=lambda hosted: hosted.path.count("/")):  # some hosts read only 100 rules
        extra = {name: value for name, value in file.headers.items() if common.get(name) != value}
        extra.pop("Cache-Control")
        if extra.keys() - {"Link"}:
            lines += [_in_url(file.path), *_indented({"Content-Type": file.content_type, **extra})]
    return _join_lines(lines)


def nginx_maps(hosting: Hosting) -> bytes:
    """Render what nginx includes outside its servers: maps from a path to parts of its answer."""
    site, policy = hosting.site, hosting.common_headers["Content-Security-Policy"]
    links = {
        file.path: _escape_dollars(file.headers["Link"]) for file in hosting.served_files if "Link" in file.headers
    }
    policies = {file.path: file.headers["Content-Security-Policy"] for file in hosting.served_files}
    moved = {
        _exact_pattern(old): _escape_dollars(new) + ("$is_args$args" if forwards_query(site, new) else "")
        for old, new in hosting.redirects.items()
    }
    cache = hosting.common_headers["Cache-Control"]
    prefix = re.escape(site.path)
    paths = {file.path for file in hosting.served_files}
    pages = guessed_pages(site).items()
    guesses = {f"~^1{re.escape(guess)}\\z": page for guess, page in pages if guess in {*paths, *hosting.rewrites}}
    maps: tuple[tuple[str, str, Mapping[str, str]], ...] = (
        ("$uri $feeds_moved", "", moved),
        (
            '"$uri?$args" $feeds_asked',
            "",
            {_query_pattern(old, query): _escape_dollars(new) for old, query, new in _query_rules(hosting)},
        ),
        ("$uri $feeds_place", "", {_exact_pattern(path): target for path, target in hosting.rewrites.items()}),
        ("$uri $feeds_link", "", links),
        (
            '"$request_method $http_sec_fetch_mode $http_sec_fetch_dest $args" $feeds_person',
            "",
            {_PERSON: "1"},
        ),
        ('"$feeds_person$uri" $feeds_opened', "", {f"~^1(?<opened>{feed_pattern(site)})\\z": "$opened"}),
        ("$feeds_opened $feeds_page", "", {f"~^{feed_pattern(site)}\\z": "$page"}),
        ('"$feeds_person$uri" $feeds_guessed_page', "", guesses),
        (
            "$uri $feeds_policy",
            policy,
            {_exact_pattern(path): file_policy for path, file_policy in policies.items() if file_policy != policy},
        ),
        (
            "$uri $feeds_scripts",
            "",
            {f"~{_feed_pattern(site, '[.](rss|atom|json)')}": "*", f"~^{prefix}/feeds[.]opml$": "*"},
        ),
        ("$uri $feeds_age", cache, {f"~^{prefix}/pictures/": IMMUTABLE_CACHE_CONTROL}),
        ("$status $feeds_cache", "no-store", {"303": "no-store", "~^[23]": "$feeds_age"}),
        ("$status $feeds_allow", "", {"405": "GET, HEAD"}),
        (
            "$uri $feeds_missing",
            hosting.not_found_pages[""],
            {f"~^{re.escape(k)}": v for k, v in hosting.not_found_pages.items() if k},
        ),
    )
    lines = [_GENERATED_COMMENT]
    for variables, default, values in maps:
        lines += [f"map {variables} {{", f"    default {_quoted(default)};"]
        lines += [f"    {_quoted(key)} {_quoted(value)};" for key, value in values.items()]
        lines += ["}"]
    return _join_lines(lines)


def nginx_server(hosting: Hosting) -> bytes:
    """Render what nginx includes in the server that has the folder as its root."""
    site = hosting.site
    prefix = re.escape(site.path)
    candidates = (file for file in hosting.served_files if not file.is_json_feed)
    files = sorted(
        candidates, key=lambda hosted: not hosted.path.startswith(f"{site.path}/media/")
    )  # our own types win
    by_ending = {file.path.rpartition(".")[2].lower(): file.content_type for file in files}
    endings_by_type: dict[str, list[str]] = {}
    for ending, media_type in sorted(by_ending.items()):
        if ending.isalnum():
            endings_by_type.setdefault(media_type, []).append(ending)
    common_headers = {
        **hosting.common_headers,
        "Content-Security-Policy": "$feeds_policy",
        "Cache-Control": "$feeds_cache",
        "Access-Control-Allow-Origin": "$feeds_scripts",
        "Link": "$feeds_link",
        "Allow": "$feeds_allow",
    }
    host = site.url.removesuffix(site.path) if site.path else site.url
    return _join_lines(
        [
            _GENERATED_COMMENT,
            "types {",
            *(f"    {_quoted(media_type)} {' '.join(endings)};" for media_type, endings in endings_by_type.items()),
            "}",
            "default_type application/octet-stream;",
            *(f"add_header {name} {_quoted(value)} always;" for name, value in common_headers.items()),
            "gzip_static on;",
            "gzip_vary on;",
            "if_modified_since before;",
            "merge_slashes off;",
            "max_ranges 0;",
            "error_page 404 $feeds_missing;",
            "if ($request_method !~ ^(GET|HEAD)$) { return 405; }",
            "if ($feeds_asked) { return 301 $feeds_asked; }",
            "if ($feeds_moved) { return 301 $feeds_moved; }",
            f'if (-f $document_root$feeds_opened) {{ return 303 "{host}$feeds_page#{ANCHOR}"; }}',
            f'if ($feeds_guessed_page) {{ return 303 "{host}$feeds_guessed_page#{ANCHOR}"; }}',
            "if ($feeds_place) { rewrite ^ $feeds_place last; }",
            "location ~ // { return 404; }",
            "location / { try_files $uri $uri/index.html =404; }",
            f"location ~ {_feed_pattern(site, '[.]json')} {{ types {{ }} default_type application/feed+json; }}",
            f"location ~ ^{prefix}/(media|pictures)/ {{ max_ranges 5; gzip_static off; try_files $uri =404; }}",
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


_PERSON = rf"~^GET navigate document (?!(?:.*&)?{RAW}(?:&|\z))"
"""Map key that matches a request of a person who opens an address in a browser, without the parameter `raw`."""

_UNESCAPED_IN_QUERY = "[]!$'()*,;:@/?~"
"""Characters that may be unescaped in a query."""

_GENERATED_COMMENT = "# Written by `feeds build`; the next one writes it anew."


def _feed_pattern(site: Site, ending: str) -> str:
    """Return a regular expression for the paths of feeds with some suffix."""
    languages = "|".join(["", *(f"/{language}" for language in site.languages[1:])])
    return f"^{re.escape(site.path)}({languages})/feeds/.+{ending}$"


def _indented(fields: Mapping[str, str]) -> Iterator[str]:
    return (f"  {name}: {value}" for name, value in fields.items())


def _in_url(path: str) -> str:
    return quote(path, safe="/")


def _quoted(text: str) -> str:
    """Return a quoted parameter for nginx, with quotes and backslashes escaped."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _exact_pattern(path: str) -> str:
    """Return a map key that matches one path. A plain key would ignore case, and be limited in length."""
    return f"~^{re.escape(path)}\\z"


def _query_pattern(path: str, query: Query) -> str:
    """Return a map key that matches a path with a query, in any order, with any campaign parameters."""
    pairs = [f"{_escaped_pattern(name)}{f'={_escaped_pattern(value)}' if value else '=?'}" for name, value in query]
    lookaheads = "".join(f"(?=(.*&)?{pair}(&|\\z))" for pair in pairs)
    return f"~^{re.escape(path)}\\?{lookaheads}(({'|'.join(pairs)}|({TRACKING_PARAMETERS})=[^&]*)(&|\\z))+\\z"


def _escaped_pattern(text: str) -> str:
    """Return a pattern for a text in a query, where some clients escape more than others (RFC 3986 section 3.4)."""
    forms = dict.fromkeys(re.escape(quote(text, safe=safe)) for safe in ("", _UNESCAPED_IN_QUERY))
    return f"(?:{'|'.join(forms)})" if len(forms) > 1 else next(iter(forms))


def _escape_dollars(url: str) -> str:
    """Escape dollars in a URL, which would start a variable in nginx."""
    return url.replace("$", "%24")


def _join_lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
