"""Texts, codes, ids and base64 as values of primitives. Source: https://hl7.org/fhir/R4/datatypes.html#primitive."""

from __future__ import annotations

import binascii
import re
from typing import Final

from hm_fhir.validation.primitives.findings import (
    BLANK,
    BLANKS,
    CONTROL,
    CONTROLS,
    DIRECTION,
    EMPTY,
    NOT_STRING,
    Finding,
    blank_finding,
    open_direction,
    wrong_form,
)

_MAX_STRING: Final = 1024 * 1024
_PLAIN_LENGTH: Final = _MAX_STRING // 2  # so many characters are never more UTF-16 units than are allowed
_MARKUP: Final = re.compile(r"<[a-zA-Z!/?]")
_full_id: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}").fullmatch
_full_code: Final = re.compile(r"\S+(?: \S+)*").fullmatch
_full_spaced_base64: Final = re.compile(r"(?:\s*[0-9a-zA-Z+/=]{4}\s*)+", re.ASCII).fullmatch
_TRIM: Final = Finding(
    "warning", "invalid", "primitive-whitespace", "a value should not start or end with white space"
)
_LONG: Final = Finding("error", "too-long", "max-length", f"a string has at most {_MAX_STRING} characters")
_HTML: Final = Finding("warning", "invalid", "primitive-format", "a markdown text should not hold HTML")
_NO_ID: Final = wrong_form("an id has 1 to 64 characters out of A-Z, a-z, 0-9, - and .")
_NO_CODE: Final = wrong_form("a code has no space at its ends, and single spaces only between its words")
_NO_BASE64: Final = wrong_form("must be base64: groups of four characters, padded with =")
_SPACED_BASE64: Final = Finding(
    "warning", "invalid", "primitive-whitespace", "base64 should not hold white space; some systems refuse it"
)


def check_string(value: object) -> Finding | None:
    """Return what is wrong with a ``string``."""
    if type(value) is str and value and value.isprintable() and value[0] != " " != value[-1]:
        return None if len(value) <= _PLAIN_LENGTH else _text_finding(value)
    return _text_finding(value)


def _text_finding(value: object) -> Finding | None:
    if not isinstance(value, str):
        return NOT_STRING
    if not value:
        return EMPTY
    if len(value) > _PLAIN_LENGTH and len(value.encode("utf-16-le", "surrogatepass")) > 2 * _MAX_STRING:
        return _LONG
    trimmed = value.strip(BLANKS)
    if not trimmed:
        return BLANK
    if CONTROL.search(value):
        return CONTROLS
    if len(trimmed) != len(value):
        return _TRIM
    return DIRECTION if open_direction(value) else None


def check_markdown(value: object) -> Finding | None:
    """Return what is wrong with a ``markdown``; white space at its ends has a meaning there."""
    if type(value) is str and value[:1] > " " and value.isprintable() and "<" not in value:
        return None if len(value) <= _PLAIN_LENGTH else _text_finding(value)
    found = _text_finding(value)
    if found is _TRIM:  # the ends of a markdown text carry meaning
        found = None
    if found is None and isinstance(value, str) and _MARKUP.search(value):
        return _HTML
    return found


def check_xhtml(value: object) -> Finding | None:
    """Return what is wrong with an ``xhtml`` as JSON; what it holds is judged with its Narrative."""
    if not isinstance(value, str):
        return NOT_STRING
    return None if value else EMPTY


def check_code(value: object) -> Finding | None:
    """Return what is wrong with a ``code``: single spaces stand inside of it only."""
    if type(value) is str and value and value.isprintable() and " " not in value:
        return None
    if not isinstance(value, str) or not value or not value.strip(" \t\n\r"):
        return blank_finding(value)
    return None if _full_code(value) and not CONTROL.search(value) else _NO_CODE


def check_id(value: object) -> Finding | None:
    """Return what is wrong with an ``id``."""
    if type(value) is str and _full_id(value):
        return None
    if not isinstance(value, str) or not value:
        return blank_finding(value)
    return _NO_ID


def check_base64(value: object) -> Finding | None:
    """Return what is wrong with a ``base64Binary``; white space between its groups is allowed, and a warning."""
    if not isinstance(value, str) or not value or not value.strip(" \t\n\v\f\r"):
        return blank_finding(value)
    if _is_base64(value):
        return None
    if _full_spaced_base64(value) and _is_base64("".join(value.split())):
        return _SPACED_BASE64
    return _NO_BASE64


def _is_base64(text: str) -> bool:
    try:
        binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # also what is not ASCII
        return False
    return True
