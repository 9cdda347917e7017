"""Text -> tokens (FHIRPath 2.0.0, appendix "Formal Specifications", lexer rules)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hm_fhir import lookalikes
from hm_fhir.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_LIMIT_CHARACTERS: Final = 20_000
"""The longest expression that is read."""

NUMBER_LIMIT_CHARACTERS: Final = 100
"""The longest number that is read; Decimal has 28 digits."""

_ESCAPES = {"'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.|$)", re.DOTALL)
_DATE = r"\d{4}(?:-\d{2}(?:-\d{2})?)?"
_CLOCK = r"\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+|//[^\n\r]*|/\*.*?\*/)
    |(?P<open>/\*)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<datetime>@{_DATE}T(?:{_CLOCK}(?:Z|[+-]\d{{2}}:\d{{2}})?)?)
    |(?P<date>@{_DATE})
    |(?P<time>@T{_CLOCK})
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<string>'(?:\\.|[^'\\])*')
    |(?P<delimited>`(?:\\.|[^`\\])*`)
    |(?P<special>\$[A-Za-z]+)
    |(?P<symbol><=|>=|!=|!~|[.()\[\]{{}},%|&+\-*/=~<>])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: ``name``, ``delimited``, ``string``, ``number``, ``date``, ``datetime``, ``time``, ``special``,
            ``symbol`` or ``end``.
        text: decoded: without quotes and escapes.
        position: 0-based offset in the expression.
    """

    kind: str
    text: str
    position: int


def tokens(text: str) -> list[Token]:
    """Return the tokens of an expression; the last one is of kind ``end``.

    Raises:
        ExpressionError: a character has no meaning, a text or comment is not closed, or the expression is too long.
    """
    if len(text) > TEXT_LIMIT_CHARACTERS:
        raise ExpressionError(
            f"the expression is longer than {TEXT_LIMIT_CHARACTERS} characters", text=text[:80], position=0
        )
    return [*_tokens(text), Token("end", "", len(text))]


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _meaningless(text, position)
        kind = found.lastgroup or "space"
        if kind == "open":
            raise ExpressionError("the comment after this /* is not closed", text=text, position=position)
        if kind == "number" and len(found[0]) > NUMBER_LIMIT_CHARACTERS:
            raise ExpressionError("the number has too many digits", text=text, position=position)
        if kind != "space":
            yield Token(kind, _decoded(kind, found[0], text, position), position)
        position = found.end()


def _meaningless(text: str, position: int) -> ExpressionError:
    character = text[position]
    if character in ("'", "`"):
        return ExpressionError(f"the text after this {character} is not closed", text=text, position=position)
    if character == "@":
        return ExpressionError(
            "this is no date or time",
            text=text,
            position=position,
            fix="write @2026-03-01, @2026-03-01T09:30:00+02:00 or @T09:30",
        )
    if letter := lookalikes.told(character):
        fix = "names have Latin letters; write texts between single quotes: 'text'"
        return ExpressionError(letter, text=text, position=position, fix=fix)
    fixes = {'"': "write texts between single quotes: 'text'", "!": "write .not() behind what is not to hold"}
    return ExpressionError(
        f"{character!r} has no meaning here", text=text, position=position, fix=fixes.get(character)
    )


def _decoded(kind: str, written: str, text: str, position: int) -> str:
    if kind in ("date", "datetime", "time"):
        return written[1:]
    if kind not in ("string", "delimited"):
        return written

    def replace(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        if escape not in _ESCAPES:
            raise ExpressionError(
                f"\\{escape} is no escape of FHIRPath",
                text=text,
                position=position + 1 + found.start(),
                fix=f"write \\\\{escape} for a backslash and {escape}; in YAML double quotes write four backslashes, "
                "or put the YAML text between single quotes",
            )
        return _ESCAPES[escape]

    return _paired(_ESCAPE.sub(replace, written[1:-1]), text, position)


def _paired(decoded: str, text: str, position: int) -> str:
    """Return a text where two escaped halves of a character of UTF-16 are that character."""
    try:
        return decoded.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        pass
    raise ExpressionError("this text has half a character", text=text, position=position, fix="escape both halves")
