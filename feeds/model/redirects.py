"""Redirects: the URLs that the old paths of a site lead to.

Nothing here answers a request. Paths are decoded, and start with the path of the site's URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from .site import Site
from .site_types import is_tracking_parameter, read_query


def forwards_query(site: Site, target: str) -> bool:
    """Return whether a redirect to a URL keeps the query of a request: for a search, or for another host."""
    parts = urlsplit(target)
    is_elsewhere = parts.netloc not in ("", urlsplit(site.url).netloc)
    is_search = target in {site.absolute(site.search_path(language)) for language in site.languages}
    return is_search or (is_elsewhere and not parts.query and not parts.fragment)


class Redirects:
    """Lookup of the `redirects` in site.yaml, and of the site's own ones for icons and home pages."""

    def __init__(self, site: Site, moved: Mapping[str, str] | None = None) -> None:
        """Build the lookup tables. `moved` maps old paths below the site's URL to those that replaced them."""
        own = {**{old: site.absolute(new) for old, new in (moved or {}).items()}, **site.path_redirects}
        self._paths = {site.path + old: new for old, new in own.items()}
        self._queries = {
            site.path + path: {read_query(query): new for query, new in queries.items()}
            for path, queries in site.query_redirects.items()
        }

    def by_query(self, path: str, query: str) -> str | None:
        """Return the URL for a path and exactly this query, without tracking parameters, or None."""
        if path not in self._queries:
            return None
        return self._queries[path].get(
            tuple(parameter for parameter in read_query(query) if not is_tracking_parameter(parameter[0]))
        )

    @property
    def paths(self) -> Mapping[str, str]:
        """The paths that redirect with any query, each with its URL."""
        return self._paths

    def by_path(self, path: str) -> str | None:
        """Return the URL for a path with any query, or None."""
        return self._paths.get(path)

    def target(self, path: str, query: str) -> str | None:
        """Return the URL for a path and a query, or None; a redirect of this exact query takes precedence."""
        return self.by_query(path, query) or self.by_path(path)
