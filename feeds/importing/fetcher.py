"""HTTP fetches for an import.

It does not interpret the responses.
"""

from __future__ import annotations

from feeds.base.http import HttpClient, HttpError, Response


class Fetcher:
    """Fetches URLs, and accepts only responses with status 200."""

    def __init__(self, *, allow_local: bool = False) -> None:
        """Refuse URLs of the local network unless `allow_local` is true."""
        self._client = HttpClient("Feeds (import)", allow_local=allow_local)

    def get(self, url: str, *, max_bytes: int) -> Response:
        """Return the response to a GET. Raises HttpError, which names the URL."""
        try:
            response = self._client.get(url, max_bytes=max_bytes)
        except HttpError as error:
            raise HttpError(f"{url} could not be fetched: {error}") from None
        if response.status != 200:
            raise HttpError(f"{url} returned {response.status} {response.reason} (expected 200)", response.status)
        return response
