"""Payloads keep every digit on their way through the store."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.errors import RecordRejected, StoreError
from hm_fhir.outbox.codec import JSON_FORMAT, JsonCodec, encode_evidence

CODEC = JsonCodec()


@pytest.mark.parametrize("text", ["9.20", "9.2", "0.00", "-0.0", "1E-10", "123456789012345678901234567890.10"])
def test_a_decimal_keeps_its_digits_both_ways(text):
    data = CODEC.encode({"value": Decimal(text)})
    decoded = CODEC.decode(data)
    assert str(decoded["value"]) == text
    assert CODEC.encode(decoded) == data


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_any_decimal_comes_back_as_the_same_number(number):
    decoded = CODEC.decode(CODEC.encode(number))
    assert decoded == number
    assert str(decoded) == str(number)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_json)
def test_json_comes_back_as_it_was(content):
    assert CODEC.decode(CODEC.encode(content)) == content


def test_the_order_of_elements_is_kept():
    assert list(CODEC.decode(CODEC.encode({"b": 1, "a": 2}))) == ["b", "a"]


def test_a_row_begins_with_its_format():
    assert CODEC.encode({}) == JSON_FORMAT + b"{}"


@pytest.mark.parametrize("data", [b"", b"\x02{}", b"{}"])
def test_a_row_of_another_format_is_an_error(data):
    with pytest.raises(StoreError) as caught:
        CODEC.decode(data)
    assert caught.value.code == "payload-format"


@pytest.mark.parametrize("data", [b"{", b'"\xff"', b""])
def test_a_damaged_row_is_an_error_that_shows_nothing_of_it(data):
    with pytest.raises(StoreError) as caught:
        CODEC.decode(JSON_FORMAT + data)
    assert caught.value.code == "payload-damaged"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_decimal_that_is_no_number_is_refused(number):
    with pytest.raises(RecordRejected, match="not a number"):
        CODEC.encode({"value": Decimal(number)})


def test_a_text_may_say_nan():
    assert CODEC.decode(CODEC.encode("NaN and Infinity")) == "NaN and Infinity"


@pytest.mark.parametrize("content", [{"x": object()}, {"x": "Marked Name \ud800"}], ids=["object", "surrogate"])
def test_what_cannot_be_written_is_refused_without_being_quoted(content):
    with pytest.raises(RecordRejected) as caught:
        CODEC.encode(content)
    assert "Marked" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("content", [{"x": {1, 2}}, "\ud800", Decimal("NaN"), {"x": float("nan")}])
def test_evidence_is_kept_whatever_it_is(content):
    assert CODEC.decode(encode_evidence(CODEC, content)) is not ...
