"""Resources are read strictly: what other readers mend without a word is one issue, and nothing ever raises."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhir.json import to_json
from hm_fhir.validation.issue import Issue
from hm_fhir.validation.reading.strict_json import MOST_LEVELS, read_resource

NAME = "Измислена"


def resource(inside: str) -> bytes:
    return f'{{"resourceType": "Patient", {inside}}}'.encode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "it is empty"),
        (b" \n ", "it is empty"),
        (b"not json", "a character cannot stand there (column 5)"),
        (b'{"resourceType": "Patient"', "it ends in the middle"),
        (resource('"active": true,'), "there is a comma too many (column 44)"),
        (resource('"active" true'), "a colon is missing (column 38)"),
        (resource('"active": true "id": "a"'), "a comma or closing bracket is missing (column 44)"),
        (resource("'active': true"), 'a name in an object must stand in "..." (column 29)'),
        (resource('"multipleBirthInteger": 01'), "a number is not written as JSON numbers are (column 54)"),
        (resource('"x": NaN'), "a character cannot stand there (column 34)"),
        (resource('"x": Infinity'), "a character cannot stand there (column 34)"),
        (resource('"x": -Infinity'), "a character cannot stand there (column 35)"),
        (resource('"x": 1e99999999999999999999'), "a number is too long"),
        (resource(f'"x": {"1" * 5000}'), "a number is too long"),
        (resource('"id": "\\x"'), "a text has a backslash that means nothing (column 38)"),
        (resource('"id": "\\ud800", "active": true'), "a text has half a character (column 42)"),
        (resource('"id": "a\tb"'), "a character cannot stand there (column 37)"),
        (resource('"id": "a"') + b" {}", "there is more text after the end of the resource (column 41)"),
        (b"\xef\xbb\xbf" + resource('"id": "a"'), "it begins with a byte order mark; save it as UTF-8 without one"),
        (resource('"id": "a"').decode().encode("utf-16"), "it is not UTF-8"),
        (resource('"id": "a"').decode().encode("utf-16-le"), "it is not UTF-8"),
        (resource(f'"id": "{NAME}"').decode().encode("windows-1251"), "it is not UTF-8 (column 36)"),
        (b'{\n  "resourceType": "Patient",\n  "id": nul\n}', "a character cannot stand there (line 4, column 1)"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_one_fatal_issue_that_says_where(text: bytes, says: str) -> None:
    assert read_resource(text) == Issue("error", "structure", "not-json", "$", f"not JSON: {says}")


@pytest.mark.parametrize(
    ("text", "location"),
    [
        (resource('"active": true, "active": true'), "Patient.active"),
        (resource('"name": [{"family": "a"}, {"family": "b", "family": "c"}]'), "Patient.name[1].family"),
        (resource('"contact": [{"name": {"text": "a", "\\u0074ext": "b"}}]'), "Patient.contact[0].name.text"),
        (resource(f'"name": [{{"{NAME}": 1, "{NAME}": 2}}]'), "Patient.name[0]"),
        (b'{"resourceType": 1, "a": 1, "a": 2}', "$.a"),
        (b'[{"a": 1, "a": 2}]', "$[0].a"),
    ],
)
def test_a_name_that_stands_twice_is_found_and_never_a_value(text: bytes, location: str) -> None:
    found = read_resource(text)
    assert isinstance(found, Issue)
    assert (found.severity, found.rule, found.location) == ("error", "not-json", location)


@pytest.mark.parametrize(
    "text", [b"null", b"[]", b"[1, 2]", b'"text"', b"7", b"{}", b'{"resourceType": 7}', b'{"a": 1}']
)
def test_json_that_is_no_resource_is_not_fhir(text: bytes) -> None:
    found = read_resource(text)
    assert isinstance(found, Issue)
    assert (found.severity, found.rule, found.location) == ("error", "not-fhir", "$")


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 2000, 200_000])
def test_what_lies_too_deep_in_itself_is_said_and_read_no_further(levels: int) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        text = resource(f'"x": {opening * levels}1{closing * levels}')
        found = read_resource(text)
        assert isinstance(found, Issue)
        assert (found.rule, found.code) == ("not-json", "too-costly")


def test_what_is_deep_and_not_too_deep_is_read() -> None:
    levels = MOST_LEVELS - 2
    assert isinstance(read_resource(resource(f'"x": {"[" * levels}1{"]" * levels}')), dict)


def test_many_brackets_beside_each_other_are_not_deep() -> None:
    assert isinstance(read_resource(resource(f'"x": [{",".join(["{}"] * 5000)}]')), dict)


def test_decimals_keep_their_digits() -> None:
    found = read_resource(resource('"a": 1.50, "b": 1E+2, "c": 0.1000000000000000000000000001, "d": 7'))
    assert found == {
        "resourceType": "Patient",
        "a": Decimal("1.50"),
        "b": Decimal("1E+2"),
        "c": Decimal("0.1000000000000000000000000001"),
        "d": 7,
    }
    assert isinstance(found, dict)
    assert str(found["a"]) == "1.50"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=5), _JSON, max_size=4))
def test_every_object_is_read_as_it_was_written(members: dict[str, Any]) -> None:
    value = {**members, "resourceType": "Patient"}
    assert read_resource(to_json(value)) == value
    assert read_resource(json.dumps(value, default=float).encode()) != {}, "other spelling, same way"


@given(st.dictionaries(st.text(max_size=5), _JSON, min_size=1, max_size=4), st.data())
def test_a_name_twice_is_always_found(members: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(members)))
    members.pop("resourceType", None)
    whole = to_json({"resourceType": "Patient", **members})
    again = to_json({name: 1})[1:-1]
    text = whole[:-1] + b"," + again + b"," + again + b"}"
    found = read_resource(text)
    assert isinstance(found, Issue)
    assert found.rule == "not-json"


@given(st.binary(max_size=60))
def test_no_bytes_raise(text: bytes) -> None:
    found = read_resource(text)
    assert isinstance(found, dict | Issue)
