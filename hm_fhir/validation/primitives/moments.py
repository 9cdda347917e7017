"""Dates and times as values of primitives: real ones of the calendar.

Source: https://hl7.org/fhir/R4/datatypes.html#dateTime.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from hm_fhir.validation.primitives.findings import Finding, blank_finding, wrong_form

_EARLIEST_YEAR: Final = 1800
_YEARS_AHEAD: Final = 80
_DATE_PART: Final = r"(?!0000)[0-9]{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_read_date: Final = date.fromisoformat
_read_moment: Final = datetime.fromisoformat
_full_date: Final = re.compile(rf"{_DATE_PART})?)?").fullmatch
_full_date_time: Final = re.compile(rf"{_DATE_PART}(?:T{_CLOCK}{_ZONE})?)?)?").fullmatch
_without_zone: Final = re.compile(rf"{_DATE_PART}T{_CLOCK})?)?").fullmatch
_full_instant: Final = re.compile(
    rf"(?!0000)[0-9]{{4}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T{_CLOCK}{_ZONE}"
).fullmatch
_full_time: Final = re.compile(_CLOCK).fullmatch
_YEAR: Final = Finding("warning", "invalid", "primitive-format", "the year is not a likely one")
_NO_DATE: Final = wrong_form("must be a date of the calendar: YYYY, YYYY-MM or YYYY-MM-DD")
_NO_DATE_TIME: Final = wrong_form(
    "must be YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone, of the calendar"
)
_NO_ZONE: Final = wrong_form("a date with a time must have a time zone (Z or +hh:mm)")
_NO_INSTANT: Final = wrong_form("must be YYYY-MM-DDThh:mm:ss with a time zone, of the calendar")
_NO_TIME: Final = wrong_form("must be hh:mm:ss from 00:00:00 to 23:59:60, without a time zone")
# What stands between the digits: every third character from the fifth on, of a whole date, and of a date with a time.
_WHOLE_DATE: Final = "--"
_SHORTEST_MONTH: Final = "28"
_WHOLE_MOMENTS: Final = frozenset(["--T::Z", "--T::+:", "--T::-:"])


def check_date(value: object) -> Finding | None:
    """Return what is wrong with a ``date``: YYYY, YYYY-MM or YYYY-MM-DD."""
    if _is_plain_date(value):
        return None
    if isinstance(value, str) and _full_date(value):
        return _calendar_finding(value, _NO_DATE)
    return _NO_DATE if isinstance(value, str) and value.strip() else blank_finding(value)


def check_date_time(value: object) -> Finding | None:
    """Return what is wrong with a ``dateTime``: a date, or one with a time of seconds and a zone."""
    if _is_plain_moment(value) or _is_plain_date(value):
        return None
    if isinstance(value, str) and _full_date_time(value):
        return _calendar_finding(value, _NO_DATE_TIME)
    if not isinstance(value, str) or not value.strip():
        return blank_finding(value)
    return _NO_ZONE if _without_zone(value) else _NO_DATE_TIME


def check_instant(value: object) -> Finding | None:
    """Return what is wrong with an ``instant``: a date with a time of seconds and a zone."""
    if _is_plain_moment(value):
        return None
    if isinstance(value, str) and _full_instant(value):
        return _calendar_finding(value, _NO_INSTANT)
    return _NO_INSTANT if isinstance(value, str) and value.strip() else blank_finding(value)


def _is_plain_date(value: object) -> bool:
    if type(value) is str and value[4::3] == _WHOLE_DATE and "1800" <= value < "2100":
        try:
            _read_date(value)
        except ValueError:
            return False
        return True
    return False


def _is_plain_moment(value: object) -> bool:
    if (
        type(value) is str
        and value[4::3] in _WHOLE_MOMENTS
        and "1800" <= value < "2100"
        and value[20:22] < "14"
        and value[23:24] < "6"
    ):
        try:
            _read_moment(value)
        except ValueError:
            return False
        return True
    return False


def _calendar_finding(value: str, wrong: Finding) -> Finding | None:
    """Return what is wrong with a date of the right form."""
    if value[8:10] > _SHORTEST_MONTH:
        try:
            _read_date(value[:10])
        except ValueError:
            return wrong
    if "1800" <= value < "2100":
        return None
    last = date.today().year + _YEARS_AHEAD  # noqa: DTZ011 - a zone moves it by a day
    return None if _EARLIEST_YEAR <= int(value[:4]) <= last else _YEAR


def check_time(value: object) -> Finding | None:
    """Return what is wrong with a ``time``: hh:mm:ss, perhaps with a fraction, without a zone.

    The official validation refuses fractions of seconds; the regular expression of R4 has them.
    """
    if type(value) is str and _full_time(value):
        return None
    return _NO_TIME if isinstance(value, str) and value.strip() else blank_finding(value)
