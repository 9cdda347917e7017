"""Days and times of day as people write them: named forms, each with one meaning. Nothing is guessed.

A form that is not declared for a column is not read there: 03/04/2026 is a day of March or of April, and only who
made the table knows. ISO 8601 is read everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from hm_fhir.lookalikes import latin
from hm_fhir.sources.fields.unreadable import Convert, Unreadable

T = TypeVar("T")
Days = Callable[[str], "date | None"]

_KEPT: Final = 4096
"""Texts that are remembered: most days of a register stand in many rows."""
_EPOCH: Final = date(1899, 12, 30)
"""Day 0 of a workbook for all days from 1 March 1900 on (ECMA-376, part 1, 18.17.4.1: 1900 counts as a leap year)."""
_SERIALS: Final = range(3_000, 73_051)
"""Serial numbers that are days from 1908 to 2099; below it somebody may have written a year alone."""
_DAY_SECONDS: Final = 86_400
_CENTURY: Final = 2000
_MONTHS: Final = (
    "януари", "февруари", "март", "април", "май", "юни",
    "юли", "август", "септември", "октомври", "ноември", "декември",
)  # fmt: skip
_SHORTEST_MONTH: Final = 3
_BY_NAME: Final = {
    name[:length]: month for month, name in enumerate(_MONTHS, 1) for length in range(_SHORTEST_MONTH, len(name) + 1)
}
"""Months by their name or its first letters, three at least: no two months share them."""
_BY_ROMAN: Final = {
    name: month
    for month, name in enumerate(("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"), 1)
}

_D, _M, _Y = r"(?P<d>[0-9]{1,2})", r"(?P<m>[0-9]{1,2})", r"(?P<y>[0-9]{4})"
_PATTERNS: Final = {
    "iso": r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})",
    "day.month.year": rf"{_D}\s?\.\s?{_M}\s?\.\s?{_Y}",
    "day/month/year": rf"{_D}/{_M}/{_Y}",
    "day-month-year": rf"{_D}-{_M}-{_Y}",
    "month/day/year": rf"{_M}/{_D}/{_Y}",
    "year.month.day": rf"{_Y}\.{_M}\.{_D}",
    "year/month/day": rf"{_Y}/{_M}/{_D}",
    "day.month.yy": rf"{_D}\s?\.\s?{_M}\s?\.\s?(?P<yy>[0-9]{{2}})",
    "day/month/yy": rf"{_D}/{_M}/(?P<yy>[0-9]{{2}})",
    "day-name-year": rf"{_D}[\s.\-]{{1,2}}(?P<name>[^\W\d_]+)\.?[\s.\-,]{{1,2}}{_Y}",
    "day.roman.year": rf"{_D}[\s.]{{1,2}}(?P<roman>[^\W\d_]+)[\s.]{{1,2}}{_Y}",
}
NUMERIC: Final = frozenset({"excel-serial", "epoch-seconds", "epoch-milliseconds"})
"""Forms that are numbers."""
USUAL: Final = {
    "csv": ("day.month.year", "day-name-year"),
    "xlsx": ("day.month.year", "day-name-year", "excel-serial"),
}
"""Forms that are read where a column names none, by the kind of the source; of all others ISO 8601 alone."""
CONTRADICTING: Final = (
    ("day/month/year", "month/day/year"),
    ("day/month/yy", "month/day/year"),
    ("epoch-seconds", "epoch-milliseconds"),
    ("excel-serial", "epoch-seconds"),
    ("excel-serial", "epoch-milliseconds"),
)
"""Forms of which one text or number can be both."""

_YEAR_WORD: Final = re.compile(r"\s*(?:г(?:од(?:ина)?)?\.?)$")
_WITH_TIME: Final = re.compile(
    r"(?P<day>.*?[^\s,T])(?:\s*г\.?)?(?:T|[\s,]+)(?P<time>[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2})?)(?:\s*ч(?:аса)?\.?)?"
)
_ISO_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")
_TIME: Final = re.compile(
    r"(?P<h>[0-9]{1,2})[:.](?P<m>[0-9]{2})(?:[:.](?P<s>[0-9]{2})(?:[.,](?P<f>[0-9]{1,6})[0-9]*)?)?"
    r"(?:\s*ч(?:аса)?\.?|(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2}))?"
)


def day_reader(forms: Iterable[str]) -> Days:
    """Return what reads the text of a day, None for what is no day in one of the forms.

    Args:
        forms: names of forms; ISO 8601 is always one.
    """
    patterns = [re.compile(_PATTERNS[form]) for form in dict.fromkeys(("iso", *forms)) if form not in NUMERIC]

    def read(text: str) -> date | None:
        plain = _YEAR_WORD.sub("", text)
        for pattern in patterns:
            found = pattern.fullmatch(plain)
            if found is not None and (day := _day(found.groupdict())) is not None:
                return day
        return None

    return read


def _day(parts: dict[str, str | None]) -> date | None:
    named, roman = parts.get("name"), parts.get("roman")
    if named is not None:
        month = _BY_NAME.get(named.casefold())
    elif roman is not None:
        month = _BY_ROMAN.get(latin(roman.upper()))
    else:
        month = int(parts["m"] or 0)
    short = parts.get("yy")
    year = int(parts["y"] or 0) if short is None else _CENTURY + int(short)
    try:
        return date(year, month or 0, int(parts["d"] or 0))
    except ValueError:
        return None


def of_serial(value: int | Decimal) -> date | datetime | None:
    """Return the day or the local date-time of a serial number of a workbook, or None: it is none."""
    if int(value) not in _SERIALS:
        return None
    days = int(value)
    day = _EPOCH + timedelta(days=days)
    seconds = round((value - days) * _DAY_SECONDS)
    if seconds == 0:
        return day
    return datetime.combine(day, time()) + timedelta(seconds=seconds)


def of_epoch(value: Any, per_second: int) -> datetime | None:
    """Return the moment of a count since 1970, or None: it is none.

    Args:
        value: a whole number, or the text of one.
        per_second: 1 for seconds, 1000 for milliseconds.
    """
    if isinstance(value, str):
        value = int(value) if re.fullmatch(r"[0-9]{1,15}", value) else None
    if value is None or isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    seconds, rest = divmod(value, per_second)
    try:
        moment = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment + timedelta(seconds=float(rest) / per_second)


def clock(value: Any) -> time | None:
    """Return the time of day of ``9:30``, ``9.30 ч.``, ``09:30:00.000+02:00``, or of a fraction of a day.

    It has an offset where one is written; None: it is no time of day.
    """
    if isinstance(value, Decimal) and 0 <= value < 1:
        seconds = round(value * _DAY_SECONDS)
        return (datetime(2000, 1, 1) + timedelta(seconds=seconds)).time()  # noqa: DTZ001  (only its time is used)
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    fraction = (found["f"] or "").ljust(6, "0")
    try:
        offset = datetime.strptime(found["zone"], "%z").tzinfo if found["zone"] else None
        return time(int(found["h"]), int(found["m"]), int(found["s"] or 0), int(fraction), offset)
    except ValueError:
        return None


def date_converter(forms: Iterable[str], zone: ZoneInfo) -> Convert:
    """Return what reads a day as ISO 8601; of a moment its local day.

    Args:
        forms: names of forms.
        zone: of the deployment.
    """
    forms = tuple(forms)
    read, moment = day_reader(forms), _Moments(forms, zone, zone)
    known: dict[str, str] = {}

    def convert(value: Any) -> str:
        if value.__class__ is str:
            text = known.get(value)
            if text is not None:
                return text
            day = read(value)
            if day is not None:
                return _keep(known, value, day.isoformat())
        found = moment.find(value)
        if found is None:
            raise _no_day(forms)
        day = found.astimezone(zone).date() if isinstance(found, datetime) else found
        return day.isoformat()

    return convert


def moment_converter(forms: Iterable[str], zone: ZoneInfo, home: ZoneInfo, *, days: bool) -> Convert:
    """Return what reads a moment with its zone as ISO 8601.

    Args:
        forms: names of forms of its day.
        zone: of moments that have none.
        home: zone of the deployment.
        days: a day alone is read too, and stays a day.
    """
    forms = tuple(forms)
    moments = _Moments(forms, zone, home)
    known: dict[str, str] = {}

    def convert(value: Any) -> str:
        if value.__class__ is str and (text := known.get(value)) is not None:
            return text
        found = moments.find(value)
        if found is None or (not days and not isinstance(found, datetime)):
            raise _no_moment(forms, days=days)
        text = found.isoformat()
        return _keep(known, value, text) if value.__class__ is str else text

    return convert


def joined_converter(forms: Iterable[str], zone: ZoneInfo) -> Callable[[Any, Any], str]:
    """Return what reads a day and the time of day of another column; a day alone stays a day.

    Args:
        forms: names of forms of the day.
        zone: of the time.
    """
    forms = tuple(forms)
    moments = _Moments(forms, zone, zone)
    days: dict[str, date] = {}
    hours: dict[str, time] = {}

    def convert(value: Any, hour: Any) -> str:
        known = days.get(value) if value.__class__ is str else None
        if known is not None and hour.__class__ is str and (at := hours.get(hour)) is not None:
            return _joined(known, at, zone)
        found = moments.find(value) if known is None else known
        if found is None:
            raise _no_day(forms)
        if value.__class__ is str and found.__class__ is date:
            _keep(days, value, found)
        if hour is None:
            return found.isoformat()
        # A workbook gives a date cell midnight, and a time cell a day: each has one half of what is meant.
        day = found.astimezone(zone).date() if isinstance(found, datetime) else found
        try:
            at = clock_of(hour)
        except Unreadable as error:
            failure = error
        else:
            if hour.__class__ is str:
                _keep(hours, hour, at)
            return _joined(day, at, zone)
        raise WrongTime(failure)

    return convert


def _joined(day: date, at: time, zone: ZoneInfo) -> str:
    return datetime.combine(day, at, at.tzinfo or zone).isoformat()


def clock_of(value: Any) -> time:
    """Return a time of day.

    Raises:
        Unreadable: it is none.
    """
    found = clock(value)
    if found is None and isinstance(value, str) and _ISO_MOMENT.fullmatch(value):
        found = clock(value[11:])
    if found is None:
        raise Unreadable("is not a time of day written HH:MM", "wrong-date", "correct it in the local system")
    return found


def time_text(value: Any) -> str:
    """Return a time of day as ``HH:MM:SS``.

    Raises:
        Unreadable: it is none.
    """
    return clock_of(value).replace(tzinfo=None).isoformat()


class WrongTime(Exception):
    """The time of day of another column cannot be read.

    Args:
        inner: why.
    """

    def __init__(self, inner: Unreadable) -> None:
        super().__init__(inner.message)
        self.inner = inner


class _Moments:
    """Reads days and moments.

    Args:
        forms: names of forms of days.
        zone: of moments that have none.
        home: zone of the deployment, for moments that have one.
    """

    def __init__(self, forms: tuple[str, ...], zone: ZoneInfo, home: ZoneInfo) -> None:
        self._read = day_reader(forms)
        self._forms = frozenset(forms)
        self._zone = zone
        self._home = home

    def find(self, value: Any) -> date | datetime | None:
        """Return a moment with its zone, or a day, or None: it is none in one of the forms."""
        if isinstance(value, str):
            return self._of_text(value) or self._of_count(value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        if "excel-serial" in self._forms:
            found = of_serial(value)
            return found.replace(tzinfo=self._zone) if isinstance(found, datetime) else found
        return self._of_count(value)

    def _of_count(self, value: Any) -> datetime | None:
        for form, per_second in (("epoch-seconds", 1), ("epoch-milliseconds", 1000)):
            if form in self._forms:
                found = of_epoch(value, per_second)
                return None if found is None else found.astimezone(self._home)
        return None

    def _of_text(self, text: str) -> date | datetime | None:
        if _ISO_MOMENT.fullmatch(text):
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                return None
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=self._zone)
        day = self._read(text)
        if day is not None:
            return day
        found = _WITH_TIME.fullmatch(text)
        if found is None:
            return None
        day, at = self._read(found["day"]), clock(found["time"])
        return None if day is None or at is None else datetime.combine(day, at, self._zone)


def _keep(known: dict[str, T], text: str, found: T) -> T:
    """Remember what a text was read as; what is full forgets everything."""
    if len(known) >= _KEPT:
        known.clear()
    known[text] = found
    return found


def _no_day(forms: tuple[str, ...]) -> Unreadable:
    named = ", ".join(dict.fromkeys((*forms, "iso")))
    return Unreadable(f"is not a date in one of the forms {named}", "wrong-date", _FIX)


def _no_moment(forms: tuple[str, ...], *, days: bool) -> Unreadable:
    named = ", ".join(dict.fromkeys((*forms, "iso")))
    what = "a date, or a date with a time of day," if days else "a date with a time of day"
    return Unreadable(f"is not {what} in one of the forms {named}", "wrong-date", _FIX)


_FIX: Final = "correct it in the local system, or name its form under `forms` of the column"
