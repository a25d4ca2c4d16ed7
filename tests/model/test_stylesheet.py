"""A site's own stylesheet: it may refer to files in media/, and to nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import Client

from feeds import create_app
from feeds.model.problems import InvalidValue
from feeds.model.stylesheet import MAX_STYLESHEET_BYTES, read_stylesheet
from feeds.settings import Settings
from tests.builders import NOW, SITE, FakeMedia, content_folder, site


def test_addresses_become_relative_to_the_stylesheet_of_the_pages() -> None:
    text = """@font-face { src: url(media/ours.woff2) format("woff2"), url("/media/ours.woff2") }
@media (min-width: 1px) { h1 { background: image-set("media/photo.jpg" 1x); mask: url(#shape) } }
"""
    found = read_stylesheet("style.css", text, FakeMedia())
    assert found.text.count('url("../media/ours.woff2")') == 2
    assert 'image-set("../media/photo.jpg" 1x)' in found.text and "url(#shape)" in found.text
    assert [file.path for file in found.files] == ["ours.woff2", "photo.jpg"]
    assert read_stylesheet("style.css", "q::before { content: 'Note: '; }", FakeMedia()).files == ()


@pytest.mark.parametrize(
    "text",
    [
        "li:nth-child(2n+1), li:nth-child(-n+3) { color: red }",
        ".\\32xl\\:p, .\\31\\/2, .-\\31 { margin: 0-1px; b: 0.5.3 }",
        'a[href^="https://"]::after, a[href^="data:"], a[href*="//x"] { content: "// https://x.example" }',
        'q { quotes: "//" "//"; content : open-quote "//" }',
        "/* a comment */",
        "",
    ],
)
def test_correct_stylesheets_are_accepted(text: str) -> None:
    assert read_stylesheet("style.css", text, FakeMedia()).files == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (".\\000062 { color: red", "stylesheet-open"),
        ("a { color: rgb(1, 2", "stylesheet-open"),
        ("a { content: '//x'; --u: '//x' }", "stylesheet-address"),
        ("a { --u: '//x'; content: '//x' }", "stylesheet-address"),
        ("a { content: image-set('https://x.example' 1x) }", "stylesheet-address"),
        ("@import 'other.css';", "stylesheet-rule"),
        ("@IMPORT url(media/ours.woff2);", "stylesheet-rule"),
        ("@charset 'utf-8';", "stylesheet-rule"),
        ("h1 { color: red } }", "stylesheet-mistake"),
        ("h1 { background: url(a b) }", "stylesheet-mistake"),
        ("h1 { background: url(https://a.example/x.png) }", "stylesheet-address"),
        ("h1 { background: url('//a.example/x.png') }", "stylesheet-address"),
        ("h1 { background: url(data:image/png;base64,AA) }", "stylesheet-address"),
        ("h1 { background: url(../site.yaml) }", "stylesheet-address"),
        ("h1 { background: \\75rl(https://a.example) }", "stylesheet-address"),
        ("h1 { background: -webkit-image-set('https://a.example/x.png' 1x) }", "stylesheet-address"),
        ('h1 { background: image-set(var(--n, "https://a.example/b.png") 1x) }', "stylesheet-address"),
        (':root { --u: "https://a.example/a.png" }', "stylesheet-address"),
        (':root { --u: " h\\a ttps://a.example/a.png" }', "stylesheet-address"),
        ("h1 { background: image-set(env(x, '//a.example') 1x) }", "stylesheet-address"),
        ("@property --p { syntax: '*'; initial-value: '/\\\\a.example' }", "stylesheet-address"),
        ("a{" * 3000 + "}" * 3000, "stylesheet-mistake"),
        ("@media all { h1 { background: url(x.png) } }", "stylesheet-address"),
        ("h1 { background: url(media/absent.png) }", "stylesheet-address"),
        ("h1 { color: red", "stylesheet-open"),
        ("h1 { content: 'a", "stylesheet-mistake"),
        ("/* a comment without an end", "stylesheet-open"),
        ("x" * (MAX_STYLESHEET_BYTES + 1), "stylesheet-too-large"),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_line(text: str, code: str) -> None:
    with pytest.raises(InvalidValue) as error:
        read_stylesheet("style.css", f"\n{text}", FakeMedia())
    message = error.value.message
    assert message.code == code
    assert dict(message.parameters).get("line", 2) == 2 or "nested" in str(message)


def test_it_is_appended_to_ours_and_its_fonts_are_served(content: Path) -> None:
    content_folder(content, {}, SITE + "stylesheet: style.css\n")
    (content / "style.css").write_text("@font-face { src: url(media/a.woff2) }\nh1 { color: #123 }", encoding="utf-8")
    (content / "media" / "a.woff2").write_bytes(b"wOF2")
    client = Client(create_app(Settings(content), clock=lambda: NOW).wsgi_app)
    style = client.get("/static/style.css").text
    assert style.index(":root {") < style.index('src: url("../media/a.woff2")')
    font = client.get("/media/a.woff2", buffered=True)
    assert (font.status_code, font.content_type) == (200, "font/woff2")
    assert "font-src 'self'" in client.get("/").headers["Content-Security-Policy"]


def test_the_keys_for_the_look_of_pages_are_read() -> None:
    text = """stylesheet: style.css
header_logo: {file: logo.svg, dark: logo.svg, with_title: false}
press: {name: Presse, phone: "+33 4 00 00 00 00"}
profiles: https://social.example/@crcm
links: [{title: A, url: "https://www.example/"}]
"""
    found = site(SITE + text)
    assert found.header_logo and found.header_logo.file.width / found.header_logo.file.height == 3
    assert {file.path for file in found.files} == {"logo.svg", "ours.woff2"}
    assert site(SITE + "header_logo: logo.svg\n").header_logo
