"""What a cell says, as JSON knows it.

Numbers have at most the fifteen digits that Excel shows and keeps of what is typed; the rest of the binary number in
the file (``0.30000000000000004``) was never written by anybody. Days are counted as ECMA-376 part 1, 18.17.4.1 says,
and the day that never was, 29 February 1900 (serial number 60), is no day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal, Protocol

from hm_fhir.errors import HmFhirError

_DAY_MILLISECONDS = 86_400_000
_LAST_SERIAL = 2_958_465  # 9999-12-31
_NEVER_WAS = 60
_EXACT_DIGITS = 15
DAYS_BETWEEN_SYSTEMS = 1462
"""Days from the first day of the 1900 system to that of the 1904 system."""

DateForm = Literal["day", "clock", "elapsed"]
_BUILT_IN: dict[int, DateForm] = {
    **dict.fromkeys((14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 55), 57, 58), "day"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), "clock"),
    46: "elapsed",
}
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CellError:
    """A cell that has no value because its formula failed.

    Args:
        name: what Excel shows: ``#REF!``.
    """

    name: str


Value = str | int | Decimal | CellError  # bool is an int


@dataclass(frozen=True, slots=True)
class SheetRow:
    """The cells of one row that hold something.

    Args:
        number: as Excel counts, from 1.
        cells: by column, from 0, in their order.
        hidden: it is not shown.
        formulas: how many of the cells are computed.
    """

    number: int
    cells: dict[int, Value] = field(repr=False)
    hidden: bool = False
    formulas: int = 0


@dataclass(frozen=True, slots=True)
class Merged:
    """Cells that are one cell; rows from 1, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands around the cells of a sheet.

    Args:
        merged: its merged cells.
        rows: number of its last row, when the file says so.
    """

    merged: tuple[Merged, ...] = ()
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook.

    Args:
        name: as its tab says.
        hidden: its tab is not shown.
        has_cells: it is a sheet of cells, not a chart or a dialog.
        part: where it stands in its file.
    """

    name: str
    hidden: bool
    has_cells: bool
    part: str


class Book(Protocol):
    """A workbook that is open.

    Attributes:
        sheets: in the order of their tabs.
        from_1904: days are counted from 1904.
        unseen: what this kind of file does not tell, for the report.
    """

    sheets: tuple[Sheet, ...]
    from_1904: bool
    unseen: str | None

    def layout(self, sheet: Sheet) -> Layout:
        """Return what stands around the cells."""

    def rows(self, sheet: Sheet) -> Iterator[SheetRow]:
        """Yield the rows that hold something, from the first to the last."""

    def close(self) -> None:
        """Close the file."""


class Unreadable(HmFhirError):
    """The file is not what its kind promises."""

    code = "unreadable"


def date_form(number: int, code: str | None) -> DateForm | None:
    """Return what a number format shows, or None when it shows a number.

    Args:
        number: its number; those below 164 that have no code are built in (ECMA-376 part 1, 18.8.30).
        code: such as ``dd.mm.yyyy``.
    """
    if code is None:
        return _BUILT_IN.get(number)
    shown = _LITERAL.sub("", code).split(";")[0].casefold()
    if _ELAPSED.search(shown):
        return "elapsed"
    letters = set(shown.replace("general", ""))
    if letters & set("yd") or ("m" in letters and not letters & set("hs")):
        return "day"
    return "clock" if letters & set("hs") else None


def number(text: str) -> int | Decimal | None:
    """Return a number of a file with the digits that Excel shows: whole ones as int; None when it is no number."""
    if len(text) <= _EXACT_DIGITS and text.isascii() and text.isdecimal():
        return int(text)
    try:
        shown = Decimal(format(float(text), f".{_EXACT_DIGITS}g"))
    except (InvalidOperation, OverflowError, ValueError):
        return None
    if not shown.is_finite():
        return None
    return int(shown) if shown == shown.to_integral_value() else shown


def dated(text: str, form: DateForm, *, from_1904: bool) -> str | int | Decimal | None:
    """Return what a number with the format of a date says: ISO 8601 text, or the number when that is no date.

    A whole day is a day alone, also where the format shows 00:00: that it was midnight nobody has said.

    Args:
        text: the number.
        form: what its format shows.
        from_1904: days are counted from 1904.
    """
    try:
        serial = float(text)
    except ValueError:
        return None
    if not 0 <= serial <= _LAST_SERIAL:
        return number(text)
    milliseconds = round(serial * _DAY_MILLISECONDS)
    if form == "elapsed":
        return _clock(milliseconds)
    days, rest = divmod(milliseconds, _DAY_MILLISECONDS)
    if serial < 1 and (rest or form == "clock"):
        return _clock(milliseconds % _DAY_MILLISECONDS)
    if from_1904:
        days += DAYS_BETWEEN_SYSTEMS
    if days in (0, _NEVER_WAS) or days > _LAST_SERIAL:
        return number(text)
    first = datetime(1899, 12, 31 if days < _NEVER_WAS else 30)  # noqa: DTZ001  (cells have no zone)
    moment = first + timedelta(days=days, milliseconds=rest)
    if not rest:
        return moment.date().isoformat()
    return moment.isoformat(timespec="milliseconds" if rest % 1000 else "seconds")


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}" + (f".{rest:03}" if rest else "")
