"""WebSub hubs pass changes on to subscribers at once: what feeds declare, what hubs are notified of,
and what a subscriber receives.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from feeds import create_app
from feeds.base.fingerprint import fingerprint_bytes as etag_of
from feeds.content.state import StateFolder
from feeds.delivery import announcer as announcer_module
from feeds.delivery import websub
from feeds.delivery.announcer import Announcer, Workers
from feeds.delivery.websub import HubError, NotifiedTopics, notify_hubs, publish, wait_until_live
from feeds.settings import Settings
from tests.builders import NOW, PLAIN, SITE, TESTS, as_yaml, content_folder
from tests.processes import Process, free_port, get, in_thread, is_open, served, wait_until

pytestmark = pytest.mark.integration

HUB = "https://hub.example/"
WITH_HUBS = SITE + f"hubs: [{HUB}, 'https://other.example/push']\n"
TOPICS = {f"https://news.example/feeds/{number}.rss": f"digest{number}" for number in range(120)}


class Hub:
    """A hub that records the requests it receives, and answers as a test sets it to."""

    def __init__(self, port: int) -> None:
        self.url, self.requests = f"http://127.0.0.1:{port}/", list[list[tuple[str, str]]]()
        self.status, self.headers = "202 Accepted", list[tuple[str, str]]()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        self.requests.append([(environ["REQUEST_METHOD"], environ["PATH_INFO"]), *parse_qsl(body)])
        start_response(self.status, self.headers)
        return [b""]


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check only topics that a test server serves; the URLs of other test topics do not exist."""
    asks = websub.is_stale
    monkeypatch.setattr(websub, "is_stale", lambda topic, digest: "//127." in topic and asks(topic, digest))


@contextmanager
def listening(hub: WSGIApplication, port: int) -> Iterator[None]:
    with in_thread(make_server("127.0.0.1", port, hub, handler_class=Quiet)):
        yield


@pytest.fixture
def hub() -> Iterator[Hub]:
    port = free_port()
    found = Hub(port)
    with listening(found, port):
        yield found


@pytest.fixture
def announce() -> Iterator[Callable[..., Announcer]]:
    """Make announcers whose threads notify no hub after the test: they would call what a later test replaces."""
    made: list[Announcer] = []

    def make(known: NotifiedTopics | None = None, save: Callable[[NotifiedTopics], None] | None = None) -> Announcer:
        made.append(Announcer(known or {}, save or (lambda notified: None)))
        return made[-1]

    yield make
    for announcer in made:
        announcer.update((), {})


def told(request: list[tuple[str, str]]) -> list[str]:
    return [value for name, value in request if name == "hub.topic"]


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "not within 20 seconds"
        time.sleep(0.01)


def test_a_hub_is_notified_of_one_topic_per_request(hub: Hub) -> None:
    """D1: WebSubHub and other hubs in PHP read only the last of several."""
    known, faults = notify_hubs({}, [hub.url], TOPICS)
    assert known == {hub.url: TOPICS} and not faults
    assert {len(told(request)) for request in hub.requests} == {1}
    assert [each for request in hub.requests for each in told(request)] == list(TOPICS)
    first = list(TOPICS)[0]
    assert hub.requests[0] == [("POST", "/"), ("hub.mode", "publish"), ("hub.url", first), ("hub.topic", first)]


class Picky(Hub):
    """A hub that refuses topics without subscribers, as WebSubHub does."""

    def __init__(self, port: int, *refused: str) -> None:
        super().__init__(port)
        self.refused = set(refused)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        def start(status: str, headers: list[tuple[str, str]]) -> Any:
            is_refused = not self.refused.isdisjoint(told(self.requests[-1]))
            return start_response("500 Internal Server Error" if is_refused else status, headers)

        return super().__call__(environ, start)  # type: ignore[arg-type]


def test_a_topic_that_a_hub_refuses_holds_up_no_other(announce: Callable[..., Announcer]) -> None:
    first, second, *_ = TOPICS
    port = free_port()
    hub = Picky(port, first)
    with listening(hub, port):
        known, faults = notify_hubs({}, [hub.url], TOPICS)
        assert known[hub.url].keys() == TOPICS.keys() - {first}
        assert str(faults[hub.url]) == "it answers 500 for 1 of 120 feeds"
        hub.requests.clear()
        announcer = announce(known)
        announcer.update((hub.url,), TOPICS)
        until(lambda: len(hub.requests) > 2)
        changed = {**TOPICS, second: "another"}
        announcer.update((hub.url,), changed)
        until(lambda: announcer.notified_topics[hub.url].get(second) == "another")
        assert {topic for request in hub.requests for topic in told(request)} == {first, second}
        hub.refused.clear()
        until(lambda: announcer.notified_topics[hub.url] == changed)


def test_a_topic_on_which_a_hub_hangs_holds_up_no_other(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = TOPICS
    send = websub.publish

    def hang(target: str, topic: str, client: Any = None) -> None:
        if topic == first:
            raise HubError("it takes more than 15 seconds", is_general=True)
        send(target, topic, client)

    monkeypatch.setattr(websub, "publish", hang)
    known, faults = notify_hubs({}, [hub.url], TOPICS)
    assert list(known[hub.url]) == others and hub.url in faults


def test_a_hub_that_cannot_be_reached_is_given_up_after_two_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def refuse(target: str, topic: str, client: Any = None) -> None:
        tried.append(topic)
        raise HubError("connection refused", is_general=True)

    monkeypatch.setattr(websub, "publish", refuse)
    notify_hubs({}, [HUB], TOPICS)
    assert tried == list(TOPICS)[:2]


def test_a_hub_is_notified_once_of_each_change(hub: Hub) -> None:
    known, _ = notify_hubs({}, [hub.url], TOPICS)
    hub.requests.clear()
    changed = {**TOPICS, list(TOPICS)[7]: "another"}
    known, _ = notify_hubs(known, [hub.url], changed)
    notify_hubs(known, [hub.url], changed)
    assert [told(request) for request in hub.requests] == [[list(TOPICS)[7]]]


def test_removed_topics_are_forgotten(hub: Hub) -> None:
    known, _ = notify_hubs({hub.url: {"https://news.example/feeds/old.rss": "x"}}, [hub.url], {})
    assert known == {hub.url: {}}


@pytest.mark.parametrize("status", ["500 Oops", "404 Not Found", "301 Moved", "302 Found", "307 Redirect", "303 See"])
def test_a_notification_that_a_hub_rejects_is_not_recorded(status: str, hub: Hub) -> None:
    hub.status, hub.headers = status, [("Location", "http://localhost:9/elsewhere")]
    known, faults = notify_hubs({}, [hub.url], TOPICS)
    assert known == {hub.url: {}} and str(faults[hub.url]) == f"it answers {status[:3]} for 120 of 120 feeds"


def test_a_hub_redirect_on_the_same_host_is_followed_if_it_preserves_the_method(hub: Hub) -> None:
    class Moved(Hub):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
            self.status = "202 Accepted" if environ["PATH_INFO"] == "/new" else "308 Moved"
            return super().__call__(environ, start_response)

    port = free_port()
    moved = Moved(port)
    moved.headers = [("Location", "/new")]
    with listening(moved, port):
        publish(moved.url, list(TOPICS)[0])
    assert [request[0] for request in moved.requests] == [("POST", "/"), ("POST", "/new")]
    assert told(moved.requests[1]) == list(TOPICS)[:1]


@pytest.mark.parametrize(("header", "seconds"), [("120", 120), ("99999999", 86_400), ("soon", None), (None, None)])
def test_a_hub_may_send_retry_after(header: str | None, seconds: float | None, hub: Hub) -> None:
    hub.status, hub.headers = "429 Slow", [("Retry-After", header)] if header else []
    with pytest.raises(HubError) as found:
        publish(hub.url, list(TOPICS)[0])
    assert found.value.wait == seconds


def test_an_unreachable_hub_is_notified_once_it_is_back_and_delays_no_other_hub(
    hub: Hub, announce: Callable[..., Announcer]
) -> None:
    port = free_port()
    absent = Hub(port)
    kept: list[NotifiedTopics] = []
    announcer = announce({}, kept.append)
    announcer.update((absent.url, hub.url), TOPICS)
    until(lambda: len(hub.requests) == 120)
    announcer.update((absent.url, hub.url), {**TOPICS, "https://news.example/feeds/new.rss": "x"})
    until(lambda: len(hub.requests) == 121)
    with listening(absent, port):
        until(lambda: len(absent.requests) == 121)
    assert sorted(each for request in absent.requests for each in told(request))[-1].endswith("/new.rss")
    until(lambda: bool(kept) and len(kept[-1].get(absent.url, {})) == len(TOPICS) + 1)


@pytest.mark.parametrize("begin", ["old bytes", "no answer"])
def test_hubs_are_notified_only_after_readers_get_the_new_bytes(begin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub fetches changes as soon as it is notified, so we wait while a cache still has the old bytes."""
    monkeypatch.setattr(websub, "LIVE_POLL_SECONDS", 0.01)
    asked: list[str] = []
    codings: list[str] = []

    def cache(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            asked.append(environ["HTTP_CACHE_CONTROL"])
        else:
            codings.append(environ["HTTP_ACCEPT_ENCODING"])
        start_response("200 OK", [])
        return [b"new" if len(asked) > 2 else b"old"]

    port = free_port()
    topic = f"http://127.0.0.1:{port}/feeds/all.rss"
    if begin == "no answer":
        wait_until_live({topic: etag_of(b"new")}, [topic])
        return
    with listening(cache, port):
        wait_until_live({topic: etag_of(b"new")}, [topic])
        assert asked == ["no-cache"] * 3
        assert codings == ["gzip", "br"], "a cache keeps a copy of each coding"
        wait_until_live({topic: etag_of(b"another")}, [topic], is_wanted=lambda: len(asked) < 6)
        assert len(asked) == 6, "what is not wanted any more is waited for no longer"
        monkeypatch.setattr(websub, "LIVE_TIMEOUT_SECONDS", 0)
        wait_until_live({topic: etag_of(b"another")}, [topic])
        assert len(asked) == 7


ODD_ANSWERS = {
    "a redirect to nowhere": ("307 Go", [("Location", "http://[")]),
    "a redirect that is no text": ("308 Go", [("Location", "/\xff")]),
    "a patience of 5000 digits": ("429 Slow", [("Retry-After", "9" * 5000)]),
    "a patience until no year": ("503 Slow", [("Retry-After", "Mon, 01 Jan 99999999 00:00:00 GMT")]),
    "a redirect without a place": ("302 Found", []),
    "several choices": ("300 Choose", []),
    "a circle": ("307 Go", [("Location", "/")]),
}


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_an_invalid_hub_response_is_an_error_of_that_hub_only(name: str, hub: Hub) -> None:
    hub.status, hub.headers = ODD_ANSWERS[name]
    known, faults = notify_hubs({}, [hub.url], dict.fromkeys(list(TOPICS)[:3], "x"))
    assert list(faults) == [hub.url] and not known[hub.url]


def test_a_hub_that_sent_an_invalid_response_is_notified_once_it_recovers(
    hub: Hub, announce: Callable[..., Announcer]
) -> None:
    hub.status, hub.headers = ODD_ANSWERS["a redirect that is no text"]
    announcer = announce()
    announcer.update((hub.url,), TOPICS)
    until(lambda: bool(hub.requests))
    hub.status, hub.headers = "202 Accepted", []
    until(lambda: len(announcer.notified_topics.get(hub.url, {})) == len(TOPICS))


def test_a_hub_that_hangs_blocks_no_command_and_other_notifications_are_recorded(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websub, "HUB_TIMEOUT_SECONDS", 0.5)
    kept: list[NotifiedTopics] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        known, faults = notify_hubs({}, [hanging, hub.url], TOPICS, kept.append)
    assert str(faults[hanging]) == "it has not answered within 0.5 seconds"
    assert known[hub.url] == TOPICS and [len(each[hub.url]) for each in kept] == [*range(1, 121)]


def test_a_notification_that_cannot_be_recorded_is_reported_as_an_error(hub: Hub) -> None:
    def keep(told: NotifiedTopics) -> None:
        raise OSError(28, "No space left on device")

    _, faults = notify_hubs({}, [hub.url], TOPICS, keep)
    assert "its notified topics cannot be saved: " in str(faults[hub.url]) and "No space left" in str(faults[hub.url])


def test_the_body_of_a_hub_response_is_not_read(hub: Hub) -> None:
    class Endless(Hub):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:  # type: ignore[override]
            super().__call__(environ, start_response)
            for _ in range(100_000):
                yield b"x" * 10_000

    port = free_port()
    endless = Endless(port)
    endless.headers = [("Location", "/again")]
    endless.status = "307 Go"
    with listening(endless, port), pytest.raises(HubError, match="redirects too often"):
        publish(endless.url, list(TOPICS)[0])


def test_a_hub_is_notified_even_if_checking_takes_longer_than_polling(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, announce: Callable[..., Announcer]
) -> None:
    """Repeated updates with the same topics, made while these are being checked, are not changes."""
    asked = 0

    def slow(topic: str, digest: str) -> bool:
        nonlocal asked
        asked += topic in topics
        return asked < 30

    monkeypatch.setattr(websub, "is_stale", slow)
    monkeypatch.setattr(websub, "LIVE_POLL_SECONDS", 0.01)
    announcer, topics = announce(), {"https://news.example/feeds/slow.rss": "x"}
    announcer.update((hub.url,), topics)
    while not hub.requests:
        announcer.update((hub.url,), dict(topics))
    assert asked == 30


def test_stale_caches_do_not_delay_a_notification_forever(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, announce: Callable[..., Announcer]
) -> None:
    monkeypatch.setattr(websub, "is_stale", lambda topic, digest: True)
    monkeypatch.setattr(websub, "LIVE_POLL_SECONDS", 0.01)
    monkeypatch.setattr(announcer_module, "LIVE_TIMEOUT_SECONDS", 0.3)
    announcer, count = announce(), 0
    while not hub.requests:  # each change begins to wait anew, but not to count
        announcer.update((hub.url,), {list(TOPICS)[0]: str(count := count + 1)})
        time.sleep(0.05)


@pytest.mark.parametrize("status", ["404 Not Found", "502 Bad Gateway"])
def test_a_notification_waits_for_a_topic_that_is_missing(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websub, "LIVE_POLL_SECONDS", 0.01)
    answers = iter([status, status])

    def late(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(next(answers, "200 OK"), [])
        return [b"new"]

    port = free_port()
    topic = f"http://127.0.0.1:{port}/feeds/all.rss"
    with listening(late, port):
        wait_until_live({topic: etag_of(b"new")}, [topic])
    assert next(answers, None) is None


def test_only_one_process_announces_and_another_takes_over(tmp_path: Path) -> None:
    with closing(Workers(tmp_path)) as first, closing(Workers(tmp_path)) as second:
        assert first.is_announcer() and first.is_announcer() and not second.is_announcer()
        first.close()
        assert second.is_announcer()


def test_notifications_wait_for_the_slowest_process(tmp_path: Path) -> None:
    code = f"""\
import sys
from datetime import datetime
from pathlib import Path
from feeds.delivery.announcer import Announcer, Workers
workers = Workers(Path({str(tmp_path)!r}))
for line in sys.stdin:
    workers.record(datetime.fromisoformat(line.strip()))
    print("said", flush=True)
"""
    command = [sys.executable, "-c", code]
    with (
        closing(Workers(tmp_path)) as own,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other,
    ):
        own.record(NOW)
        assert other.stdin and other.stdout
        for moment, has_all in ((NOW - timedelta(hours=1), False), (NOW, True), (NOW - timedelta(hours=2), False)):
            other.stdin.write(f"{moment.isoformat()}\n")
            other.stdin.flush()
            assert other.stdout.readline() == "said\n"
            assert own.all_have(NOW) is has_all
        other.stdin.close()
        other.wait()
        assert own.all_have(NOW), "a process that ended is waited for no longer"
    assert len(list((tmp_path / "workers").iterdir())) == 1


def test_ping_notifies_hubs_once_of_built_changes(content: Path, tmp_path: Path, hub: Hub) -> None:
    content_folder(content, {"a": {}}, SITE + f"hubs: ['{hub.url}']\n")
    settings = Settings(content, state=tmp_path / "state")

    def run(*words: str) -> Any:
        return create_app(settings, clock=lambda: NOW).test_cli_runner().invoke(args=words)

    assert "nothing was built yet" in run("ping").output
    run("build", str(tmp_path / "files"))
    found = run("ping")
    assert (found.exit_code, found.output) == (0, f"{hub.url}: notified of 24 feeds\n")
    assert "nothing new" in run("ping").output and len(hub.requests) == 24
    write(content, "a", "Un autre")
    assert "nothing new" in run("ping").output, "nobody can fetch it before it is built"
    run("build", str(tmp_path / "files"))
    hub.status = "503 Busy"
    found = run("ping")
    assert (found.exit_code, found.output) == (
        1,
        f"{hub.url}: it answers 503 for 6 of 6 feeds; it is notified next time\n",
    )
    hub.status = "202 Accepted"
    assert "notified of 6 feeds" in run("ping").output
    assert {topic.rpartition("/")[2] for request in hub.requests[-6:] for topic in told(request)} == {
        f"{name}.{ending}" for name in ("all", "research") for ending in ("rss", "atom", "json")
    }
    (content / "site.yaml").write_text(SITE.replace("news.example", "new.example"), encoding="utf-8")
    assert "nothing new" in run("ping").output, "what is not built is not told, at whatever address"
    with closing(Workers(tmp_path / "state")) as busy:
        assert busy.is_announcer()
        assert "another process announces" in run("ping").output


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"hub": 1}', b'{"hub": {"topic": 1}}', b"\xff", b"null"])
def test_damaged_notification_records_are_reset(
    damage: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = StateFolder(tmp_path)
    for name in ("told.json", "built.json"):
        (tmp_path / name).write_bytes(damage)
    assert (state.read_notified_topics(), state.read_built_topics()) == ({}, None)
    assert f"{tmp_path}/told.json is damaged; a new one is started" in caplog.text
    state.write_notified_topics({HUB: TOPICS})
    state.write_built_topics(((HUB,), dict(TOPICS)))
    assert (state.read_notified_topics(), state.read_built_topics()) == ({HUB: TOPICS}, ((HUB,), TOPICS))


@contextmanager
def peers(folder: Path, port: int) -> Iterator[Process]:
    """Run a third-party hub and subscriber, and yield their process."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, str(TESTS / "peers" / "websub.py"), str(port), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    try:
        wait_until(lambda: is_open("127.0.0.1", port), process)
        yield process
    finally:
        process.kill()
        process.wait()


def state(port: int) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = json.loads(get(port, "/state")[2])
    return found


def write(content: Path, name: str, title: str, **changes: str) -> None:
    (content / "articles" / f"{name}.yaml").write_text(as_yaml({**PLAIN, "title": title, **changes}), encoding="utf-8")


def test_a_subscriber_receives_an_entry_once_within_two_seconds_of_its_embargos_end(
    content: Path, tmp_path: Path
) -> None:
    """D1: two workers, an independent hub and an independent subscriber; then the hub goes offline for a while."""
    port = free_port()

    def holds(word: str) -> bool:
        return any(word in body for _, _, body in state(port)["received"])

    site = SITE + f"hubs: ['http://127.0.0.1:{port}/hub']\n"
    content_folder(content, {"a": {}}, site)
    with served(content, "--workers", "2", FEEDS_URL="http://127.0.0.1:{port}") as (ours, server):
        topic = f"http://127.0.0.1:{ours}/feeds/all.rss"
        with peers(tmp_path / "peers", port) as process:
            get(port, f"/subscribe?topic={topic}", method="POST")
            wait_until(lambda: topic in state(port)["verified"], process)
            wait_until(lambda: any(topic in topics for topics in state(port)["announced"]), process)
            soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
            write(content, "b", "Embargo", published=soon.isoformat())
            wait_until(lambda: holds("Embargo"), process)
            arrived = next(moment for _, moment, body in state(port)["received"] if "Embargo" in body)
            assert soon.timestamp() <= arrived < soon.timestamp() + 2
            write(content, "c", "Ensuite")
            wait_until(lambda: holds("Ensuite"), process)
            announced = [topics for topics in state(port)["announced"] if topic in topics]
            assert len(announced) == 3, "at the start, at the embargo's end, and then"
        write(content, "d", "Plus tard")
        wait_until(lambda: b"Plus tard" in get(ours, "/feeds/all.rss")[2], server)
        with peers(tmp_path / "peers", port) as process:
            wait_until(lambda: holds("Plus tard"), process)
    with peers(tmp_path / "peers", port) as process, served(content, FEEDS_URL=f"http://127.0.0.1:{ours}"):
        write(content, "e", "Enfin")
        wait_until(lambda: len({url for (url,) in state(port)["announced"]}) == 6, process)
        urls = {url for (url,) in state(port)["announced"]}
        names = {"all", "research"}
        assert {url.rpartition("/")[2].partition(".")[0] for url in urls} == names, "nothing else is announced"
