"""The error tree, and the small tools that make messages helpful."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from hm_fhir import errors
from hm_fhir.errors import (
    ExpressionError,
    HmFhirError,
    MappingError,
    MappingErrors,
    RetryLater,
    caret,
    did_you_mean,
    known_fields,
)

CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, HmFhirError) and found.__module__ == "hm_fhir.errors"
]


def drawn_parents() -> dict[str, str]:
    """Class -> parent, as the drawing in the docstring of the module shows them by their indentation."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for match in re.finditer(
        r"^(?P<before>[ │├└─]*)(?P<name>[A-Z]\w+)(?= {2,}|$)", errors.__doc__ or "", re.MULTILINE
    ):
        depth, name = len(match["before"]), match["name"]
        if depth == 0:
            continue
        above = [(level, parent) for level, parent in above if level < depth]
        parents[name] = above[-1][1] if above else "Exception"
        above.append((depth, name))
    return parents


def test_the_tree_is_the_one_that_is_drawn() -> None:
    assert drawn_parents() == {found.__name__: found.__bases__[0].__name__ for found in CLASSES}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_is(kind: type[HmFhirError]) -> None:
    assert "__doc__" in vars(kind)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)


def test_a_message_says_where_what_happened_and_what_to_do() -> None:
    error = HmFhirError("it broke", code="broken", fix="mend it", place="a.toml")
    assert str(error) == "a.toml: it broke (mend it)"
    assert (error.message, error.code, error.fix, error.place) == ("it broke", "broken", "mend it", "a.toml")
    assert str(HmFhirError("it broke")) == "it broke"


def test_a_mapping_error_shows_the_line() -> None:
    error = MappingError("unknown element", place="visit.yaml:3:5", excerpt="    foo: 1\n    ^")
    assert str(error) == "visit.yaml:3:5: unknown element\n    foo: 1\n    ^"


def test_mistakes_of_a_pack_stand_together() -> None:
    both = MappingErrors([MappingError("one", place="a.yaml:1:1"), MappingError("two", fix="mend it")])
    assert str(both) == "a.yaml:1:1: one\ntwo (mend it)"
    assert [str(error) for error in both.errors] == ["a.yaml:1:1: one", "two (mend it)"]


def test_an_expression_error_points_at_the_mistake() -> None:
    assert (
        str(ExpressionError("')' is missing", text="a.where(b", position=9))
        == "')' is missing\na.where(b\n         ^"
    )


SAMPLES = [
    MappingErrors([MappingError("one"), MappingError("two")]),
    ExpressionError("wrong", text="a.(b", position=2, fix="mend it"),
    RetryLater("busy", after_seconds=3.5),
    *(kind("it broke", code="c", fix="f", place="p") for kind in CLASSES if kind.__init__ is HmFhirError.__init__),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"]
)
def test_an_error_comes_whole_from_another_process(error: HmFhirError, again: object) -> None:
    received = again(error)  # type: ignore[operator]
    assert type(received) is type(error)
    assert str(received) == str(error)
    assert {key: str(value) for key, value in vars(received).items()} == {
        key: str(value) for key, value in vars(error).items()
    }


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("sorces", ["sources", "targets"], "did you mean 'sources'?"),
        ("xyz", ["targets", "sources"], "known: sources, targets"),
        ("xyz", [], None),
        ("", ["sources"], "known: sources"),
    ],
)
def test_did_you_mean(word: str, known: list[str], hint: str | None) -> None:
    assert did_you_mean(word, known) == hint


@given(st.text(), st.lists(st.text(st.characters(categories=["Ll"]), min_size=1)))
def test_did_you_mean_repeats_known_words_only(word: str, known: list[str]) -> None:
    hint = did_you_mean(word, known)
    choices = [f"did you mean {one!r}?" for one in known] + [f"known: {', '.join(sorted(known))}"]
    assert hint in choices if known else hint is None


@pytest.mark.parametrize(
    ("text", "position", "shown"),
    [
        ("abc", 0, "abc\n^"),
        ("abc", 2, "abc\n  ^"),
        ("abc", 3, "abc\n   ^"),  # something is missing at the end
        ("ab\ncd\nef", 4, "cd\n ^"),
        ("ab\ncd", 2, "ab\n  ^"),  # the end of the first line
        ("ab\n", 3, "\n^"),
        ("", 0, "\n^"),
    ],
)
def test_a_caret_stands_below_the_position(text: str, position: int, shown: str) -> None:
    assert caret(text, position) == shown


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")), st.data())
def test_a_caret_points_at_the_character(text: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(text)))
    line, pointer = caret(text, position).split("\n")
    assert line in text.split("\n")
    if position < len(text) and text[position] != "\n":
        assert line[pointer.index("^")] == text[position]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: tuple[str, ...] = ()


class Home(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    pets: dict[str, Cat] = {}
    dogs: list[Dog] = []
    hidden: int = Field(default=0, exclude=True)


@pytest.mark.parametrize(
    ("steps", "fields"),
    [
        ([], ["pet", "pets", "dogs"]),
        (["pet"], ["kind", "lives", "kind", "tricks"]),
        (["pet", "cat"], ["kind", "lives"]),
        (["pet", "dog"], ["kind", "tricks"]),
        (["pets", "tom"], ["kind", "lives"]),
        (["dogs", 3], ["kind", "tricks"]),
        (["dogs", 3, "tricks"], []),
    ],
)
def test_known_fields_of_a_place(steps: list[str | int], fields: list[str]) -> None:
    assert known_fields(Home, steps) == fields
