"""National numbers of people as tables hold them: as text or as a number that lost its leading zero.

An EGN that begins with a zero loses it when a workbook takes it for a number. It is put back only for an EGN, and
only when date and check digit prove it; each time it is counted as the repair ``egn-leading-zero``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from stdnum.exceptions import ValidationError as NumberError

from hm_fhir.activities.people import NUMBERS
from hm_fhir.sources.fields.unreadable import Unreadable

LEADING_ZERO: Final = "egn-leading-zero"
"""Code of the repair."""

_LENGTH: Final = 10
_SHORTENED: Final = (8, 9)
"""Lengths of an EGN whose first digit is zero, or whose first two are."""
_WHOLE: Final = re.compile(r"[0-9]+\.0+")
"""A whole number as a table writes it that keeps all numbers with a fraction."""
_DIGITS: Final = re.compile(r"[0-9]+")
_FIX: Final = "correct it in the local system"


def number_text(value: Any) -> str:
    """Return the characters of a number without white space.

    Raises:
        Unreadable: it is neither a text nor a whole number.
    """
    if isinstance(value, str):
        plain = "".join(value.split())
        return plain.partition(".")[0] if _WHOLE.fullmatch(plain) else plain
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return str(int(value))
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable("is not a text", "wrong-kind")
    return str(value)


def is_valid(kind: str, number: str) -> bool:
    """Return whether a number can be one of a kind: length, date and check digit, where the kind has them."""
    check = NUMBERS.get(kind)
    if check is None:
        return True
    if not (number.isascii() and number.isdigit()):
        return False
    try:
        check.validate(number)
    except NumberError:
        return False
    return True


def of_kind(kind: str, *, proved: bool) -> Callable[[Any, list[str]], dict[str, str]]:
    """Return what reads numbers of one kind.

    Args:
        kind: egn, lnch, nhis-newborn or passport.
        proved: a number of the right length is checked here. Otherwise the activity checks it, as it always does,
            and what it rejects is read again with `proved`, to name the column.
    """

    def convert(value: Any, repairs: list[str]) -> dict[str, str]:
        number = number_text(value)
        if (len(number) == _LENGTH and not proved) or is_valid(kind, number):
            return {"kind": kind, "value": number}
        mended = _mended(number) if kind == "egn" else None
        if mended is None:
            raise Unreadable(f"is not a valid {kind.upper()} (length, date or check digit)", "wrong-number", _FIX)
        repairs.append(LEADING_ZERO)
        return {"kind": kind, "value": mended}

    return convert


def of_kinds(kinds: tuple[str, ...]) -> Callable[[Any, list[str]], dict[str, str]]:
    """Return what reads numbers of the one of several kinds whose check digit fits.

    Args:
        kinds: egn and lnch.
    """
    named = " or ".join(kind.upper() for kind in kinds)

    def convert(value: Any, repairs: list[str]) -> dict[str, str]:
        number = number_text(value)
        found = [kind for kind in kinds if is_valid(kind, number)]
        mended = _mended(number) if not found and "egn" in kinds else None
        if mended is not None:
            # With its zero it can be a number of the other kind as well: then nothing is proved.
            found = [kind for kind in kinds if is_valid(kind, mended)]
            number = mended
        if len(found) > 1:
            raise Unreadable(
                f"can be {' and '.join(kind.upper() for kind in found)}: both check digits fit",
                "ambiguous-number",
                "let the local system say which kind of number it is",
            )
        if not found:
            raise Unreadable(f"is no valid {named} (length, date or check digit)", "wrong-number", _FIX)
        if mended is not None:
            repairs.append(LEADING_ZERO)
        return {"kind": found[0], "value": number}

    return convert


def _mended(number: str) -> str | None:
    """Return an EGN with the zeros that it lost, or None: it is not proved that it lost any."""
    if len(number) not in _SHORTENED or not _DIGITS.fullmatch(number):
        return None
    whole = number.zfill(_LENGTH)
    return whole if is_valid("egn", whole) else None
