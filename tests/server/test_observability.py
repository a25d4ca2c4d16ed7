"""What an administrator can observe: the log, and the metrics of all processes together."""

from __future__ import annotations

import json
import logging
import os
import signal
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from feeds.base import log
from feeds.model.problems import Message, Problem
from feeds.server.front import path_label
from feeds.server.problem_log import ProblemLog
from feeds.settings import SettingError, Settings
from tests.builders import PLAIN, as_yaml, content_folder
from tests.processes import feeds_process, free_port, get, served, wait_until


@pytest.mark.usefixtures("restored_log")
def test_the_text_log_has_one_line_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("text")
    log.log_event("refresh", edition="abc", articles=3, error=None)
    logging.getLogger("feeds.state").error("%s cannot be used", "/state")
    logging.getLogger("feeds.state").info("nobody wants to know")
    assert capsys.readouterr().err == (
        "INFO refresh: edition=abc articles=3\nERROR feeds.state: /state cannot be used\n"
    )


@pytest.mark.usefixtures("restored_log")
def test_the_json_log_has_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json")
    log.log_event("announcement", hub="https://hub.example/", topics=4, outcome="notified")
    try:
        raise ValueError("deux\nlignes")
    except ValueError:
        logging.getLogger("feeds.publisher").exception("the edition stays")
    event, fault = map(json.loads, capsys.readouterr().err.splitlines())
    assert event.pop("time").endswith("Z") and event.pop("process") == os.getpid()
    assert event == {
        "level": "info",
        "logger": "feeds.events",
        "message": "announcement",
        "event": "announcement",
        "hub": "https://hub.example/",
        "topics": 4,
        "outcome": "notified",
    }
    assert fault["level"] == "error" and "deux\nlignes" in fault["message"] and "event" not in fault


def test_an_unknown_log_format_is_rejected() -> None:
    assert Settings.from_environ({"FEEDS_LOG": "json"}).log == "json"
    with pytest.raises(SettingError, match=r"FEEDS_LOG: xml is not a log format \(expected text or json\)"):
        Settings.from_environ({"FEEDS_LOG": "xml"})


@pytest.mark.integration
def test_the_server_logs_each_edition_and_each_error_as_json(content: Path) -> None:
    content_folder(content, {"a": {}, "bad": {"published": "demain"}})
    port = free_port()
    with feeds_process(content, "serve", "--port", str(port), FEEDS_LOG="json") as process:
        wait_until(lambda: _is_up(port), process)
        process.terminate()
        lines = process.communicate(timeout=30)[0].splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    refresh = next(each for each in told if each.get("event") == "refresh")  # another follows if a picture is drawn
    assert (refresh["articles"], refresh["entries"], refresh["errors"]) == (1, 1, 1) and refresh["seconds"] >= 0
    (error,) = (each for each in told if each["level"] == "error")
    assert "bad.yaml:2:12: published: demain is not a date" in error["message"]


def _is_up(port: int, path: str = "/health") -> bool:
    try:
        return get(port, path)[0] == 200
    except OSError:
        return False


def test_paths_that_are_not_rendered_ahead_are_counted_by_kind() -> None:
    kinds = {
        "/articles/un-titre": "/articles/…",
        "/en/articles/a-title": "/articles/…",
        "/feeds/tags/x.rss": "/feeds/…",
        "/en/feeds/2026-01.rss": "/feeds/…",
        "/media/a/b/c.png": "/media/…",
        "/sitemap.xml": "/sitemap.xml/…",
        "/wp-login.php": "other",
        "/": "other",
        "": "other",
        "//": "other",
        "/en": "other",
    }
    assert {path: path_label(path, ("fr", "en")) for path in kinds} == kinds


Metrics = dict[tuple[str, tuple[str, ...]], float]


def asked(port: int) -> Metrics:
    """Fetch the metrics, and return their values by name and labels."""
    status, headers, data = get(port, "/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(data.decode())
    samples = (sample for family in families for sample in family.samples)
    return {(sample.name, tuple(sample.labels.values())): sample.value for sample in samples}


def requests(found: Metrics, path: str, status: str) -> float:
    return found.get(("feeds_requests_total", (path, status)), 0)


@pytest.mark.integration
def test_metrics_cover_all_processes_and_counts_survive_a_killed_process(content: Path) -> None:
    content_folder(content, {"a": {}, "bad": {"published": "demain"}})
    metrics = free_port()
    with served(content, "--workers", "2", "--metrics-port", str(metrics)) as (port, process):
        wait_until(lambda: _is_up(metrics, "/metrics"), process)
        for _ in range(40):
            etag = get(port, "/feeds/all.rss")[1]["etag"]
            get(port, "/feeds/all.rss", If_None_Match=etag)
            get(port, "/nothing")
            get(port, "/articles/a")
        wait_until(lambda: requests(asked(metrics), "/feeds/all.rss", "200") == 40, process)
        found = asked(metrics)
        assert requests(found, "/feeds/all.rss", "304") == 40
        assert requests(found, "other", "404") == 40 == requests(found, "/articles/…", "200")
        assert (
            found["feeds_problems", ("error",)] == 1 and found["feeds_articles", ()] == 1 == found["feeds_entries", ()]
        )
        assert found["feeds_refreshed_timestamp_seconds", ()] >= found["feeds_modified_timestamp_seconds", ()] > 1.7e9
        assert found["feeds_editions_total", ()] >= 2, "one in each process, and another if its cards were late"
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            before = asked(metrics)
            os.kill(int(child), signal.SIGKILL)
            wait_until(lambda: _is_up(metrics, "/metrics") and _is_up(port), process)
            assert requests(asked(metrics), "/feeds/all.rss", "200") >= requests(before, "/feeds/all.rss", "200")


@pytest.mark.integration
def test_the_metrics_port_must_be_free(content: Path) -> None:
    content_folder(content, {"a": {}})
    with (
        served(content) as (port, _),
        feeds_process(content, "serve", "--port", str(free_port()), "--metrics-port", str(port)) as other,
    ):
        assert other.wait(20) == 1
        assert other.stdout and f"port {port} is taken (use another --metrics-port)" in other.stdout.read()


@pytest.mark.integration
def test_unpublished_content_appears_in_no_metric(content: Path) -> None:
    content_folder(content, {"secret-embargo": {"published": "2999-01-01"}})
    text = as_yaml({**PLAIN, "published": "2999-01-01"})
    (content / "articles" / "also-secret.yaml").write_text(text.replace("title", "titel", 1), encoding="utf-8")
    metrics = free_port()
    with served(content, "--metrics-port", str(metrics)) as (port, process):
        wait_until(lambda: _is_up(metrics, "/metrics"), process)
        get(port, "/articles/secret-embargo")
        assert b"secret" not in get(metrics, "/metrics")[2]


def test_problems_are_logged_in_the_language_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    problem = Problem("a.yaml", 3, 12, "published", Message.of("date-not-recognised", value="hier"))
    ProblemLog("fr").update([problem])
    assert caplog.messages == [problem.text("fr")] and "hier n’est pas une date" in caplog.text
