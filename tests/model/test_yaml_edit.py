"""Edits of single keys: the new value is read back, and no other line changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.model.yaml_edit import EditError, Value, set_key, set_keys
from feeds.model.yamlfile import FORBIDDEN, parse_yaml
from tests.builders import SAMPLE

SAMPLES = sorted(path for path in SAMPLE.rglob("*.yaml"))
ORDER = ["id", "title", "published", "categories", "draft", "tags", "summary", "picture", "attachments", "body"]

LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40).filter(
    lambda text: not FORBIDDEN.search(text)
)
TEXTS = st.one_of(
    LINES, st.sampled_from(["a: b", "a #b", "- x", "@x", "[x", "'", '"', "|", "", " ", "true", "2026-01-01", "« a »"])
)
VALUES: st.SearchStrategy[Any] = st.one_of(
    TEXTS,
    st.lists(TEXTS, max_size=3),
    st.dictionaries(st.sampled_from(["file", "alt", "credit"]), TEXTS, max_size=3),
    st.lists(st.dictionaries(st.sampled_from(["file", "title"]), TEXTS, min_size=1, max_size=2), max_size=3),
)


def read(text: str) -> dict[str, Any]:
    tree, problems = parse_yaml(text.encode(), "a.yaml")
    assert tree, problems
    return tree.value


def lines_of(text: str, key: str) -> list[str]:
    """Return the lines that do not belong to a top-level key in block style."""
    outside, is_inside = [], False
    for line in text.splitlines(keepends=True):
        if line[0] not in " \t\r\n#-]}":
            is_inside = line.startswith((f"{key}:", f"{key} :", f'"{key}":'))
        if not is_inside or line.startswith("#"):
            outside.append(line)
    return outside


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "value", ["Un autre texte : « voilà » # non", ["a", "b: c"], {"file": "x.jpg", "alt": "Un #dessin"}, None]
)
def test_one_key_of_any_sample_file_can_be_changed_without_another_line(path: Path, value: Value | None) -> None:
    text = path.read_text(encoding="utf-8")
    before = read(text)
    for key in before:
        after = set_key(text, key, value, ORDER)
        assert read(after) == (
            {**before, key: value} if value is not None else {k: v for k, v in before.items() if k != key}
        )
        kept = [line for line in lines_of(text, key) if line.strip()]
        assert [line for line in lines_of(after, key) if line.strip()] == kept


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Return the text of a file in a random style, and its values."""
    values = {key: draw(VALUES) for key in draw(st.permutations(ORDER))[: draw(st.integers(1, 6))]}
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    text = ""
    for key, value in values.items():
        text += draw(st.sampled_from(["", newline, f"# a comment{newline}", f"# x: y{newline}{newline}"]))
        text += f"{key}: {json.dumps(value, ensure_ascii=False)}"
        text += draw(st.sampled_from(["", "  # a comment", "   "])) + newline
    if draw(st.booleans()):
        values["link"] = "Line one\nline two\n"
        text += f"link: |{newline}  Line one{newline}  line two{newline}"
    if draw(st.booleans()):
        text = text.removesuffix(newline)
    return text, read(text)


@given(files(), st.sampled_from(ORDER), st.one_of(st.none(), VALUES))
def test_one_key_of_any_file_can_be_changed_without_another_line(
    file: tuple[str, dict[str, Any]], key: str, value: Value | None
) -> None:
    text, before = file
    try:
        after = set_key(text, key, value, ORDER)
    except EditError:
        assert value is None and list(before) == [key]  # no key is left, so it would be no file
        return
    assert read(after) == {k: v for k, v in {**before, key: value}.items() if v is not None}
    if before.get(key) == value:
        assert after == text
    kept = "".join(lines_of(text, key)).splitlines()
    assert [line for line in "".join(lines_of(after, key)).splitlines() if line.strip()] == [
        line for line in kept if line.strip()
    ]


def test_comments_quotes_and_style_within_a_changed_key_stay() -> None:
    text = (
        "title: 'Un titre'  # court\n"
        'picture:\n    # la photo\n    file: a.jpg   # de 2026\n    alt: "Un dessin"\n'
        "tags: [a, 'b']\n"
        "attachments:\n- file: a.pdf\n  title: A  # un\n- file: b.pdf\n  title: B\n"
    )
    after = set_keys(
        text,
        {
            "title": "L’autre",
            "picture": {"file": "a.jpg", "alt": "Deux dessins"},
            "tags": ["a", "b", "c: d"],
            "attachments": [{"file": "a.pdf", "title": "A"}, {"file": "b.pdf", "title": "C"}],
        },
        ORDER,
    )
    assert after == (
        "title: 'L’autre'  # court\n"
        'picture:\n    # la photo\n    file: a.jpg   # de 2026\n    alt: "Deux dessins"\n'
        "tags: [a, 'b', 'c: d']\n"
        "attachments:\n- file: a.pdf\n  title: A  # un\n- file: b.pdf\n  title: C\n"
    )


def test_a_new_key_stands_after_those_that_precede_it() -> None:
    text = "# schema\nid: x\n\n# the text\nbody: |\n  a\n"
    assert set_key(text, "title", "T", ORDER) == "# schema\nid: x\ntitle: T\n\n# the text\nbody: |\n  a\n"
    assert set_key("body: |\n  a", "title", "T", ORDER) == "title: T\nbody: |\n  a"
    assert set_key("title: a", "body", "b\n", ORDER) == "title: a\nbody: |\n  b\n"


@pytest.mark.parametrize("text", ["{title: a, body: b}\n", "title: [\n", "- a\n"])
def test_a_text_that_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(EditError):
        set_key(text, "title", "b", ORDER)


def test_a_changed_text_leaves_comments_and_lines_within_braces() -> None:
    text = 'picture: {file: a.jpg, # which\n  alt: "Un dessin",  # why\n  credit: C}\ntags: [ a, # one\n  b ]\n'
    after = set_keys(text, {"picture": {"file": "a.jpg", "alt": "Deux", "credit": "D: E"}, "tags": ["a", "c"]}, ORDER)
    assert after == text.replace("Un dessin", "Deux").replace("credit: C", 'credit: "D: E"').replace("  b ]", "  c ]")


@pytest.mark.parametrize("before", ["body: >\n  a\n\n  b\n", "body: a\n", 'body: "a\\n\\nb"\n'])
def test_a_new_body_of_several_paragraphs_is_written_on_several_lines(before: str) -> None:
    assert set_key(before, "body", "One\n\ntwo\n", ORDER) == "body: |\n  One\n\n  two\n"
