"""Whether a scalar fits a primitive type of FHIR. Source: https://hl7.org/fhir/R4/datatypes.html#primitive."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hm_fhir.fhir.definitions import Element, TypeDefinition
    from hm_fhir.mapping.checker.values import Scalar, Shape

_TEXTS: Final = frozenset(
    {"string", "code", "uri", "url", "canonical", "oid", "uuid", "id", "markdown", "base64Binary", "xhtml"}
)
_WHOLE: Final = frozenset({"integer", "positiveInt", "unsignedInt"})
_MOMENTS: Final[Mapping[str, frozenset[str]]] = {
    "date": frozenset({"date"}),
    "dateTime": frozenset({"date", "dateTime", "instant"}),
    "instant": frozenset({"instant"}),
    "time": frozenset({"time"}),
}
"""What a value of a type of time may come from."""

_NAMES: Final[Mapping[str, str]] = {
    "integer": "a number",
    "decimal": "a number",
    "boolean": "true or false",
    "date": "a day",
    "dateTime": "a day or a time",
    "instant": "a time",
    "time": "a time of day",
}


_FIXES: Final[Mapping[str, str]] = {"boolean": "compare it with something, or write .exists() at its end"}


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a scalar does not fit.

    Attributes:
        code: of the finding: ``wrong-type`` or ``wrong-format``.
        message: what is wrong.
        fix: what to do, or None.
    """

    code: str
    message: str
    fix: str | None = None


def misfit(shape: Shape, definition: TypeDefinition, kind: str) -> Misfit | None:
    """Return why an item does not fit a primitive type, or None when it does or nothing is known.

    Args:
        shape: of the item; its type is known and is that of a scalar.
        definition: of the primitive type.
        kind: name of the primitive type of FHIR itself.
    """
    source = shape.type
    if source is None:
        return None
    if kind in _TEXTS:
        return _into_text(shape, definition, kind)
    if kind in _WHOLE:
        return _into_number(shape, definition, kind, _WHOLE)
    if kind == "decimal":
        return _into_number(shape, definition, kind, _WHOLE | {"decimal"})
    if kind == "boolean":
        return None if source == "boolean" else _wrong(shape, kind)
    return _into_moment(shape, definition, kind)


def out_of_limits(shape: Shape, element: Element) -> Misfit | None:
    """Return why an item is longer, smaller or greater than an element allows, or None."""
    codes = shape.codes or ()
    if element.max_length is not None:
        long = [code for code in codes if isinstance(code, str) and len(code) > element.max_length]
        if long:
            return Misfit("wrong-format", f"{long[0]!r} has more than {element.max_length} characters", "shorten it")
    for limit, word in ((element.min_value, "less"), (element.max_value, "more")):
        if isinstance(limit, bool) or not isinstance(limit, int | float | Decimal):
            continue
        for code in codes:
            if isinstance(code, bool) or not isinstance(code, int | Decimal):
                continue
            if (code < limit) if word == "less" else (code > limit):
                return Misfit("wrong-format", f"{code} is {word} than {limit}", f"the limit is {limit}")
    return None


def _into_text(shape: Shape, definition: TypeDefinition, kind: str) -> Misfit | None:
    source = shape.type
    if source == "boolean" or source in _WHOLE or source == "decimal":
        return _wrong(shape, kind, "put quotes around it" if shape.spot else "write .toString() at its end")
    if source in _MOMENTS and kind not in {"string", "markdown"}:
        return _wrong(shape, kind)
    return _format(shape, definition, kind)


def _into_number(shape: Shape, definition: TypeDefinition, kind: str, allowed: frozenset[str]) -> Misfit | None:
    if shape.type in _TEXTS:
        convert = ".toDecimal()" if kind == "decimal" else ".toInteger()"
        fix = "remove the quotes" if shape.spot and shape.spot.text is None else f"write {convert} at its end"
        return _wrong(shape, kind, fix)
    if shape.type not in allowed:
        return _wrong(shape, kind)
    return _format(shape, definition, kind)


def _into_moment(shape: Shape, definition: TypeDefinition, kind: str) -> Misfit | None:
    allowed = _MOMENTS.get(kind)
    if allowed is None or shape.type in allowed:
        return None
    if shape.type in _TEXTS and shape.codes is not None:
        return _format(shape, definition, kind)
    fix = None
    if kind == "date" and shape.type in {"dateTime", "instant"}:
        fix = "cut it to its day: .toString().substring(0, 10)"
    elif kind == "instant" and shape.type in {"date", "dateTime"}:
        fix = "use a time that is always known to the second, such as updated_at"
    return _wrong(shape, kind, fix)


def _format(shape: Shape, definition: TypeDefinition, kind: str) -> Misfit | None:
    if shape.codes is None or definition.regex is None:
        return None
    pattern = _pattern(definition.regex)
    wrong = sorted(str(code) for code in shape.codes if not _suits(code, pattern, kind))
    if not wrong:
        return None
    fix = f"a FHIR {kind} is {_NAMES[kind]}" if kind in _NAMES else None
    if kind == "code":
        fix = "no space at the begin or end, and single ones inside"
    return Misfit("wrong-format", f"{wrong[0]!r} is no {kind} of FHIR", fix)


def _suits(code: Scalar, pattern: re.Pattern[str], kind: str) -> bool:
    if kind in _TEXTS and code == "":
        return False  # https://hl7.org/fhir/R4/json.html#primitive: never an empty text
    return pattern.fullmatch(str(code)) is not None


@lru_cache(maxsize=64)
def _pattern(regex: str) -> re.Pattern[str]:
    return re.compile(regex)


def _wrong(shape: Shape, kind: str, fix: str | None = None) -> Misfit:
    what = "a text" if shape.type in _TEXTS else _NAMES.get(shape.type or "", f"a value of type {shape.type}")
    return Misfit(
        "wrong-type", f"{what} where {kind} is wanted", fix or _FIXES.get(kind, "take a value of that type")
    )
