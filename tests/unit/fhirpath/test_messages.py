"""What is said of expressions that people write by mistake."""

from __future__ import annotations

import pytest

from hm_fhir.errors import ExpressionError, did_you_mean
from hm_fhir.fhirpath import compile  # noqa: A004
from hm_fhir.mapping.setting import activity_setting


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("status = 'a' and реriod.exists()", 17, "'р' is a Cyrillic letter that looks like 'p'"),
        ("соde", 0, "'с' is a Cyrillic letter that looks like 'c'"),
        ("код", 0, "'к' is a Cyrillic letter (names have Latin letters"),
        ("a == b", 2, "== is no operator (write =)"),
        ("a && b", 2, "&& is no operator (write and)"),
        ("a || b", 2, "|| is no operator (write or)"),
        ("!a", 0, "write .not()"),
        ("matches('\\d')", 9, "in YAML double quotes write four backslashes"),
        ("{{ status = 'planned' }}", 0, "an expression here is written without {{ }}"),
        ("{[ persons ]}", 0, "an expression here is written without {{ }}"),
    ],
)
def test_a_usual_mistake_is_named_at_its_place(text: str, position: int, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile(text)
    assert caught.value.position == position
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["a = -1", "a & b & c", "a | b | c", "{} | a", "a = {}"])
def test_what_looks_like_it_is_none(text: str) -> None:
    compile(text)


def test_a_name_with_a_cyrillic_letter_is_told_from_the_one_that_looks_the_same() -> None:
    hint = "It is written here with Cyrillic letters that look like Latin ones"
    assert did_you_mean("periоd", ["period", "note"]) == f"did you mean 'period'? {hint}"
    assert did_you_mean("perod", ["period", "note"]) == "did you mean 'period'?"
    with pytest.raises(ExpressionError) as caught:
        activity_setting().compile("`periоd`.start", ())
    assert caught.value.fix == f"did you mean 'period'? {hint}"
