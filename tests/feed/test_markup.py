from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from feeds.feed import body_checks, body_limits, html_text, markup
from feeds.model.problems import Message
from feeds.model.yamlfile import FORBIDDEN

BASE, PAGE = "https://www.example.org/news", "https://www.example.org/news/articles/x"


def to_html(body: str) -> str:
    return markup.to_html(body, base=BASE, page=PAGE)


class Elements(HTMLParser):
    """Collects the elements and attributes that a browser would find in an HTML text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("Le gène *BRCA1* & p < 0,05", "<p>Le gène <em>BRCA1</em> &amp; p &lt; 0,05</p>"),
        ("« p\u202f<\u202f0,05\u00a0» ’ 🎗️", "<p>« p\u202f&lt;\u202f0,05\u00a0» ’ 🎗️</p>"),  # E1: as typed
        ("a&nbsp;b &amp;nbsp; &eacute;", "<p>a\u00a0b &amp;nbsp; é</p>"),  # C1: no HTML entities in XML
        ("un &#7;signe &#x2028;", "<p>un signe </p>"),
        ("3. trois\n4. quatre", '<ol start="3">\n<li>trois</li>\n<li>quatre</li>\n</ol>'),
        ("```python\nx < y\n```", "<pre><code>x &lt; y\n</code></pre>"),
        ("a <script>alert(1)</script>b", "<p>a b</p>"),
        ('<b onclick="x()" lang="en">gras</b>', '<p><b lang="en">gras</b></p>'),
        ("<center>au milieu</center>", "au milieu"),
        ("![](data:image/png;base64,xx) vide", "<p> vide</p>"),
        ("[a](javascript:x) [b](tel:+33 4) [c](mailto:a@b.example)",
         '<p><a>a</a> [b](tel:+33 4) <a href="mailto:a@b.example">c</a></p>'),
        ("~~faux~~ <del>a</del> <s>b</s>", "<p><del>faux</del> <del>a</del> <s>b</s></p>"),
        ("~20 et 10~30 à 40~50 `~/x`", "<p>~20 et 10~30 à 40~50 <code>~/x</code></p>"),
        ("~**:**", "<p>~<strong>:</strong></p>"),
        ("- [ ] à faire\n- [x] fait", "<ul>\n<li>☐ à faire</li>\n<li>☑ fait</li>\n</ul>"),
        ("<kbd>Ctrl</kbd> <mark>m</mark> <abbr title='Adn'>ADN</abbr> H<sub>2</sub>O x<sup>2</sup>",
         '<p><kbd>Ctrl</kbd> <mark>m</mark> <abbr title="Adn">ADN</abbr> H<sub>2</sub>O x<sup>2</sup></p>'),
        ("<table><tr><td colspan=2 rowspan='3'>a<td colspan=0><td rowspan=999></table>",
         '<table><tbody><tr><td colspan="2" rowspan="3">a</td><td></td><td></td></tr></tbody></table>'),
        ("<img src='mailto:a@b.example' alt='x'>", ""),
    ],
)  # fmt: skip
def test_a_body_is_rendered_as_html_that_no_reader_strips(body: str, html: str) -> None:
    assert to_html(body) == html


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/articles/a", f"{BASE}/articles/a"),
        ("articles/a?b=c#d", f"{BASE}/articles/a?b=c#d"),
        ("media/a.png", f"{BASE}/media/a.png"),
        ("media/é.png", f"{BASE}/media/%C3%A9.png"),
        ("/", f"{BASE}/"),
        ("#notes", f"{PAGE}#notes"),
        ("//cdn.example/a", "https://cdn.example/a"),
        ("http://elsewhere.example/", "http://elsewhere.example/"),
        ("HTTPS://Elsewhere.example/A", "https://elsewhere.example/A"),
        (" https://elsewhere.example", "https://elsewhere.example"),
        ("http://[::1]:8000/a", "http://[::1]:8000/a"),
        ("https://münchen.example/é?ü#ö", "https://xn--mnchen-3ya.example/%C3%A9?%C3%BC#%C3%B6"),
        ("https://例え.テスト", "https://xn--r8jz45g.xn--zckzah"),
        ("https://elsewhere.example/a b 100%", "https://elsewhere.example/a%20b%20100%25"),
        ("http://www.example.org/news/media/a.png", f"{BASE}/media/a.png"),
        ("http://WWW.example.org:80/news", BASE),
        ("https://some_host.example/", "https://some_host.example/"),
    ],
)
def test_every_url_in_a_body_is_absolute(reference: str, url: str) -> None:
    """C5: readers show an entry outside our site, where a relative URL leads nowhere."""
    for body in (f"[a](<{reference}>)", f"<a href='{reference}'>a</a>"):
        assert f'href="{url}"' in to_html(body)
    for body in (f"![a](<{reference}>)", f"<img src='{reference}' alt='a'>"):
        assert f'src="{url}"' in to_html(body)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("voir https://a.example/b_c?d=1.", "https://a.example/b_c?d=1"),
        ("www.münchen.example", "http://www.xn--mnchen-3ya.example"),
        ("écrire à presse@crcm.example", "mailto:presse@crcm.example"),
        ("[appeler](TEL:+33%204%2091)", "tel:+33%204%2091"),
        ("<a href='tel:+33 4 91'>appeler</a>", "tel:+33491"),
        ("[écrire](Mailto:a@b.example?subject=a b)", None),
        ("[écrire](Mailto:a@b.example?subject=a%20b)", "mailto:a@b.example?subject=a%20b"),
    ],
)
def test_an_address_is_a_link(text: str, url: str | None) -> None:
    links = [value for _, name, value in Elements(to_html(text)).attributes if name == "href"]
    assert links == [url or "mailto:a@b.example"]


HEADINGS = "## Méthodes & *résultats*\n\n## Méthodes et résultats\n\n## Méthodes & résultats\n\n## …"


def test_headings_have_ids_from_their_text_that_are_unique() -> None:
    html = markup.to_html(HEADINGS, base=BASE, page=PAGE, prefix="x-")
    assert re.findall("<h2([^>]*)>", html) == [
        ' id="x-methodes-resultats"',
        ' id="x-methodes-et-resultats"',
        ' id="x-methodes-resultats-2"',
        "",
    ]


@pytest.mark.parametrize(
    "fragment", ["methodes-resultats", "M%C3%A9thodes%20&%20r%C3%A9sultats", "Méthodes-Résultats", "x-y"]
)
def test_a_link_leads_to_a_heading_of_the_same_text(fragment: str) -> None:
    html = markup.to_html(f"[voir](#{fragment})\n\n{HEADINGS}\n\n<a id='x y'></a>", base=BASE, page=PAGE, prefix="x-")
    target = re.search(f'href="{PAGE}#([^"]*)"', html)
    assert target and f' id="{target[1]}"' in html


def test_a_footnote_and_its_reference_lead_to_each_other() -> None:
    html = markup.to_html("Un[^é], deux[^é].\n\n[^é]: La *note*.", base=BASE, page=PAGE, prefix="x-")
    links = re.findall(f'href="{PAGE}#([^"]*)"', html)
    assert links == ["x-fn-e", "x-fn-e", "x-fnref-e", "x-fnref-e-2"]
    assert all(f' id="{link}"' in html for link in links)
    assert html_text.excerpt(html) == "Un, deux."


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("<div>Un</div><div>Deux</div>", "Un<br>\nDeux"),
        ("<section><p>Un</p></section><aside>Deux</aside>trois", "<p>Un</p>Deux<br>\ntrois"),
        ("<div>\n\nUn\n\n</div>\n<div>\n\nDeux\n\n</div>", "<p>Un</p>\n\n\n<p>Deux</p>\n"),
        ("<div>Un<div>Deux</div><div>trois</div></div>", "Un<br>\nDeux<br>\ntrois"),
        ("Un<form>x</form>deux", "<p>Un </p>deux<p></p>"),
        ("<div>Un</div><img src='/a.png' alt='x'>", f'Un<br>\n<img src="{BASE}/a.png" alt="x">'),
    ],
)
def test_words_do_not_run_together_where_a_block_is_removed(body: str, html: str) -> None:
    assert " ".join(to_html(body).split()) == " ".join(html.split())


def test_an_excerpt_separates_the_words_of_blocks() -> None:
    assert html_text.excerpt("<ul><li>Un</li><li>Deux</li></ul>") == "Un Deux"


def test_the_title_of_a_picture_is_its_caption() -> None:
    picture = f'<img src="{BASE}/media/a.png" alt="Un dessin">'
    caption = "<figcaption><p>Le « dessin »</p></figcaption>"
    assert to_html("![Un dessin](/media/a.png 'Le « dessin »')") == f"<figure>{picture}{caption}</figure>"
    linked = f'<figure><a href="{BASE}/b">{picture}</a>{caption}</figure>'
    assert to_html("[![Un dessin](/media/a.png 'Le « dessin »')](/b)") == linked
    assert "<figure>" not in to_html("Un texte ![et un dessin](/media/a.png 'titre')")


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("https://www.youtube.com/watch?v=abc_DEF-123", "YouTube"),
        ("https://m.youtube.com/watch?app=desktop&v=abc_DEF-123", "YouTube"),
        ("https://youtu.be/abc_DEF-123?t=10", "YouTube"),
        ("https://www.youtube.com/shorts/abc_DEF-123", "YouTube"),
        ("https://vimeo.com/123456", "Vimeo"),
        ("https://player.vimeo.com/video/123456", "Vimeo"),
        ("https://www.dailymotion.com/video/x8abcde", "Dailymotion"),
        ("https://dai.ly/x8abcde", "Dailymotion"),
        ("https://tube.example/w/kkGMgK9ZtnKfYAgnEtQxbv", "PeerTube"),
        ("https://tube.example/videos/watch/9c9de5e8-0a1e-484a-b099-e80766180a6d", "PeerTube"),
    ],
)
def test_the_address_of_a_film_alone_on_a_line_becomes_a_linked_picture(address: str, service: str) -> None:
    for body, title in (
        (address, "Watch the film"),
        (f"<{address}>", "Watch the film"),
        (f"[Le film]({address})", "Le film"),
    ):
        html = to_html(f"Avant.\n\n{body}\n\nAprès.")
        assert f"{title} ({service})</a></figure>" in html
        assert f'<img src="{BASE}/static/film.png" alt=""' in html
        assert html_text.excerpt(html) == "Avant. Après."
    assert "<figure>" not in to_html(f"Dans une phrase : {address}")


@pytest.mark.parametrize(
    "address", ["https://youtube.com/", "https://vimeo.com/about", "https://a.example/w/x", "https://a.example/videos/"]
)
def test_another_page_of_a_film_service_stays_a_link(address: str) -> None:
    assert "<figure>" not in to_html(address)


@pytest.mark.parametrize(
    ("page", "feed"),
    [
        ("<details><summary>S</summary>un</details>deux", "<p><b>S</b></p>un<br>\ndeux"),
        ("<details><summary><h2>T</h2></summary><p>a</p></details>", "<h2>T</h2><p>a</p>"),
        ('<mark id="m">a</mark>', '<b id="m">a</b>'),
    ],
)
def test_no_words_run_together_for_readers(page: str, feed: str) -> None:
    assert markup.for_readers(page) == feed


def test_a_heading_with_a_footnote_has_its_own_words_as_id() -> None:
    assert 'id="x-titre"' in markup.to_html("# Titre[^1]\n\n[^1]: Note.", base=BASE, page=PAGE, prefix="x-")


def test_the_title_of_a_film_may_have_emphasis_and_addresses() -> None:
    html = to_html("[**www.labo.example**, le film](https://vimeo.com/123456)")
    assert "<strong>www.labo.example</strong>, le film (Vimeo)</a></figure>" in html


def test_readers_get_only_elements_that_they_show() -> None:
    """C15: feedparser removes mark and summary, and Miniflux a caption's element, but none removes its words."""
    page = to_html(
        "<details open><summary>Titre</summary>\n\nTexte\n\n</details>\n\n<mark>vu</mark>"
        "\n\n<table><caption>Légende</caption><tr><td>1</td></tr></table>"
    )
    feed = markup.for_readers(page)
    assert "<details" in page and "<summary>" in page and "<mark>" in page and "<caption>" in page
    assert " ".join(feed.split()) == (
        "<p><b>Titre</b></p> <p>Texte</p> <p><b>vu</b></p> <p><b>Légende</b></p>"
        " <table><tbody><tr><td>1</td></tr></tbody></table>"
    )


@pytest.mark.parametrize(
    ("levels", "written"),
    [([1, 2, 3], [2, 3, 4]), ([2, 3, 2], [2, 3, 2]), ([1, 3, 4, 2, 1, 5], [2, 3, 4, 3, 2, 3]), ([6], [2])],
)
def test_headings_start_below_the_title_and_skip_no_level(levels: list[int], written: list[int]) -> None:
    body = "\n\n".join(f"{'#' * level} Titre" for level in levels)
    assert [int(level) for level in re.findall("<h([1-6]) ", to_html(body))] == written
    assert [int(level) for level in re.findall("</h([1-6])>", to_html(body))] == written


def test_a_heading_in_an_attribute_is_left_alone() -> None:
    assert 'title="&lt;h1&gt;"' in to_html('<a href="/x" title="<h1>">a</a>')


def test_nested_headings_have_matching_end_tags() -> None:
    html = to_html("<h1><blockquote><h3>a</h3></blockquote>b</h1>")
    assert html == '<h2 id="a"><blockquote><h3>a</h3></blockquote>b</h2>'


@pytest.mark.parametrize("address", ["https:/path", "http:foo", "https://[", "https://", "//[", "//"])
def test_a_url_without_a_host_is_removed(address: str) -> None:
    assert to_html(f'<a href="{address}">a</a>') == "<p><a>a</a></p>"
    assert body_checks.problems(f"[a](<{address}>)") == [(5, Message.of("body-address-removed", value=address))]
    assert to_html(f'<img src="{address}" alt="a">') == ""


def test_media_references_are_read_only_from_urls() -> None:
    found = to_html(f"![x](/media/a&b.png) `{BASE}/media/nom.png` [y](/media/c%20d.pdf#p2)")
    assert list(html_text.media_references(found, base=BASE)) == ["a&b.png", "c d.pdf"]


def test_a_table_keeps_its_alignment() -> None:
    assert '<th align="right">a</th>' in to_html("| a |\n|--:|\n| 1 |")


def test_removed_elements_are_reported_with_their_position() -> None:
    body = "Un texte.\n\n<div class='x'>a</div>\n\n```sh\nls\n```\n"
    assert body_checks.problems(body) == [
        (11, Message.of("body-element-unwrapped", element="div")),
    ]
    assert body_checks.problems("Le gène *BRCA1*, p < 0,05, [un lien](/a) et ![un dessin](/b.png)") == []


@pytest.mark.parametrize("mark", [">", "<b>", "<div>\n\n", "<ul><li>"])
def test_a_body_nested_too_deeply_is_rejected_before_it_is_rendered(mark: str) -> None:
    assert body_limits.complexity_problem(mark * 5_000 + "x") == (
        0,
        Message.of("body-too-deep", limit=body_limits.MAX_DEPTH),
    )
    assert body_limits.complexity_problem((mark + "x\n\n") * 40) is None


@pytest.mark.parametrize(
    "body",
    ["<blockquote a='\"'>\n" + "<blockquote>" * 5_000 + '" >', "<div\n" + "<a " * 5_000, "<div\n" + '<a "' * 5_000],
)
def test_quotes_do_not_hide_deep_nesting(body: str) -> None:
    assert body_limits.complexity_problem(body)


@pytest.mark.parametrize("body", ["a\n<b>\n<![foo[x]]>\n</b>", "a <![ x]]>", "a <!-- b -->", "a <?php x ?>", "<" * 200])
def test_declarations_are_removed_silently(body: str) -> None:
    assert body_limits.complexity_problem(body) is None
    assert body_checks.problems(body) == []
    assert "<!" not in to_html(body)


TYPED = [
    ("Un\n\n##Titre", "##Titre", "a space after the #"),
    ("-un\n-deux", "-deux", "a space after the -"),
    ("-[ ] à faire", "-[ ]", "a space after the -"),
    ("1)premier", "1)premier", "a space after the number"),
    ("| A | B |\n| 1 | 2 |", "| A | B |", "a line |---|---| below the head of the table"),
    ("Un **gras **.", "**gras **.", "**bold**, without spaces inside the asterisks"),
    ("[youtube]x[/youtube]", "[youtube]", "Markdown, without the tags of another program"),
    ("{{< film >}}", "{{< film >}}", "Markdown, without the tags of another program"),
]
"""Texts with Markdown that lacks something, what is shown as typed, and what was expected."""


@pytest.mark.parametrize(
    ("body", "offset", "message"),
    [
        *(
            (body, 0, Message.of("body-empty"))
            for body in ("<!-- a -->", "&nbsp;", "\u00a0", "[ ](https://a.example)", "[a]: /b", "---", "<b></b>",
                         "<script>a</script>", "<div>&#8203;</div>")
        ),
        ("Un\n\n<!-- deux\n\ntrois", 4, Message.of("body-comment-open", start="<!--", end="-->")),
        ("Un\n\n<![CDATA[ deux\n\ntrois", 4, Message.of("body-comment-open", start="<![CDATA[", end="]]>")),
        ("Un\n\n<?xml deux\n\ntrois", 4, Message.of("body-comment-open", start="<?", end="?>")),
        ("Un <o:p></o:p> deux", 3, Message.of("body-office-markup", tag="<o:p>")),
        ("Un\n\n• deux\n• trois", 4, Message.of("body-bullet", bullet="•")),
        ("*Un*\n\n<div>• deux</div>", 11, Message.of("body-bullet", bullet="•")),
        ("Le [PDF](/media/a b.pdf)", 3, Message.of("body-link-not-recognised", typed="[PDF](/media/a b.pdf)")),
        ("[a](https://b.c/d e)", 0, Message.of("body-link-not-recognised", typed="[a](https://b.c/d e)")),
        ("[a] (https://b.example)", 0, Message.of("body-link-not-recognised", typed="[a] (https://b.example)")),
        *(
            (body, body.index(typed), Message.of("body-markdown-typed", typed=typed, expected=expected))
            for body, typed, expected in TYPED
        ),
        ("Un\n\n<details>\n\nDeux", 4, Message.of("body-element-not-closed", element="details")),
        ("Un <b>gras", 3, Message.of("body-element-not-closed", element="b")),
        ("Un\n\n<iframe src='https://youtu.be/abcdefgh'></iframe>", 4, Message.of("body-film-embedded", url="https://youtu.be/abcdefgh")),
        ("![IMG_1.JPG](/media/a.jpg)", 0, Message.of("body-picture-undescribed")),
        ("[a](www.a.fr)", 4, Message.of("body-address-relative", value="www.a.fr", expected="https://www.a.fr")),
        ("[a](articles/b)", 4, Message.of("body-address-relative", value="articles/b", expected="/articles/b")),
        ("![a](b.jpg)", 5, Message.of("body-address-relative", value="b.jpg", expected="/media/b.jpg")),
        ("[a](#ailleurs)", 4, Message.of("body-fragment-missing", value="#ailleurs", nearest="a heading in the text")),
        ("[a](#methode)\n\n# Méthodes", 4, Message.of("body-fragment-missing", value="#methode", nearest="#methodes")),
        ("Un[^1].", 2, Message.of("body-footnote-missing", name="1")),
        ("Un\n\n<!Attention : lire\n\ndeux", 4, Message.of("body-comment-open", start="<!Attention : lire", end=">")),
        ("Un\n\n<script src=x />\n\ndeux", 4, Message.of("body-comment-open", start="<script>", end="</script>")),
        ("<button>a\n\nb", 0, Message.of("body-comment-open", start="<button>", end="</button>")),
        ("Un ![x](mailto:a@b.c)", 15, Message.of("body-address-removed", value="mailto:a@b.c")),
        ("Un ![x]()", 0, Message.of("body-address-empty")),
        ("Un [x](https://xn--zz.example/)", 7, Message.of("body-address-removed", value="https://xn--zz.example/")),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_offset(body: str, offset: int, message: Message) -> None:
    assert (offset, message) in body_checks.problems(body)


@pytest.mark.parametrize(
    "body",
    [
        "`[a](/b c)` et `• a` et `<o:p>` et `[^1]`",
        "Un point médian : chercheur·se · ici",
        "[Méthodes](/a) · [Résultats](/b) • *Suite* • fin",
        "[a](#methodes)\n\n# Méthodes",
        "Un[^1].\n\n[^1]: Deux.",
        "🎗️",
        "| a |\n|---|\n| 1 |",
        "- [ ] à faire",
        "-5 °C, 1.5 million, #MoisSansTabac, [sic] (voir plus bas), 5 | 6, 2 * 3 ** 4",
        "Un **gras** et\n\n| A | B |\n|---|---|\n| 1 | 2 |",
        "```\n##x\n|a|b|\n**\n```",
        "<ul><li>un<li>deux</ul>\n\n<p>trois",
        *("...", ".", "`-`", "=", "—"),
        "[Haut de page](#top) [y](#a-2)\n\n# A\n\n# A",
        r"Une classe [^a-z], et \[^1]",
        "a &lt; b &amp; c",
    ],
)
def test_what_is_shown_as_it_was_meant_is_not_reported(body: str) -> None:
    assert body_checks.problems(body) == []


HARD = st.text(
    alphabet=st.one_of(st.sampled_from("<>\"'&;#[]()!*_`~|:/- \n\t=abhisx13"), st.characters(codec="utf-8")),
    max_size=120,
)
SNIPPETS = st.sampled_from(
    [
        "<script>",
        "</script>",
        "<svg onload=x>",
        "<img src=x onerror=y>",
        "javascript:",
        "<h1>",
        "</h3>",
        "<a href='",
        "&#0;",
    ]
)


@given(st.lists(st.one_of(HARD, SNIPPETS), max_size=6).map("".join))
def test_any_body_is_rendered_as_safe_html(body: str) -> None:
    found = to_html(body)
    elements = Elements(found)
    assert set(elements.tags) <= markup.ALLOWED_TAGS
    assert FORBIDDEN.search(found) is None
    for tag, name, value in elements.attributes:
        assert name in markup.ALLOWED_ATTRIBUTES["*"] | markup.ALLOWED_ATTRIBUTES.get(tag, set())
        if name in ("href", "src"):
            assert value.startswith(("http://", "https://", "mailto:", "tel:"))


def test_an_excerpt_ends_after_a_sentence_that_fills_half_of_it() -> None:
    body = "Première phrase assez longue pour compter. Deuxième phrase qui ne tiendra pas en entier dans cet extrait."
    assert html_text.excerpt(to_html(body), 60) == "Première phrase assez longue pour compter."


def test_an_excerpt_ends_after_a_word_if_no_sentence_fits() -> None:
    assert html_text.excerpt("<p>Un mot, puis 130\u202f000\u00a0€ encore</p>", 20) == "Un mot, puis…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abcde", "abcde"),
        ("abcdef", "abcd…"),
        ("abcé\u0301f", "abc…"),
        ("ab👩‍🔬cd", "ab…"),
    ],
)
def test_an_excerpt_of_one_long_word_has_whole_graphemes_and_at_most_the_limit(text: str, expected: str) -> None:
    assert html_text.excerpt(f"<p>{text}</p>", 5) == expected


def test_an_excerpt_omits_code_and_separates_words_at_line_breaks() -> None:
    assert html_text.excerpt("<pre><code>rm -rf /</code></pre>\n<p>Un<br>paragraphe.</p>") == "Un paragraphe."


def test_an_excerpt_is_the_plain_text_of_paragraphs_only() -> None:
    html = "<h2>Titre</h2>\n<p>Le <em>gène</em> &amp; p &lt; 0,05</p>\n<ul>\n<li>un</li>\n</ul>\n<p>Fin.</p>"
    assert html_text.excerpt(html) == "Le gène & p < 0,05 Fin."


@given(st.text(alphabet=st.sampled_from("ab 👩‍🔬é\u0301🎗️.…»\u00a0\u202f&<"), max_size=80), st.integers(8, 40))
def test_an_excerpt_never_splits_a_grapheme(text: str, limit: int) -> None:
    html = f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>"
    found = html_text.excerpt(html, limit)
    whole = re.sub("[ \t\r\n]+", " ", text).strip(" ")
    if found == whole:
        return
    kept = found.removesuffix("…")
    assert len(found) <= limit
    assert whole.startswith(kept)
    graphemes = regex.findall(r"\X", whole)
    boundaries = {sum(map(len, graphemes[:count])) for count in range(len(graphemes) + 1)}
    assert len(kept) in boundaries


PARTS = (
    *("[a](https://x.example/b)", "[a b](https://x.example)", "[é’t](http://x-y.example/é)", "[[a](https://x.example)](/y)"),
    *("![un dessin](https://x.example/b.png)", "[x](https://xn--a.example)", "[x](https://a..b)", "[1](https://a.b)"),
    *("**gras**", "** non", "*i*", "~~s~~", "`", "```\n", "    ", ">", "> ", "- ", "-a", "1. ", "1.a", "## T", "##T"),
    *("[gallery]", "\n", "\n\n", "\n## T\n", "#", "~", ":", "·"),
    *( "\n![un dessin](https://x.example/b.png)\n", "| a | b |\n", "|", "a", "mot ", "é", " ", "]", "[", "(", ")", "!"),
)  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=8))
def test_the_quick_check_agrees_with_the_full_check(parts: list[str]) -> None:
    body = "".join(parts)
    found = body_checks.problems(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body_checks, "_is_plain", lambda body: False)
        assert body_checks.problems(body) == found


def test_exactly_the_forbidden_code_points_are_rejected() -> None:
    """XML 1.0 section 2.2 allows three controls; Unicode's noncharacters and line separators are rejected too."""
    ranges = [(0, 8), (11, 12), (14, 31), (0x7F, 0x9F), (0x2028, 0x2029), (0xFDD0, 0xFDEF), (0xFEFF, 0xFEFF)]
    ranges += [(0xD800, 0xDFFF), *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000))]
    wanted = {point for first, last in ranges for point in range(first, last + 1)}
    assert {point for point in range(0x110000) if FORBIDDEN.search(chr(point))} == wanted
