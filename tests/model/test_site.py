from __future__ import annotations

from feeds.model.site import Site
from feeds.model.yamlfile import MAX_YAML_BYTES, parse_yaml
from tests.builders import SITE, site


def with_home(home: str) -> Site:
    return site(SITE + f"home: {home}\n")


def test_a_site_at_another_url_keeps_everything_but_its_host() -> None:
    moved = with_home("https://news.example/actu?a=1").with_url("http://localhost:8000/sub")
    assert (moved.url, moved.home) == (
        "http://localhost:8000/sub",
        {"fr": "http://localhost:8000/actu?a=1", "en": "http://localhost:8000/actu?a=1"},
    )
    assert (moved.title, moved.tag_authority) == (site().title, site().tag_authority)
    assert site().with_url("https://x.example").home is None


def test_the_default_language_has_no_prefix() -> None:
    assert [site().prefix(language) for language in ("fr", "en")] == ["", "/en"]


def test_a_path_redirects_with_and_without_its_slash_and_a_query_only_as_given() -> None:
    redirects = "redirects: {/old: /feeds/all.rss, /dir/: 'https://b.example/x', '/a?b=c': /, '/a?d=e': /en/}\n"
    found = site(SITE + redirects)
    assert found.path_redirects == {
        "/en": "https://news.example/en/",
        "": "https://news.example/",
        "/articles": "https://news.example/feeds/all",
        "/feeds": "https://news.example/feeds/all",
        "/en/articles": "https://news.example/en/feeds/all",
        "/en/feeds": "https://news.example/en/feeds/all",
        "/articles/": "https://news.example/feeds/all",
        "/feeds/": "https://news.example/feeds/all",
        "/en/articles/": "https://news.example/en/feeds/all",
        "/en/feeds/": "https://news.example/en/feeds/all",
        "/search/": "https://news.example/search",
        "/en/search/": "https://news.example/en/search",
        "/old": "https://news.example/feeds/all.rss",
        "/old/": "https://news.example/feeds/all.rss",
        "/dir": "https://b.example/x",
        "/dir/": "https://b.example/x",
    }
    assert found.query_redirects == {"/a": {"b=c": "https://news.example/", "d=e": "https://news.example/en/"}}


def test_a_file_beyond_the_limit_is_not_parsed() -> None:
    data = b"title: x\n".ljust(MAX_YAML_BYTES + 1, b"#")
    tree, problems = parse_yaml(data, "site.yaml")
    assert tree is None
    assert [problem.message.code for problem in problems] == ["file-too-large"]
    assert parse_yaml(data[:-1], "site.yaml")[0]
