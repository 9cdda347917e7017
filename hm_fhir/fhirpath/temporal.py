"""System.Date, System.DateTime and System.Time of FHIRPath: partial precision, timezones, comparison, arithmetic.

A partial value stands for all instants it may mean: 2012-04 for every instant of that April. Two values are ordered
when all instants of one are before all of the other, equal when they have the same precision and the same instants,
and not decided (None, the empty collection) otherwise. That is the comparison by precision of
http://hl7.org/fhirpath/N1/#equals. Seconds and fractions are one precision.

A value without timezone next to one with timezone may be in any timezone from -12:00 to +14:00, so it is decided
only when the two are further apart than that (the official test suite asks for empty where they are not).
"""

from __future__ import annotations

import datetime
import re
from decimal import Context
from typing import TYPE_CHECKING, Final, Self, TypeVar

from hm_fhir.fhirpath.quantity import CALENDAR_UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hm_fhir.fhirpath.quantity import Quantity

YEAR, MONTH, DAY, HOUR, MINUTE, SECOND = range(1, 7)
"""Precisions: how many parts of year, month, day, hour, minute, second are known. A fraction belongs to SECOND."""

_SECOND: Final = 10**9
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_LENGTH: Final = {DAY: _DAY, HOUR: _HOUR, MINUTE: _MINUTE, SECOND: 1}
_EARLIEST: Final = 14 * _HOUR
_LATEST: Final = 12 * _HOUR
_NANOSECONDS: Final = {"wk": 7 * _DAY, "d": _DAY, "h": _HOUR, "min": _MINUTE, "s": _SECOND, "ms": 10**6}
_MAXIMUM_AMOUNT: Final = 10**15
_EXACT = Context(prec=60, traps=[])

_CLOCK = r"(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?"
_DATE_TEXT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_TIME_TEXT = re.compile("T?" + _CLOCK, re.ASCII)
_DATE_TIME_TEXT = re.compile(
    rf"(\d{{4}})(?:T|-(\d\d)(?:T|-(\d\d)(?:T(?:{_CLOCK}(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?)?)?)?)?", re.ASCII
)

_set = object.__setattr__


class _Partial:
    """What the three types share; immutable and hashable, ``==`` means the same type and text.

    Attributes:
        precision: how far it is known, ``YEAR`` to ``SECOND``.
        parts: the known parts, from the first one of the type on.
        fraction: digits after the seconds as written.
        zone: timezone as written, empty without.
    """

    __slots__ = ("_bounds", "_text", "fraction", "parts", "precision", "zone")
    _first = YEAR
    precision: int
    parts: tuple[int, ...]
    fraction: str
    zone: str
    _text: str
    _bounds: tuple[int, int] | None

    def __init__(self, parts: tuple[int, ...], fraction: str = "", zone: str = "", text: str | None = None) -> None:
        _set(self, "parts", parts)
        _set(self, "fraction", fraction)
        _set(self, "zone", zone)
        _set(self, "precision", self._first + len(parts) - 1)
        _set(self, "_text", text if text is not None else self._first_text() + zone)
        _set(self, "_bounds", None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} has no {name} to set")

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[int, ...], str, str, str]]:
        return type(self), (self.parts, self.fraction, self.zone, self._text)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, _Partial):
            return NotImplemented
        return self._text == other._text

    def __hash__(self) -> int:
        return hash((type(self), self._text))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text!r})"

    def __str__(self) -> str:
        return self._text

    def _first_text(self) -> str:
        """The text of the parts, without timezone."""
        texts = [
            f"{part:04}" if self._first + place == YEAR else f"{part:02}" for place, part in enumerate(self.parts)
        ]
        day = "-".join(texts[: DAY + 1 - self._first]) if self._first == YEAR else ""
        clock = ":".join(texts[HOUR - self._first :])
        fraction = "." + self.fraction if self.fraction else ""
        return day + ("T" if day and clock else "") + clock + fraction

    def bounds(self) -> tuple[int, int]:
        """First and last instant it may mean, in nanoseconds; UTC with a timezone, else local."""
        bounds = self._bounds
        if bounds is None:
            first = self._nanoseconds()
            bounds = first, first + self._length() - 1
            _set(self, "_bounds", bounds)
        return bounds

    def _nanoseconds(self) -> int:
        clock = (*self.parts[HOUR - self._first :], 0, 0, 0)
        nanoseconds = clock[0] * _HOUR + clock[1] * _MINUTE + clock[2] * _SECOND + int(self.fraction.ljust(9, "0"))
        if self._first == YEAR:
            year, month, day = (*self.parts, 1, 1)[:3]
            nanoseconds += datetime.date(year, month, day).toordinal() * _DAY - _offset_minutes(self.zone) * _MINUTE
        return nanoseconds

    def _length(self) -> int:
        if self.precision == YEAR:
            return (366 if _leap(self.parts[0]) else 365) * _DAY
        if self.precision == MONTH:
            return days_of_month(self.parts[0], self.parts[1]) * _DAY
        return _LENGTH[self.precision]


class Date(_Partial):
    """A date that is known to the year, the month or the day."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Date | None:
        """The date of a text like ``2012``, ``2012-04`` or ``2012-04-15``; None when it is none."""
        match = _DATE_TEXT.fullmatch(text)
        parts = _checked(match.groups()) if match is not None else None
        return None if parts is None else cls(parts, text=text)

    @classmethod
    def of(cls, value: datetime.date) -> Date:
        """The date of a Python date."""
        return cls((value.year, value.month, value.day))

    def date_time(self) -> DateTime:
        """The DateTime of the same precision, without timezone (the implicit conversion of FHIRPath)."""
        return DateTime(self.parts, text=self._text)


class DateTime(_Partial):
    """A date and time that is known from the year only to the fraction of a second, with or without timezone."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> DateTime | None:
        """The date and time of a FHIR dateTime, instant or date, or a FHIRPath literal without ``@``, or None.

        ``2015T`` is read as ``2015``. A timezone needs a time in front of it.
        """
        match = _DATE_TIME_TEXT.fullmatch(text)
        if match is None:
            return None
        groups = match.groups()
        parts = _checked(groups[:6])
        return None if parts is None else cls(parts, groups[6] or "", groups[7] or "", text.removesuffix("T"))

    @classmethod
    def of(cls, value: datetime.datetime) -> DateTime:
        """The date and time of a Python datetime in milliseconds, with its timezone if it has one."""
        offset = value.utcoffset()
        return cls(
            (value.year, value.month, value.day, value.hour, value.minute, value.second),
            f"{value.microsecond // 1000:03}",
            "" if offset is None else _zone_text(round(offset.total_seconds() / 60)),
        )

    def date(self) -> Date:
        """Its date, of the same precision up to the day."""
        return Date(self.parts[:DAY])

    def time(self) -> Time | None:
        """Its time of day as written; None when only the date is known."""
        return Time(self.parts[DAY:], self.fraction) if self.precision > DAY else None


class Time(_Partial):
    """A time of day that is known from the hour only to the fraction of a second; it has no timezone."""

    __slots__ = ()
    _first = HOUR

    @classmethod
    def parse(cls, text: str) -> Time | None:
        """The time of a text like ``14:30``, also with ``T`` in front; None when it is none."""
        match = _TIME_TEXT.fullmatch(text)
        if match is None:
            return None
        groups = match.groups()
        parts = _checked(("1", "1", "1", *groups[:3]))
        return None if parts is None else cls(parts[DAY:], groups[3] or "", "", text.removeprefix("T"))

    @classmethod
    def of(cls, value: datetime.time) -> Time:
        """The time of a Python time in milliseconds."""
        return cls((value.hour, value.minute, value.second), f"{value.microsecond // 1000:03}")


Temporal = Date | DateTime | Time
_T = TypeVar("_T", Date, DateTime, Time)


def _checked(texts: Sequence[str | None]) -> tuple[int, ...] | None:
    """The parts as numbers, None when one is out of range. Second 60 is a leap second of FHIR."""
    parts = tuple(int(text) for text in texts if text is not None)
    year, month, day, hour, minute, second = (*parts, *(1, 1, 1, 0, 0, 0)[len(parts) :])
    if not (year and 1 <= month <= 12 and 1 <= day <= days_of_month(year, month)):
        return None
    return parts if hour < 24 and minute < 60 and second <= 60 else None


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_of_month(year: int, month: int) -> int:
    """How many days the month has."""
    if month == 2:
        return 29 if _leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _offset_minutes(zone: str) -> int:
    if len(zone) < 2:
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes


def _zone_text(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}" if minutes else "Z"


def compare(a: Temporal, b: Temporal) -> int | None:
    """The order of two values; a Date is read as the DateTime of its precision.

    Returns:
        -1, 0 or 1; None (empty) when their precisions, or a missing timezone, leave it open.

    Raises:
        TypeError: one is a Time and the other is not.
    """
    if (type(a) is Time) is not (type(b) is Time):
        raise TypeError("a Time has no order with a Date or DateTime")
    first, last = a.bounds()
    other_first, other_last = b.bounds()
    if (not a.zone) is (not b.zone):
        if first == other_first and a.precision == b.precision:
            return 0
    elif a.zone:
        other_first, other_last = other_first - _EARLIEST, other_last + _LATEST
    else:
        first, last = first - _EARLIEST, last + _LATEST
    if last < other_first:
        return -1
    return 1 if first > other_last else None


def equal(a: Temporal, b: Temporal) -> bool | None:
    """``a = b`` of FHIRPath: None (empty) when left open; a Time is never equal to a Date or DateTime."""
    if (type(a) is Time) is not (type(b) is Time):
        return False
    order = compare(a, b)
    return None if order is None else order == 0


def equivalent(a: Temporal, b: Temporal) -> bool:
    """``a ~ b`` of FHIRPath: equal, and what is left open is false."""
    return equal(a, b) is True


def add(value: _T, quantity: Quantity) -> _T | None:
    """The value moved by a duration (http://hl7.org/fhirpath/N1/#datetime-arithmetic).

    Years and months keep the day of the month, or take the last one. Only whole units count, except of calendar
    seconds and milliseconds; a fraction of the UCUM unit ``s`` is dropped, as the official test suite asks. A
    duration finer than the value is first made whole units of the value's precision, a month being 30 and a year 365
    days. Time goes round the clock.

    Args:
        value: a date, a date and time, or a time of day.
        quantity: calendar duration or a UCUM duration of at most a week; for a Date not below days, for a Time not
            above hours.

    Returns:
        None (empty) beyond the years 1 to 9999.

    Raises:
        TypeError: the unit is none that this type takes.
    """
    unit = CALENDAR_UNITS.get(quantity.unit)
    if unit is None:
        unit = quantity.unit
        if unit not in _NANOSECONDS:
            raise TypeError(
                "the unit is no duration of the calendar: 'a' and 'mo' have no calendar length, use year and month"
            )
    if (type(value) is Date and unit in ("h", "min", "s", "ms")) or (
        type(value) is Time and unit in ("a", "mo", "wk", "d")
    ):
        raise TypeError(f"a {type(value).__name__} takes no duration in this unit")
    if not quantity.value.is_finite() or quantity.value.copy_abs() > _MAXIMUM_AMOUNT:
        return None
    if unit in ("a", "mo"):
        return _add_months(value, int(quantity.value) * (12 if unit == "a" else 1))
    if unit in ("s", "ms") and quantity.unit != "s":
        return _add_nanoseconds(value, int(_EXACT.multiply(quantity.value, _NANOSECONDS[unit])))
    return _add_nanoseconds(value, int(quantity.value) * _NANOSECONDS[unit])


def subtract(value: _T, quantity: Quantity) -> _T | None:
    """The value moved back by a duration; as :func:`add`."""
    return add(value, quantity.negate())


def _whole(amount: int, size: int) -> int:
    """Amount in units of the size, towards zero."""
    return -(-amount // size) if amount < 0 else amount // size


def _add_months(value: _T, months: int) -> _T | None:
    if value.precision == YEAR:
        months = _whole(months, 12) * 12
    year, month = value.parts[0], value.parts[1] if value.precision > YEAR else 1
    year, month = divmod(year * 12 + month - 1 + months, 12)
    month += 1
    if not 1 <= year <= 9999:
        return None
    days: tuple[int, ...] = tuple(min(day, days_of_month(year, month)) for day in value.parts[2:3])
    parts = (year, month, *days, *value.parts[3:])[: value.precision]
    return type(value)(parts, value.fraction, value.zone)


def _add_nanoseconds(value: _T, nanoseconds: int) -> _T | None:
    if value.precision == YEAR:
        return _add_months(value, _whole(nanoseconds, 365 * _DAY) * 12)
    if value.precision == MONTH:
        return _add_months(value, _whole(nanoseconds, 30 * _DAY))
    if value.precision < SECOND:
        size = _LENGTH[value.precision]
        nanoseconds = _whole(nanoseconds, size) * size
    total = value.bounds()[0] + _offset_minutes(value.zone) * _MINUTE + nanoseconds
    ordinal, clock = divmod(total, _DAY)
    parts: tuple[int, ...] = (clock // _HOUR, clock // _MINUTE % 60, clock // _SECOND % 60)
    if type(value) is not Time:
        if not 1 <= ordinal <= datetime.date.max.toordinal():
            return None
        day = datetime.date.fromordinal(ordinal)
        parts = (day.year, day.month, day.day, *parts)
    fraction = value.fraction
    if value.precision == SECOND:
        digits = f"{clock % _SECOND:09}"
        needed = len(digits.rstrip("0"))
        fraction = digits[: max(needed, len(fraction) or (3 if needed else 0))]
    return type(value)(parts[: len(value.parts)], fraction, value.zone)
