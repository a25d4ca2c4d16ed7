"""The validators of single values, called with what YAML gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from pydantic import Field

from feeds.model import fields
from feeds.model.fields import StrictModel, validate
from feeds.model.problems import InvalidValue
from feeds.model.yamlfile import parse_yaml


class Lamp(StrictModel):
    colour: Literal["red", "green"] = Field(examples=["red"])


@pytest.mark.parametrize(("value", "expected"), [("1", 1), ("12", 12), ("007", 7)])
def test_a_number_in_its_range_is_read(value: str, expected: int) -> None:
    assert fields.number(1, 12)(value) == expected


@pytest.mark.parametrize("value", ["0", "13", "1.5", "-1", "", "１", "x", ["1"], None, "1" * 16])
def test_anything_else_is_not_a_number(value: object) -> None:
    with pytest.raises(InvalidValue) as caught:
        fields.number(1, 12)(value)
    assert caught.value.message.code == "number-expected"
    parameters = dict(caught.value.message.parameters)
    assert (parameters["low"], parameters["high"]) == (1, 12)


def test_a_pattern_has_to_match_the_whole_text() -> None:
    parse = fields.matching("[a-z]+", "email-not-recognised")
    assert parse(" abc ") == "abc"
    for value in ("abc1", "1abc", "a b"):
        with pytest.raises(InvalidValue) as caught:
            parse(value)
        assert caught.value.message.code == "email-not-recognised"
        assert dict(caught.value.message.parameters) == {"value": value}


@pytest.mark.parametrize(
    ("parse", "value", "expected"),
    [
        (fields.contact, "https://a.example/x", "https://a.example/x"),
        (fields.contact, "a@b.example", "mailto:a@b.example"),
        (fields.contact, "mailto:a@b.example", "mailto:a@b.example"),
        (fields.one_or_more, "a", ["a"]),
        (fields.one_or_more, ["a", "b"], ["a", "b"]),
        (fields.boolean, "true", True),
        (fields.boolean, "false", False),
    ],
)
def test_a_value_is_read(parse: Callable[[object], object], value: object, expected: object) -> None:
    assert parse(value) == expected


def test_a_mistake_that_has_no_words_of_its_own_is_reported_with_pydantics() -> None:
    tree, _ = parse_yaml(b"colour: blue\n", "lamp.yaml")
    assert tree and validate(tree, Lamp, None) is None
    (problem,) = tree.problems
    assert str(problem) == "lamp.yaml:1:9: colour: blue: Input should be 'red' or 'green' (expected red)"
