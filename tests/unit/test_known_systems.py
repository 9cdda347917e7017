"""Code systems that are a grammar or a registry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhir.known_systems import (
    KNOWN_SYSTEMS,
    SUBDIVISIONS,
    UNITS,
    is_language_tag,
    is_mime_type,
    is_subdivision,
    is_unit,
)


@pytest.mark.parametrize(
    "tag",
    [
        "bg", "en-US", "EN-us", "bg-BG", "zh-Hans-CN", "sr-Latn", "sr-Cyrl-RS", "de-CH-1996", "zh-yue", "es-419",
        "i-klingon", "x-own", "en-x-own", "qaa", "de-Qaaa", "bg-XZ", "en-a-myext-b-another", "sl-rozaj-biske",
        "zh-min-nan", "rom",
    ],
)  # fmt: skip
def test_a_language_tag_of_registered_subtags_is_right(tag: str) -> None:
    assert is_language_tag(tag)


@pytest.mark.parametrize(
    "tag",
    [
        "", "english", "xx", "xx-yy", "en-", "-en", "en--US", "en_US", "en-USA1", "en-Abcd", "bg-AB", "de-1996-1996",
        "en-a-b", "en-a-one-a-two", "x", "qua-x", "български", "en-Latn-Latn", "bg BG",
    ],
)  # fmt: skip
def test_what_is_no_language_tag(tag: str) -> None:
    assert not is_language_tag(tag)


@given(
    st.sampled_from(["bg", "tr", "rom", "de"]),
    st.sampled_from(["", "-Latn", "-Cyrl"]),
    st.sampled_from(["", "-BG", "-150"]),
)
def test_language_script_and_region_may_be_put_together_in_any_case(language: str, script: str, region: str) -> None:
    tag = f"{language}{script}{region}"
    assert is_language_tag(tag)
    assert is_language_tag(tag.upper())
    assert is_language_tag(f"{tag}-x-own")
    assert not is_language_tag(f"{tag}-")


@pytest.mark.parametrize(
    "text",
    [
        "text/plain", "application/fhir+json", "text/plain; charset=utf-8", 'multipart/mixed; boundary="a; b"',
        "application/fhir+xml;fhirVersion=4.0", "application/vnd.ms-excel", "json", "xml", "ttl",
    ],
)  # fmt: skip
def test_mime_types(text: str) -> None:
    assert is_mime_type(text)


@pytest.mark.parametrize(
    "text", ["", "foo", "/", "text/", "/plain", "a b/c", "text/plain;", "text/plain; charset", "a/b/c"]
)
def test_what_is_no_mime_type(text: str) -> None:
    assert not is_mime_type(text)


def test_a_long_text_is_refused_quickly() -> None:
    assert not is_mime_type("a/b" + "; x=y" * 20_000 + ";")
    assert not is_language_tag("en" + "-abcde" * 20_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("mg/dL", True), ("{3 times}/d", True), ("m g", False), ("mm[Hg]", True), ("{visits}", True), ("mmHg", False)],
)
def test_units(text: str, expected: bool) -> None:
    assert is_unit(text) is expected


def test_units_of_one_dimension_have_one_canonical_unit() -> None:
    masses = KNOWN_SYSTEMS[UNITS].filtered("canonical", "=", "g")
    assert masses.verdict("mg") is True
    assert masses.verdict("m") is False
    assert masses.decided


def test_a_filter_that_is_not_known_leaves_codes_open_and_texts_that_are_none_out() -> None:
    found = KNOWN_SYSTEMS[UNITS].filtered("class", "=", "clinical")
    assert found.verdict("mg") is None
    assert found.verdict("mmHg") is False
    assert not found.decided


def test_subdivisions_of_countries_are_not_at_hand_but_have_a_form() -> None:
    assert is_subdivision("BG-22") is None
    assert is_subdivision("Sofia") is False
    assert not KNOWN_SYSTEMS[SUBDIVISIONS].decides
