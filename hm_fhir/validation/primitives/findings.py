"""What checks of primitive values find, and what several of them share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from hm_fhir.validation.issue import Code, Severity


class Finding(NamedTuple):
    """What is wrong with a value, without saying where or what it is."""

    severity: Severity
    code: Code
    rule: str
    text: str


PrimitiveCheck = Callable[[object], Finding | None]
"""Takes the JSON value (never null) and returns the worst thing that is wrong with it, or None."""

NOT_STRING: Final = Finding("error", "invalid", "wrong-json-type", "must be a JSON string")
EMPTY: Final = Finding("error", "invalid", "empty-value", "a value must not be empty")
BLANK: Final = Finding("warning", "invalid", "primitive-whitespace", "a value should not be white space only")
CONTROLS: Final = Finding("warning", "invalid", "primitive-characters", "a value should not hold control characters")
DIRECTION: Final = Finding(
    "warning", "invalid", "primitive-characters", "a change of the writing direction is not closed in the value"
)

# Java's idea of white space, which decides what the official validation trims.
BLANKS: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

_DIRECTIONS: Final = re.compile("[\n\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_OVERRIDES: Final = frozenset("\u202d\u202e\u200e\u200f\u061c")
_ISOLATES: Final = frozenset("\u2066\u2067\u2068")


def wrong_form(text: str) -> Finding:
    """Return the finding of a value that does not have the form of its type."""
    return Finding("error", "invalid", "primitive-format", text)


def blank_finding(value: object) -> Finding:
    """Return what is wrong with a value that is no text, empty, or white space only."""
    if not isinstance(value, str):
        return NOT_STRING
    return BLANK if value else EMPTY


def open_direction(value: str) -> bool:
    """Return whether a mark that changes the direction is not ended before the end of the text."""
    stack: list[str] = []
    for mark in _DIRECTIONS.findall(value):
        if mark == "\n":
            stack.clear()
        elif mark in _OVERRIDES or mark in _ISOLATES:
            stack.append(mark)
        elif mark == "\u202c":
            if stack and stack[-1] in _OVERRIDES:
                stack.pop()
        elif mark == "\u2069" and not _ISOLATES.isdisjoint(stack):
            while stack.pop() not in _ISOLATES:
                pass
    return bool(stack)
