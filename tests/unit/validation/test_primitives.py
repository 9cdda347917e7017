"""Primitive values: their JSON kind, their form, and what the official validation says of the doubtful ones."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhir.definitions import r4
from hm_fhir.validation.primitives.checks import primitive_check, with_regex

GOOD = {
    "base64Binary": ["aGVsbG8=", "YQ==", "AAAA"],
    "boolean": [True, False],
    "canonical": ["http://e.org/x", "https://e.org/x|1.0", "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", "#q",
                  "urn:oid:1.2.3.4.5|1"],
    "code": ["male", "in-progress", "two words", "а"],
    "date": ["1990", "1990-02", "1992-02-29", "2024-12-31"],
    "dateTime": ["2020", "2020-01", "2020-01-31", "2020-01-01T10:00:00Z", "2020-01-01T23:59:60+14:00",
                 "2020-01-01T10:00:00.123456789-03:30"],
    "decimal": [0, 1, Decimal("9.20"), Decimal("1E-5"), 2.5, Decimal("-0")],
    "id": ["a", "A-b.9", "a" * 64],
    "instant": ["2020-01-01T10:00:00Z", "2020-01-01T10:00:00.1+02:00"],
    "integer": [0, -2147483648, 2147483647],
    "markdown": ["# title\n\n- a", " indented", "a < b"],
    "oid": ["urn:oid:1.2.3.4", "urn:oid:2.16.840.1.113883", "urn:oid:1.3"],
    "positiveInt": [1, 2147483647],
    "string": ["Иванова", "two\nlines", "a < b", "x\U0001f600", "a\u00a0b"],
    "time": ["00:00:00", "23:59:60", "10:00:00.5"],
    "unsignedInt": [0, 2147483647],
    "uri": ["http://e.org/x", "urn:ietf:bcp:47", "relative/path", "#x", "mailto:a@example.org"],
    "url": ["http://e.org/x", "Patient/1"],
    "uuid": ["urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8"],
    "xhtml": ["<div/>"],
}  # fmt: skip

WRONG = {
    "base64Binary": ["####", "aGk", "=aaa", "a===", "a Gk=", "aGk-", "ЖЖЖЖ", 1],
    "boolean": ["true", 1, 0],
    "canonical": ["foo", "HTTP://e.org", "http:", "http://e.org/a b", "urn:uuid:x", "oid:1.2"],
    "code": [" a", "a ", "a  b", "a\tb", "a\nb", "\u00a0", 1, True],
    "date": ["0000", "1990-13", "1990-02-29", "1990-1-1", "19900", "1990-01-01T10:00:00Z", " 1990", "2020-W01-1",
             1990],
    "dateTime": ["2020-01-01T10:00:00", "2020-01-01T10:00Z", "2020-01-01T24:00:00Z", "2020-02-30T10:00:00Z",
                 "2020-01-01T10:00:00+14:30", "2020-01-01T10:00:00+02:60", "2020-01-01t10:00:00Z",
                 "2020-01-01T10:00:00z", "2020-01-01 10:00:00Z", "2020-06-31", "2020-01-01T10:00:00.Z"],
    "decimal": ["1", "1.0", float("nan"), float("inf"), True],
    "id": ["a b", "a_b", "a" * 65, "я"],
    "instant": ["2020", "2020-01-01", "2020-01-01T10:00Z", "2020-01-01T10:00:00", "2020-02-30T10:00:00Z"],
    "integer": [2147483648, -2147483649, Decimal("1.0"), 1.0, "1", True],
    "markdown": ["", 1],
    "oid": ["urn:oid:3.1.2.3.4", "urn:oid:1.02.3.4", "urn:oid:1.2", "1.2.3.4", "urn:oid:1.2.3.4|1"],
    "positiveInt": [0, -1, 2147483648, Decimal(1), True],
    "string": ["", 1, True, ["a"], {}],
    "time": ["24:00:00", "10:00", "10:00:00Z", "10:60:00"],
    "unsignedInt": [-1, 2147483648, Decimal("0.0")],
    "uri": ["a b", " a", "a\tb", "oid:1.2", "uuid:x", "urn:uuid:6BA7B810-9dad-11d1-80b4-00c04fd430c8",
            "urn:oid:1.02.3.4"],
    "url": ["http://e.org/a b"],
    "uuid": ["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "urn:uuid:6ba7b810"],
    "xhtml": ["", 1],
}  # fmt: skip

DOUBTFUL = {
    "string": [" a", "a ", "  ", "\u00a0", "a\x01b", "a\u200eb"],
    "markdown": ["  ", "<b>a</b>", "a\x01b"],
    "code": ["  "],
    "uri": ["  "],
    "date": ["1799", "0001-01-01", "2999"],
    "dateTime": ["1700-01-01"],
    "decimal": [Decimal("0.1234567890123456789"), Decimal("123456789012345678901")],
    "base64Binary": ["aGVs bG8=", "aGVs\nbG8="],
}


def _cases(table):
    return [pytest.param(kind, value, id=f"{kind} {value!r}") for kind, values in table.items() for value in values]


@pytest.mark.parametrize(("kind", "value"), _cases(GOOD))
def test_a_right_value_has_nothing_wrong(kind, value):
    assert primitive_check(kind)(value) is None


@pytest.mark.parametrize(("kind", "value"), _cases(WRONG))
def test_a_wrong_value_is_an_error(kind, value):
    found = primitive_check(kind)(value)
    assert found is not None
    assert found.severity == "error"


@pytest.mark.parametrize(("kind", "value"), _cases(DOUBTFUL))
def test_a_doubtful_value_is_a_warning(kind, value):
    found = primitive_check(kind)(value)
    assert found is not None
    assert found.severity == "warning"


def test_all_primitive_types_of_r4_have_a_check_of_their_own():
    names = {name for name in GOOD if (kind := r4().type(name)) is not None and kind.kind == "primitive"}
    assert names == set(GOOD)
    checks = [primitive_check(name) for name in sorted(names - {"url"})]
    assert len(set(checks)) == len(checks)


def test_what_is_wrong_never_repeats_the_value():
    for kind in GOOD.keys() - {"boolean"}:
        for value in ["secret-value", "Ivanova", " secret", "2020-99-99", "urn:oid:9.secret", "secret value"]:
            found = primitive_check(kind)(value)
            assert found is None or (value.strip() not in found.text and "secret" not in found.text)


def test_a_string_may_be_a_mebicharacter_long_in_utf16():
    check = primitive_check("string")
    assert check("a" * 1048576) is None
    assert check("a" * 1048577).rule == "max-length"
    assert check("\U0001f600" * 524288) is None
    assert check("\U0001f600" * 524289).rule == "max-length"


def test_the_direction_of_writing_must_be_restored():
    check = primitive_check("string")
    assert check("a\u2067b\u2069c") is None
    assert check("a\u2067b\nc") is None  # a line end restores it
    assert check("a\u2067b").rule == "primitive-characters"
    assert check("a\u2067b\u202cc").rule == "primitive-characters"


PIECES = st.sampled_from(
    [*"0123456789", "-", ":", "T", "Z", "+", ".", " ", "W", "²", "٣", "2020-01-01", "T10:00:00", "29"]
)
PATTERNS = {kind: re.compile(r4().type(kind).regex, re.ASCII) for kind in ("date", "dateTime", "instant", "time")}


@given(st.lists(PIECES, max_size=9).map("".join))
def test_dates_are_those_of_the_regular_expression_that_exist(text):
    for kind, pattern in PATTERNS.items():
        found = primitive_check(kind)(text)
        right = bool(text) and pattern.fullmatch(text) is not None
        if right and kind != "time" and len(text) >= 10:
            try:
                date(int(text[:4]), int(text[5:7]), int(text[8:10]))
            except ValueError:
                right = False
        assert (found is None or found.severity == "warning") == (right or (bool(text) and not text.strip())), kind


@given(st.dates(min_value=date(1800, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_of_three_centuries_is_a_date(day):
    assert primitive_check("date")(day.isoformat()) is None
    assert primitive_check("dateTime")(f"{day.isoformat()}T12:00:00+02:00") is None


@given(st.integers() | st.floats(allow_nan=False) | st.decimals(allow_nan=False))
def test_numbers_are_never_taken_for_texts(number):
    for kind in ("string", "code", "date", "uri", "id"):
        assert primitive_check(kind)(number).rule == "wrong-json-type"


def test_a_regular_expression_of_a_profile_is_asked_for_on_top():
    check = with_regex(primitive_check("string"), "[A-Z]{2}")
    assert check("BG") is None
    assert check("bg").rule == "primitive-format"
    assert check("").rule == "empty-value"
    assert with_regex(primitive_check("string"), "(")("x") is None  # it cannot be read, so it asks for nothing


def test_an_unknown_primitive_type_is_a_text_with_its_own_expression():
    assert primitive_check("my-type", "[0-9]+")("12") is None
    assert primitive_check("my-type", "[0-9]+")("x").rule == "primitive-format"
    assert primitive_check("my-type")("x") is None
