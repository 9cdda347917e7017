"""One resource as JSON text, read strictly: what a lenient reader mends without a word is an issue here.

Rules: https://hl7.org/fhir/R4/json.html, RFC 8259 (UTF-8, no byte order mark, no NaN) and RFC 7493 section 2.3 (no
name twice in an object). Decimals keep their digits.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

import msgspec

from hm_fhir.validation.issue import WHOLE, Issue

MOST_LEVELS: Final = 160
"""How deep objects and lists may lie in each other; a resource that people or programs make has some twenty."""

_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_TOO_DEEP: Final = b"\n" + b" " * MOST_LEVELS
_WIDE_ENCODINGS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_OFFSET: Final = re.compile(r"\(byte (\d+)\)")
_ELEMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_CAUSES: Final = {
    "trailing characters": "there is more text after the end of the resource",
    "truncated": "it ends in the middle",
    "object keys must be strings": 'a name in an object must stand in "..."',
    "trailing comma": "there is a comma too many",
    "expected ':'": "a colon is missing",
    "expected ','": "a comma or closing bracket is missing",
    "invalid number": "a number is not written as JSON numbers are",
    "invalid escape": "a text has a backslash that means nothing",
    "surrogate": "a text has half a character",
    "out of range": "a number is too long",
}
"""Words of the reader -> what is said; anything else is a character that cannot stand there."""


def read_resource(text: bytes) -> dict[str, Any] | Issue:
    """Return a resource as plain data, or why it is none: ``not-json`` or ``not-fhir``.

    Args:
        text: JSON of one resource.
    """
    try:
        value = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _not_json(_cause(text, error))
    except ArithmeticError:
        return _not_json("a number is too long")
    except RecursionError:
        return too_deep()
    if text.count(b"{") + text.count(b"[") > MOST_LEVELS and _TOO_DEEP in msgspec.json.format(text, indent=1):
        return too_deep()
    if (twice := _name_twice(text, value)) is not None:
        return twice
    if not isinstance(value, dict):
        return _not_fhir("it is JSON, and no object")
    kind = value.get("resourceType")
    if not isinstance(kind, str) or not kind:
        return _not_fhir("it is JSON, and no FHIR resource: resourceType is missing or no text")
    return value


def too_deep() -> Issue:
    """Return the issue of a resource that lies too deep in itself to be checked."""
    return Issue("error", "too-costly", "not-json", WHOLE, "objects and lists lie too deep in each other")


def _not_json(text: str) -> Issue:
    return Issue("error", "structure", "not-json", WHOLE, f"not JSON: {text}")


def _not_fhir(text: str) -> Issue:
    return Issue("error", "structure", "not-fhir", WHOLE, text)


def _cause(text: bytes, error: Exception) -> str:
    if text.startswith(_BYTE_ORDER_MARK):
        return "it begins with a byte order mark; save it as UTF-8 without one"
    if text[:2].startswith(_WIDE_ENCODINGS) or text[1:2] == b"\x00":
        return "it is not UTF-8"
    if isinstance(error, UnicodeDecodeError):
        try:
            text.decode()
        except UnicodeDecodeError as found:
            return f"it is not UTF-8{_where(text, found.start)}"
    if not text.strip():
        return "it is empty"
    words = str(error)
    said = next((said for word, said in _CAUSES.items() if word in words), "a character cannot stand there")
    offset = _OFFSET.search(words)
    return said + (_where(text, int(offset[1])) if offset else "")


def _where(text: bytes, offset: int) -> str:
    """Return where a byte is: a line of NDJSON has only columns."""
    line = text.count(b"\n", 0, offset) + 1
    column = offset - text.rfind(b"\n", 0, offset)
    return f" (line {line}, column {column})" if b"\n" in text else f" (column {column})"


class _Members(dict[str, Any]):
    """An object in which a name stands twice."""

    name = ""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeated = _Members(members)
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            repeated.name = name
            break
        seen.add(name)
    return repeated


_ALL_NAMES: Final = json.JSONDecoder(object_pairs_hook=_members)


def _name_twice(text: bytes, value: Any) -> Issue | None:
    """Return the issue of a name that stands twice in one object; the reader keeps the last one without a word."""
    # Text that was written as ours is comes back the same: nothing was dropped. That is many times faster to see.
    if _ENCODER.encode(value) == msgspec.json.format(text, indent=-1):
        return None
    found = _find(_ALL_NAMES.decode(text.decode()), value)
    if found is None:
        return None
    return Issue("error", "structure", "not-json", found, "not JSON: a name stands twice in an object")


def _find(tree: Any, value: Any) -> str | None:
    kind = value.get("resourceType") if isinstance(value, dict) else None
    root = kind if isinstance(kind, str) and _ELEMENT.fullmatch(kind) else WHOLE
    open_parts: list[tuple[str, Any]] = [(root, tree)]
    while open_parts:
        location, part = open_parts.pop()
        if isinstance(part, _Members):
            return _step(location, part.name)
        if isinstance(part, dict):
            open_parts += [(_step(location, name), inner) for name, inner in reversed(part.items())]
        elif isinstance(part, list):
            numbered = [(f"{location}[{number}]", inner) for number, inner in enumerate(part)]
            open_parts += reversed(numbered)
    return None


def _step(location: str, name: str) -> str:
    """Return the path to a member; a name that no element can have could be a value in the wrong place."""
    if not _ELEMENT.fullmatch(name):
        return location
    return f"{location}.{name}"
