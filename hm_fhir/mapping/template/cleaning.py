"""What FPML leaves of data, and what FHIR leaves of that: nothing empty, no arrays in arrays, few nulls."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.errors import RecordRejected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hm_fhir.fhirpath import Expression


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""What vanishes: the key or array item that would hold it is left out. Null stays."""

SCALARS = frozenset({str, int, bool, Decimal})
# Coding and Reference are made by the functions of mappings, out of texts.
_CLEAN_TYPES = frozenset({"Coding", "Reference"}) | {
    f"System.{name}" for name in ("String", "Boolean", "Integer", "Decimal", "Date", "DateTime", "Time")
}


class NullMet(Exception):
    """A record holds a null inside of what an expression gives; raised by `clean_without_nulls` only."""


def clean(value: Any) -> Any:
    """Return data as FPML leaves it: no empty objects and arrays, no arrays in arrays; null stays.

    What has nothing to clean comes back as it is, not as a copy.
    """
    kind = value.__class__
    if kind in SCALARS:
        return value
    if kind is dict:
        for item in value.values():
            if item.__class__ not in SCALARS:
                members = {key: kept for key, item in value.items() if (kept := clean(item)) is not ABSENT}
                return members or ABSENT
        return value or ABSENT
    if kind is list:
        return flat([clean(item) for item in value], ABSENT)
    return value


def clean_without_nulls(value: Any) -> Any:
    """Return data as `clean` does, with None for what vanishes.

    Raises:
        NullMet: there is a null in it.
    """
    kind = value.__class__
    if kind in SCALARS:
        return value
    if kind is dict:
        for item in value.values():
            if item.__class__ not in SCALARS:
                cleaned = ((key, clean_without_nulls(item)) for key, item in value.items())
                return {key: item for key, item in cleaned if item is not None} or None
        return value or None
    if kind is list:
        return flat([clean_without_nulls(item) for item in value], None)
    if value is None:
        raise NullMet
    return value


def flat(values: Iterable[Any], absent: Any) -> Any:
    """Return what is left of cleaned values as one array, or `absent`.

    Args:
        values: cleaned; what vanished is `absent`.
        absent: ABSENT or None.
    """
    items: list[Any] = []
    for value in values:
        if value.__class__ is list:
            items += value
        elif value is not absent:
            items.append(value)
    return items or absent


def without_nulls(value: Any) -> Any:
    """Return data without the nulls that FHIR forbids, or None if nothing is left.

    Null may only stand in the array of a primitive, to keep its places beside the array of extensions
    (https://hl7.org/fhir/R4/json.html#primitive); an array of nulls alone says nothing.
    """
    if isinstance(value, dict):
        members = {key: kept for key, item in value.items() if (kept := without_nulls(item)) is not None}
        return members or None
    if isinstance(value, list):
        items = [without_nulls(item) for item in value]
        return items if any(item is not None for item in items) else None
    return value


def is_clean(expression: Expression) -> bool:
    """Return whether the types say that there is nothing to clean in what an expression gives."""
    types = expression.result.types
    return bool(types) and all(name in _CLEAN_TYPES or name[:1].islower() for name in types)


def as_text(value: Any, source: str) -> str:
    """Return a value as part of a text; booleans and decimals as JSON writes them.

    Args:
        value: what an expression gave.
        source: the expression.

    Raises:
        RecordRejected: it is an object.
    """
    if value.__class__ is bool:
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal):
        return str(value)
    raise RecordRejected(
        f"the expression {source!r} gives an object inside of a text",
        code="expression-failed",
        fix="name an element of it, or let the expression be the whole text",
    )
