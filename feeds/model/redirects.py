"""Redirects: where the old paths of a site lead now.

It answers no request. Paths are those on the host, decoded, the path of the site's address in front.
"""

from __future__ import annotations

from .site import Site
from .site_fields import is_added, read_query


class Redirects:
    """What `redirects` in site.yaml says, and the site itself of its icon and its home pages, ready to be asked."""

    def __init__(self, site: Site) -> None:
        """Read what leads where, once."""
        self._paths = {site.path + old: new for old, new in site.moved_paths.items()}
        self._queries = {
            site.path + path: {read_query(query): new for query, new in found.items()}
            for path, found in site.moved_queries.items()
        }

    def by_query(self, path: str, query: str) -> str | None:
        """Give the URL that a path leads to with a query that is a redirect's, whatever campaigns added to it."""
        if path not in self._queries:
            return None
        return self._queries[path].get(tuple(each for each in read_query(query) if not is_added(each[0])))

    def by_path(self, path: str) -> str | None:
        """Give the URL that a path leads to with any query."""
        return self._paths.get(path)

    def place(self, path: str, query: str) -> str | None:
        """Give the URL that a path leads to with a query: the redirect with just that one comes first."""
        return self.by_query(path, query) or self.by_path(path)
