"""precision(), lowBoundary() and highBoundary(), which the FHIR R4 test suite has beside FHIRPath 2.0.0.

http://hl7.org/fhirpath/STU3/#utility-functions. None is the empty collection. A value stands for all
values that round to it, a partial date or time for all instants it may mean. The precision of a number is its digits
after the point; of a date or time the digits it is written with (4 for a year, 17 for milliseconds).

Two rules are the suite's: a number whose digits all lie beyond the asked precision gives zero, and an hour without
minutes is read as its first minute in a DateTime, because FHIR has no dateTime of an hour.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any, Final

from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.temporal import DAY, HOUR, MINUTE, MONTH, SECOND, YEAR, Date, DateTime, Time, days_of_month

_MAXIMUM_PLACES: Final = 28
_DEFAULT_PLACES: Final = 8
_EXACT = Context(prec=200, traps=[])
_DIGITS: Final = {YEAR: 4, MONTH: 6, DAY: 8, HOUR: 10, MINUTE: 12, SECOND: 14}
_FRACTION_DIGITS: Final = 17
_PRECISIONS: Final = {digits: precision for precision, digits in _DIGITS.items()} | {_FRACTION_DIGITS: SECOND}
_DAY_DIGITS: Final = 8
_MILLISECONDS: Final = 3


def precision(value: Any) -> int | None:
    """``value.precision()``: digits after the point of a number, digits of a date or time; None for other values."""
    kind = type(value)
    if kind is int:
        return 0
    if kind is Decimal:
        return _places(value)
    if kind is Quantity:
        return _places(value.value)
    if kind in (Date, DateTime, Time):
        digits = _DIGITS[value.precision] + (_MILLISECONDS if value.fraction else 0)
        return digits - _DAY_DIGITS if kind is Time else digits
    return None


def low_boundary(value: Any, precision: int | None = None) -> Any:
    """lowBoundary([precision]): the least value that the value may stand for, of its type (Decimal for an Integer).

    Args:
        value: Integer, Decimal, Quantity, Date, DateTime or Time.
        precision: 0 to 28 for numbers, else 4, 6, 8, 10, 12, 14 or 17 (Time: 2, 4, 6, 9); by default 8, 8, 17 and 9.

    Returns:
        None for another precision or another type.
    """
    return _boundary(value, precision, high=False)


def high_boundary(value: Any, precision: int | None = None) -> Any:
    """highBoundary([precision]): the greatest value that the value may stand for; as :func:`low_boundary`."""
    return _boundary(value, precision, high=True)


def _boundary(value: Any, precision: int | None, *, high: bool) -> Any:
    kind = type(value)
    if kind is int or kind is Decimal:
        return _of_number(Decimal(value), precision, high=high)
    if kind is Quantity:
        number = _of_number(value.value, precision, high=high)
        return None if number is None else Quantity(number, value.unit)
    if kind is Date:
        return _of_date(value, precision, high=high)
    if kind is DateTime:
        return _of_date_time(value, precision, high=high)
    return _of_time(value, precision, high=high) if kind is Time else None


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _of_number(value: Decimal, places: int | None, *, high: bool) -> Decimal | None:
    if places is None:
        places = _DEFAULT_PLACES
    if not 0 <= places <= _MAXIMUM_PLACES or not value.is_finite() or abs(value.adjusted()) > _MAXIMUM_PLACES:
        return None
    unit = Decimal(1).scaleb(-places)
    if value and places and value.adjusted() < -places:
        return Decimal(0).quantize(unit).copy_sign(value)
    half = Decimal(5).scaleb(-_places(value) - 1)
    edge = _EXACT.add(value, half) if high else _EXACT.subtract(value, half)
    return edge.quantize(unit, rounding=ROUND_CEILING if high else ROUND_FLOOR, context=_EXACT)


def _of_date(value: Date, digits: int | None, *, high: bool) -> Date | None:
    wanted = _PRECISIONS.get(digits if digits is not None else _DIGITS[DAY])
    if wanted is None or wanted > DAY:
        return None
    return Date(_filled(value.parts, high=high)[:wanted])


def _of_date_time(value: DateTime, digits: int | None, *, high: bool) -> DateTime | None:
    wanted = _PRECISIONS.get(digits if digits is not None else _FRACTION_DIGITS)
    if wanted is None:
        return None
    known = (*value.parts, 0) if value.precision == HOUR else value.parts
    parts = _filled(known, high=high)[:wanted]
    if wanted <= DAY:
        return DateTime(parts)
    fraction = _fraction(value.fraction, high=high) if digits in (None, _FRACTION_DIGITS) else ""
    return DateTime(parts, fraction, value.zone or ("-12:00" if high else "+14:00"))


def _of_time(value: Time, digits: int | None, *, high: bool) -> Time | None:
    full = _FRACTION_DIGITS if digits is None else digits + _DAY_DIGITS
    wanted = _PRECISIONS.get(full)
    if wanted is None or wanted <= DAY:
        return None
    parts = _filled((1, 1, 1, *value.parts), high=high)[DAY:wanted]
    return Time(parts, _fraction(value.fraction, high=high) if full == _FRACTION_DIGITS else "")


def _filled(parts: tuple[int, ...], *, high: bool) -> tuple[int, ...]:
    """All six parts, the missing ones least or greatest."""
    known = len(parts)
    if not high:
        return (*parts, *(1, 1, 1, 0, 0, 0)[known:])
    month = parts[1] if known > 1 else 12
    return (*parts, *(1, 12, days_of_month(parts[0], month), 23, 59, 59)[known:])


def _fraction(fraction: str, *, high: bool) -> str:
    """At least milliseconds. Digits that are not written are 0 or 9."""
    return fraction.ljust(_MILLISECONDS, "9" if high else "0")
