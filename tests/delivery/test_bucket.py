"""`feeds publish` to a bucket that moto simulates: exactly what changed is uploaded, and no reader
ever sees a partial upload.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
import feedparser
import obstore
import pytest
from click.testing import Result
from moto.server import ThreadedMotoServer
from obstore.store import MemoryStore, ObjectStore, from_url

from feeds import create_app
from feeds.delivery import bucket
from feeds.delivery.bucket import Bucket, BucketError
from feeds.delivery.export import Export, ExportedFile
from feeds.feed.manifest import Manifest
from feeds.settings import Settings
from tests.builders import NOW, PLAIN, SITE, as_yaml, content_folder, draw, publisher_of
from tests.delivery.test_websub import Hub, hub, nobody_is_asked, told
from tests.processes import feeds_process, free_port, wait_until

pytestmark = pytest.mark.integration

__all__ = ["hub", "nobody_is_asked"]

LIST = ".feeds.json"
REFERENCE = re.compile(r'(?:src|href|url)=\\?(?:"|&quot;)https://news\.example/([^"&#\\]*)')


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """Run moto's S3 server, and yield the environment variables that give access to it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ENDPOINT": f"http://{host}:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "very-secret",
    }
    server.stop()


@pytest.fixture
def url(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """Create an empty bucket, set its credentials in the environment, and return its URL."""
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    name = "bucket-" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]
    boto3.client("s3", endpoint_url=s3["AWS_ENDPOINT"]).create_bucket(Bucket=name)
    return f"s3://{name}"


class Watched:
    """Records which keys are put and deleted, and fails at the step that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.put_keys, self.deleted = list[str](), list[str]()
        self.left: int | None = None
        self._put, self._delete, self._alone = obstore.put, obstore.delete, threading.Lock()
        monkeypatch.setattr(obstore, "put", self.put)
        monkeypatch.setattr(obstore, "delete", self.delete)

    def _step(self, key: str, done: list[str], act: Callable[[], Any]) -> Any:
        with self._alone:
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise OSError("the line is dead")
            found = act()
            done.append(key)
            return found

    def put(self, store: ObjectStore, key: str, *source: Any, **about: Any) -> Any:
        return self._step(key, self.put_keys, lambda: self._put(store, key, *source, **about))

    def delete(self, store: ObjectStore, key: str) -> None:
        self._step(key, self.deleted, lambda: self._delete(store, key))

    @property
    def sent(self) -> set[str]:
        return {key for key in self.put_keys if key != LIST}


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def publish(content: Path, url: str, *options: str, seconds: float = 0, state: Path | None = None) -> Result:
    settings = Settings(content, state=state)
    app = create_app(settings, clock=lambda: NOW + timedelta(seconds=seconds))
    return app.test_cli_runner().invoke(args=["publish", url, *options])


def objects(url: str) -> dict[str, bytes]:
    return contents(from_url(url))


def contents(store: ObjectStore) -> dict[str, bytes]:
    keys = [each["path"] for some in obstore.list(store) for each in some]
    return {key: bytes(obstore.get(store, key).bytes()) for key in sorted(keys)}


def write(content: Path, name: str, **changes: object) -> None:
    (content / "articles" / f"{name}.yaml").write_text(as_yaml({**PLAIN, **changes}), encoding="utf-8")


def faults(found: dict[str, bytes]) -> list[str]:
    """Return what is broken or missing for a reader of the feeds, whether these are old or new."""
    told = []
    for key in (key for key in found if key.endswith((".rss", ".atom", ".json")) and "feeds/" in key):
        if key.endswith(".json"):
            json.loads(found[key])
        elif feedparser.parse(found[key]).bozo:
            told.append(f"{key} is broken")
        for path in REFERENCE.findall(found[key].decode()):
            if unquote(path) not in found and f"{path}index.html" not in found and not path.startswith("static/"):
                told.append(f"{key}: {path} is missing")
    return told


def test_a_bucket_has_the_same_files_and_content_types_as_the_server(content: Path, url: str) -> None:
    picture = {"file": "dessin.png", "alt": "Un dessin"}
    files = [{"file": "été #1.pdf", "title": "Un plan"}]
    site = SITE + "redirects: {/spip.php: /feeds/all.rss, /old: /}\n"
    content_folder(content, {"a": {"picture": picture, "attachments": files}}, site)
    draw(content / "media" / "dessin.png", 1300, 700)
    (content / "media" / "été #1.pdf").write_bytes(b"%PDF-1.4")
    done = publish(content, url)
    assert done.exit_code == 0, done.output
    found = objects(url)
    assert done.output == f"{len(found) - 1} sent, 0 removed, 0 as they were in {url}\n"
    assert not faults(found)
    store = from_url(url)
    for key, kind, age in (
        ("feeds/all.rss", "application/rss+xml; charset=utf-8", "max-age=60,"),
        ("feeds/all.json", "application/feed+json", "max-age=60,"),
        ("feed", "application/rss+xml; charset=utf-8", "max-age=60,"),
        ("feed/index.html", "application/rss+xml; charset=utf-8", "max-age=60,"),
        ("spip.php", "application/rss+xml; charset=utf-8", "max-age=60,"),
        ("index.html", "text/html; charset=utf-8", "max-age=60,"),
        ("articles/a", "text/html; charset=utf-8", "max-age=60,"),
        ("media/été #1.pdf", "application/pdf", "max-age=60,"),
    ):
        about = obstore.get(store, key).attributes
        assert about["Content-Type"] == kind and age in about["Cache-Control"], key
        assert "Content-Encoding" not in about
    assert found["spip.php"] == found["feed"] == found["feeds/all.rss"]
    (picture_key, *_) = [key for key in found if key.startswith("pictures/")]
    assert "immutable" in obstore.get(store, picture_key).attributes["Cache-Control"]
    assert "old" not in found, "a bucket cannot redirect"


def test_text_files_are_compressed_with_the_gzip_option(content: Path, url: str) -> None:
    content_folder(content, {"a": {}})
    publish(content, url)
    plain = objects(url)
    pictures = [key for key in plain if key.startswith("pictures/")]
    count = len(plain) - len(pictures) - 2  # nor are the picture for films, and the list of the objects
    assert publish(content, url, "--gzip").output.startswith(f"{count} sent"), "but for pictures"
    about = obstore.get(from_url(url), "feeds/all.rss").attributes
    assert about["Content-Encoding"] == "gzip"
    assert objects(url)["feeds/all.rss"][:2] == b"\x1f\x8b" and len(objects(url)) == len(plain)
    assert "0 sent, 0 removed" in publish(content, url, "--gzip", seconds=3600).output


def test_exactly_the_changed_files_are_uploaded(content: Path, url: str, watched: Watched) -> None:
    picture = {"file": "dessin.png", "alt": "Un dessin"}
    content_folder(content, {"a": {}, "b": {"categories": ["outreach"], "picture": picture}, "c": {}})
    draw(content / "media" / "dessin.png", 60, 40)
    publish(content, url)
    before = objects(url)
    watched.put_keys.clear()
    assert "0 sent, 0 removed" in publish(content, url, seconds=60).output
    assert watched.put_keys == []
    write(content, "a", title="Un autre")
    planned = publish(content, url, "--dry-run", seconds=60).output.splitlines()
    assert watched.put_keys == []
    publish(content, url, seconds=60)
    after = objects(url)
    changed = {key for key in after if after[key] != before.get(key)} - {LIST}
    assert watched.sent == changed and not watched.deleted
    assert set(planned[:-1]) == {f"send    {key}" for key in changed}
    assert {"feeds/research.rss", "articles/a", "manifest.json"} <= changed and "feeds/outreach.rss" not in changed
    (content / "articles" / "b.yaml").unlink()
    publish(content, url, seconds=120)
    assert set(watched.deleted) == after.keys() - objects(url).keys()
    assert any(key.startswith("pictures/") for key in watched.deleted) and "articles/b" in watched.deleted


class Made(Export):
    """The files of an edition, rendered once so that a test can publish them a hundred times."""

    def __init__(self, content: Path, seconds: float, known: Manifest | None = None) -> None:
        publisher = publisher_of(create_app(Settings(content), clock=lambda: NOW + timedelta(seconds=seconds)))
        publisher.continue_from(known)
        publisher.start()
        assert publisher.edition
        super().__init__(publisher.edition, publisher.content.media, publisher.pictures)
        self._all = list(super().files([*self.moved_path_copies(), *self.guessed_path_copies()]))
        for file in self._all:
            file.content = replace(file.content, source=file.content.data)

    def files(
        self, copies: Iterable[ExportedFile] = (), *, only: Collection[str] | None = None
    ) -> Iterator[ExportedFile]:
        return iter(self._all)


PICTURE = {"file": "dessin.png", "alt": "Un dessin"}


def draw_all(content: Path) -> None:
    for number, name in enumerate(("dessin", "autre", "neuf")):
        draw(content / "media" / f"{name}.png", 60 + number, 40)


def edit(content: Path) -> None:
    """Change an article and its picture, add an article and remove another."""
    write(content, "a", picture={**PICTURE, "file": "neuf.png"}, title="Un autre")
    write(content, "new", picture=PICTURE, title="Un nouveau")
    (content / "articles" / "gone.yaml").unlink()


@pytest.mark.parametrize("begin", ["nothing", "an edition"])
def test_an_upload_interrupted_at_any_object_breaks_no_feed_and_the_next_completes_it(
    begin: str, content: Path, monkeypatch: pytest.MonkeyPatch, watched: Watched, is_long: bool
) -> None:
    """Without --long, at every fifth object."""
    articles = {"a": {"picture": PICTURE}, "gone": {"picture": {**PICTURE, "file": "autre.png"}}}
    content_folder(content, articles)
    draw_all(content)
    site = publisher_of(create_app(Settings(content))).content.load_site()[0]
    assert site
    before = Made(content, 0)
    edit(content)
    after = Made(content, 60, before.edition.manifest)
    wanted = {file.key: file.content.data for file in after.files()}
    cuts = 0
    while True:
        store = MemoryStore()
        monkeypatch.setattr(bucket, "from_url", lambda url, store=store: store)
        if begin == "an edition":
            Bucket("s3://memory").publish(lambda known: before, site)
        watched.left = cuts
        try:
            Bucket("s3://memory").publish(lambda known: after, site)
            break
        except BucketError as fault:
            assert "the line is dead" in str(fault)
        finally:
            watched.left = None
            assert not faults(contents(store)), cuts
        Bucket("s3://memory").publish(lambda known: after, site)
        found = contents(store)
        assert json.loads(found.pop(LIST))["pending"] == [] and found == wanted, cuts
        cuts += 1 if is_long else 5
    assert cuts > (70 if begin == "nothing" else 30)


def test_an_upload_that_is_interrupted_repeatedly_eventually_completes(
    content: Path, url: str, watched: Watched
) -> None:
    content_folder(content, {"a": {"picture": PICTURE}, "gone": {"picture": {**PICTURE, "file": "autre.png"}}})
    draw_all(content)
    publish(content, url)
    edit(content)
    for count in range(200):
        watched.left = 9 * count + 1
        done = publish(content, url, seconds=60)
        assert not faults(objects(url))
        if done.exit_code == 0:
            break
        assert "the line is dead" in done.output
    assert count > 2 and json.loads(objects(url)[LIST])["pending"] == []


def test_objects_left_by_an_interrupted_publish_are_replaced_after_a_revert(
    content: Path, url: str, watched: Watched
) -> None:
    """An edit is partly uploaded, then reverted: the previous list matches none of the uploaded objects."""
    content_folder(content, {"a": {"title": "Avant"}})
    publish(content, url)
    write(content, "a", title="Pendant")
    watched.left = 4
    assert publish(content, url, seconds=60).exit_code == 1
    assert any(b"Pendant" in data for data in objects(url).values())
    watched.left = None
    write(content, "a", title="Avant")
    publish(content, url, seconds=120)
    assert not any(b"Pendant" in data for data in objects(url).values())


def test_a_publish_overtaken_by_another_starts_over(content: Path, url: str, tmp_path: Path) -> None:
    """Another publish finishes before the first writes its list.
    In the end, all objects are of one edition.
    """
    other = tmp_path / "other"
    content_folder(content, {"a": {"title": "Le premier"}})
    content_folder(other, {"a": {"title": "Le second"}})
    publish(content, url)
    write(content, "a", title="Le premier, corrigé")
    pauses, is_first = list[float](), True

    def make(known: Manifest | None) -> Export:
        nonlocal is_first
        if is_first:  # the other comes to its end between our look at the bucket and our first object
            is_first = False
            assert publish(other, url, seconds=60).exit_code == 0
        return Made(content, 90, known)

    site = publisher_of(create_app(Settings(content))).content.load_site()[0]
    assert site
    report = Bucket(url).publish(make, site, pause=pauses.append)
    assert len(pauses) == 1 and report.sent
    found = objects(url)
    assert not any(b"Le second" in data for data in found.values())
    assert "Le premier, corrigé".encode() in found["feeds/all.rss"]
    assert json.loads(found["manifest.json"])["content"]["modified"] == "2026-06-01T10:01:30Z"


def test_two_concurrent_publishes_leave_one_complete_edition(content: Path, url: str, tmp_path: Path) -> None:
    folders = [content, tmp_path / "other"]
    for number, folder in enumerate(folders):
        content_folder(folder, {f"a{n}": {"title": f"De {number}"} for n in range(4)})
    publish(content, url)
    for number, folder in enumerate(folders):
        for n in range(4):
            write(folder, f"a{n}", title=f"Neuf de {number}")
    outcomes: list[Result] = []
    threads = [
        threading.Thread(target=lambda folder=folder: outcomes.append(publish(folder, url, seconds=60)))
        for folder in folders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.exit_code for each in outcomes] == [0, 0]
    texts = b"".join(objects(url).values())
    assert (b"Neuf de 0" in texts) != (b"Neuf de 1" in texts)
    assert json.loads(objects(url)[LIST])["pending"] == []


def test_the_publication_history_is_stored_in_the_bucket(content: Path, url: str) -> None:
    """A machine that is new each time knows when articles were first posted, and changes no date."""
    content_folder(content, {"a": {}})
    publish(content, url)
    write(content, "b", title="Un autre")
    publish(content, url, seconds=3600)
    entries = json.loads(objects(url)["manifest.json"])["entries"]
    assert [each["first_seen"][:16] for each in entries.values()] == ["2026-06-01T10:00", "2026-06-01T11:00"]
    assert "0 sent" in publish(content, url, seconds=86_400).output


def test_foreign_objects_are_left_unchanged(content: Path, url: str) -> None:
    content_folder(content, {"a": {}})
    store = from_url(url)
    obstore.put(store, "notes.txt", b"mine")
    done = publish(content, url)
    assert done.exit_code == 1 and f"Error: {url} contains objects that no publish sent: notes.txt (use" in done.output
    obstore.put(store, "robots.txt", b"mine")
    done = publish(content, url, "--force")
    assert done.exit_code == 1 and f"Error: {url}: robots.txt is in the way" in done.output
    assert publish(content, url, "--force").exit_code == 1, "nor by a second attempt"
    assert objects(url)["robots.txt"] == b"mine"
    obstore.delete(store, "robots.txt")
    assert publish(content, url, "--force").exit_code == 0
    assert objects(url)["notes.txt"] == b"mine"


def test_a_foreign_object_is_not_removed_once_its_key_is_no_longer_needed(content: Path, url: str) -> None:
    content_folder(content, {"a": {}})
    store = from_url(url)
    obstore.put(store, "articles/a", b"mine")
    assert publish(content, url, "--force").exit_code == 1
    (content / "articles" / "a.yaml").rename(content / "articles" / "b.yaml")
    assert publish(content, url, "--force").exit_code == 0
    assert objects(url)["articles/a"] == b"mine" and "articles/b" in objects(url)


def test_a_foreign_object_with_the_same_bytes_is_still_in_the_way(content: Path, url: str) -> None:
    content_folder(content, {"a": {}})
    publish(content, url + "/other")
    store = from_url(url)
    obstore.put(store, "feeds/all.rss", objects(url + "/other")["feeds/all.rss"])
    assert "feeds/all.rss is in the way" in publish(content, url, "--force").output
    assert obstore.get(store, "feeds/all.rss").attributes["Content-Type"] == "binary/octet-stream"


def test_large_files_are_uploaded_in_parts_and_overwrite_nothing(
    content: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "MULTIPART_BYTES", 1000)
    content_folder(content, {"a": {"attachments": [{"file": "film.mp4", "title": "Un film"}]}})
    (content / "media" / "film.mp4").write_bytes(b"film" * 1000)
    store = from_url(url)
    obstore.put(store, "media/film.mp4", b"mine")
    assert "media/film.mp4 is in the way" in publish(content, url, "--force").output
    obstore.delete(store, "media/film.mp4")
    assert publish(content, url, "--force").exit_code == 0
    assert objects(url)["media/film.mp4"] == b"film" * 1000


def test_old_paths_that_cannot_be_object_keys_are_left_out(content: Path, url: str) -> None:
    odd = dict.fromkeys(("/rss//feed.xml", "/old/%2e%2e/x", "/a%0Ab", "/.feeds.json", "/fine"), "/feeds/all.rss")
    content_folder(content, {"a": {}}, SITE + as_yaml({"redirects": odd}))
    done = publish(content, url)
    assert done.exit_code == 0, done.output
    assert json.loads(objects(url)[LIST])["version"] == 1 and "fine" in objects(url)


def test_a_dry_run_leaves_no_trace(content: Path, url: str, tmp_path: Path, watched: Watched) -> None:
    content_folder(content, {"a": {}})
    state = tmp_path / "state"
    publish(content, url, state=state)

    def remembered() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in state.iterdir() if path.is_file()}

    before = remembered()
    watched.put_keys.clear()
    write(content, "b", title="Un autre")
    done = publish(content, url, "--dry-run", seconds=60, state=state)
    assert "send    articles/b\n" in done.output and " would be sent, 0 would be removed" in done.output
    assert {
        path.name: path.read_bytes() for path in state.iterdir() if path.is_file()
    } == before and not watched.put_keys


def test_an_unencrypted_endpoint_must_be_allowed_explicitly(
    content: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    content_folder(content, {"a": {}})
    assert "AWS_ENDPOINT is not encrypted (expected https, or AWS_ALLOW_HTTP=true" in publish(content, url).output


@pytest.mark.parametrize("bad", ["ftp://bucket", "bucket", "s3:/bucket", "/srv/feeds", "https://host/bucket"])
def test_an_invalid_bucket_url_is_reported(bad: str, content: Path) -> None:
    content_folder(content, {"a": {}})
    done = publish(content, bad)
    assert done.exit_code == 1 and f"Error: {bad} is not a bucket (expected s3://…, gs://… or az://…)" in done.output


@pytest.mark.parametrize("option", ["--dry-run", "--gzip"])
def test_a_missing_bucket_is_reported_without_its_credentials(option: str, content: Path, url: str) -> None:
    content_folder(content, {"a": {}})
    done = publish(content, "s3://there-is-no-such-bucket", option)
    assert done.exit_code == 1 and "Error: s3://there-is-no-such-bucket: " in done.output
    assert "very-secret" not in done.output and "Traceback" not in done.output


def test_a_damaged_bucket_list_is_reported(content: Path, url: str) -> None:
    content_folder(content, {"a": {}})
    obstore.put(from_url(url), LIST, b"{")
    done = publish(content, url)
    assert done.exit_code == 1 and f"{url}/{LIST}: " in done.output and "(remove it" in done.output


def test_hubs_are_notified_once_of_published_changes(content: Path, url: str, hub: Hub) -> None:
    content_folder(content, {"a": {}}, SITE + f"hubs: ['{hub.url}']\n")
    hub.status = "503 Busy"
    assert publish(content, url).exit_code == 1
    hub.status = "202 Accepted"
    assert "notified of 24 feeds" in publish(content, url, seconds=60).output
    write(content, "a", title="Un autre")
    publish(content, url, seconds=120)
    changed = {topic.rpartition("/")[2].partition(".")[0] for request in hub.requests[48:] for topic in told(request)}
    assert changed == {"all", "research"}
    assert "nothing new" in publish(content, url, seconds=180).output and len(hub.requests) == 24 + 24 + 6


def test_watch_mode_publishes_edits_and_scheduled_changes(content: Path, url: str, hub: Hub) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    site = SITE + f"hubs: ['{hub.url}']\n"
    content_folder(content, {"a": {}, "b": {"title": "Embargo", "published": soon.isoformat()}}, site)

    def says(word: str) -> bool:
        with suppress(FileNotFoundError):
            return word in bytes(obstore.get(from_url(url), "feeds/all.rss").bytes()).decode()
        return False

    nowhere = f"http://127.0.0.1:{free_port()}"
    with feeds_process(content, "publish", url, "--watch", FEEDS_URL=nowhere) as process:
        wait_until(lambda: says("Un titre"), process)
        wait_until(lambda: says("Embargo"), process)
        assert datetime.now(UTC) >= soon
        write(content, "a", title="Corrigé")
        wait_until(lambda: says("Corrigé"), process)
        wait_until(lambda: len(hub.requests) == 24 + 6 + 6, process)


@pytest.mark.parametrize("address", ["s3://AKIA:S3CRET@bucket/x", "s3://bucket/x?secret=S3CRET"])
def test_a_bucket_url_with_a_secret_is_rejected_and_not_repeated(address: str) -> None:
    with pytest.raises(BucketError, match="contains a password or a query") as refused:
        Bucket(address)
    assert "S3CRET" not in str(refused.value)
