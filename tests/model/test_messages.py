"""The message catalogue: every code in it is used by the code, and no other; every text names its parameters."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest
import yaml

from feeds.model.messages import MESSAGES
from feeds.model.problems import InvalidValue, Message, Problem
from tests.builders import PLAIN, ROOT, SITE, as_yaml, content_folder, draw


def used_codes() -> set[str]:
    """Return the strings in the code, outside messages.py, that are codes of the catalogue."""
    codes = set()
    for path in (ROOT / "feeds").rglob("*.py"):
        if path.name != "messages.py":
            strings = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            codes |= {
                node.value
                for node in strings
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in MESSAGES
            }
    return codes


def test_every_code_in_the_catalogue_is_used() -> None:
    assert set(MESSAGES) - used_codes() == set()


@pytest.mark.parametrize("code", MESSAGES)
def test_a_text_says_what_was_expected_or_how_to_fix_it(code: str) -> None:
    assert re.fullmatch("[a-z]+(-[a-z0-9]+)*", code)
    text = MESSAGES[code]
    assert not re.search(r"\bwant\b|\btold\b", text)
    assert text.endswith(")") or code == "body-element-removed"


def test_a_message_has_its_parameters_and_its_text() -> None:
    message = InvalidValue("year-out-of-range", value="0206", year=206, first=1900, last=2999).message
    assert str(message) == "0206 is in the year 206 (expected a year from 1900 to 2999)"
    assert dict(message.parameters) == {"value": "0206", "year": 206, "first": 1900, "last": 2999}
    assert message == message.replace(year=206) != message.replace(year=207)


def test_a_code_that_is_not_in_the_catalogue_is_refused() -> None:
    with pytest.raises(KeyError):
        Message.of("no-such-code")


@pytest.mark.parametrize("code", MESSAGES)
def test_every_text_can_be_formatted(code: str) -> None:
    names = {name for _, name, _, _ in string.Formatter().parse(MESSAGES[code]) if name}
    message = Message.of(code, **dict.fromkeys(names, 7))
    assert "{" not in str(message).replace("{a: b", "").replace("{exact", "").replace("inside { }", "").replace(
        "brace {", ""
    )
    problem = Problem("a.yaml", 1, 2, "title", message)
    assert problem.to_dict()["parameters"] == dict.fromkeys(names, 7)


EXAMPLES = yaml.safe_load((ROOT / "docs" / "reference" / "messages.yaml").read_text(encoding="utf-8"))


def test_every_message_has_an_example_and_its_cure() -> None:
    assert list(EXAMPLES) == list(MESSAGES)
    assert all(set(each) in ({"article", "cure"}, {"site", "cure"}, {"case", "cure"}) for each in EXAMPLES.values())


def with_lines(text: str, lines: str) -> str:
    """Return a YAML text in which some lines replace those of the same top-level keys."""
    keys = set(re.findall(r"(?m)^([a-z_]+)(?=:)", lines))
    kept, is_kept = [], True
    for line in text.splitlines(keepends=True):
        is_kept = line.partition(":")[0] not in keys if line[0] not in " -" else is_kept
        kept += [line] if is_kept else []
    return "".join(kept) + lines + "\n"


def codes(content: Path, kind: str, lines: str) -> set[str]:
    """Return the codes of the problems with some lines in an article or in the site file."""
    folder = content_folder(content, {"en": {"twin": "t", "language": "en"}})
    draw(content / "media" / "photo.jpg")
    (content / "media" / "plan.pdf").write_bytes(b"%PDF-1.4")
    (content / "style.css").write_text("h1 { color: black }\n", encoding="utf-8")
    (content / "media" / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 1"/>')
    for name in ("son.mp3", "donnees.xyz"):
        (content / "media" / name).write_bytes(b"x")
    if kind == "site":
        (content / "site.yaml").write_text(with_lines(SITE, lines), encoding="utf-8")
        return {problem.message.code for problem in folder.load_site()[1]}
    path = content / "articles" / "a.yaml"
    path.write_text(with_lines(as_yaml({**PLAIN, "summary": "A", "twin": "t"}), lines), encoding="utf-8")
    return {problem.message.code for problem in folder.load().problems if problem.file == str(path)}


@pytest.mark.parametrize("code", [code for code, each in EXAMPLES.items() if "case" not in each])
def test_an_example_has_its_problem_and_the_cure_does_not(code: str, content: Path) -> None:
    example = EXAMPLES[code]
    kind = "site" if "site" in example else "article"
    assert code in codes(content, kind, example[kind])
    assert not codes(content, kind, example["cure"]) & {code, "key-unknown", "yaml-colon", "date-not-recognised"}
