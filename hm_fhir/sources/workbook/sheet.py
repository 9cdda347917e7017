"""The records of one sheet, and what is said of the rows that are none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.sources.base import Headings, Item, Record, Remark
from hm_fhir.sources.headings import heading_key
from hm_fhir.sources.workbook.cells import DAYS_BETWEEN_SYSTEMS, Book, CellError, Merged, Sheet, SheetRow, Value
from hm_fhir.sources.workbook.lines import SAID, Lines
from hm_fhir.sources.workbook.said import Said
from hm_fhir.sources.workbook.table import LOOKED_THROUGH, Heads, Wanted, find_heads, full_name, heads_at

SHEET: Final = "_sheet"
"""Column with the name of the sheet, for those who ask for it: numbers that begin anew in each sheet."""
_LETTERS = 26
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How the table of a sheet is read.

    Args:
        heading_rows: numbers of the rows with the headings; empty: they are found.
        filled_ahead: headings of columns that are filled before anything happened.
        totals: words that begin a total.
    """

    heading_rows: tuple[int, ...]
    filled_ahead: tuple[str, ...]
    totals: tuple[str, ...]


class SheetRecords:
    """Reads one sheet.

    Args:
        book: the workbook.
        sheet: the sheet.
        place: file and sheet.
        wanted: the columns that somebody will ask for.
        options: how the table is read.

    Attributes:
        heads: its headings, if there are any.
        is_empty: no cell holds anything.
    """

    def __init__(self, book: Book, sheet: Sheet, place: str, wanted: Wanted, options: TableOptions) -> None:
        self._place = place
        self._name = sheet.name
        self._wanted = wanted
        self._wants_sheet = SHEET in wanted.keys
        self._options = options
        self._shift = DAYS_BETWEEN_SYSTEMS if book.from_1904 else 0
        self._layout = book.layout(sheet)
        self._rows = iter(book.rows(sheet))
        self._first = list(islice(self._rows, LOOKED_THROUGH + max(options.heading_rows, default=0)))
        self.is_empty = not self._first
        if options.heading_rows:
            self.heads: Heads | None = heads_at(options.heading_rows, self._first, self._layout, wanted)
        else:
            self.heads = find_heads(self._first, self._layout, wanted)

    @property
    def is_table(self) -> bool:
        """Whether the headings are those that are wanted."""
        return self.heads is not None and bool(self.heads.names) and self._wanted.is_table(self.heads.names.values())

    def headings(self) -> Headings:
        """Return the headings."""
        heads = self._found()
        names = tuple(dict.fromkeys((*heads.names.values(), *([SHEET] if self._wants_sheet else ()))))
        return Headings(f"{self._place} row {heads.rows[-1]}", names, table=self._name)

    def items(self) -> Iterator[Item]:
        """Yield headings, records and remarks.

        Raises:
            SettingsError: a wanted heading stands twice.
            Unreadable: the file is damaged.
        """
        heads = self._found()
        said = Said(self._place, SAID)
        names = dict(self._once(heads))
        yield self.headings()
        lines = Lines(heads, self._layout, ahead=self._options.filled_ahead, totals=self._options.totals)
        down = _Down(self._layout.merged)
        for row, kind in lines.sorted(self._below(heads.rows[0], heads.rows[-1], said)):
            if kind is not None:
                said.add(kind, row.number)
                continue
            if row.hidden:
                said.add("hidden-rows", row.number)
            if down.fill(row):
                said.add("merged-rows", row.number)
            yield self._record(row, names, said)
        yield from said.remarks()
        unread = sorted(set(heads.names) - set(names))
        if unread:
            columns = ", ".join(column_letters(column) for column in unread)
            message = f"column(s) {columns} have the heading of another column, not read"
            yield Remark(f"{self._place} row {heads.rows[-1]}", "same-heading", message)

    def _found(self) -> Heads:
        if self.heads is None:
            raise SettingsError("the sheet has no headings", place=self._place, fix="say `heading_rows`")
        return self.heads

    def _below(self, top: int, bottom: int, said: Said) -> Iterator[SheetRow]:
        for row in self._first:
            if row.number < top:
                said.add("above-headings", row.number)
            elif row.number > bottom:
                yield row
        self._first.clear()
        yield from self._rows

    def _once(self, heads: Heads) -> Iterator[tuple[int, str]]:
        seen: dict[str, int] = {}
        for column, name in heads.names.items():
            key = heading_key(name)
            first = seen.setdefault(key, column)
            if first == column:
                yield column, name
            elif not self._wanted or key in self._wanted.keys:
                raise self._same_heading(heads, first, column)

    def _same_heading(self, heads: Heads, first: int, second: int) -> SettingsError:
        both = f"{column_letters(first)} and {column_letters(second)}"
        fix = "rename one, or clear it: a column without a heading is not read"
        one, other = (full_name(column, heads, self._first, self._layout) for column in (first, second))
        if one is not None and other is not None and one != other:
            fix = f"the row above tells them apart: write {one!r} or {other!r} in full, whichever is meant"
        place = f"{self._place} row {heads.rows[-1]}"
        return SettingsError(f"columns {both} have the same heading", place=place, fix=fix)

    def _record(self, row: SheetRow, names: dict[int, str], said: Said) -> Record:
        place = f"{self._place} row {row.number}"
        values: dict[str, Any] = {SHEET: self._name} if self._wants_sheet else {}
        failed: list[str] = []
        for column, value in row.cells.items():
            name = names.get(column)
            if name is None:
                said.add("no-heading", row.number)
            elif isinstance(value, CellError):
                key = heading_key(name)
                if self._wanted and key not in self._wanted.keys:
                    said.add("cell-errors", row.number)
                    continue
                values[name] = value.name
                failed.append(repr(name))
            else:
                values[name] = self._shifted(name, value) if self._shift else value
        return Record(place, values, _with_errors(failed, place) if failed else None)

    def _shifted(self, name: str, value: Value) -> Value:
        is_number = not isinstance(value, str | bool | CellError)
        if is_number and heading_key(name) in self._wanted.days:
            return value + self._shift  # type: ignore[operator]  # a number
        return value


def _with_errors(columns: list[str], place: str) -> RecordRejected:
    shown = " and ".join(columns[:_SHOWN]) + (f" and {len(columns) - _SHOWN} more" if columns[_SHOWN:] else "")
    return RecordRejected(
        f"{shown} {'has' if len(columns) == 1 else 'have'} an error instead of a value",
        code="cell-error",
        place=place,
        fix="correct the formula in the workbook, and save it in the program that computes it",
    )


class _Down:
    """Cells that are merged over several rows hold for each of them."""

    def __init__(self, merged: Iterable[Merged]) -> None:
        self._begin: dict[int, list[Merged]] = {}
        for area in merged:
            if area.bottom > area.top:
                self._begin.setdefault(area.top, []).append(area)
        self._held: dict[int, tuple[int, Value]] = {}

    def fill(self, row: SheetRow) -> bool:
        """Fill the cells of a row that belong to a cell above; returns whether there are any."""
        if not self._begin:
            return False
        found = False
        for column, (bottom, value) in tuple(self._held.items()):
            if row.number > bottom:
                del self._held[column]
            elif column not in row.cells:
                row.cells[column] = value
                found = True
        for area in self._begin.get(row.number, ()):
            if area.left in row.cells:
                self._held[area.left] = (area.bottom, row.cells[area.left])
        return found


def column_letters(column: int) -> str:
    """Return what Excel calls a column: ``A`` for 0, ``AA`` for 26."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters
