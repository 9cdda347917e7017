"""FHIR resources as JSON text: decimals keep their digits in both directions (R4, section 2.6.2), no NaN, UTF-8."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)


def to_json(value: Any) -> bytes:
    """Return the JSON text of plain data, keys in their own order; the same data gives the same bytes.

    Raises:
        ValueError: a Decimal is no number.
    """
    text = _ENCODER.encode(value)
    # One byte is found many times faster than a word, and most resources have neither.
    if (b"N" in text and b"NaN" in text) or (b"I" in text and b"Infinity" in text):
        from_json(text)  # only a word inside a text is JSON
    return text


def from_json(text: bytes | str) -> Any:
    """Return plain data; numbers with a fraction or exponent are Decimal.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"not JSON: {type(error).__name__}") from None
