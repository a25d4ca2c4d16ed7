"""What an author writes costs time and memory in proportion to its length, whatever the construct."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.content import checks
from feeds.feed import body_checks, body_limits, markup
from feeds.model.problems import Message
from feeds.model.yamlfile import Position, Tree
from tests.builders import ROOT, FakeMedia, article, site

PLAIN = "Un texte ordinaire, sans rien de plus.\n\n"

FRAGMENTS = [
    *(
        "|",
        "a|b\n",
        "|-",
        "-|-\n",
        "|x\n",
        "\n",
        "- ",
        "1. ",
        "> ",
        "# a\n",
        "a\n-\n",
        "---\n",
        "```\n",
        "`",
        "    x\n\n",
    ),
    *(
        "[",
        "[](",
        "[a](",
        "![](x) ",
        "[a](x.html) ",
        "[a](javascript:x) ",
        "![a](/media/photo.jpg) ",
        "[a]",
        "[a]: b\n",
    ),
    *("*", "_", "**a *b ", "a_ *", "a\\", "<", "<a ", "<a href='", "<!--", "<?", "<![CDATA[", "</b>", "<b a17=1>"),
    *("<b a17=1>x</b>", "<div>", "<p>", "<br>", "<table><tr><td>", "<a href=x>", "<i><b></i></b>", "<svg><p>", "<h1>"),
    *("<select><option>", "<li>", "<ul><li>", "<dd><dt>", "<img src=x>", "<http://a.b>", "<x1>", "<b title='"),
    *("<b><p>x</p>", "<p>x</p>", "<i class=a>", "<b a=1><i b=2><u c=3>"),
    *("~", "~~a~~ ", "[^1]", "[^1]: x\n\n", "- [ ] a\n", "• a\n", "https://a.example/ ", "a@b.example ", "[a](#b) "),
    *("<section>", "<details>", "<summary>", "[a](/b c) ", "<o:p>", "<i id=a>", "![a](/b.png 'c')\n\n"),
    *("](/ <br>", "<h1><li>", "[a](<p>> ", "](/ <br><svg/>", "**a ** ", "-[", "|a|\n", "[x] (http://a.b) ", "<!A\n"),
    *("https://youtu.be/abcdefghi\n\n", "<td colspan=9>", "<caption>"),
    *("&#", "&", "&amp;", "&nbsp;", "&#7;", "&#x41;", "é\u202f", "😀", " ", "a"),
]
"""The constructs of Markdown and HTML."""

MAX_RATIO = 150
"""Maximum ratio of the time for any text to that for plain text of the same length."""

MAX_GROWTH = 100_000_000
"""Bytes of memory that a text may need."""


def repeated(text: str) -> str:
    """Return a text repeated up to the maximum length."""
    return (text * (body_limits.MAX_BODY_LENGTH // len(text) + 1))[: body_limits.MAX_BODY_LENGTH]


def check_and_render(body: str) -> None:
    parsed = article().model_copy(update={"body": body})
    tree = Tree("a.yaml", "body: |\n", {"body": body}, [], {(): Position(0, 0), ("body",): Position(0, 6)}, {})
    problems = list(checks.body_problems(tree, parsed, site(), FakeMedia()))
    assert len(problems) <= 2 * body_checks.MAX_PROBLEMS + 1
    if not any(problem.severity == "error" for problem in problems):
        content = markup.to_html(body, base="https://news.example", page="https://news.example/articles/a")
        assert len(content) <= 20 * len(body) + 1_000


def seconds(body: str) -> float:
    start = time.process_time()
    check_and_render(body)
    return time.process_time() - start


@pytest.fixture(scope="module")
def plain_seconds() -> float:
    return min(seconds(repeated(PLAIN)) for _ in range(3))


@settings(max_examples=40)
@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=4).map("".join))
def test_any_mix_of_constructs_takes_time_in_proportion_to_its_length(plain_seconds: float, construct: str) -> None:
    assert seconds(repeated(construct)) < MAX_RATIO * plain_seconds


GROWING = """
import json, re, resource, sys
from tests.feed.test_costs import MAX_GROWTH, check_and_render, repeated

check_and_render("Un texte.")
for construct in json.load(sys.stdin):
    size = int(re.search("VmSize:.* ([0-9]+) kB", open("/proc/self/status").read())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size + MAX_GROWTH, resource.RLIM_INFINITY))
    print(json.dumps(construct), flush=True)
    check_and_render(repeated(construct))
print("done")
"""


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_no_construct_takes_more_than_100_megabytes() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", GROWING], input=json.dumps(FRAGMENTS), cwd=ROOT, capture_output=True, text=True
    )
    assert outcome.stdout.endswith("done\n"), (outcome.stdout[-200:], outcome.stderr[-500:])


def refusal(body: str) -> tuple[int, Message] | None:
    return body_limits.complexity_problem(body)


def test_a_table_of_short_rows_is_refused_before_its_rows_are_filled_up() -> None:
    table = "Avant.\n\n" + "|a" * 1_000 + "\n" + "|-" * 1_000 + "\n" + "|x\n" * 50_000
    assert refusal(table) == (2_009, Message.of("body-table-too-large", limit=body_limits.MAX_TABLE_CELLS))
    quoted = "".join(f"> {line}\n" for line in table.splitlines())
    assert refusal(quoted) is not None
    many = "|a|b|\n|-|-|\n" + "|x\n" * 40 + "\n"
    assert refusal(many * 200) is None and refusal(many * 300) is not None, "all tables of a text count"


@pytest.mark.parametrize("end", ["# x\n", "---\n", "<p>\n"])
def test_a_wider_table_after_another_is_counted_even_without_a_blank_line(end: str) -> None:
    wide = "|a" * 1_000 + "|\n" + "|-" * 1_000 + "|\n" + "a\n" * 499
    assert refusal("|a|\n|-|\n" + end + wide)
    assert refusal(("|a|\n|-|\n" + end + wide).replace("\n", "\r")), "for comrak, a carriage return also ends a line"


def test_formatting_elements_that_are_not_closed_are_not_repeated_without_end() -> None:
    body = "".join(f"<b class=c{number}>" for number in range(90)) + "<p>x</p>" * 30_000
    found = refusal(body)
    assert found == (0, Message.of("body-element-open", element="b"))
    assert refusal("<b>x</b><p>y</p>" * 10_000) is None


def test_a_large_table_and_lines_that_look_like_one_are_accepted() -> None:
    assert refusal("| a | b | c |\n|---|---|---|\n" + "| un | deux | trois |\n" * 5_000) is None
    assert refusal("a | b\n\n" + "- x | y\n" * 20_000) is None, "without a delimiter row there is no table"


def test_a_body_has_a_maximum_length() -> None:
    limit = body_limits.MAX_BODY_LENGTH
    assert refusal("é" * limit) is None
    assert refusal("é" * (limit + 1)) == (limit, Message.of("body-too-long", length=limit + 1, limit=limit))


def test_one_tag_with_very_many_attributes_is_refused() -> None:
    body = "Texte.\n\n<b " + " ".join(f"a{number}=1" for number in range(20_000)) + ">"
    assert refusal(body) == (8, Message.of("body-tag-too-long", limit=body_limits.MAX_TAG_LENGTH))


def test_at_most_50_problems_are_reported_each_at_its_line() -> None:
    links = "".join(f"[a](page{number}.html)\n" for number in range(10_000))
    findings = body_checks.problems(links)
    lines = [links.count("\n", 0, offset) for offset, _ in findings]
    assert lines == [*range(body_checks.MAX_PROBLEMS), body_checks.MAX_PROBLEMS]
    assert findings[-1][1] == Message.of("body-more-problems", limit=body_checks.MAX_PROBLEMS)


def test_the_same_mistake_is_reported_on_each_of_its_lines() -> None:
    body = "<font>un</font>\n\ndeux\n\n<font>trois</font>\n"
    assert [body.count("\n", 0, offset) for offset, _ in body_checks.problems(body)] == [0, 4]


def test_very_many_uses_of_one_reference_take_little_time(plain_seconds: float) -> None:
    body = "[x] " * 60_000 + "\n\n[x]: /y"
    assert seconds(body) < MAX_RATIO * plain_seconds
    assert len(body_checks.references(body)) > 10_000


def test_fragments_and_texts_together_give_at_most_50_problems() -> None:
    body = "".join(f"[x](#manque-{number})\n\n" for number in range(500)) + "• a\n\n" * 60
    assert len(body_checks.problems(body)) == body_checks.MAX_PROBLEMS + 1


def test_very_many_footnotes_are_rejected() -> None:
    limit = body_limits.MAX_FOOTNOTES
    assert refusal("[^1]" * (limit + 1)) == (0, Message.of("body-too-many-footnotes", limit=limit))
    assert refusal("[^1]" * limit) is None
