"""Exports of WordPress: posts with their states, blocks, shortcodes and pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feeds import create_app
from feeds.importing.markdown import to_markdown
from feeds.importing.old_feed import FeedError
from feeds.importing.wxr import read_wordpress_export
from feeds.settings import Settings
from tests.builders import NOW, ROOT, content_folder
from tests.importing.samples import imported, item, numbers, post, rss, wxr


def test_a_reusable_block_of_wordpress_stands_where_a_post_names_it() -> None:
    def post(number: int, kind: str, text: str) -> str:
        return (
            f"<item><title>T</title><guid>a:{number}</guid><wp:post_id>{number}</wp:post_id><wp:status>publish</wp:status>"
            f"<wp:post_type>{kind}</wp:post_type><content:encoded><![CDATA[{text}]]></content:encoded></item>"
        )

    block = '<!-- wp:paragraph --><p>Contact</p><!-- /wp:paragraph --><!-- wp:block {"ref":3} /-->'
    posts = [post(1, "post", '<!-- wp:block {"ref":2} /--><!-- wp:block {"ref":9} /-->'), post(2, "wp_block", block)]
    posts.append(post(3, "wp_block", '<p>Presse</p><!-- wp:block {"ref":3} /-->'))
    namespaces = 'xmlns:wp="http://wordpress.org/export/1.2/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    document = f"<rss {namespaces}><channel><wp:wxr_version>1.2</wp:wxr_version>{''.join(posts)}</channel></rss>"
    (entry,) = read_wordpress_export(document.encode(), ZoneInfo("UTC")).entries
    assert re.findall("<p>(.*?)</p>", entry.html) == ["Contact", "Presse"]


EXPORT = (ROOT / "tests" / "data" / "old" / "export.xml").read_text()


def test_other_types_of_a_wordpress_export_are_counted_and_offered(tmp_path: Path) -> None:
    custom = EXPORT.replace("<wp:post_type><![CDATA[post]]>", "<wp:post_type><![CDATA[event]]>", 1)
    assert custom != EXPORT
    zone = ZoneInfo("Europe/Paris")
    before = read_wordpress_export(custom.encode(), zone)
    after = read_wordpress_export(custom.encode(), zone, ["event"])
    assert before.others["event"] == 1
    assert "event" not in after.others
    assert len(after.entries) == len(before.entries) + 1
    with pytest.raises(FeedError, match="--type events: the export contains no such posts"):
        read_wordpress_export(custom.encode(), zone, ["events"])


CLASSIC = {
    "a\n\nb\nc": "a\n\nb\\\nc",
    "<blockquote>a\n\nb</blockquote>": "> a\n>\n> b",
    "<ul>\n<li>a\n\nb</li>\n<li>c</li>\n</ul>": "- a\n\n  b\n- c",
    "a\n<h2>b</h2>\nc\n\n<div>d</div>e": "a\n\n## b\n\nc\n\nd\n\ne",
    "a[some_index] [user_id] b <a href='x?a[b_c]=1'>t</a>": (
        "a\\[some_index\\] \\[user_id\\] b [t](https://old.example/x?a%5Bb_c%5D=1)"
    ),
    "[sourcecode language='python']\nif a &lt; b:\n\n  c[d_e]\n[/sourcecode]": "```python\nif a < b:\n\n  c[d_e]\n```",
    "[my_form]\n\na": "a",
    "[row class=x]a [b_c]d[/b_c][/row]\n\n<code>[row class=x]</code>": "a d\n\n`[row class=x]`",
}


@pytest.mark.parametrize(("typed", "expected"), CLASSIC.items())
def test_what_an_author_typed_in_the_classic_editor_keeps_its_paragraphs(typed: str, expected: str) -> None:
    before = EXPORT.index("<content:encoded><![CDATA[") + len("<content:encoded><![CDATA[")
    export = EXPORT[:before] + typed + EXPORT[EXPORT.index("]]></content:encoded>", before) :]
    entry = read_wordpress_export(export.encode(), ZoneInfo("Europe/Paris")).entries[0]
    assert to_markdown(entry.html, base="https://old.example/", picture=str, link=str).text == expected


def test_the_address_of_a_picture_may_lack_the_host() -> None:
    address = re.search(r"(?<=<wp:attachment_url><!\[CDATA\[)[^]]+", EXPORT)
    assert address
    export = EXPORT.replace(address[0], "/wp-content/uploads/photo.png")
    pictures = [entry.picture for entry in read_wordpress_export(export.encode(), ZoneInfo("Europe/Paris")).entries]
    assert "http://old.example/wp-content/uploads/photo.png" in [picture.url for picture in pictures if picture]


BLOCKS = {7: "publish", 8: "private", 9: "draft"}


def test_only_public_blocks_become_part_of_a_post() -> None:
    blocks = [post(str(number), f"B {status}", type="wp_block", status=status) for number, status in BLOCKS.items()]
    references = "".join(f'<!-- wp:block {{"ref":{number}}} /-->' for number in BLOCKS)
    (entry,) = read_wordpress_export(wxr(post("1", references), *blocks).encode(), ZoneInfo("UTC")).entries
    assert "B publish" in entry.html and "B private" not in entry.html and "B draft" not in entry.html


def test_blocks_that_expand_too_far_fail_only_their_post() -> None:
    many = [f'<!-- wp:block {{"ref":{number}}} /-->' * 200 for number in (8, 9)]
    blocks = [post("8", many[1], type="wp_block"), post("9", "x" * 5000, type="wp_block")]
    entries = read_wordpress_export(wxr(post("1", many[0]), post("2"), *blocks).encode(), ZoneInfo("UTC")).entries
    assert "its reusable blocks have more than" in str(entries[0].refusal) and entries[1].refusal is None


@pytest.mark.parametrize("name", ["membership", "private", "ihc-hide-content", "s2If", "restrict"])
def test_a_text_that_a_plugin_hides_is_a_draft(name: str) -> None:
    (entry,) = read_wordpress_export(wxr(post("1", f"a [{name}]SECRET[/{name}]")).encode(), ZoneInfo("UTC")).entries
    assert "SECRET" in entry.html and "[" not in entry.html.replace("[s2If]", "").replace("[/s2If]", "")
    assert entry.is_draft and f"[{name}] hides a part of it" in str(entry.notes)


def test_invalid_addresses_do_not_stop_an_import(tmp_path: Path) -> None:
    bad = "http://[site]/p1/"
    document = wxr(post("1", f'<a href="{bad}">x</a><img src="{bad}">', link=bad), post(bad), post("2", link="/a/"))
    printed = imported(tmp_path, document.replace("<link>https://old.example</link>", f"<link>{bad}</link>"))
    assert numbers(printed)["imported"] == 3
    printed = imported(tmp_path / "feed", rss(item(bad, f"<link>{bad}</link><description>x</description>")))
    assert numbers(printed)["imported"] == 1
    assert "--url x is not the URL of a site" in imported(tmp_path, document, "--url", "x", code=2)


def test_a_zip_archive_is_refused_and_utf_16_is_read(tmp_path: Path) -> None:
    content_folder(tmp_path / "content", {})
    runner = create_app(Settings(tmp_path / "content"), clock=lambda: NOW).test_cli_runner()
    (tmp_path / "e.zip").write_bytes(b"PK\x03\x04" + wxr(post("1")).encode())
    done = runner.invoke(args=["import", str(tmp_path / "e.zip")])
    assert done.exit_code == 1 and "is a ZIP archive (unpack it, and import the file in it)" in done.output
    export = f'<?xml version="1.0" encoding="UTF-16"?>{wxr(post("1"), post("2", type="page"))}'
    (tmp_path / "e.xml").write_bytes(export.encode("utf-16"))
    done = runner.invoke(args=["import", str(tmp_path / "e.xml"), "--map", "*=research"])
    assert numbers(done.output)["imported"] == 1, done.output


@pytest.mark.parametrize(
    "text",
    [
        "[team_members]x[/team_members]",
        "[premium_button]x[/premium_button]",
        "<code>[private]x[/private]</code>",
        "[[membership]x[/membership]]",
        f"[/member{'a' * 60} x",
    ],
)
def test_other_shortcodes_do_not_make_a_draft(text: str) -> None:
    (entry,) = read_wordpress_export(wxr(post("1", text)).encode(), ZoneInfo("UTC")).entries
    assert not entry.is_draft


def test_a_text_that_is_hidden_in_a_block_is_a_draft() -> None:
    block = post("7", "[membership]SECRET[/membership]", type="wp_block")
    document = wxr(post("1", '<!-- wp:block {"ref":7} /-->'), block)
    assert read_wordpress_export(document.encode(), ZoneInfo("UTC")).entries[0].is_draft


def test_brackets_that_are_not_shortcodes_stay() -> None:
    text = "Call the route [/users] or open [/contact-us]."
    (entry,) = read_wordpress_export(wxr(post("1", text)).encode(), ZoneInfo("UTC")).entries
    assert text in entry.html


def test_footnotes_of_the_block_editor_stay() -> None:
    mark = '<sup data-fn="ab-1" class="fn"><a href="#ab-1" id="ab-1-link">1</a></sup>'
    note = json.dumps([{"content": "La <em>note</em>.", "id": "ab-1"}])
    meta = f"<wp:meta_key>footnotes</wp:meta_key><wp:meta_value><![CDATA[{note}]]></wp:meta_value>"
    one = post("1", f"<!-- wp:paragraph --><p>a{mark}</p><!-- /wp:paragraph --><!-- wp:footnotes /-->")
    document = wxr(one.replace("</item>", f"<wp:postmeta>{meta}</wp:postmeta></item>"))
    (entry,) = read_wordpress_export(document.encode(), ZoneInfo("UTC")).entries
    assert (
        to_markdown(entry.html, base="https://old.example/", picture=str, link=str).text == "a[^1]\n\n[^1]: La *note*."
    )


def test_pictures_of_the_block_editor_have_the_description_of_the_library() -> None:
    image = '<img src="https://old.example/x.png" alt="" class="wp-image-5"/>'
    attachment = post("5", type="attachment").replace(
        "</item>",
        "<wp:attachment_url>https://old.example/x.png</wp:attachment_url><wp:postmeta><wp:meta_key>"
        "_wp_attachment_image_alt</wp:meta_key><wp:meta_value>Le labo</wp:meta_value></wp:postmeta></item>",
    )
    entry = read_wordpress_export(wxr(post("1", image), attachment).encode(), ZoneInfo("UTC")).entries[0]
    assert 'alt="Le labo"' in entry.html


def test_what_has_changed_on_the_old_site_is_reported(tmp_path: Path) -> None:
    later, sooner = post("1", status="future"), post("2", status="draft")
    later = later.replace("2026-01-05", "2099-01-05")
    imported(tmp_path, wxr(later, sooner))
    printed = imported(tmp_path, wxr(later.replace("2099", "2098"), post("2")))
    assert "its date on the old site is 2098-01-05 11:00 (change published in its file)" in printed
    assert "it is a draft here, but public on the old site (remove draft from its file)" in printed
    assert numbers(printed)["already here"] == 2


NAMES = {"news": "Nouvelles", "x": "X"}


def test_feeds_of_categories_redirect_unless_they_are_dropped(tmp_path: Path) -> None:
    category = "<wp:category><wp:category_nicename>{}</wp:category_nicename><wp:category_parent>{}</wp:category_parent>"
    category += "<wp:cat_name>{}</wp:cat_name></wp:category>"
    channel = (
        category.format("lab", "", "Lab") + category.format("news", "lab", "Nouvelles") + category.format("x", "", "X")
    )
    terms = "".join(f'<category domain="category" nicename="{slug}">{name}</category>' for slug, name in NAMES.items())
    tag = '<category domain="post_tag" nicename="adn">ADN</category>'
    document = wxr(channel, post("1").replace("</item>", f"{terms}{tag}</item>"))
    printed = imported(tmp_path, document, "--map", "X=")
    assert "Old feeds without a replacement, since no feed here has the same articles: /category/x/feed/" in printed
    tree = (tmp_path / "content" / "site.yaml").read_text()
    for line in (
        "/category/news/feed/: /feeds/tags/nouvelles.rss",
        "/category/lab/news/feed/: /feeds/tags/nouvelles.rss",
        "/category/lab/news/: /feeds/tags/nouvelles",
        "/tag/adn/feed/: /feeds/tags/adn.rss",
    ):
        assert f"  {line}\n" in tree, line
    assert "/tag/news" not in tree
