"""HTML of other systems keeps every word when it becomes Markdown."""

from __future__ import annotations

import html
import re
from typing import Any

import nh3
import pytest
from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.feed import markup
from feeds.importing.markdown import to_markdown


def converted(source: str, **more: Any) -> str:
    return to_markdown(source, **{"base": "https://old.example/a/", "picture": str, "link": str, **more}).text


MARKDOWN = {
    "<blockquote><p>a<br><br>b<br><br><b>c<br>d</b></p></blockquote>": "> a\n>\n> b\n>\n> **c\\\n> d**",
    "<p>a<br>b</p>": "a\\\nb",
    "<p>a<b> b </b>c</p>": "a **b** c",
    "<h1>T</h1><h4>U</h4>": "# T\n\n#### U",
    "<p># a</p><p>- b</p><p>+ c</p><p>&gt; d</p>": "\\# a\n\n\\- b\n\n\\+ c\n\n\\> d",
    "<p>12) e</p><p>===</p>": "12\\) e\n\n\\===",
    "<p>&amp;lt; &amp; &lt;i&gt; a&lt;b p &lt; 1</p>": "\\&lt; & \\<i> a\\<b p < 1",
    "<p>H<sub>2</sub>O, m<sup>2</sup></p>": "H<sub>2</sub>O, m<sup>2</sup>",
    "<a href='b c(d).html'>x</a>": "[x](https://old.example/a/b%20c%28d%29.html)",
    "<a href='javascript:x()'>x</a><a href='#n'>y</a><a>z</a>": "xyz",
    "<a href='mailto:a@b.example'>x</a>": "[x](mailto:a@b.example)",
    "<img src='p.png' alt='a]b'>": r"![a\]b](https://old.example/a/p.png)",
    "<img src='s.gif' width=1 height=1><p>x</p>": "x",
    "<img src='data:image/gif;base64,R0' data-src='/p.png' alt='p'>": "![p](https://old.example/p.png)",
    "<img srcset='/p-1.png 100w, /p-2.png 900w' src='/p-1.png' alt='p'>": "![p](https://old.example/p-2.png)",
    "a<figure><img src='p.png' alt='p'></figure>b": "a\n\n![p](https://old.example/a/p.png)\n\nb",
    "<figure><img src='p.png' alt='p'><figcaption>c</figcaption></figure>": "![p](https://old.example/a/p.png)\n\n*c*",
    "<video src='v.mp4'></video>": "[v.mp4](https://old.example/a/v.mp4)",
    "<audio><source src='s.mp3'></audio>": "[s.mp3](https://old.example/a/s.mp3)",
    "<iframe src='//player.vimeo.com/video/12' title='Un film'></iframe>": "[Un film](https://vimeo.com/12)",
    "<dl><dt>a</dt><dd>b</dd></dl>": "**a**\n\nb",
    "<table><tr><th>a</th></tr><tr><td>b|c<br>d</td></tr></table>": "| a |\n| --- |\n| b\\|c<br>d |",
    "<style>x</style><form><p>y</p></form><p>z</p>": "z",
    "<p>x<!-- y --></p>": "x",
    "<ol start='3'><li>a</li><li>b</li></ol>": "3. a\n4. b",
    "<p>a<del>b</del></p>": "a~~b~~",
    "<p>a<s>b ~ c</s></p>": "a<del>b ~ c</del>",
    "<ul><li>a</li></ul><ul><li>b</li></ul>": "- a\n\n<!-- -->\n\n- b",
    "<ul><ul><li>a</li></ul><li>b</li><ol><li>c</li></ol></ul>": "- - a\n- b\n  1. c",
    "<a href='https://x.example/'><h3>a</h3><img src='https://x.example/a.png'></a>": (
        "[a ![](https://x.example/a.png)](https://x.example/)"
    ),
    "<p>|a|b|\n|-|-|</p>": "|a|b|\n\\|-|-|",
    "<table><tr><th align=left>a<th style='text-align: center'>b<th class=has-text-align-right>c</tr>"
    "<tr><td>1<td>2<td>3</tr></table>": "| a | b | c |\n| :-- | :-: | --: |\n| 1 | 2 | 3 |",
    "<p>a<sup id='fnref:1'><a href='#fn:1' class=footnote-ref>1</a></sup></p>"
    "<div class=footnotes><hr><ol><li id='fn:1'><p>b <a href='#fnref:1'>↩︎</a></p><p>c</p></li></ol></div>"
    "<p>d</p>": "a[^1]\n\nd\n\n[^1]: b\n\n    c",
    "<p>a<sup data-fn=x><a href='#x' id=x-link>1</a></sup></p><ol><li id=x>b</li></ol>": "a[^1]\n\n[^1]: b",
    "<p>a<a href='#fn1'><sup>1</sup></a> b<a href='#fn1'><sup>1</sup></a></p><ol><li id=fn1><p>c</p></ol>": (
        "a[^1] b[^1]\n\n[^1]: c"
    ),
    "<p>a</p><ol><li>b <a href='#a'><img src='https://s.w.org/images/core/emoji/14/21a9.png' alt='↩'></a></li></ol>": (
        "a\n\n1. b"
    ),
    "<p><code>a</code><b></b><!-- c --><code>b</code></p>": "`ab`",
    "<p>a<sup>1</sup> <a href='#x'>1</a></p><ol><li id=x>b</li></ol>": "a<sup>1</sup> 1\n\n1. b",
    "": "",
    "<p>a<br /></p><p><br></p><p><br>b</p>": "a\n\nb",
    "<p>a<br><br>b<br>c</p>": "a\n\nb\\\nc",
    "Intro<br><h2>T</h2><br>Suite": "Intro\n\n## T\n\nSuite",
    "<pre>a<br>b</pre>": "```\na\nb\n```",
    "<strong>Date :</strong>12": "<strong>Date :</strong>12",
    "<b>(a)</b>b, <b>x</b><b>y</b>": "<strong>(a)</strong>b, <strong>x</strong><strong>y</strong>",
    "un<b> </b>deux, le<strong>\u00a0prix\u00a0</strong>fixe": "un deux, le\u00a0**prix**\u00a0fixe",
    "<a href='/x.pdf'>le programme [PDF]</a>": r"[le programme \[PDF\]](https://old.example/x.pdf)",
    "<p><span>1</span>. a</p>": "1\\. a",
    "<pre>a\n```\nb\n\n\n  c  \n</pre>": "````\na\n```\nb\n\n\n  c  \n````",
    "<table><tr><td><code>a|b</code></td><td><img src='p.png' alt='x|y'></td></tr></table>": (
        "|  |  |\n| --- | --- |\n| `a\\|b` | ![x\\|y](https://old.example/a/p.png) |"
    ),
    "<a href='/x'><h3>T</h3><p>u</p></a>": "[T u](https://old.example/x)",
    "<a href='http://[x/y'>l</a>": "l",
    "<img srcset='a.png 1x, b.png 2x' alt='p'>": "![p](https://old.example/a/b.png)",
    "<img src='data:image/gif;base64,R0' data-srcset='a.png 900w' alt='p'>": "![p](https://old.example/a/a.png)",
    # Tables
    "<table><colgroup><col><col></colgroup><tr><th>a<th>b<tr><td>c<td>d</table>": "| a | b |\n| --- | --- |\n| c | d |",
    "<table><tfoot><tr><td>c<td>d</tfoot><tr><th>a<th>b<tr><td>e<td>f</table>": (
        "| a | b |\n| --- | --- |\n| e | f |\n| c | d |"
    ),
    "<table><tr><th>a</th><th>b</th></tr><tr><td><p>c</p></td><td>d<br>e</td></tr></table>": (
        "| a | b |\n| --- | --- |\n| c | d<br>e |"
    ),
    "<table>\n<caption>C</caption>\n<tr><td>a</td>\n\n<td>b &amp; c</td></tr></table>": (
        "<table><caption>C</caption><tr><td>a</td><td>b &amp; c</td></tr></table>"
    ),
    "<table><tr><th>a</th><th>b</th></tr><tr><td><ul><li>c</li></ul></td><td><a href='d'>e</a></td></tr></table>": (
        "<table><tr><th>a</th><th>b</th></tr><tr><td><ul><li>c</li></ul></td>"
        '<td><a href="https://old.example/a/d">e</a></td></tr></table>'
    ),
    "<table><tr><td>a</td><td><table><tr><td>b</td><td>c</td></tr></table></td></tr></table>": (
        "<table><tr><td>a</td><td><table><tbody><tr><td>b</td><td>c</td></tr></tbody></table></td></tr></table>"
    ),
    "<table><tr><td colspan=2>a</td></tr><tr><td>b</td><td>c</td></tr></table>": (
        '<table><tr><td colspan="2">a</td></tr><tr><td>b</td><td>c</td></tr></table>'
    ),
    "<table><tr><td>a</td></tr><tr><td>b</td><td>c</td></tr></table>": (
        "<table><tr><td>a</td></tr><tr><td>b</td><td>c</td></tr></table>"
    ),
    "<table><tr><td><p>a</p><pre>b\n\nc</pre></td><td>d</td></tr></table>": (
        "<table><tr><td><p>a</p><pre>b&#10;&#10;c</pre></td><td>d</td></tr></table>"
    ),
    "<table><tr><td><p>a</p><p>b</p></td></tr></table>": "a\n\nb",
    "<table><tr><td><a href='b.png'><img src='b.png' alt='b'></a></td></tr>"
    "<tr><td class='tr-caption'>c</td></tr></table>": ("![b](https://old.example/a/b.png)\n\n*c*"),
    "<table><tr><td colspan=2>a</td></tr><tr><td>b</td><td><video src='v.mp4'></video></td></tr></table>": (
        '<table><tr><td colspan="2">a</td></tr><tr><td>b</td>'
        '<td><a href="https://old.example/a/v.mp4">v.mp4</a></td></tr></table>'
    ),
    "<table><caption>a<br><br>b</caption><tr><td><img src='c.png' alt='x\n\ny'></td><td>d</td></tr></table>": (
        "<table><caption>a<br><br>b</caption><tr><td>"
        '<img src="https://old.example/a/c.png" alt="x y"></td><td>d</td></tr></table>'
    ),
    # Code, as Hexo, Hugo, Pygments, Rouge and highlight.js mark it
    '<figure class="highlight python"><table><tr><td class="gutter"><pre><span class="line">1</span><br>'
    '<span class="line">2</span></pre></td><td class="code"><pre><span class="line">if a:</span><br>'
    '<span class="line">    b</span></pre></td></tr></table></figure>': "```python\nif a:\n    b\n```",
    '<div class="highlight"><div class="chroma"><table class="lntable"><tr><td class="lntd"><pre><code>'
    '<span class="lnt">1\n</span><span class="lnt">2\n</span></code></pre></td><td class="lntd"><pre><code '
    'class="language-go" data-lang="go"><span class="cl">a\n</span><span class="cl">b\n</span></code></pre></td>'
    "</tr></table></div></div>": "```go\na\nb\n```",
    '<div class="highlight"><table class="highlighttable"><tr><td class="linenos"><div><pre>1\n2</pre></div></td>'
    '<td class="code"><div><pre><span></span><code>a\nb\n</code></pre></div></td></tr></table></div>': "```\na\nb\n```",
    '<div class="language-ruby highlighter-rouge"><div class="highlight"><pre class="highlight"><code><table '
    'class="rouge-table"><tr><td class="rouge-gutter gl"><pre class="lineno">1\n2\n</pre></td><td '
    'class="rouge-code"><pre>a\nb\n</pre></td></tr></table></code></pre></div></div>': "```ruby\na\nb\n```",
    '<pre class="chroma"><code class="language-go"><span class="ln">1</span>a\n'
    '<span class="ln">2</span>b</code></pre>': ("```go\na\nb\n```"),
    '<table class="hljs-ln"><tr><td class="hljs-ln-numbers">1</td><td>a</td></tr>'
    '<tr><td class="hljs-ln-numbers">2</td><td>b</td></tr></table>': "```\na\nb\n```",
    '<pre class="brush: php; title: x">a\n</pre>': "```php\na\n```",
    "<pre><div>a</div><div>b</div></pre>": "```\na\nb\n```",
    '<div class="highlight"><p>c</p><pre>a</pre></div>': "c\n\n```\na\n```",
    '<pre><code class="language-css line-numbers">a{}</code></pre>': "```css\na{}\n```",
    '<pre>a<div>b</div>c<div class="line"></div>d</pre>': "```\na\nb\nc\n\nd\n```",
    '<div class="highlight"><img src="p.png" alt="P"><pre>a</pre></div>': (
        "![P](https://old.example/a/p.png)\n\n```\na\n```"
    ),
    '<figure class="highlight"><figcaption>a.js</figcaption><table><tr><td class="gutter"><pre>1</pre></td>'
    '<td class="code"><pre>b</pre></td></tr></table></figure>': "*a.js*\n\n```\nb\n```",
    '<div class="has-highlight-background-color"><p>a</p><table><tr><td class="gutter"><pre>1</pre></td>'
    "<td><pre>b</pre></td></tr></table></div>": "a\n\n```\nb\n```",
    '<table><tr><td class="ln"></td><td>a <b>b</b></td></tr></table>': "|  |  |\n| --- | --- |\n|  | a **b** |",
    "<ul><li><pre>a</pre></li></ul><p>b<br>c</p><p>d<br><br>e</p><pre>f\n\n\ng</pre>": (
        "- ```\n  a\n  ```\n\nb\\\nc\n\nd\n\ne\n\n```\nf\n\n\ng\n```"
    ),
    "<code>a</code><kbd>b</kbd>": "`a`<kbd>b</kbd>",
    # Blocks, and what separates them
    "<aside>a</aside><header>b</header><main>c</main><nav>d</nav><address>e</address><center>f</center>g": (
        "a\n\nb\n\nc\n\nd\n\ne\n\nf\n\ng"
    ),
    "<fieldset><legend>a</legend>b</fieldset><menu><li>c</li></menu>": "a\n\nb\n\n- c",
    "a<details><summary>b &lt; <b>c</b></summary>d <i>e</i></details>f": (
        "a\n\n<details>\n<summary>b &lt; <b>c</b></summary>\n\nd *e*\n\n</details>\n\nf"
    ),
    "a<p></p>b<div> </div>c": "a\\\nb\\\nc",
    "a<form>b</form>c": "a\\\nc",
    # Emphasis and quotations
    "<b>a<br><br>b</b>": "**a**\n\n**b**",
    "<blockquote>a<br><br><i>b<br><br>c</i></blockquote>": "> a\n>\n> *b*\n>\n> *c*",
    "<i><ul><li>a</li></ul></i><strong><h2>b</h2></strong>": "- a\n\n## b",
    # What systems leave in texts
    '<p>a <a href="https://x.example/#top">↑</a></p><h2>C<a href="/tags/c#x">#</a></h2>': (
        "a [↑](https://x.example/#top)\n\n## C[\\#](https://old.example/tags/c#x)"
    ),
    '<p>a <a href="#fnref:2">↩<sup>2</sup></a></p>': "a",
    '<p>E=<span class="katex">mc2</span> a <script type="math/tex">b</script></p>': "E=mc2 a `b`",
    '<h2>a<a class="headerlink" href="#a">¶</a></h2><h3><a href="#b">#</a>b</h3>': "## a\n\n### b",
    '<h2>a<a href="#a">\u200b</a></h2>': "## a",
    '<ol><li>a\u00a0<a href="#fnref:1" class="footnote-backref">↩\ufe0e</a></li></ol>': "1. a",
    '<p>a <span class="katex"><span class="katex-mathml"><math><semantics><mi>E</mi><annotation '
    'encoding="application/x-tex">E^2</annotation></semantics></math></span><span class="katex-html">E2</span>'
    "</span></p>": "a `E^2`",
    '<p>a <span class="MathJax">E2</span><script type="math/tex">E^2</script></p>': "a `E^2`",
    "<p>a <math><mi>x</mi></math></p>": "a x",
}


@pytest.mark.parametrize(("source", "expected"), MARKDOWN.items())
def test_html_becomes_markdown(source: str, expected: str) -> None:
    assert converted(source) == expected


def text_of(source: str) -> str:
    return re.sub(r"\s+", "", html.unescape(nh3.clean(source, tags=set())))


@given(
    st.lists(
        st.text(
            st.characters(
                codec="utf-8",
                exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"],
                exclude_characters="\ufeff",  # at the start of a document it is a byte order mark, and no text
            ),
            min_size=1,
        ),
        max_size=4,
    )
)
def test_text_survives_conversion_to_markdown_and_back_to_html(parts: list[str]) -> None:
    source = "".join(f"<p>{html.escape(part)}</p>" for part in parts)
    again = markup.to_html(converted(source), base="https://news.example", page="https://news.example/articles/a")
    assert text_of(again) == text_of(source)


_BLOCKS = re.compile(
    r"^(address|article|aside|blockquote|br|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|"
    r"h[1-6]|header|hr|legend|li|main|menu|nav|ol|p|pre|section|summary|table|td|th|tr|ul)$"
)


def words(source: str) -> list[str]:
    """Return the words that a browser shows, in order; elements that are no running text separate them."""
    soup = BeautifulSoup(source, "html5lib")

    def text(node: Tag) -> str:
        inner = "".join(
            text(child) if isinstance(child, Tag) else str(child) if type(child) is NavigableString else ""
            for child in node.children
        )
        return f" {inner} " if _BLOCKS.match(node.name) else inner

    return text(soup).split()


WORD = st.text(st.sampled_from("abcdefgé1*_[]()!<&|`~#>+-=:.\u00a0"), min_size=1, max_size=6).map(html.escape)
TEXT = st.lists(WORD, min_size=1, max_size=3).map(" ".join)


def element(names: list[str], inner: st.SearchStrategy[str], *, max_size: int = 3) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name.split(' ')[0]}>",
        st.sampled_from(names),
        st.lists(inner, min_size=0, max_size=max_size),
    )


INLINE = st.recursive(
    TEXT | st.just("<br>") | st.just("<br><br>") | st.just(" "),
    lambda inner: element(["b", "em", "strong", "i", "span", "a href='/x'", "sub", "u", "q", "code"], inner),
    max_leaves=5,
)


def table(cell: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    row = st.builds(
        lambda cells: "<tr>" + "".join(f"<{name}>{text}</{name}>" for name, text in cells) + "</tr>",
        st.lists(st.tuples(st.sampled_from(["td", "td colspan=2", "th"]), cell), min_size=1, max_size=3),
    ).map(lambda row: row.replace("</td colspan=2>", "</td>"))
    parts = st.sampled_from(["{}", "<tbody>{}</tbody>", "<thead>{}</thead>", "<caption>c</caption><tbody>{}</tbody>"])
    return st.builds(
        lambda part, rows: f"<table>{part.format(''.join(rows))}</table>", parts, st.lists(row, min_size=1, max_size=3)
    )


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = ["div", "blockquote", "aside", "header", "footer", "main", "nav", "address", "center", "fieldset"]
    lists = st.builds(
        lambda name, items: f"<{name}>" + "".join(f"<li>{item}</li>" for item in items) + f"</{name}>",
        st.sampled_from(["ul", "ol", "menu"]),
        st.lists(inner, min_size=1, max_size=3),
    )
    details = st.builds(lambda head, text: f"<details><summary>{head}</summary>{text}</details>", TEXT, inner)
    return element([*names, "section", "figure"], inner) | lists | table(inner) | details


LEAF = element(["p", "h2", "h4", "pre"], INLINE) | INLINE
HTML = st.lists(st.recursive(LEAF, blocks, max_leaves=6), min_size=1, max_size=3).map("".join)


@example("<h2>1 #</h2>")
@example("<p>~<b>:</b></p>")
@given(HTML)
def test_no_word_is_lost_or_joined_and_no_markup_shows(source: str) -> None:
    body = converted(source)
    again = markup.to_html(body, base="https://news.example", page="https://news.example/articles/a")
    assert words(again) == words(source), body


KEPT = {
    '<p><abbr title="a &quot;b&quot;">c</abbr> d</p>': '<abbr title="a &quot;b&quot;">c</abbr> d',
    "<p>a <mark>b</mark> <ins>c</ins> <u>d</u> <small>e</small> <cite>f</cite> <var>g</var></p>": (
        "a <mark>b</mark> <ins>c</ins> <u>d</u> <small>e</small> <cite>f</cite> <var>g</var>"
    ),
    "<p><kbd>*a*</kbd> <samp>b_c</samp></p>": "<kbd>\\*a\\*</kbd> <samp>b_c</samp>",
    '<p><a href="#old">see</a> <a href="#no">not</a></p><h2 id="old">Les méthodes</h2>': (
        "[see](#les-methodes) not\n\n## Les méthodes"
    ),
    '<p>foo<a href="#z"> bar </a>baz</p><h2 id="z">Un<br>titre</h2>': "foo [bar](#un-titre) baz\n\n## Un titre",
    '<h2 id="a">Part</h2><h2 id="b">Part</h2><p><a href="#b">x</a></p>': "## Part\n\n## Part\n\nx",
    '<h2 id="x"><a href="#x">Self</a></h2>': "## Self",
}


@pytest.mark.parametrize(("html", "expected"), KEPT.items())
def test_elements_that_bodies_allow_and_links_to_headings_stay(html: str, expected: str) -> None:
    assert to_markdown(html, base="https://old.example/", picture=str, link=str).text == expected


@pytest.mark.parametrize(
    "html",
    [
        f"<a href=x><pre>x{' ' * 20_000}</pre></a>",
        f"<p>|{'-' * 50_000}x</p>",
        f"<img srcset='{'a' * 50_000}'>",
    ],
)
def test_a_long_run_of_a_character_is_converted_in_linear_time(html: str) -> None:
    """It took minutes; a test that takes this long ends with the time limit of the suite."""
    to_markdown(html, base="https://old.example/", picture=str, link=str)
