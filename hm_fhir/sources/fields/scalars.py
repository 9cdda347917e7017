"""Texts, numbers and truths as people type them into tables and forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from hm_fhir.sources.fields.unreadable import Unreadable
from hm_fhir.sources.headings import heading_key as word_key

YES: Final = ("да", "yes", "true", "1", "x", "х", "+", "✓", "✔")
"""Words for true where a column names none; x is there in both alphabets."""
NO: Final = ("не", "no", "false", "0", "-", "–")

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,18}(?:[.,][0-9]{1,18})?")
_SPACES: Final = str.maketrans("", "", " \u00a0\u202f")


def text(value: Any) -> str:
    """Return a text, or a number as it is written.

    Raises:
        Unreadable: it is a truth, a list or an object.
    """
    if value.__class__ is str:
        return str(value)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unreadable("is not a text", "wrong-kind")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def integer(value: Any) -> int:
    """Return a whole number; a space may stand between groups of three digits.

    Raises:
        Unreadable: it is none.
    """
    if value.__class__ is int:
        return int(value)
    if isinstance(value, str):
        plain = value.translate(_SPACES) if _GROUPED.fullmatch(value) else value
        if _WHOLE.fullmatch(plain):
            return int(plain)
    elif isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    raise Unreadable("is not a whole number", "wrong-number", "correct it in the local system")


def decimal(value: Any) -> Decimal:
    """Return a number with the digits that were written; a comma is a point.

    Raises:
        Unreadable: it is none.
    """
    if isinstance(value, str):
        plain = value.translate(_SPACES) if _GROUPED.fullmatch(value) else value
        if _DECIMAL.fullmatch(plain):
            return Decimal(plain.replace(",", "."))
    elif isinstance(value, Decimal):
        if value.is_finite():
            return value
    elif value.__class__ is int:
        return Decimal(value)
    raise Unreadable("is not a number", "wrong-number", "correct it in the local system")


def boolean(yes: Iterable[str] | None, no: Iterable[str] | None) -> Callable[[Any], bool]:
    """Return what reads true and false.

    Args:
        yes: words for true; None: the usual ones.
        no: words for false; None: the usual ones.
    """
    words = dict.fromkeys(map(word_key, YES if yes is None else yes), True)
    words |= dict.fromkeys(map(word_key, NO if no is None else no), False)

    def convert(value: Any) -> bool:
        if value is True or value is False:
            return bool(value)
        if isinstance(value, str | int):
            found = words.get(word_key(str(value)))
            if found is not None:
                return found
        raise Unreadable("is neither one of the words for yes nor one of those for no", "wrong-kind")

    return convert
