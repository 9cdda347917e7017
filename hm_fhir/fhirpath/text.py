"""What the functions of texts compute (FHIRPath 2.0.0, 5.6). Regular expressions take linear time."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import re2

from hm_fhir.fhirpath.compiled import CHARACTERS_PER_STEP
from hm_fhir.fhirpath.items import LimitReached, Unsuitable
from hm_fhir.fhirpath.operands import TEXT_LIMIT_CHARACTERS, limited

_PATTERNS_KEPT: Final = 512
_OF_CHARACTERS: Final = re.compile(r"\^((?:(?:\[[A-Za-z0-9-]+\]|[A-Za-z0-9])(?:\{[0-9]{1,3}\})?)+)\$")
_PATTERN_LIMIT_CHARACTERS: Final = 10_000
_INSTRUCTIONS_PER_STEP: Final = 2_000
_PIECES_PER_STEP: Final = 10
_OPTIONS: Final = re2.Options()
_OPTIONS.dot_nl = True  # FHIRPath: single line mode
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 16 << 20


@lru_cache(maxsize=_PATTERNS_KEPT)
def pattern(text: str) -> Any:
    """Return a compiled regular expression.

    RE2 takes a time that is linear in the text, whatever the expression; it has neither look-around nor
    back-references (https://github.com/google/re2/wiki/Syntax).

    Raises:
        Unsuitable: it is no regular expression, or of a kind that cannot be matched in linear time.
    """
    if len(text) > _PATTERN_LIMIT_CHARACTERS:
        raise Unsuitable("the regular expression is too long")
    try:
        return re2.compile(text, _OPTIONS)
    except (re2.error, UnicodeEncodeError):
        pass
    raise Unsuitable("the regular expression is wrong, or uses look-around or back-references")


@lru_cache(maxsize=_PATTERNS_KEPT)
def instructions(expression: str) -> int:
    """Return how many instructions a regular expression has."""
    return int(pattern(expression).programsize)


@lru_cache(maxsize=_PATTERNS_KEPT)
def _plain(expression: str) -> Callable[[str], object] | None:
    """Return what matches an expression such as ``^[0-9]{10}$`` as RE2 would, only faster; None: another kind.

    It says of each character what it may be, so that any engine takes linear time.
    """
    found = _OF_CHARACTERS.fullmatch(expression)
    try:
        return None if found is None else re.compile(found[1]).fullmatch
    except re.error:
        return None


def matching_steps(value: str, expression: str, substitution: str = "") -> int:
    """Return how many steps it is to match or to replace matches.

    RE2 looks at each character once, and at worst at each instruction for it; what it finds is joined in Python.
    """
    # The expression may be made from data and be compiled now, which takes as long as it has instructions.
    searched = (len(value) + 200) * instructions(expression) // _INSTRUCTIONS_PER_STEP
    return searched + (len(value) + 1) * len(substitution) // _PIECES_PER_STEP


def replacing_steps(value: str, part: str, substitution: str) -> int:
    """Return how many steps it is to replace: the growth counts, like the length of any text."""
    growth = len(substitution) - len(part)
    return max(0, value.count(part) * growth) // CHARACTERS_PER_STEP if growth > 0 else 0


def matches(value: str, expression: str) -> bool:
    """Return whether a part of the text matches (5.6.9)."""
    plain = _plain(expression)
    if plain is not None:
        return plain(value) is not None
    return pattern(expression).search(value) is not None


def matches_full(value: str, expression: str) -> bool:
    """Return whether the whole text matches."""
    return pattern(expression).fullmatch(value) is not None


def replace_matches(value: str, expression: str, substitution: str) -> str:
    """Return the text with each match replaced; ``$1`` and ``${name}`` stand for groups (5.6.10)."""
    if not expression:
        return value
    parts = _parts(substitution)
    pieces: list[str] = []
    length = place = 0
    for found in pattern(expression).finditer(value):
        pieces.append(value[place : found.start()])
        place = found.end()
        for part, is_group in parts:
            piece = _group(found, part) if is_group else part
            pieces.append(piece)
            length += len(piece)
            if length > TEXT_LIMIT_CHARACTERS:
                raise LimitReached
    return limited("".join([*pieces, value[place:]]))


_PART = re.compile(r"\\(?P<escaped>.)|\$(?:\{(?P<name>[^}]*)\}|(?P<number>[0-9]))|(?P<text>[^\\$]+|.)", re.DOTALL)


@lru_cache(maxsize=_PATTERNS_KEPT)
def _parts(substitution: str) -> tuple[tuple[str, bool], ...]:
    """Return the parts of a substitution, each with whether it names a group."""
    return tuple(
        (found[found.lastgroup or 0], found.lastgroup in ("name", "number")) for found in _PART.finditer(substitution)
    )


def _group(found: Any, name: str) -> str:
    try:
        return found.group(int(name) if name.isdecimal() else name) or ""
    except (IndexError, re2.error):
        pass
    raise Unsuitable("the substitution names a group that the regular expression does not have")


def replace(value: str, part: str, substitution: str) -> str:
    """Return the text with every `part` replaced (5.6.8)."""
    count = value.count(part) if part else len(value) + 1
    if len(value) + count * (len(substitution) - len(part)) > TEXT_LIMIT_CHARACTERS:
        raise LimitReached
    return value.replace(part, substitution)


def substring(value: str, start: int, length: int | None = None) -> str | None:
    """Return a part of the text, or None when the start is outside (5.6.2)."""
    if start < 0 or start >= len(value):
        return None
    return value[start:] if length is None else value[start : start + max(length, 0)]


def split(value: str, separator: str) -> list[str]:
    """Return the parts of the text between separators; its characters when the separator is empty."""
    return value.split(separator) if separator else list(value)


def encode(value: str, form: str) -> str | None:
    """Return the text encoded as ``hex``, ``base64`` or ``urlbase64``; None for another form."""
    data = value.encode()
    if form == "hex":
        return limited(data.hex())
    if form == "base64":
        return limited(base64.b64encode(data).decode())
    return limited(base64.urlsafe_b64encode(data).decode()) if form == "urlbase64" else None


def decode(value: str, form: str) -> str | None:
    """Return what was encoded; None for another form or a text that is not of this form."""
    try:
        if form == "hex":
            return bytes.fromhex(value).decode()
        if form == "base64":
            return base64.b64decode(value, validate=True).decode()
        return base64.urlsafe_b64decode(value).decode() if form == "urlbase64" else None
    except (ValueError, binascii.Error):
        return None


def escape(value: str, form: str) -> str | None:
    """Return the text escaped for ``html`` or ``json``; None for another form."""
    if form == "html":
        return limited(html.escape(value, quote=True).replace("&#x27;", "&#39;"))
    return limited(json.dumps(value, ensure_ascii=False)[1:-1]) if form == "json" else None


def unescape(value: str, form: str) -> str | None:
    """Return what was escaped; None for another form."""
    if form == "html":
        return html.unescape(value)
    if form != "json":
        return None
    try:
        result = json.loads(f'"{value}"')
    except ValueError:
        # A quotation mark needs no escape to be understood.
        try:
            result = json.loads('"' + value.replace('\\"', '"').replace('"', '\\"') + '"')
        except ValueError:
            return None
    return str(result)
