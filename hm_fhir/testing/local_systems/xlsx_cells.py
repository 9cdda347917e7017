"""Cells as offices fill them: the same day in five forms, numbers that have lost their zeros."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?")
_CLOCK = re.compile(r"\d\d:\d\d(:\d\d)?")
_LONGEST_NUMBER = 15
_FORMS = 5
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  (cells have no zone)
_FIRST_CERTAIN = date(1900, 3, 1)  # Excel counts a day too much before it, and knows none before 1900


class CellWriter:
    """Writes the cells of a sheet.

    Args:
        book: the workbook of XlsxWriter.
        sheet: its sheet.
        dates: columns whose values are days, moments or times of day.
        numbers: columns whose digits are numbers.
    """

    def __init__(self, book: Any, sheet: Any, *, dates: Collection[str], numbers: Collection[str]) -> None:
        self._sheet = sheet
        self._dates = dates
        self._numbers = numbers
        self._formats = {
            code: book.add_format({"num_format": code})
            for code in ("dd.mm.yyyy", 'd.m.yy "г."', "dd.mm.yyyy hh:mm:ss", "d mmmm yyyy hh:mm", "hh:mm")
        }

    def write(self, row: int, column: int, heading: str, value: object) -> None:
        """Write a value; days in a form that depends on the row."""
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(row, column, value)
        elif isinstance(value, int | float | Decimal):
            self._sheet.write_number(row, column, value)
        elif heading in self._dates and (found := _read(str(value))) is not None:
            self._write_date(row, column, found, str(value))
        elif heading in self._numbers and str(value).isdecimal() and len(str(value)) <= _LONGEST_NUMBER:
            self._sheet.write_number(row, column, int(str(value)))
        else:
            self._sheet.write_string(row, column, str(value))

    def _write_date(self, row: int, column: int, value: date | time, text: str) -> None:
        form = (row * 7 + column) % _FORMS
        if isinstance(value, date) and datetime(value.year, value.month, value.day).date() < _FIRST_CERTAIN:  # noqa: DTZ001
            form = 3 + form % 2
        if isinstance(value, time):
            if form % 2:
                self._sheet.write_string(row, column, text)
            else:
                self._sheet.write_datetime(row, column, value, self._formats["hh:mm"])
        elif isinstance(value, datetime):
            self._write_moment(row, column, value, form)
        else:
            self._write_day(row, column, value, form)

    def _write_day(self, row: int, column: int, day: date, form: int) -> None:
        if form < 2:
            code = ("dd.mm.yyyy", 'd.m.yy "г."')[form]
            self._sheet.write_datetime(row, column, datetime(day.year, day.month, day.day), self._formats[code])  # noqa: DTZ001
        elif form == 2:
            self._sheet.write_number(row, column, (datetime(day.year, day.month, day.day) - _FIRST_DAY).days)  # noqa: DTZ001
        else:
            texts = (f"{day.day:02}.{day.month:02}.{day.year}", f"{day.day}.{day.month}.{day.year} г.")
            self._sheet.write_string(row, column, texts[form - 3])

    def _write_moment(self, row: int, column: int, moment: datetime, form: int) -> None:
        if form < 2 and not (form and moment.second):
            code = ("dd.mm.yyyy hh:mm:ss", "d mmmm yyyy hh:mm")[form]
            self._sheet.write_datetime(row, column, moment, self._formats[code])
        elif form in (1, 2):
            past = moment - _FIRST_DAY
            self._sheet.write_number(row, column, past.days + past.seconds / 86_400)
        else:
            clock = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
            day = f"{moment.day:02}.{moment.month:02}.{moment.year}" if form == 3 else f"{moment:%Y-%m-%d}"
            self._sheet.write_string(row, column, f"{day} {clock}")


def _read(text: str) -> date | time | None:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text)
        if _CLOCK.fullmatch(text):
            return time.fromisoformat(text)
    except ValueError:
        pass
    return None
