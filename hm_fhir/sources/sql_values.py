"""Values of a database as JSON knows them, and as texts that a cursor can hold and give back as they were."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

_JSON = msgspec.json.Decoder(float_hook=Decimal)
_NOT_DELETED = {"", "0", "f", "false", "n", "no", "не"}


def json_like(value: object) -> Any:
    """Return a value of a database as a record holds it: no binary floating point, times as ISO 8601.

    A time with a zone keeps its offset; one without stays without. Bytes become base64, an interval an ISO duration
    in seconds (``PT5400S``), what is unknown here the text that Python makes of it.
    """
    match value:
        case None | bool() | int() | Decimal():
            return _finite(value) if isinstance(value, Decimal) else value
        case str():
            return str(value)
        case float():
            return _finite(Decimal(repr(value)))
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return f"PT{_plain(Decimal(value // timedelta(microseconds=1)).scaleb(-6))}S"
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case Mapping():
            return {str(key): json_like(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [json_like(inner) for inner in value]
    return str(value)


def _finite(number: Decimal) -> Decimal | str:
    # JSON has no NaN; as a text it is refused where a number is wanted.
    return number if number.is_finite() else str(number)


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def decoded_json(text: str | bytes) -> Any:
    """Return what a JSON column holds, decimals as Decimal; the text itself when it is no JSON."""
    try:
        return _JSON.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return text if isinstance(text, str) else text.decode("utf-8", "backslashreplace")


def is_deleted(flag: object) -> bool:
    """Return whether the value of a deleted column says so: true, another number than zero, a time of deletion."""
    if isinstance(flag, str):
        return flag.strip().casefold() not in _NOT_DELETED
    if isinstance(flag, bool | int | float | Decimal):
        return bool(flag)
    return flag is not None


def document_of(key: tuple[Any, ...]) -> str:
    """Return the identity of a row: the key, or a JSON list when it has several columns."""
    parts = [str(json_like(part)) for part in key]
    return parts[0] if len(parts) == 1 else json.dumps(parts, ensure_ascii=False)


def written(value: object) -> list[str]:
    """Return a value for a cursor, as its kind and a text.

    Raises:
        ValueError: a value of this kind cannot be read back as it was.
    """
    match value:
        case bool():
            pass
        case int():
            return ["int", str(value)]
        case float():
            return ["float", repr(value)]
        case Decimal():
            return ["decimal", str(value)]
        case str():
            return ["text", str(value)]
        case datetime():
            return ["moment", value.isoformat()]
        case date():
            return ["day", value.isoformat()]
        case UUID():
            return ["uuid", str(value)]
        case bytes() | bytearray() | memoryview():
            return ["bytes", bytes(value).hex()]
    raise ValueError(type(value).__name__)


def read_back(pair: object) -> Any:
    """Return the value that `written` wrote.

    Raises:
        ValueError: it did not write this.
    """
    match pair:
        case ["int", str(text)]:
            return int(text)
        case ["float", str(text)]:
            return float(text)
        case ["decimal", str(text)]:
            return Decimal(text)
        case ["text", str(text)]:
            return text
        case ["moment", str(text)]:
            return datetime.fromisoformat(text)
        case ["day", str(text)]:
            return date.fromisoformat(text)
        case ["uuid", str(text)]:
            return UUID(text)
        case ["bytes", str(text)]:
            return bytes.fromhex(text)
    raise ValueError("not a value of a cursor")
