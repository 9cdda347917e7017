"""YAML means what it seems to mean, and every value knows its line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.errors import MappingError
from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.mapping.files.yaml_text import to_yaml


@pytest.mark.parametrize(
    "text",
    ["02201", "no", "on", "Yes", "OFF", "2026-03-01", "12:30", "1_000", "0x1f", "0o17", "007", ".5", "1.", "+1",
     ".inf", "NaN", "True", "NULL", "1.0.0", "2026-03-01T10:00:00Z", "=", "e3", "-x"],
)  # fmt: skip
def test_what_other_readers_guess_at_stays_text(text: str) -> None:
    assert read_yaml(f"key: {text}").value == {"key": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("false", False), ("null", None), ("~", None), ("", None), ("0", 0), ("-7", -7),
        ("36.60", Decimal("36.60")), ("1e3", Decimal("1e3")), ("-0.5", Decimal("-0.5")),
        ("'true'", "true"), ('"5"', "5"), ("''", ""),
    ],
)  # fmt: skip
def test_booleans_null_and_numbers_are_those_of_json(text: str, value: Any) -> None:
    read = read_yaml(f"key: {text}").value["key"]
    assert read == value
    assert str(read) == str(value)


def test_keys_are_always_text() -> None:
    assert read_yaml("1: a\ntrue: b\nno: c\nnull: d").value == {"1": "a", "true": "b", "no": "c", "null": "d"}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\nb: 2\na: 3", "3:1", "the key 'a' is already on line 1"),
        ("a:\n  - {b: 1, b: 2}", "2:12", "the key 'b' is already on line 2"),
        ("a: &x 1", "1:4", "an anchor &x"),
        ("a: &x {b: 1}\nc: *x", "1:4", "an anchor &x"),
        ("a: *x", "1:4", "an alias *x"),
        ("<<: {a: 1}", "1:1", "merge keys"),
        ("a: !!int '1'", "1:4", "a tag"),
        ("a: 1\n---\nb: 2", "2:1", "a second document"),
        ("? [a]\n: 1", "1:3", "a key must be text"),
        ("", "1:1", "the file is empty"),
        ("# nothing", "2:1", "the file is empty"),
        ("a: [1", "1:4", r"the \[ that opens here is not closed"),
        ("a: 1\n\u00a0\u00a0b: 2", "2:1", "no-break space"),
        ("a: 'x", "1:4", "the quote that opens here is not closed"),
        ("a:\n  b: 'x\nc: 1\n", "2:6", "the quote that opens here is not closed"),
        ("- " * 150, "1:203", "nested too deeply"),
    ],
)
def test_what_could_mean_something_else_is_refused_with_its_place(text: str, place: str, message: str) -> None:
    with pytest.raises(MappingError, match=message.replace("*", r"\*")) as caught:
        read_yaml(text, "m.yaml")
    assert caught.value.place == f"m.yaml:{place}"
    assert caught.value.excerpt is not None
    assert len(caught.value.excerpt.split("\n")[1]) == int(place.split(":")[1])


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("a:\n  if: %warns\n", "put quotes around a text that starts with %"),
        ("a: note = 'a: b'\n", 'put quotes around a text that holds ": "'),
        ('a:\n  x: "open\n  y: "z"\n', "the quote that opens in line 2, column 6 ends only here"),
        ("a: 'b' = c\n", "put quotes around the whole text"),
        ("a: \"{{ matches('\\d') }}\"\n", "four times in a text of an expression"),
    ],
)
def test_what_yaml_does_not_take_says_what_to_write(text: str, fix: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_yaml(text)
    assert caught.value.fix is not None
    assert fix in caught.value.fix


COMMA = "a comma is missing"
QUOTES = "put quotes around a text that "
SLIPS = [
    # tabs
    ("record:\n\tnumber: {column: A}\n", "2:1", "begins with a tab", "spaces"),
    ("record:\n  \tnumber: {column: A}\n", "2:3", "begins with a tab", "spaces"),
    ("record:\n  number: {column: A}\n\tday: {column: B}\n", "3:1", "begins with a tab", "spaces"),
    ("a:\n  -\tb: 1\n", "2:4", "a tab", "spaces"),
    # indentation
    ("a:\n  b: {c: 1}\n d: {c: 2}\n", "3:2", "indented by 1 space", "indent it by 2 as in line 2 or 0 as in line 1"),
    ("a:\n  b: {c: 1}\n   d: {c: 2}\n", "3:4", "indented by 3 spaces", "by 2 as in line 2 or 0 as in line 1"),
    ("a:\n  b: c\n\n    d: e\n", "4:5", "more than line 2, which has its value", "by 2 spaces, as line 2"),
    ("fields: a\n  version: 1\n", "2:3", "more than line 1, which has its value", "by 0 spaces"),
    ("a:\n  - b\n - c\n", "3:2", "indented by 1 space", "indent it by 2 as in line 2"),
    ("a:\n  - b\n  c: 1\n", "3:3", "a key stands beside the list item of line 2", "begin it with a dash"),
    ("a:\n  c: 1\n  - b\n", "3:3", "a list item stands beside the key of line 2", "remove the dash"),
    # brackets
    ("a: ['x' 'y']\n", "1:9", COMMA, "comma"),
    ("a: [{b: 1} {c: 2}]\n", "1:12", COMMA, "comma"),
    ('a: {column: "A" type: date}\n', "1:17", COMMA, "comma"),
    ("a: {column: Дата type: date}\n", "1:18", "a comma is missing before type", "write it"),
    ("a: {да: a не: b}\n", "1:13", 'a text holds ": "', "the comma that is missing before the last word"),
    ('a: {"да": a "не": b}\n', "1:13", 'a comma is missing before "не"', "write it"),
    ("a: {column: A,\n    type: b\n    many: true}\n", "3:9", "a comma or } is missing", "write the comma"),
    ("a: {column: A, required: true\nb: {column: B}\n", "1:4", "the { that opens here is not closed", "with }"),
    ("a:\n  b: [c, d\n", "2:6", "the [ that opens here is not closed", "close it with ]"),
    ("a: {b: c}}\n", "1:10", "this } closes nothing", "remove it"),
    ("a: [b, c}\n", "1:9", "the [ is closed with }", "close it with ]"),
    ("a: [b,, c]\n", "1:7", "nothing stands before this comma", "remove it"),
    ("a: {b:\n  - c}\n", "2:3", "a line with a dash", "[a, b]"),
    ("a: {column: Име [лат]}\n", "1:17", "a text holds [", QUOTES + "holds [ or ]"),
    ("column: [лат] име\n", "1:15", "something follows the ]", QUOTES + "starts with ["),
    # characters that YAML takes for something else
    ("a: {column: # ред}\nb: 1\n", "1:13", "a comment, also the } in it", QUOTES + "holds #"),
    ("a: [ред # 1]\nb: 1\n", "1:9", "a comment, also the ] in it", QUOTES + "holds #"),
    ("a: {column: Дата: ден}\n", "1:17", 'a text holds ": "', QUOTES + 'holds ": "'),
    ("column: Дата: ден\n", "1:13", 'a text holds ": "', QUOTES + 'holds ": "'),
    ("a: {column: % дял}\n", "1:13", "begins with %", QUOTES + "starts with %"),
    ("% дял: 1\n", "1:1", "begins with %", QUOTES + "starts with %"),
    ("a: [@x]\n", "1:5", "begins with @", QUOTES + "starts with @"),
    ("a: [*]\n", "1:5", "begins with *", QUOTES + "starts with *"),
    ("a: [b, *_бележка]\n", "1:8", "begins with *", QUOTES + "starts with *"),
    ("a: [*note]\n", "1:5", "an alias *note", QUOTES + "starts with *"),
    ("a:\n  - & b\n", "2:5", "begins with &", QUOTES + "starts with &"),
    ("a: !x\n", "1:4", "a tag !x", QUOTES + "starts with !"),
    ("a: > 5\n", "1:4", "begins with >", QUOTES + "starts with >"),
    ("a: ? x\n", "1:4", "begins with ?", QUOTES + "starts with ?"),
    # colons
    ("a:\n  column:A\n  type: b\n", "2:9", "no space follows this colon", "write a space"),
    ("record\n  a: 1\n", "1:7", "a colon is missing here", "write `record:`"),
]


@pytest.mark.parametrize(("text", "place", "message", "fix"), SLIPS)
def test_a_common_slip_is_named_where_it_was_made(text: str, place: str, message: str, fix: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_yaml(text, "fields.yaml")
    error = caught.value
    assert error.place == f"fields.yaml:{place}"
    assert message in error.message
    assert fix in (error.fix or "")
    assert error.excerpt is not None
    assert error.excerpt.split("\n")[1] == " " * (int(place.split(":")[1]) - 1) + "^"


@pytest.mark.parametrize("text", ["a: {{ b }}", "a:\n  {% if b %}: 1", "- {[ b ]}"])
def test_a_template_without_quotes_says_so(text: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_yaml(text if "{[" not in text else "- {[ b ]}: 1")
    assert "quotes" in (caught.value.fix or "")


def test_tabs_are_explained() -> None:
    with pytest.raises(MappingError) as caught:
        read_yaml("a:\n\tb: 1")
    assert caught.value.fix == "indent with spaces, not with tabs"


def test_a_file_that_is_not_utf8_or_not_there_is_a_mapping_error(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    with pytest.raises(MappingError, match="cannot be read"):
        read_yaml(file)
    file.write_bytes("a: Ана".encode("cp1251"))
    with pytest.raises(MappingError, match="not UTF-8"):
        read_yaml(file)
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_yaml(file).value == {"a": 1, "b": 2}
    with pytest.raises(MappingError, match="forbids"):
        read_yaml("a: \x01")


def test_places_are_those_of_the_file() -> None:
    document = read_yaml("a: 1\nb:\n  - c: x\n    'd e': [y, z]\n", "m.yaml")
    assert document.place(("b", 0, "c")) == "m.yaml:3:8"
    assert document.place(("b", 0, "d e", 1)) == "m.yaml:4:16"
    assert document.place(("b", 0, "d e"), key=True) == "m.yaml:4:5"
    assert document.place(("b", 0, "missing")) == "m.yaml:3:5"
    assert document.place() == "m.yaml:1:1"
    assert document.excerpt(("b", 0, "c")) == "  - c: x\n       ^"


def test_an_expression_inside_of_a_scalar_has_its_own_place() -> None:
    document = read_yaml('when: "a and type"\n"{{ type }}": "x {{ type }}"\nlong: >\n  a\n  and type\n', "m.yaml")
    assert document.place_within(("when",), "a and type", 6) == (
        "m.yaml:1:14",
        '"a and type"'.join(["when: ", ""]) + "\n" + " " * 13 + "^",
    )
    assert document.place_within(("{{ type }}",), "type", 2)[0] == "m.yaml:2:7"
    assert document.place_within(("when",), "not there", 2)[0] == "m.yaml:1:7"
    assert document.place_within(("long",), "a and type", 2)[0] == "m.yaml:3:7"


TRAPS = ["no", "02201", "true", "1e3", "null", "~", "", " x", "a: b", "# c", "- d", "{{ e }}", "x\ny\n"]
PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.decimals(-9999, 9999, places=2),
        st.sampled_from([Decimal("1E+3"), Decimal("0E-9"), Decimal("-1.5E-7")]),
        st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff")),
        st.sampled_from(TRAPS),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.from_regex(r"[a-z_]\w{0,5}", fullmatch=True), inner)),
    max_leaves=10,
)


@given(PLAIN)
def test_what_is_written_is_read_back(value: Any) -> None:
    read = read_yaml(to_yaml({"key": value})).value
    assert repr(read) == repr({"key": value})


def test_text_is_written_without_needless_quotes() -> None:
    text = to_yaml({"birthDate": "2026-03-01", "code": "02201", "count": "3", "active": "true", "list": ["no", 3]})
    assert text == "birthDate: 2026-03-01\ncode: 02201\ncount: '3'\nactive: 'true'\nlist:\n  - no\n  - 3\n"


def test_a_value_used_twice_is_written_twice() -> None:
    shared = {"a": 1}
    assert read_yaml(to_yaml({"x": shared, "y": shared})).value == {"x": {"a": 1}, "y": {"a": 1}}
