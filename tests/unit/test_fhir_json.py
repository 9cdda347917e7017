"""FHIR as JSON text: what was written is what is read, digit by digit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhir.json import from_json, to_json

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text("abcй_"), inner))


@pytest.mark.parametrize("number", ["9.20", "0.0", "-0.00", "100.000", "1E+3", "0.10000000000000000000000001"])
def test_a_decimal_keeps_its_digits(number: str) -> None:
    # R4, section 2.6.2: the precision of a decimal says something.
    assert to_json({"value": Decimal(number)}) == f'{{"value":{number}}}'.encode()
    assert str(from_json(number)) == number


@given(PLAIN)
def test_what_is_written_is_read(value: object) -> None:
    text = to_json(value)
    assert from_json(text) == value
    assert to_json(from_json(text)) == text


def test_the_same_data_gives_the_same_bytes_in_its_own_order() -> None:
    assert to_json({"b": 1, "a": "ж"}) == '{"b":1,"a":"ж"}'.encode()


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_not_written(number: str) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        to_json({"value": Decimal(number)})


@pytest.mark.parametrize("word", ["NaN", "Infinity"])
def test_a_text_may_say_so(word: str) -> None:
    assert from_json(to_json({word: [word, f"-{word}"]})) == {word: [word, f"-{word}"]}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"NaN",
        b"[1.]",
        b"{'a': 1}",
        b"\xff",
        "\udc80",
        b'"\\ud800"',
        b"[" * 100_000,
        b"1e99999999999999999999",
        b'{"name": "6808070004"',
        b"<html>6808070004</html>",
    ],
    ids=lambda text: str(text)[:20],
)
def test_whatever_is_not_json_is_a_value_error_that_quotes_nothing(text: bytes | str) -> None:
    with pytest.raises(ValueError, match="not JSON") as refused:
        from_json(text)
    assert "6808070004" not in str(refused.value)
