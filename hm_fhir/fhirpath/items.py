"""Items of a collection while an expression runs.

An item is plain JSON wherever the compiler knows its type exactly: no wrapping on the hot path. It is a
:class:`Typed` where the type has to travel with it: elements of a choice, what ``children()`` gives, primitives that
have an extension. System values are str, int, Decimal, bool and the classes of ``temporal`` and ``quantity``.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhirpath.quantity import Quantity, identity
from hm_fhir.fhirpath.temporal import Date, DateTime, Time

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhirpath.compiled import Scope

Collection = list[Any]

QUANTITY_TYPES: Final = frozenset(
    {"Quantity", "SimpleQuantity", "MoneyQuantity", "Age", "Count", "Distance", "Duration"}
)
_PARSED_KEPT: Final = 4096
_SCALARS: Final = frozenset({str, bool, int, Decimal})


class Unsuitable(Exception):
    """The data does not suit the expression; the message holds no value of it."""


class LimitReached(Exception):
    """The evaluation took more steps than allowed."""


class Typed:
    """An element with its FHIR type.

    Attributes:
        value: JSON; None for a primitive that has only extensions.
        type: name of its type.
        extra: the other half of a primitive (id and extensions; https://hl7.org/fhir/R4/json.html#primitive).
    """

    __slots__ = ("extra", "type", "value")

    def __init__(self, value: Any, type_name: str, extra: dict[str, Any] | None = None) -> None:
        self.value = value
        self.type = type_name
        self.extra = extra

    def __repr__(self) -> str:
        return f"Typed({self.type})"


# The same days and times stand in record after record.
_date = lru_cache(maxsize=_PARSED_KEPT)(Date.parse)
_date_time = lru_cache(maxsize=_PARSED_KEPT)(DateTime.parse)


def _number(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


FROM_JSON: Final[dict[str, Callable[[Any], Any]]] = {
    "date": _date,
    "dateTime": _date_time,
    "instant": _date_time,
    "time": Time.parse,
    "decimal": _number,
    **dict.fromkeys(QUANTITY_TYPES, Quantity.from_fhir),
}
"""How the JSON of a type becomes the System value that it stands for; other primitives are System values as they are.

Source: https://hl7.org/fhir/R4/fhirpath.html#types
"""


def system(item: Any) -> Any:
    """Return the System value of an item, or the JSON of a complex one; None for a primitive without a value."""
    if type(item) is Typed:
        convert = FROM_JSON.get(item.type)
        return item.value if convert is None or item.value is None else convert(item.value)
    return Decimal(str(item)) if type(item) is float else item


def raw(item: Any) -> Any:
    """Return the JSON of an item that came from JSON, any other item as it is."""
    return item.value if type(item) is Typed else item


def plain(item: Any) -> Any:
    """Return an item as a caller gets it: JSON, with dates and times as text and quantities as FHIR has them."""
    kind = type(item)
    if kind in _SCALARS:
        return item
    if kind is Typed:
        return plain(item.value)
    if kind is Date or kind is DateTime or kind is Time:
        return str(item)
    if kind is Quantity:
        return item.to_fhir()
    return Decimal(str(item)) if kind is float else item


def identity_of(item: Any, scope: Scope) -> Any:
    """Return what is equal for items that are equal (FHIRPath 6.1.1), and can be put into a set.

    Args:
        item: any; of JSON the content counts.
        scope: the content counts as steps.
    """
    if type(item) is str:
        return item
    value = system(item)
    if value is None:  # a quantity with a comparator, or what is no date: it is what it is
        value = raw(item)
    kind = type(value)
    if kind is bool:
        return (bool, value)
    if kind is dict:
        scope.spend(len(value))
        return (dict, frozenset((key, identity_of(member, scope)) for key, member in value.items()))
    if kind is list:
        scope.spend(len(value))
        return (list, tuple(identity_of(member, scope) for member in value))
    if kind is Date or kind is DateTime or kind is Time:
        # The same instant in two zones is one; a day and the midnight of it are two.
        return (kind is Time, value.bounds(), bool(value.zone))
    return identity(value) if kind is Quantity else value
