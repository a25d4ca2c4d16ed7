"""A client of the editor for tests: it fills in forms as a browser does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from lxml import etree
from werkzeug.test import Client, TestResponse

from feeds import create_app
from feeds.settings import Settings
from tests.builders import NOW

Fields = dict[str, list[str]]


class Office:
    """An author's browser without scripts, signed in or not."""

    def __init__(self, content: Path, *, now: datetime = NOW, language: str = "en", **settings: Any) -> None:
        self.now = now
        self.app = create_app(
            Settings(content, state=content.parent / "state", **settings), clock=lambda: self.now, has_editor=True
        )
        self.headers = {"Host": "localhost", "Accept-Language": language}
        self.client = Client(self.app.wsgi_app)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, headers={**self.headers, **options.pop("headers", {})}, **options)

    def post(self, path: str, data: Mapping[str, Any], **options: Any) -> TestResponse:
        return self.client.post(path, data=data, headers={**self.headers, **options.pop("headers", {})}, **options)

    def fields(self, page: TestResponse, number: int = 0) -> Fields:
        """Return what a browser would send of the form `number` in a page, without buttons."""
        forms: Any = etree.HTML(page.data).xpath('//main//form[@method="post"]')
        fields: Fields = {}
        for element in forms[number].iter("input", "textarea", "select"):
            name, kind = element.get("name"), element.get("type")
            if not name or kind == "file" or (kind in ("checkbox", "radio") and element.get("checked") is None):
                continue
            values: list[str]
            if element.tag == "select":
                values = [
                    option.get("value") for option in element.iter("option") if option.get("selected") is not None
                ]
            elif element.tag == "textarea":
                values = [(element.text or "").removeprefix("\n").replace("\n", "\r\n")]
            else:
                values = [(element.get("value") or "").replace("\n", "").replace("\r", "")]
            fields.setdefault(name, []).extend(values)
        return fields

    def send(self, path: str, /, fields: Fields | None = None, *, to: str = "", **changes: Any) -> TestResponse:
        """Open the form at a path, change some fields (with _ for -), and send it as the button for publishing does."""
        sent: dict[str, Any] = dict(fields or self.fields(self.get(path)))
        sent.setdefault("draft", [""])
        for name, value in changes.items():
            sent[name.replace("_", "-") if name != "csrf_token" else name] = (
                value if isinstance(value, list) else [value]
            )
        data = {name: value[0] if len(value) == 1 else value for name, value in sent.items()}
        return self.post(to or path, data)


def picture_upload(name: str, data: bytes) -> tuple[BytesIO, str]:
    return BytesIO(data), name
