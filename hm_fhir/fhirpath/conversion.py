"""toBoolean(), toInteger() ... of FHIRPath (http://hl7.org/fhirpath/N1/#conversion) on System values.

None is the empty collection: the value does not convert. convertsToX() is ``to_x(value) is not None``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from hm_fhir.fhir.units import decimal_text
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.temporal import Date, DateTime, Time

MINIMUM_INTEGER: Final = -(2**31)
MAXIMUM_INTEGER: Final = 2**31 - 1
"""System.Integer has 32 bits."""

_TRUE: Final = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "0", "0.0"})
_INTEGER = re.compile(r"[+-]?0{0,64}\d{1,10}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,64}(?:\.\d{1,64})?", re.ASCII)


def to_boolean(value: Any) -> bool | None:
    """toBoolean(): booleans, 1 and 0, and the texts true, t, yes, y, 1, 1.0, false, f, no, n, 0, 0.0 in any case."""
    kind = type(value)
    if kind is bool:
        return bool(value)
    if kind is str:
        word = value.lower() if len(value) <= len("false") else ""
        return True if word in _TRUE else False if word in _FALSE else None
    if kind is int or kind is Decimal:
        return True if value == 1 else False if value == 0 else None
    return None


def to_integer(value: Any) -> int | None:
    """toInteger(): whole numbers of 32 bits, booleans, and texts of an optional sign and digits."""
    kind = type(value)
    if kind is bool:
        return int(value)
    if kind is str:
        if _INTEGER.fullmatch(value) is None:
            return None
        value = int(value)
    elif kind is not int:
        return None
    number: int = value
    return number if MINIMUM_INTEGER <= number <= MAXIMUM_INTEGER else None


def to_decimal(value: Any) -> Decimal | None:
    """toDecimal(): numbers, booleans, and texts of an optional sign, digits and an optional fraction."""
    kind = type(value)
    if kind is Decimal:
        number: Decimal = value
        return number
    if kind is int:
        return Decimal(value)
    if kind is bool:
        return Decimal("1.0") if value else Decimal("0.0")
    if kind is str and _DECIMAL.fullmatch(value) is not None:
        return Decimal(value)
    return None


def to_string(value: Any) -> str | None:
    """toString(): numbers and temporal values as written, true and false, quantities as ``5 'mg'`` or ``2 days``."""
    kind = type(value)
    if kind is str:
        text: str = value
        return text
    if kind is bool:
        return "true" if value else "false"
    if kind is Decimal:
        return decimal_text(value)
    if kind in (int, Date, DateTime, Time, Quantity):
        return str(value)
    return None


def to_date(value: Any) -> Date | None:
    """toDate(): a date, the date of a DateTime, or a text of a date."""
    kind = type(value)
    if kind is str:
        return Date.parse(value)
    if kind is DateTime:
        moment: DateTime = value
        return moment.date()
    return value if isinstance(value, Date) else None


def to_date_time(value: Any) -> DateTime | None:
    """toDateTime(): a date and time, a date (of the same precision), or a text of either."""
    kind = type(value)
    if kind is str:
        return DateTime.parse(value)
    if kind is Date:
        day: Date = value
        return day.date_time()
    return value if isinstance(value, DateTime) else None


def to_time(value: Any) -> Time | None:
    """toTime(): a time of day or a text of one."""
    if type(value) is str:
        return Time.parse(value)
    return value if isinstance(value, Time) else None


def to_quantity(value: Any, unit: str | None = None) -> Quantity | None:
    """toQuantity([unit]): quantities, numbers, booleans, and texts like ``5 'mg'``, ``2 days`` and ``1``.

    Args:
        value: what to convert.
        unit: the result is converted to this UCUM code or calendar word.

    Returns:
        None also when the value has no amount in the unit.
    """
    kind = type(value)
    if kind is Quantity:
        quantity: Quantity | None = value
    elif kind is str:
        quantity = Quantity.parse(value)
    else:
        number = to_decimal(value)
        quantity = None if number is None else Quantity(number)
    if quantity is None or unit is None:
        return quantity
    return quantity.convert(unit)
